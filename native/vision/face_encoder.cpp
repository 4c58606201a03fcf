#include "face_encoder.hpp"

#include <dlib/image_transforms.h>
#include <dlib/rand.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

#include "dlib_image.hpp"
#include "error.hpp"

namespace facededup {
namespace {

// Bounds the memory of a forward pass; more than this gains nothing.
constexpr std::size_t batch_size = 8;

// Sums the encodings of each face's variants, a batch at a time.
template <class Network>
class Averager {
 public:
  Averager(Network& network, std::size_t faces, const Cancellation& cancellation)
      : network_(network), cancellation_(cancellation), sums_(faces), counts_(faces) {}

  void add(std::size_t face, FaceChip chip) {
    faces_.push_back(face);
    chips_.push_back(std::move(chip));
    if (chips_.size() == batch_size) flush();
  }

  std::vector<Encoding> means() {
    flush();
    std::vector<Encoding> means(sums_.size());
    for (std::size_t face = 0; face < sums_.size(); ++face) {
      std::transform(sums_[face].begin(), sums_[face].end(), means[face].begin(),
                     [&](double sum) { return static_cast<float>(sum / counts_[face]); });
    }
    return means;
  }

 private:
  void flush() {
    if (chips_.empty()) return;
    cancellation_.check();
    const auto encodings = network_.forward(chips_);
    for (std::size_t i = 0; i < encodings.size(); ++i) {
      auto& sum = sums_[faces_[i]];
      std::transform(sum.begin(), sum.end(), encodings[i].begin(), sum.begin(), [](double a, float b) { return a + b; });
      ++counts_[faces_[i]];
    }
    faces_.clear();
    chips_.clear();
  }

  Network& network_;
  const Cancellation& cancellation_;
  std::vector<std::size_t> faces_;
  std::vector<FaceChip> chips_;
  std::vector<std::array<double, encoding_size>> sums_;
  std::vector<int> counts_;
};

template <class Network>
std::vector<Encoding> encode_with(Network& network, const std::vector<FaceChip>& chips, const EncodingOptions& options,
                                  const Cancellation& cancellation) {
  Averager<Network> averager(network, chips.size(), cancellation);
  for (std::size_t face = 0; face < chips.size(); ++face) {
    dlib::rand random;
    for (int jitter = 0; jitter < options.jitters; ++jitter) {
      const FaceChip variant = options.jitters == 1 ? chips[face] : dlib::jitter_image(chips[face], random);
      averager.add(face, variant);
      if (options.mirror) averager.add(face, dlib::fliplr(variant));
    }
  }
  return averager.means();
}

}  // namespace

FaceChip extract_face_chip(const cv::Mat& image, const dlib::full_object_detection& landmarks, unsigned long side,
                           double padding) {
  FaceChip chip;
  dlib::extract_image_chip(DlibImage(image), dlib::get_face_chip_details(landmarks, side, padding), chip);
  return chip;
}

EncoderModel::EncoderModel(const std::string& bytes, EncoderKind kind, DnnBackend backend) : network_(DlibResnet(bytes)) {
  if (kind == EncoderKind::dnn) network_ = Graph{std::get<DlibResnet>(network_).weights(), std::move(backend)};
  // Whether a backend runs it, and whether its numbers are too large to be of use, shows only when it runs.
  FaceChip blank(chip_side, chip_side);
  dlib::assign_all_pixels(blank, 0);
  const auto encoding = FaceEncoder(*this).encode({blank}, {1, false}, Cancellation()).front();
  if (!std::all_of(encoding.begin(), encoding.end(), [](float number) { return std::isfinite(number); })) {
    throw Error(ErrorCode::model_corrupt, "the network's output is not finite");
  }
}

FaceEncoder::FaceEncoder(const EncoderModel& model)
    : network_(std::visit(
          [](const auto& network) -> std::variant<ResnetGraph, DlibResnet> {
            if constexpr (std::is_same_v<std::decay_t<decltype(network)>, DlibResnet>)
              return network;
            else
              return ResnetGraph(network.weights, network.backend);
          },
          model.network_)) {}

std::vector<Encoding> FaceEncoder::encode(const std::vector<FaceChip>& chips, const EncodingOptions& options,
                                          const Cancellation& cancellation) {
  return std::visit([&](auto& network) { return encode_with(network, chips, options, cancellation); }, network_);
}

}  // namespace facededup
