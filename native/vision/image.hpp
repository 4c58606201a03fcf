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

// An image decoded at a part of the photo's size.
struct ReducedImage {
  cv::Mat pixels;
  int reduction;   // 1, 2, 4 or 8: how many pixels of the photo, each way, make one
  cv::Size photo;  // upright, in its own pixels
};

// As load_image, at 1/8, 1/4 or 1/2 of the size if `largest_reduction` allows it and the photo is a JPEG, whose decoder
// does that for a part of the time; anything else comes whole.
ReducedImage load_reduced_image(const ImageSource& source, std::uint64_t max_pixels, int largest_reduction);

// The largest of 8, 4, 2 and 1 that leaves the photo at least `least` pixels each way; 1 for anything but a JPEG.
int reduction_to(const ImageSource& source, cv::Size least);

}  // namespace facededup
