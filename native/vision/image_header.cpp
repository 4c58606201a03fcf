#include "image_header.hpp"

#include <optional>

#include "byte_view.hpp"

namespace facededup {
namespace {

constexpr int upright = 1;

// One image file directory of TIFF 6.0, which EXIF uses too: numbers of the first directory by tag.
class TiffDirectory {
 public:
  explicit TiffDirectory(ByteView bytes) : bytes_(bytes), little_(bytes.has(0, "II", 2)) {
    directory_ = u32(4);
    entries_ = u16(directory_);
  }

  std::optional<std::uint32_t> number(std::uint16_t tag) const {
    constexpr std::size_t entry_size = 12;
    constexpr std::uint16_t type_short = 3;
    constexpr std::uint16_t type_long = 4;
    for (std::size_t i = 0; i < entries_; ++i) {
      const std::size_t entry = directory_ + 2 + i * entry_size;
      if (u16(entry) != tag) continue;
      const auto type = u16(entry + 2);
      if (type == type_short) return u16(entry + 8);
      if (type == type_long) return u32(entry + 8);
      return std::nullopt;
    }
    return std::nullopt;
  }

 private:
  std::uint16_t u16(std::size_t at) const { return little_ ? bytes_.u16le(at) : bytes_.u16be(at); }
  std::uint32_t u32(std::size_t at) const { return little_ ? bytes_.u32le(at) : bytes_.u32be(at); }

  ByteView bytes_;
  bool little_;
  std::size_t directory_;
  std::size_t entries_;
};

bool begins_as_tiff(ByteView bytes) { return bytes.has(0, "II\x2a\0", 4) || bytes.has(0, "MM\0\x2a", 4); }

int orientation_of(const TiffDirectory& directory) {
  constexpr std::uint16_t tag_orientation = 0x0112;
  const auto value = directory.number(tag_orientation).value_or(upright);
  return value >= 1 && value <= 8 ? static_cast<int>(value) : upright;
}

// Broken metadata must not cost the photo: viewers show such a photo as it is stored, and so do we.
int exif_orientation(ByteView exif) {
  if (!begins_as_tiff(exif)) return upright;
  try {
    return orientation_of(TiffDirectory(exif));
  } catch (const Error&) {
    return upright;
  }
}

// ISO/IEC 10918-1, annex B: segments up to the frame header, whichever of its kinds it is.
ImageHeader read_jpeg(ByteView bytes) {
  constexpr std::uint8_t start_of_scan = 0xDA;
  constexpr std::uint8_t end_of_image = 0xD9;
  constexpr std::uint8_t app1 = 0xE1;
  int orientation = upright;
  std::size_t at = 2;
  for (;;) {
    if (bytes.u8(at) != 0xFF) throw Error(ErrorCode::photo_corrupt, "a JPEG marker is missing");
    while (bytes.u8(at) == 0xFF) ++at;
    const auto marker = bytes.u8(at++);
    const bool is_frame_header = marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
    if (is_frame_header) {
      return {ImageFormat::jpeg, bytes.u16be(at + 5), bytes.u16be(at + 3), orientation};
    }
    if (marker == start_of_scan || marker == end_of_image) {
      throw Error(ErrorCode::photo_corrupt, "the JPEG has no frame header");
    }
    const bool stands_alone = marker == 0x01 || (marker >= 0xD0 && marker <= 0xD8);
    if (stands_alone) continue;
    const std::size_t length = bytes.u16be(at);
    if (length < 2) throw Error(ErrorCode::photo_corrupt, "a JPEG segment has no length");
    if (marker == app1 && bytes.has(at + 2, "Exif\0\0", 6) && length > 8) {
      orientation = exif_orientation(bytes.part(at + 8, length - 8));
    }
    at += length;
  }
}

// PNG, third edition: IHDR comes first; eXIf may stand before or after the pixels.
ImageHeader read_png(ByteView bytes) {
  constexpr std::size_t signature = 8;
  constexpr std::size_t chunk_frame = 12;
  if (!bytes.has(signature + 4, "IHDR", 4)) {
    bytes.u32be(signature + 4);
    throw Error(ErrorCode::photo_corrupt, "the PNG does not begin with its header chunk");
  }
  ImageHeader header{ImageFormat::png, bytes.u32be(16), bytes.u32be(20), upright};
  for (std::size_t at = signature; at + chunk_frame <= bytes.size();) {
    const std::size_t length = bytes.u32be(at);
    if (bytes.has(at + 4, "eXIf", 4)) header.orientation = exif_orientation(bytes.part(at + 8, length));
    at += length + chunk_frame;
  }
  return header;
}

// WebP container: VP8 (lossy), VP8L (lossless) or VP8X (extended, which alone carries EXIF).
ImageHeader read_webp(ByteView bytes) {
  constexpr std::size_t first_chunk = 12;
  constexpr std::size_t body = first_chunk + 8;
  constexpr std::uint32_t low14 = 0x3FFF;
  ImageHeader header{ImageFormat::webp, 0, 0, upright};
  if (bytes.has(first_chunk, "VP8 ", 4)) {
    header.width = bytes.u16le(body + 6) & low14;
    header.height = bytes.u16le(body + 8) & low14;
  } else if (bytes.has(first_chunk, "VP8L", 4)) {
    const auto bits = bytes.u32le(body + 1);
    header.width = (bits & low14) + 1;
    header.height = (bits >> 14 & low14) + 1;
  } else if (bytes.has(first_chunk, "VP8X", 4)) {
    header.width = bytes.u24le(body + 4) + 1;
    header.height = bytes.u24le(body + 7) + 1;
    for (std::size_t at = first_chunk; at + 8 <= bytes.size();) {
      const std::size_t length = bytes.u32le(at + 4);
      if (bytes.has(at, "EXIF", 4)) {
        // Some writers put the JPEG segment's prefix before the EXIF block.
        const std::size_t prefix = bytes.has(at + 8, "Exif\0\0", 6) ? 6 : 0;
        if (length > prefix) header.orientation = exif_orientation(bytes.part(at + 8 + prefix, length - prefix));
      }
      at += 8 + length + length % 2;
    }
  } else {
    bytes.u32le(body);
    throw Error(ErrorCode::photo_corrupt, "the WebP file holds no picture");
  }
  return header;
}

// What OpenCV's BMP reader would trip over, and say so on stderr, is found here.
void check_bmp(ByteView bytes, std::uint64_t width, std::uint64_t rows) {
  constexpr std::uint32_t run_length_8 = 1;
  constexpr std::uint32_t run_length_4 = 2;
  constexpr std::uint32_t bit_fields = 3;
  const std::uint64_t pixels_at = bytes.u32le(10);
  const std::uint64_t header_size = bytes.u32le(14);
  const std::uint64_t bits = bytes.u16le(28);
  const auto compression = bytes.u32le(30);
  const std::uint64_t colours = bytes.u32le(46);
  if (header_size < 36 || compression > bit_fields || colours > 256)
    throw Error(ErrorCode::photo_corrupt, "the BMP header is damaged");
  const auto palette = bits > 8 ? 0 : 4 * (colours == 0 ? std::uint64_t{1} << bits : colours);
  const bool packed = compression == run_length_8 || compression == run_length_4;
  const auto pixels = packed ? 0 : (width * bits + 31) / 32 * 4 * rows;
  if (14 + header_size + palette > bytes.size() || pixels_at + pixels > bytes.size()) {
    throw Error(ErrorCode::photo_truncated, "the BMP ends before its picture does");
  }
}

ImageHeader read_bmp(ByteView bytes) {
  constexpr std::uint32_t os2_core_header = 12;
  if (bytes.u32le(14) == os2_core_header) {
    return {ImageFormat::bmp, bytes.u16le(18), bytes.u16le(20), upright};
  }
  const auto width = static_cast<std::int32_t>(bytes.u32le(18));
  const auto height = static_cast<std::int32_t>(bytes.u32le(22));
  // A negative height means rows from the top; a negative width means nothing.
  if (width < 0) throw Error(ErrorCode::photo_corrupt, "the BMP header gives a negative width");
  const std::int64_t signed_rows = height;
  const auto rows = static_cast<std::uint64_t>(signed_rows < 0 ? -signed_rows : signed_rows);
  check_bmp(bytes, static_cast<std::uint64_t>(width), rows);
  return {ImageFormat::bmp, static_cast<std::uint64_t>(width), rows, upright};
}

ImageHeader read_tiff(ByteView bytes) {
  constexpr std::uint16_t tag_width = 256;
  constexpr std::uint16_t tag_height = 257;
  const TiffDirectory directory(bytes);
  return {ImageFormat::tiff, directory.number(tag_width).value_or(0), directory.number(tag_height).value_or(0),
          orientation_of(directory)};
}

}  // namespace

ImageHeader read_image_header(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes(data, size);
  if (bytes.has(0, "\xFF\xD8\xFF", 3)) return read_jpeg(bytes);
  if (bytes.has(0, "\x89PNG\r\n\x1a\n", 8)) return read_png(bytes);
  if (bytes.has(0, "RIFF", 4) && bytes.has(8, "WEBP", 4)) return read_webp(bytes);
  if (bytes.has(0, "BM", 2)) return read_bmp(bytes);
  if (begins_as_tiff(bytes)) return read_tiff(bytes);
  throw Error(ErrorCode::photo_not_an_image, "it is none of JPEG, PNG, WebP, BMP and TIFF");
}

}  // namespace facededup
