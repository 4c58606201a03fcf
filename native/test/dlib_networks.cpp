// dlib's networks as dlib writes them, with the same number in every place.
#include "dlib_networks.hpp"

#include <algorithm>
#include <cstring>
#include <sstream>

#include "../vision/face_resnet_layers.hpp"
#include "../vision/mmod_layers.hpp"

namespace facededup::test {
namespace {

constexpr float filler = 0.001F;

template <class Layer>
void fill(Layer& layer) {
  layer.get_layer_params() = filler;
}

void fill(dlib::affine_& layer) {
  auto gamma = layer.get_gamma();
  auto beta = layer.get_beta();
  gamma = filler;
  beta = filler;
}

// dlib would scale each pixel by a number of its own.
template <class Layer>
void scale_by_channel(Layer&) {}

void scale_by_channel(dlib::affine_& layer) { layer = dlib::affine_(dlib::CONV_MODE); }

// Layers learn their sizes from what goes through them.
template <class Network>
std::string filled(Network network, long side) {
  dlib::matrix<dlib::rgb_pixel> blank(side, side);
  dlib::assign_all_pixels(blank, 0);
  dlib::visit_computational_layers(network, [](auto& layer) { scale_by_channel(layer); });
  network(blank);
  dlib::visit_computational_layers(network, [](auto& layer) { fill(layer); });
  network.clean();
  std::ostringstream bytes;
  serialize(network, bytes);
  return bytes.str();
}

}  // namespace

std::string whole_resnet() { return filled(FaceResnetLayers(), 150); }

std::string whole_mmod() {
  dlib::mmod_options options;
  options.detector_windows.emplace_back(80, 80);
  return filled(MmodLayers(options), 100);
}

Skeleton::Skeleton(const std::string& whole) {
  constexpr std::size_t least = 8;  // numbers that are worth leaving out
  std::string number(sizeof filler, '\0');
  std::memcpy(number.data(), &filler, sizeof filler);
  for (std::size_t at = 0; at < whole.size();) {
    auto end = at;
    while (whole.compare(end, number.size(), number) == 0) end += number.size();
    if (end - at >= least * number.size()) {
      gaps_.push_back({bytes_.size(), whole.substr(at, end - at)});
      at = end;
    } else {
      bytes_.push_back(whole[at++]);
    }
  }
}

std::string Skeleton::filled(const std::string& skeleton) const {
  std::string whole;
  std::size_t at = 0;
  for (const auto& gap : gaps_) {
    if (gap.place > skeleton.size()) break;
    whole.append(skeleton, at, gap.place - at).append(gap.numbers);
    at = gap.place;
  }
  return whole.append(skeleton, at, std::string::npos);
}

}  // namespace facededup::test
