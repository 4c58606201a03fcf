// JPEG by libjpeg itself, because OpenCV's own reader fills the missing part of a truncated file with grey
// and reports success.
#pragma once

#include <cstddef>
#include <cstdint>
#include <opencv2/core.hpp>

namespace facededup {

// An 8-bit BGR matrix, not yet turned by the EXIF orientation. Grey becomes BGR; CMYK and YCCK are converted
// without a colour profile. `reduction`: 1, 2, 4 or 8; the picture is decoded at that part of its size, sides rounded up,
// which takes the means over the pixels that fall together. Throws photo_truncated, photo_corrupt, the latter also when
// libjpeg finds a picture of another size than `expected`.
cv::Mat decode_jpeg(const std::uint8_t* bytes, std::size_t size, cv::Size expected, int reduction);

}  // namespace facededup
