// dlib's networks as files that hold all their layers and no numbers: kilobytes instead of megabytes.
#include <sstream>

#include "../vision/face_resnet_layers.hpp"
#include "../vision/mmod_layers.hpp"
#include "small_models.hpp"

namespace facededup::test {
namespace {

template <class Network>
std::string serialized() {
  std::ostringstream bytes;
  serialize(Network(), bytes);
  return bytes.str();
}

}  // namespace

std::string empty_resnet() { return serialized<FaceResnetLayers>(); }

std::string empty_mmod() { return serialized<MmodLayers>(); }

}  // namespace facededup::test
