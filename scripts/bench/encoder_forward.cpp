// dlib's forward of the face recognition ResNet against ours on cv::dnn, one thread each, in turns.
//
//   encoder_forward RESNET ROUNDS
//
// Prints a line a contestant: name, median seconds a face; and the largest difference between their encodings.
#include "../../native/vision/face_resnet.hpp"
#include "../../native/vision/resnet_graph.hpp"

#include <cblas.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

using namespace facededup;

namespace {

// Smooth noise: what the pixels show does not change the time.
FaceChip noise(unsigned seed) {
  std::mt19937 random(seed);
  FaceChip chip(chip_side, chip_side);
  unsigned char level = 128;
  for (auto& pixel : chip) {
    level = static_cast<unsigned char>(level + random() % 9 - 4);
    pixel = {level, static_cast<unsigned char>(255 - level), static_cast<unsigned char>(level / 2)};
  }
  return chip;
}

struct Contestant {
  std::string name;
  std::function<void()> run;
  std::vector<double> seconds;
};

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) return 2;
  cv::setNumThreads(1);
  openblas_set_num_threads(1);
  std::ifstream file(arguments[1], std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  DlibResnet dlib_resnet(bytes);
  const auto weights = dlib_resnet.weights();
  ResnetGraph one(weights, {"opencv", "cpu"});
  ResnetGraph eight(weights, {"opencv", "cpu"});

  std::vector<FaceChip> chips;
  for (unsigned i = 0; i < 16; ++i) chips.push_back(noise(i));
  const auto in_batches = [&](auto& network, std::size_t batch) {
    std::vector<Encoding> encodings;
    for (std::size_t i = 0; i < chips.size(); i += batch) {
      const auto some = network.forward({chips.begin() + i, chips.begin() + i + batch});
      encodings.insert(encodings.end(), some.begin(), some.end());
    }
    return encodings;
  };

  const auto reference = in_batches(dlib_resnet, 1);
  const auto ours = in_batches(eight, 8);
  double difference = 0;
  for (std::size_t i = 0; i < chips.size(); ++i) {
    for (int k = 0; k < encoding_size; ++k) difference = std::max<double>(difference, std::fabs(reference[i][k] - ours[i][k]));
  }

  std::vector<Contestant> contestants{{"dlib", [&] { in_batches(dlib_resnet, 1); }, {}},
                                      {"dlib batch 8", [&] { in_batches(dlib_resnet, 8); }, {}},
                                      {"dnn", [&] { in_batches(one, 1); }, {}},
                                      {"dnn batch 8", [&] { in_batches(eight, 8); }, {}}};
  for (int round = 0; round < std::stoi(arguments[2]); ++round) {
    for (auto& contestant : contestants) {
      const auto started = std::chrono::steady_clock::now();
      contestant.run();
      contestant.seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count() /
                                   chips.size());
    }
  }
  for (auto& [name, run, seconds] : contestants) {
    std::nth_element(seconds.begin(), seconds.begin() + seconds.size() / 2, seconds.end());
    std::cout << name << '\t' << seconds[seconds.size() / 2] << '\n';
  }
  std::cout << "largest difference\t" << difference << '\n';
}
