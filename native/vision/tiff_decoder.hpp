// TIFF by libtiff itself: OpenCV's reader turns the picture by its tag whatever it is told, and takes damage for black.
#pragma once

#include <cstddef>
#include <cstdint>
#include <opencv2/core.hpp>

namespace facededup {

// The first picture of the file as it is stored, CV_8UC3, BGR, without alpha. Throws photo_corrupt, also
// when libtiff finds a picture of another size than `expected`.
cv::Mat decode_tiff(const std::uint8_t* bytes, std::size_t size, cv::Size expected);

}  // namespace facededup
