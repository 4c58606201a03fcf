// Writes the models that fuzzing begins with: fuzz_seeds FOLDER.
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "../test/small_models.hpp"
#include "../vision/face_resnet_layers.hpp"
#include "../vision/mmod_layers.hpp"

namespace facededup::fuzz {
namespace {

// A network that was never run has all its layers and no numbers in them: kilobytes instead of megabytes.
template <class Network>
std::string empty_network() {
  std::ostringstream bytes;
  serialize(Network(), bytes);
  return bytes.str();
}

void write(const std::filesystem::path& folder, const std::string& target, const std::string& name, const std::string& bytes) {
  std::filesystem::create_directories(folder / target);
  std::ofstream(folder / target / name, std::ios::binary) << bytes;
}

void write_all(const std::filesystem::path& folder) {
  write(folder, "prototxt", "small", test::small_prototxt());
  write(folder, "caffemodel", "small", test::small_caffemodel());
  write(folder, "landmark_model", "small", test::small_landmark_model(5));
  write(folder, "encoder_model", "empty", empty_network<FaceResnetLayers>());
  write(folder, "mmod_model", "empty", empty_network<MmodLayers>());
}

}  // namespace
}  // namespace facededup::fuzz

int main(int, char** arguments) { facededup::fuzz::write_all(arguments[1]); }
