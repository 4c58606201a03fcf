#include "image.hpp"

#include <algorithm>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <string>

#include "error.hpp"
#include "image_header.hpp"
#include "jpeg_decoder.hpp"
#include "png_decoder.hpp"
#include "tiff_decoder.hpp"
#include "webp_decoder.hpp"

namespace facededup {
namespace {

std::string size_text(std::uint64_t width, std::uint64_t height) {
  return std::to_string(width) + "×" + std::to_string(height) + " pixels";
}

// The most that OpenCV reads, too (CV_IO_MAX_IMAGE_WIDTH and _HEIGHT). Each row takes its time, also one of a single pixel.
constexpr std::uint64_t longest_side = 1 << 20;

void check_size(std::uint64_t width, std::uint64_t height, std::uint64_t max_pixels) {
  if (width > max_pixels / height) {
    throw Error(ErrorCode::photo_too_large, "it has " + size_text(width, height) + ", more than the " +
                                                std::to_string(max_pixels) + " allowed; raise maxPixels to accept it");
  }
  if (std::max(width, height) > longest_side) {
    throw Error(ErrorCode::photo_too_large,
                "it has " + size_text(width, height) + ", and no side may have more than " + std::to_string(longest_side));
  }
}

// EXIF orientations 1 to 8 (CIPA DC-008-2019, 4.6.4 A): what the stored rows and columns are of the upright picture.
cv::Mat turn_upright(const cv::Mat& stored, int orientation) {
  cv::Mat upright;
  switch (orientation) {
    case 2: cv::flip(stored, upright, 1); break;
    case 3: cv::rotate(stored, upright, cv::ROTATE_180); break;
    case 4: cv::flip(stored, upright, 0); break;
    case 5: cv::transpose(stored, upright); break;
    case 6: cv::rotate(stored, upright, cv::ROTATE_90_CLOCKWISE); break;
    case 7:
      cv::transpose(stored, upright);
      cv::rotate(upright, upright, cv::ROTATE_180);
      break;
    case 8: cv::rotate(stored, upright, cv::ROTATE_90_COUNTERCLOCKWISE); break;
    default: upright = stored;
  }
  return upright;
}

cv::Size stored_size(const ImageHeader& header) { return {static_cast<int>(header.width), static_cast<int>(header.height)}; }

cv::Mat decode_by_opencv(const std::vector<std::uint8_t>& bytes) {
  cv::Mat image;
  try {
    image = cv::imdecode(bytes, cv::IMREAD_COLOR | cv::IMREAD_IGNORE_ORIENTATION);
  } catch (const cv::Exception& e) {
    throw Error(ErrorCode::photo_corrupt, "its pixels cannot be decoded (" + one_line(e.err) + ")");
  }
  if (image.empty()) throw Error(ErrorCode::photo_corrupt, "its pixels cannot be decoded: it is damaged or cut short");
  return image;
}

// A decoder that finds another size than the header's, which was checked, refuses the file before it takes memory for it.
cv::Mat decode_stored(const ImageHeader& header, const std::vector<std::uint8_t>& bytes, int reduction) {
  const auto size = stored_size(header);
  switch (header.format) {
    case ImageFormat::jpeg: return decode_jpeg(bytes.data(), bytes.size(), size, reduction);
    case ImageFormat::png: return decode_png(bytes.data(), bytes.size(), size);
    case ImageFormat::webp: return decode_webp(bytes.data(), bytes.size(), size);
    case ImageFormat::tiff: return decode_tiff(bytes.data(), bytes.size(), size);
    case ImageFormat::bmp: break;
  }
  return decode_by_opencv(bytes);
}

// Orientations 5 to 8 lie on their side.
cv::Size upright_size(const ImageHeader& header) {
  const auto stored = stored_size(header);
  return header.orientation >= 5 ? cv::Size(stored.height, stored.width) : stored;
}

ReducedImage decode(const EncodedImage& source, std::uint64_t max_pixels, int largest_reduction) {
  const auto& bytes = source.bytes;
  const auto header = read_image_header(bytes.data(), bytes.size());
  if (header.width == 0 || header.height == 0) {
    throw Error(ErrorCode::photo_corrupt, "its header says " + size_text(header.width, header.height));
  }
  check_size(header.width, header.height, max_pixels);
  const int reduction = header.format == ImageFormat::jpeg ? largest_reduction : 1;
  const auto stored = decode_stored(header, bytes, reduction);
  return {turn_upright(stored, header.orientation), reduction, upright_size(header)};
}

int colour_conversion(const RawImage& source) {
  const bool rgb = source.order == ChannelOrder::rgb;
  switch (source.channels) {
    case 1: return cv::COLOR_GRAY2BGR;
    case 3: return rgb ? cv::COLOR_RGB2BGR : -1;
    default: return rgb ? cv::COLOR_RGBA2BGR : cv::COLOR_BGRA2BGR;
  }
}

// The high byte of each little-endian sample, as libpng's strip_16 takes it; convertTo would round instead.
cv::Mat high_bytes(const RawImage& source) {
  const int rows = static_cast<int>(source.height);
  const int columns = static_cast<int>(source.width);
  const cv::Mat byte_pairs(rows, columns, CV_8UC(2 * source.channels), const_cast<std::uint8_t*>(source.samples.data()));
  cv::Mat high(rows, columns, CV_8UC(source.channels));
  for (int channel = 0; channel < source.channels; ++channel) {
    const int from_to[] = {2 * channel + 1, channel};
    cv::mixChannels(&byte_pairs, 1, &high, 1, from_to, 1);
  }
  return high;
}

cv::Mat from_raw(const RawImage& source, std::uint64_t max_pixels) {
  if (source.width == 0 || source.height == 0) {
    throw Error(ErrorCode::raw_image_invalid, "it has " + size_text(source.width, source.height));
  }
  check_size(source.width, source.height, max_pixels);
  const auto bytes_per_pixel = static_cast<std::uint64_t>(source.channels) * source.bytes_per_sample;
  const auto expected = source.width * source.height * bytes_per_pixel;
  if (source.samples.size() != expected) {
    throw Error(ErrorCode::raw_image_invalid, "data holds " + std::to_string(source.samples.size()) +
                                                  " bytes where width × height × channels asks for " + std::to_string(expected));
  }
  const auto depth = source.bytes_per_sample == 2 ? CV_16U : CV_8U;
  const cv::Mat samples(static_cast<int>(source.height), static_cast<int>(source.width), CV_MAKETYPE(depth, source.channels),
                        const_cast<std::uint8_t*>(source.samples.data()));
  const cv::Mat eight_bit = depth == CV_16U ? high_bytes(source) : samples;
  const int conversion = colour_conversion(source);
  if (conversion < 0) return eight_bit.clone();
  cv::Mat bgr;
  cv::cvtColor(eight_bit, bgr, conversion);
  return bgr;
}

}  // namespace

cv::Mat load_image(const ImageSource& source, std::uint64_t max_pixels) {
  return load_reduced_image(source, max_pixels, 1).pixels;
}

ReducedImage load_reduced_image(const ImageSource& source, std::uint64_t max_pixels, int largest_reduction) {
  if (const auto* encoded = std::get_if<EncodedImage>(&source)) return decode(*encoded, max_pixels, largest_reduction);
  const auto pixels = from_raw(std::get<RawImage>(source), max_pixels);
  return {pixels, 1, pixels.size()};
}

int reduction_to(const ImageSource& source, cv::Size least) {
  const auto* encoded = std::get_if<EncodedImage>(&source);
  if (!encoded) return 1;
  const auto header = read_image_header(encoded->bytes.data(), encoded->bytes.size());
  if (header.format != ImageFormat::jpeg) return 1;
  const auto photo = upright_size(header);
  int reduction = 8;
  while (reduction > 1 && (photo.width / reduction < least.width || photo.height / reduction < least.height)) reduction /= 2;
  return reduction;
}

}  // namespace facededup
