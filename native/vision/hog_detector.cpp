#include "hog_detector.hpp"

#include <dlib/image_transforms.h>

#include <string>
#include <vector>

#include "dlib_image.hpp"
#include "error.hpp"

namespace facededup {
namespace {

void check_upsampled_size(const cv::Size& size, int upsample, std::uint64_t max_pixels) {
  const auto pixels = static_cast<std::uint64_t>(size.width) * static_cast<std::uint64_t>(size.height) << (2 * upsample);
  if (pixels <= max_pixels) return;
  throw Error(ErrorCode::photo_too_large, "upsampled " + std::to_string(upsample) + " times it has " + std::to_string(pixels) +
                                              " pixels, more than the " + std::to_string(max_pixels) +
                                              " allowed; lower upsample or raise maxPixels");
}

}  // namespace

HogDetector::HogDetector() : detector_(dlib::get_frontal_face_detector()) {}

Detections HogDetector::detect(const cv::Mat& image, int upsample, double confidence, std::uint64_t max_pixels) {
  check_upsampled_size(image.size(), upsample, max_pixels);
  const dlib::pyramid_down<2> pyramid;
  const DlibImage original(image);
  std::vector<dlib::rect_detection> found;
  if (upsample == 0) {
    detector_(original, found);
  } else {
    dlib::array2d<dlib::bgr_pixel> larger;
    dlib::pyramid_up(original, larger, pyramid);
    for (int i = 1; i < upsample; ++i) dlib::pyramid_up(larger, pyramid);
    detector_(larger, found);
  }

  Detections detections;
  for (const auto& face : found) {
    if (face.detection_confidence < confidence) continue;
    detections.push_back({box_of(pyramid.rect_down(face.rect, upsample)), face.detection_confidence});
  }
  return detections;
}

}  // namespace facededup
