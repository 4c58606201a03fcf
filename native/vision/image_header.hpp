// What a photo's header says, read before anything is decoded: format, size and EXIF orientation.
#pragma once

#include <cstddef>
#include <cstdint>

namespace facededup {

enum class ImageFormat { jpeg, png, webp, bmp, tiff };

struct ImageHeader {
  ImageFormat format;
  std::uint64_t width;  // as stored, before the orientation is applied
  std::uint64_t height;
  int orientation;  // 1 to 8 as in EXIF (CIPA DC-008, tag 0x0112); 1 where none is given
};

// Throws photo_not_an_image when the bytes begin like none of the five formats,
// photo_truncated when they end inside the header, photo_corrupt when the header contradicts itself.
ImageHeader read_image_header(const std::uint8_t* bytes, std::size_t size);

}  // namespace facededup
