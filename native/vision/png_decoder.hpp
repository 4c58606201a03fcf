// PNG by libpng itself: OpenCV lets libpng print its complaints on stderr.
#pragma once

#include <cstddef>
#include <cstdint>
#include <opencv2/core.hpp>

namespace facededup {

// CV_8UC3, BGR, without alpha, the high byte of 16 bits, not turned by EXIF. Throws photo_truncated,
// photo_corrupt, the latter also when libpng finds a picture of another size than `expected`.
cv::Mat decode_png(const std::uint8_t* bytes, std::size_t size, cv::Size expected);

}  // namespace facededup
