#include "png_decoder.hpp"

#include <cstring>
#include <string>

#include <png.h>

#include "error.hpp"

namespace facededup {
namespace {

struct Source {
  const std::uint8_t* bytes;
  std::size_t left;
  bool ended;
  char message[128];
};

void read(png_structp png, png_bytep target, std::size_t count) {
  auto& source = *static_cast<Source*>(png_get_io_ptr(png));
  if (count > source.left) {
    source.ended = true;
    png_error(png, "end of file");
  }
  std::memcpy(target, source.bytes, count);
  source.bytes += count;
  source.left -= count;
}

[[noreturn]] void on_error(png_structp png, png_const_charp message) {
  auto& source = *static_cast<Source*>(png_get_error_ptr(png));
  std::strncpy(source.message, message, sizeof source.message - 1);
  png_longjmp(png, 1);
}

void on_warning(png_structp, png_const_charp) {}

struct Reader {
  explicit Reader(Source& source) : png(png_create_read_struct(PNG_LIBPNG_VER_STRING, &source, on_error, on_warning)) {
    if (png) info = png_create_info_struct(png);
    if (!info) throw std::bad_alloc();
  }
  ~Reader() { png_destroy_read_struct(&png, &info, nullptr); }
  png_structp png;
  png_infop info = nullptr;
};

// Everything between setjmp and longjmp lives in the caller's frame, so that no destructor is jumped over.
bool run(const Reader& reader, Source& source, cv::Size expected, cv::Mat& image) {
  if (setjmp(png_jmpbuf(reader.png)) != 0) return false;
  png_set_read_fn(reader.png, &source, read);
  // No size limit of libpng's own: the caller has checked the header against maxPixels.
  png_set_user_limits(reader.png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  // Nothing but the picture: profiles and texts are skipped, whatever length they claim.
  png_set_keep_unknown_chunks(reader.png, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
  png_read_info(reader.png, reader.info);
  png_set_strip_16(reader.png);
  png_set_expand(reader.png);  // palettes, 1 to 4 bits, and a transparent colour to alpha
  png_set_gray_to_rgb(reader.png);
  png_set_strip_alpha(reader.png);
  png_set_bgr(reader.png);
  const int passes = png_set_interlace_handling(reader.png);
  png_read_update_info(reader.png, reader.info);
  const cv::Size size(static_cast<int>(png_get_image_width(reader.png, reader.info)),
                      static_cast<int>(png_get_image_height(reader.png, reader.info)));
  if (size != expected) png_error(reader.png, "it gives two sizes");
  image.create(size, CV_8UC3);
  if (png_get_rowbytes(reader.png, reader.info) != image.cols * image.elemSize()) png_error(reader.png, "unexpected row length");
  // Row by row: a list of the rows would be larger than a picture that is one pixel wide.
  for (int pass = 0; pass < passes; ++pass) {
    for (int y = 0; y < image.rows; ++y) png_read_row(reader.png, image.ptr(y), nullptr);
  }
  png_read_end(reader.png, nullptr);
  return true;
}

}  // namespace

cv::Mat decode_png(const std::uint8_t* bytes, std::size_t size, cv::Size expected) {
  Source source{bytes, size, false, {}};
  const Reader reader(source);
  cv::Mat image;
  if (run(reader, source, expected, image)) return image;
  if (source.ended) throw Error(ErrorCode::photo_truncated, "the PNG ends before its picture does");
  throw Error(ErrorCode::photo_corrupt, std::string("the PNG is damaged (") + source.message + ")");
}

}  // namespace facededup
