// A photo made small, for people to look at.
#pragma once

#include <cstdint>
#include <opencv2/core.hpp>
#include <vector>

#include "image.hpp"

namespace facededup {

struct Thumbnail {
  std::vector<std::uint8_t> jpeg;
  cv::Size size;
  cv::Size photo;  // upright, before it was made small
};

// The upright photo as a JPEG whose longer side has at most `max_side` pixels; a smaller photo keeps its size.
Thumbnail make_thumbnail(const ImageSource& source, int max_side, std::uint64_t max_pixels);

// BGR, 8 bits.
std::vector<std::uint8_t> encode_jpeg(const cv::Mat& bgr);

}  // namespace facededup
