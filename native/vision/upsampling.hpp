// The bound on photos that a detector doubles in size.
#pragma once

#include <cstdint>
#include <opencv2/core.hpp>
#include <string>

#include "error.hpp"

namespace facededup {

// Throws photo_too_large when doubling both sides `upsample` times makes more than `max_pixels`.
inline void check_upsampled_size(const cv::Size& size, int upsample, std::uint64_t max_pixels) {
  const auto pixels = static_cast<std::uint64_t>(size.width) * static_cast<std::uint64_t>(size.height) << (2 * upsample);
  if (pixels <= max_pixels) return;
  throw Error(ErrorCode::photo_too_large, "upsampled " + std::to_string(upsample) + " times it has " + std::to_string(pixels) +
                                              " pixels, more than the " + std::to_string(max_pixels) +
                                              " allowed; lower upsample or raise maxPixels");
}

}  // namespace facededup
