#include "landmarks.hpp"

#include "dlib_image.hpp"
#include "dlib_model.hpp"

namespace facededup {

LandmarkModel::LandmarkModel(const std::string& bytes, unsigned long points) {
  read_dlib_model(bytes, predictor_);
  if (predictor_.num_parts() != points) {
    throw Error(ErrorCode::model_corrupt,
                "the landmark model has " + std::to_string(predictor_.num_parts()) + " points, not " + std::to_string(points));
  }
}

dlib::full_object_detection LandmarkModel::locate(const cv::Mat& image, const Box& box) const {
  return predictor_(DlibImage(image), rectangle_of(box, image.size()));
}

}  // namespace facededup
