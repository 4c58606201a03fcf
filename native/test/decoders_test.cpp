// Photos of every format against the pixels they were made of; none that is cut or damaged does harm.
#include <algorithm>
#include <opencv2/imgcodecs.hpp>
#include <string>
#include <vector>

#include "../vision/error.hpp"
#include "../vision/image.hpp"
#include "checks.hpp"
#include "tests.hpp"

namespace facededup::test {
namespace {

constexpr std::uint64_t max_pixels = 1000 * 1000;

// Something to see in every pixel, and no more detail than JPEG keeps.
cv::Mat picture() {
  cv::Mat pixels(22, 33, CV_8UC3);
  for (int y = 0; y < pixels.rows; ++y) {
    for (int x = 0; x < pixels.cols; ++x) {
      pixels.at<cv::Vec3b>(y, x) = {static_cast<uchar>(7 * x), static_cast<uchar>(11 * y), static_cast<uchar>(3 * (x + y))};
    }
  }
  return pixels;
}

struct Format {
  const char* extension;
  double tolerance;
};

const Format formats[] = {{".png", 0}, {".bmp", 0}, {".tiff", 0}, {".webp", 20}, {".jpg", 20}};

std::vector<std::uint8_t> encoded(const cv::Mat& pixels, const char* extension) {
  std::vector<std::uint8_t> bytes;
  cv::imencode(extension, pixels, bytes);
  return bytes;
}

bool is_photo_error(ErrorCode code) {
  return code == ErrorCode::photo_not_an_image || code == ErrorCode::photo_truncated || code == ErrorCode::photo_corrupt ||
         code == ErrorCode::photo_too_large;
}

// Whether the photo is answered or refused as one.
bool is_harmless(std::vector<std::uint8_t> bytes) {
  try {
    load_image(EncodedImage{std::move(bytes)}, max_pixels);
    return true;
  } catch (const Error& e) {
    return is_photo_error(e.code());
  }
}

void test_format(const Format& format) {
  const std::string name = format.extension;
  const auto pixels = picture();
  const auto whole = encoded(pixels, format.extension);
  check(cv::norm(load_image(EncodedImage{whole}, max_pixels), pixels, cv::NORM_INF) <= format.tolerance, name + " is decoded");
  check(fails_with(ErrorCode::photo_too_large, [&] { load_image(EncodedImage{whole}, 33 * 22 - 1); }),
        name + " is refused above max_pixels");

  bool are_cuts_harmless = true;
  for (std::size_t length = 0; length < whole.size(); ++length) {
    are_cuts_harmless &= is_harmless({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)});
  }
  check(are_cuts_harmless, name + " cut at any byte is harmless");

  bool is_damage_harmless = true;
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const std::uint8_t flipped : {0x01, 0x80, 0xFF}) {
      auto damaged = whole;
      damaged[at] ^= flipped;
      is_damage_harmless &= is_harmless(std::move(damaged));
    }
  }
  check(is_damage_harmless, name + " with any byte damaged is harmless");
}

void test_reduction() {
  const cv::Mat pixels(64, 96, CV_8UC3, cv::Scalar(30, 90, 200));
  const auto jpeg = encoded(pixels, ".jpg");
  const auto half = load_reduced_image(EncodedImage{jpeg}, max_pixels, 2);
  check(half.reduction == 2 && half.pixels.size() == cv::Size(48, 32) && half.photo == cv::Size(96, 64),
        "a JPEG is decoded at half its size");
  check(reduction_to(EncodedImage{jpeg}, {24, 16}) == 4 && reduction_to(EncodedImage{encoded(pixels, ".png")}, {24, 16}) == 1,
        "only a JPEG is reduced, and no further than asked");
}

void test_raw() {
  const std::vector<std::uint8_t> deep = {0x11, 1, 0x22, 2, 0x33, 3};
  const auto bgr = load_image(RawImage{deep, 1, 1, 3, 2, ChannelOrder::rgb}, max_pixels);
  check(bgr.at<cv::Vec3b>(0, 0) == cv::Vec3b(3, 2, 1), "16-bit samples keep their high byte, and RGB becomes BGR");
  check(fails_with(ErrorCode::raw_image_invalid,
                   [&] {
                     load_image(RawImage{deep, 2, 1, 3, 2, ChannelOrder::rgb}, max_pixels);
                   }),
        "pixels that are too few are refused");
}

}  // namespace

void test_decoders() {
  for (const auto& format : formats) test_format(format);
  test_reduction();
  test_raw();
}

}  // namespace facededup::test
