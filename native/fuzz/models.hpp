// What model files go through in the fuzz targets: read, and run where they are accepted.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <opencv2/core.hpp>
#include <string>

#include "../vision/error.hpp"

namespace facededup::fuzz {

inline std::string text_of(const std::uint8_t* data, std::size_t size) { return {reinterpret_cast<const char*>(data), size}; }

// A photo with something to see.
inline cv::Mat small_photo() {
  cv::Mat photo(96, 128, CV_8UC3);
  for (int y = 0; y < photo.rows; ++y) {
    for (int x = 0; x < photo.cols; ++x) {
      photo.at<cv::Vec3b>(y, x) = {static_cast<uchar>(2 * x), static_cast<uchar>(2 * y), static_cast<uchar>(x ^ y)};
    }
  }
  return photo;
}

// Ends the process where `body` meets anything but success, a refusal of the model, or too little memory.
template <class Body>
void expect_answer_or_refusal(Body body) {
  try {
    body();
  } catch (...) {
    const auto error = current_error();
    if (error.code() == ErrorCode::model_corrupt || error.code() == ErrorCode::out_of_memory) return;
    std::fprintf(stderr, "A model met %s: %s\n", name_of(error.code()), error.what());
    std::abort();
  }
}

}  // namespace facededup::fuzz
