#include "face_encoder.hpp"

#include <dlib/dnn.h>
#include <dlib/image_transforms.h>
#include <dlib/rand.h>

#include <algorithm>
#include <vector>

#include "dlib_image.hpp"
#include "dlib_model.hpp"

namespace facededup {
namespace {

// The ResNet of dlib_face_recognition_resnet_model_v1 (King, 2017): 29 convolutions, every batch normalization
// already folded into an affine layer. The type must name the layers exactly as the file has them.
namespace resnet {

template <int filters, int stride, typename Below>
using Convolution = dlib::affine<dlib::con<filters, 3, 3, stride, stride, Below>>;

template <int filters, int stride, typename Below>
using Branch = Convolution<filters, 1, dlib::relu<Convolution<filters, stride, Below>>>;

template <int filters, typename Below>
using Residual = dlib::relu<dlib::add_prev1<Branch<filters, 1, dlib::tag1<Below>>>>;

template <int filters, typename Below>
using Shrinking =
    dlib::relu<dlib::add_prev2<dlib::avg_pool<2, 2, 2, 2, dlib::skip1<dlib::tag2<Branch<filters, 2, dlib::tag1<Below>>>>>>>;

template <typename Below>
using Stem = dlib::max_pool<3, 3, 2, 2, dlib::relu<dlib::affine<dlib::con<32, 7, 7, 2, 2, Below>>>>;
template <typename Below>
using Level32 = Residual<32, Residual<32, Residual<32, Below>>>;
template <typename Below>
using Level64 = Residual<64, Residual<64, Residual<64, Shrinking<64, Below>>>>;
template <typename Below>
using Level128 = Residual<128, Residual<128, Shrinking<128, Below>>>;
template <typename Below>
using Level256 = Residual<256, Residual<256, Shrinking<256, Below>>>;

using Net = dlib::loss_metric<dlib::fc_no_bias<
    encoding_size, dlib::avg_pool_everything<
                       Shrinking<256, Level256<Level128<Level64<Level32<Stem<dlib::input_rgb_image_sized<chip_side>>>>>>>>>>;

}  // namespace resnet

std::vector<FaceChip> jittered(const FaceChip& chip, int jitters) {
  dlib::rand random;
  std::vector<FaceChip> copies(static_cast<std::size_t>(jitters));
  for (auto& copy : copies) copy = dlib::jitter_image(chip, random);
  return copies;
}

}  // namespace

struct FaceEncoder::Net {
  resnet::Net layers;
};

FaceChip extract_face_chip(const cv::Mat& image, const dlib::full_object_detection& landmarks, unsigned long side,
                           double padding) {
  FaceChip chip;
  dlib::extract_image_chip(DlibImage(image), dlib::get_face_chip_details(landmarks, side, padding), chip);
  return chip;
}

FaceEncoder::FaceEncoder(const std::string& bytes) : net_(std::make_unique<Net>()) { read_dlib_model(bytes, net_->layers); }

FaceEncoder::FaceEncoder(const FaceEncoder& other) : net_(std::make_unique<Net>(*other.net_)) {}

FaceEncoder::~FaceEncoder() = default;

Encoding FaceEncoder::encode(const FaceChip& chip, const EncodingOptions& options) {
  auto chips = options.jitters == 1 ? std::vector<FaceChip>{chip} : jittered(chip, options.jitters);
  if (options.mirror) {
    const auto count = chips.size();
    for (std::size_t i = 0; i < count; ++i) chips.emplace_back(dlib::fliplr(chips[i]));
  }
  // Bounds the memory of a forward pass whatever number of jitters is asked for.
  constexpr std::size_t batch_size = 16;
  const dlib::matrix<float, 0, 1> mean = dlib::mean(dlib::mat(net_->layers(chips, batch_size)));
  Encoding encoding;
  std::copy(mean.begin(), mean.end(), encoding.begin());
  return encoding;
}

}  // namespace facededup
