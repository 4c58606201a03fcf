// Detections drawn on a photo, for people to look at.
#pragma once

#include <cstdint>
#include <vector>

#include "detection.hpp"
#include "image.hpp"

namespace facededup {

// The upright photo as PNG bytes, each detection framed and its confidence written above it.
std::vector<std::uint8_t> draw_detections(const ImageSource& source, const Detections& detections, std::uint64_t max_pixels);

}  // namespace facededup
