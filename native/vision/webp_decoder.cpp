#include "webp_decoder.hpp"

#include <webp/decode.h>

#include <new>

#include "error.hpp"

namespace facededup {

cv::Mat decode_webp(const std::uint8_t* bytes, std::size_t size, cv::Size expected) {
  WebPDecoderConfig config;
  WebPInitDecoderConfig(&config);
  auto status = WebPGetFeatures(bytes, size, &config.input);
  cv::Mat image;
  if (status == VP8_STATUS_OK) {
    if (cv::Size(config.input.width, config.input.height) != expected)
      throw Error(ErrorCode::photo_corrupt, "the WebP file gives two sizes");
    image.create(expected, CV_8UC3);
    auto& output = config.output;
    output.colorspace = MODE_BGR;
    output.is_external_memory = 1;
    output.u.RGBA = {image.data, static_cast<int>(image.step), image.step * static_cast<std::size_t>(image.rows)};
    status = WebPDecode(bytes, size, &config);
  }
  switch (status) {
    case VP8_STATUS_OK: return image;
    case VP8_STATUS_OUT_OF_MEMORY: throw std::bad_alloc();
    case VP8_STATUS_SUSPENDED:
    case VP8_STATUS_NOT_ENOUGH_DATA: throw Error(ErrorCode::photo_truncated, "the WebP file ends before its picture does");
    case VP8_STATUS_UNSUPPORTED_FEATURE:
      throw Error(ErrorCode::photo_corrupt, "the WebP file is animated, or uses what this libwebp cannot read");
    default: throw Error(ErrorCode::photo_corrupt, "the WebP file is damaged");
  }
}

}  // namespace facededup
