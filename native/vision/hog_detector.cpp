#include "hog_detector.hpp"

#include <dlib/image_transforms.h>

#include <vector>

#include "dlib_image.hpp"
#include "fused_math.hpp"
#include "upsampling.hpp"

namespace facededup {
namespace {

using Found = std::vector<dlib::rect_detection>;

Found find_faces(dlib::frontal_face_detector& detector, const DlibImage& image, int upsample) {
  Found found;
  if (upsample == 0) {
    detector(image, found);
    return found;
  }
  const dlib::pyramid_down<2> pyramid;
  dlib::array2d<dlib::bgr_pixel> larger;
  dlib::pyramid_up(image, larger, pyramid);
  for (int i = 1; i < upsample; ++i) dlib::pyramid_up(larger, pyramid);
  detector(larger, found);
  for (auto& face : found) face.rect = pyramid.rect_down(face.rect, upsample);
  return found;
}

FACEDEDUP_FUSED Found find_faces_fused(dlib::frontal_face_detector& detector, const DlibImage& image, int upsample) {
  return find_faces(detector, image, upsample);
}

}  // namespace

HogDetector::HogDetector() : detector_(dlib::get_frontal_face_detector()) {}

Detections HogDetector::detect(const cv::Mat& image, int upsample, double confidence, std::uint64_t max_pixels) {
  check_upsampled_size(image.size(), upsample, max_pixels);
  const DlibImage original(image);
  const auto found =
      processor_fuses() ? find_faces_fused(detector_, original, upsample) : find_faces(detector_, original, upsample);

  Detections detections;
  for (const auto& face : found) {
    if (face.detection_confidence < confidence) continue;
    detections.push_back({box_of(face.rect), face.detection_confidence});
  }
  return detections;
}

}  // namespace facededup
