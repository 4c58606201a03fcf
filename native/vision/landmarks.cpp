#include "landmarks.hpp"

#include <dlib/image_transforms.h>

#include "dlib_image.hpp"
#include "dlib_model.hpp"
#include "face_encoder.hpp"
#include "landmark_file.hpp"

namespace facededup {

LandmarkModel::LandmarkModel(const std::string& bytes, unsigned long points) {
  check_landmark_file(bytes, points);
  read_dlib_model(bytes, predictor_);
}

dlib::full_object_detection LandmarkModel::locate(const cv::Mat& image, const Box& box) const {
  return predictor_(DlibImage(image), rectangle_of(box, image.size()));
}

dlib::full_object_detection LandmarkModel::locate_refined(const cv::Mat& image, const Box& box) const {
  // With this padding a face chip covers about the rectangle of a HOG detection; found by measuring both on LFW.
  constexpr double hog_padding = 0.18;
  const auto first = locate(image, box);
  const auto hog_like = dlib::get_face_chip_details(first, chip_side, hog_padding).rect;
  return predictor_(DlibImage(image), dlib::rectangle(hog_like));
}

}  // namespace facededup
