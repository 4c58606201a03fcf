// From bytes or raw pixels to the one form the pipeline works on: an upright 8-bit BGR matrix.
#pragma once

#include <cstddef>
#include <cstdint>
#include <opencv2/core.hpp>
#include <variant>
#include <vector>

namespace facededup {

struct EncodedImage {
  std::vector<std::uint8_t> bytes;
};

enum class ChannelOrder { rgb, bgr };

// Interleaved rows without padding: width × height × channels samples of one or two bytes (native byte order).
struct RawImage {
  std::vector<std::uint8_t> samples;
  std::uint64_t width;
  std::uint64_t height;
  int channels;          // 1 grey, 3 colour, 4 colour and alpha
  int bytes_per_sample;  // 1 or 2
  ChannelOrder order;
};

using ImageSource = std::variant<EncodedImage, RawImage>;

// CV_8UC3, BGR, upright by EXIF; alpha is dropped, 16-bit samples keep their high byte.
// Throws photo_not_an_image, photo_truncated, photo_corrupt, raw_image_invalid, and photo_too_large when
// width × height exceeds max_pixels: for encoded bytes that is known from the header, before decoding.
cv::Mat load_image(const ImageSource& source, std::uint64_t max_pixels);

}  // namespace facededup
