// Faces to encodings: dlib's aligned 150×150 chip and its face recognition ResNet.
#pragma once

// OpenCV first: dlib's headers bring names that clash with OpenCV's macros otherwise.
#include <opencv2/core.hpp>

#include <dlib/image_processing/full_object_detection.h>
#include <dlib/matrix.h>
#include <dlib/pixel.h>

#include <array>
#include <memory>
#include <string>

namespace facededup {

constexpr int encoding_size = 128;
using Encoding = std::array<float, encoding_size>;
using FaceChip = dlib::matrix<dlib::rgb_pixel>;

constexpr unsigned long chip_side = 150;
constexpr double chip_padding = 0.25;

// The face turned upright, scaled and cut out with a margin, as dlib's get_face_chip_details has it; the defaults are
// what the network was trained on. `side`: pixels; `padding`: the margin on each side as a part of the face.
FaceChip extract_face_chip(const cv::Mat& image, const dlib::full_object_detection& landmarks, unsigned long side = chip_side,
                           double padding = chip_padding);

struct EncodingOptions {
  int jitters;  // 1: the chip as it is
  bool mirror;
};

// One network, for one thread at a time.
class FaceEncoder {
 public:
  // `bytes`: dlib_face_recognition_resnet_model_v1, serialized. Throws model_corrupt.
  explicit FaceEncoder(const std::string& bytes);
  // A copy with buffers of its own, cheaper than reading the bytes again.
  FaceEncoder(const FaceEncoder& other);
  ~FaceEncoder();

  // With `jitters` 1 the encoding of the chip itself; with more, the mean over that many of dlib's jittered
  // copies (turned up to 3°, moved and scaled a few per cent, half of them mirrored), drawn from the same seed
  // each time, so that the answer depends on the chip alone. With `mirror`, the mean of that and of the same for the
  // mirrored chip.
  Encoding encode(const FaceChip& chip, const EncodingOptions& options);

 private:
  struct Net;
  std::unique_ptr<Net> net_;
};

}  // namespace facededup
