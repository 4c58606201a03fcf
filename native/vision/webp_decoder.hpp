// WebP by libwebp itself: it tells a cut file from a damaged one, and OpenCV refuses files under 32 bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <opencv2/core.hpp>

namespace facededup {

// CV_8UC3, BGR, without alpha, not turned by EXIF. Throws photo_truncated, photo_corrupt, the latter
// also when libwebp finds a picture of another size than `expected`.
cv::Mat decode_webp(const std::uint8_t* bytes, std::size_t size, cv::Size expected);

}  // namespace facededup
