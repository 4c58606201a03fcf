// A single-shot detector (SSD) of the Caffe family, such as OpenCV's res10, run by cv::dnn.
#pragma once

#include <array>
#include <opencv2/dnn.hpp>
#include <string>

#include "detection.hpp"
#include "dnn_backend.hpp"
#include "prototxt.hpp"

namespace facededup {

struct SsdOptions {
  double scale_factor;                // multiplies each pixel after the means are taken off
  std::array<double, 3> mean_values;  // BGR
  DnnBackend backend;
  int face_class;  // the class label that counts as a face, or any_class
};

constexpr int any_class = -1;

struct SsdModel {
  std::string prototxt;
  std::string weights;
  SsdOptions options;
};

// One network, for one thread at a time.
class SsdDetector {
 public:
  // Throws model_corrupt, backend_unavailable.
  explicit SsdDetector(const SsdModel& model);

  // What every image is scaled to.
  cv::Size input_size() const { return input_size_; }

  // `image`: CV_8UC3, BGR. Boxes of at least `confidence`, best first, without those that overlap a better one
  // by an intersection over union above `nms_threshold`, clipped to the image; coordinates are not rounded.
  Detections detect(const cv::Mat& image, double confidence, double nms_threshold);

 private:
  SsdDetector(const SsdModel& model, const Prototxt& prototxt);

  cv::Mat forward(const cv::Mat& image);

  cv::Size input_size_;
  double scale_factor_;
  int face_class_;
  cv::Scalar mean_values_;
  cv::dnn::Net net_;
};

}  // namespace facededup
