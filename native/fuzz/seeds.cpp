// Writes the models that fuzzing begins with: fuzz_seeds FOLDER.
#include <filesystem>
#include <fstream>
#include <string>

#include "../test/dlib_networks.hpp"
#include "../test/small_models.hpp"

namespace facededup::fuzz {
namespace {

void write(const std::filesystem::path& folder, const std::string& target, const std::string& name, const std::string& bytes) {
  std::filesystem::create_directories(folder / target);
  std::ofstream(folder / target / name, std::ios::binary) << bytes;
}

void write_all(const std::filesystem::path& folder) {
  write(folder, "prototxt", "small", test::small_prototxt());
  const auto normalised = test::small_normalised_ssd(3);
  write(folder, "prototxt", "normalised", normalised.prototxt);
  write(folder, "caffemodel", "normalised", normalised.weights);
  write(folder, "landmark_model", "small", test::small_landmark_model(5));
  write(folder, "encoder_model", "skeleton", test::Skeleton(test::whole_resnet()).bytes());
  write(folder, "mmod_model", "skeleton", test::Skeleton(test::whole_mmod()).bytes());
}

}  // namespace
}  // namespace facededup::fuzz

int main(int, char** arguments) { facededup::fuzz::write_all(arguments[1]); }
