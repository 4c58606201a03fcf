// Facial landmarks by dlib's shape predictors: an ensemble of regression trees (Kazemi and Sullivan, 2014).
#pragma once

// OpenCV first: dlib's headers bring names that clash with OpenCV's macros otherwise.
#include <opencv2/core.hpp>

#include <dlib/image_processing/full_object_detection.h>
#include <dlib/image_processing/shape_predictor.h>

#include <string>

#include "detection.hpp"

namespace facededup {

// May be used by any number of threads at once.
class LandmarkModel {
 public:
  // `bytes`: a serialized dlib::shape_predictor. Throws model_corrupt, also when it has not `points` points.
  LandmarkModel(const std::string& bytes, unsigned long points);

  // The points of the face in `box`, whole pixels of the image; they may lie outside it. Throws box_outside_photo.
  dlib::full_object_detection locate(const cv::Mat& image, const Box& box) const;

  // Looks twice: the first points give the box that dlib's HOG detector would have drawn, which is what the models
  // were trained on, and the second look starts from that.
  dlib::full_object_detection locate_refined(const cv::Mat& image, const Box& box) const;

 private:
  dlib::shape_predictor predictor_;
};

}  // namespace facededup
