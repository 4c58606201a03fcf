// dlib's frontal face detector: histograms of oriented gradients (HOG) under a linear classifier. It needs no file.
#pragma once

#include <cstdint>

// OpenCV first: dlib's headers bring names that clash with OpenCV's macros otherwise.
#include <opencv2/core.hpp>

#include <dlib/image_processing/frontal_face_detector.h>

#include "detection.hpp"

namespace facededup {

// One detector, for one thread at a time.
class HogDetector {
 public:
  HogDetector();

  // `image`: CV_8UC3, BGR. It is doubled in size `upsample` times first, which finds faces from 80 / 2^upsample pixels;
  // throws photo_too_large when that makes more than `max_pixels`. The confidence is dlib's score, above 0 and
  // without an upper bound. Best first.
  Detections detect(const cv::Mat& image, int upsample, double confidence, std::uint64_t max_pixels);

 private:
  dlib::frontal_face_detector detector_;
};

}  // namespace facededup
