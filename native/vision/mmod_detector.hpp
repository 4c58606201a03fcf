// dlib's max-margin (MMOD) face detector: a convolutional network slid over an image pyramid (King, 2015).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

// OpenCV first: dlib's headers bring names that clash with OpenCV's macros otherwise.
#include <opencv2/core.hpp>

#include "detection.hpp"

namespace facededup {

struct MmodOptions {
  int upsample;       // how often the working copy is doubled in size
  int max_side;       // a photo with a longer side is shrunk to it first, before any doubling
  double confidence;  // of dlib's score, which has no upper bound
};

// One network, for one thread at a time.
class MmodDetector {
 public:
  // `bytes`: mmod_human_face_detector, serialized. Throws model_corrupt.
  explicit MmodDetector(const std::string& bytes);
  // A copy with buffers of its own, cheaper than reading the bytes again.
  MmodDetector(const MmodDetector& other);
  ~MmodDetector();

  // `image`: CV_8UC3, BGR. Boxes in its own pixels, best first. Throws photo_too_large when the working copy has more
  // than `max_pixels`.
  Detections detect(const cv::Mat& image, const MmodOptions& options, std::uint64_t max_pixels);

  // The same for each of several images; those whose working copies have the same size run through the network
  // together, up to `batch_size` at once.
  std::vector<Detections> detect(const std::vector<cv::Mat>& images, const MmodOptions& options, std::uint64_t max_pixels,
                                 std::size_t batch_size);

 private:
  struct Net;
  std::unique_ptr<Net> net_;
};

}  // namespace facededup
