#include "tiff_decoder.hpp"

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include <tiffio.h>

#include "error.hpp"

namespace facededup {
namespace {

// One tile or strip of an honest file has no more bytes than the picture (eight samples of 16 bits a pixel are more than any
// has), but for the tiles of a small one, which reach beyond its edges: a file of some bytes may claim one of gigabytes.
tmsize_t largest_allocation(cv::Size picture) {
  constexpr tmsize_t most = tmsize_t{1} << 30;
  constexpr tmsize_t tiles = tmsize_t{1} << 26;
  constexpr tmsize_t bytes_per_pixel = 16;
  return std::min(most, tiles + bytes_per_pixel * picture.width * picture.height);
}

struct Source {
  const std::uint8_t* bytes;
  std::uint64_t size;
  std::uint64_t at;
  std::string message;  // libtiff's first complaint
};

Source& source_of(thandle_t handle) { return *static_cast<Source*>(handle); }

tmsize_t read(thandle_t handle, void* target, tmsize_t wanted) {
  auto& source = source_of(handle);
  const auto left = source.at < source.size ? source.size - source.at : 0;
  const auto count = std::min<std::uint64_t>(left, wanted < 0 ? 0 : static_cast<std::uint64_t>(wanted));
  std::memcpy(target, source.bytes + source.at, count);
  source.at += count;
  return static_cast<tmsize_t>(count);
}

tmsize_t write(thandle_t, void*, tmsize_t) { return 0; }

toff_t seek(thandle_t handle, toff_t offset, int whence) {
  auto& source = source_of(handle);
  if (whence == SEEK_SET) source.at = offset;
  if (whence == SEEK_CUR) source.at += offset;
  if (whence == SEEK_END) source.at = source.size + offset;
  source.at = std::min(source.at, source.size);
  return source.at;
}

int close(thandle_t) { return 0; }

int map(thandle_t handle, void** base, toff_t* size) {
  auto& source = source_of(handle);
  *base = const_cast<std::uint8_t*>(source.bytes);
  *size = source.size;
  return 1;
}

void unmap(thandle_t, void*, toff_t) {}

toff_t size_of(thandle_t handle) { return source_of(handle).size; }

int on_error(TIFF*, void* user, const char*, const char* format, std::va_list arguments) {
  auto& message = static_cast<Source*>(user)->message;
  char text[256];
  std::vsnprintf(text, sizeof text, format, arguments);
  if (message.empty()) message = text;
  return 1;
}

int on_warning(TIFF*, void*, const char*, const char*, std::va_list) { return 1; }

[[noreturn]] void fail(const std::string& reason) {
  throw Error(ErrorCode::photo_corrupt, "the TIFF is damaged or of an unknown kind (" + reason + ")");
}

struct CloseTiff {
  void operator()(TIFF* tiff) const { TIFFClose(tiff); }
};
using TiffHandle = std::unique_ptr<TIFF, CloseTiff>;

struct FreeOptions {
  void operator()(TIFFOpenOptions* options) const { TIFFOpenOptionsFree(options); }
};

TiffHandle open(Source& source, cv::Size expected) {
  const std::unique_ptr<TIFFOpenOptions, FreeOptions> options(TIFFOpenOptionsAlloc());
  TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(), largest_allocation(expected));
  TIFFOpenOptionsSetErrorHandlerExtR(options.get(), on_error, &source);
  TIFFOpenOptionsSetWarningHandlerExtR(options.get(), on_warning, &source);
  // Mapped, for libtiff 4.5 compares the size of a read buffer, rounded up to 1024, with that of an uncompressed tile.
  return TiffHandle(TIFFClientOpenExt("photo", "r", &source, read, write, seek, close, size_of, map, unmap, options.get()));
}

struct RgbaImage {
  TIFFRGBAImage image{};
  ~RgbaImage() { TIFFRGBAImageEnd(&image); }
};

// libtiff darkens colours by their alpha and rounds 16 bits to 8; for us alpha does not count and the high byte stays.
void keep_stored_colours(TIFFRGBAImage& image) {
  if (image.UaToAa) {
    for (int i = 0; i < 256 * 256; ++i) image.UaToAa[i] = static_cast<std::uint8_t>(i & 0xFF);
  }
  if (image.Bitdepth16To8) {
    for (int i = 0; i < 256 * 256; ++i) image.Bitdepth16To8[i] = static_cast<std::uint8_t>(i >> 8);
  }
}

std::uint32_t rows_at_once(TIFF* tiff, std::uint32_t height) {
  std::uint32_t rows = 0;
  if (TIFFIsTiled(tiff)) {
    TIFFGetField(tiff, TIFFTAG_TILELENGTH, &rows);
  } else {
    TIFFGetFieldDefaulted(tiff, TIFFTAG_ROWSPERSTRIP, &rows);
  }
  return rows == 0 ? height : std::min(rows, height);
}

}  // namespace

cv::Mat decode_tiff(const std::uint8_t* bytes, std::size_t size, cv::Size expected) {
  Source source{bytes, size, 0, {}};
  const auto tiff = open(source, expected);
  if (!tiff) fail(source.message);

  RgbaImage rgba;
  auto& image = rgba.image;
  char reason[1024] = "";
  constexpr int stop_on_error = 1;
  if (!TIFFRGBAImageOK(tiff.get(), reason) || !TIFFRGBAImageBegin(&image, tiff.get(), stop_on_error, reason)) fail(reason);
  if (cv::Size(static_cast<int>(image.width), static_cast<int>(image.height)) != expected) fail("it gives two sizes");
  image.req_orientation = image.orientation;
  keep_stored_colours(image);

  cv::Mat picture(expected, CV_8UC3);
  const auto rows = rows_at_once(tiff.get(), image.height);
  std::vector<std::uint32_t> raster(static_cast<std::size_t>(rows) * image.width);
  for (std::uint32_t y = 0; y < image.height; y += rows) {
    const auto count = std::min(rows, image.height - y);
    image.row_offset = static_cast<int>(y);
    if (!TIFFRGBAImageGet(&image, raster.data(), image.width, count)) fail(source.message);
    for (std::uint32_t row = 0; row < count; ++row) {
      const auto* pixel = raster.data() + static_cast<std::size_t>(row) * image.width;
      auto* bgr = picture.ptr<cv::Vec3b>(static_cast<int>(y + row));
      for (std::uint32_t x = 0; x < image.width; ++x, ++pixel) {
        bgr[x] = {static_cast<uchar>(TIFFGetB(*pixel)), static_cast<uchar>(TIFFGetG(*pixel)),
                  static_cast<uchar>(TIFFGetR(*pixel))};
      }
    }
  }
  return picture;
}

}  // namespace facededup
