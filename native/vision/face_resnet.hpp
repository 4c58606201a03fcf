// dlib_face_recognition_resnet_model_v1 (King, 2017): 29 convolutions from an aligned face to 128 numbers.
#pragma once

// OpenCV first: dlib's headers bring names that clash with OpenCV's macros otherwise.
#include <opencv2/core.hpp>

#include <dlib/matrix.h>
#include <dlib/pixel.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

namespace facededup {

constexpr int encoding_size = 128;
using Encoding = std::array<float, encoding_size>;
using FaceChip = dlib::matrix<dlib::rgb_pixel>;

constexpr unsigned long chip_side = 150;

// The numbers of the network, for whoever runs it otherwise.
struct ResnetWeights {
  struct Convolution {
    cv::Mat weights;  // filters × channels × side × side, the affine layer that follows folded in
    cv::Mat bias;     // 1 × filters
    int stride;
  };
  std::vector<Convolution> convolutions;  // in order from the input
  cv::Mat projection;                     // 128 × 256, onto the encoding
};

// The network as dlib runs it. For one thread at a time.
class DlibResnet {
 public:
  // `bytes`: the serialized model. Throws model_corrupt.
  explicit DlibResnet(const std::string& bytes);
  // A copy with buffers of its own, cheaper than reading the bytes again.
  DlibResnet(const DlibResnet& other);
  DlibResnet(DlibResnet&& other) noexcept;
  DlibResnet& operator=(DlibResnet&& other) noexcept;
  ~DlibResnet();

  // One encoding for each chip of 150×150 pixels.
  std::vector<Encoding> forward(const std::vector<FaceChip>& chips);

  ResnetWeights weights() const;

 private:
  struct Net;
  std::unique_ptr<Net> net_;
};

}  // namespace facededup
