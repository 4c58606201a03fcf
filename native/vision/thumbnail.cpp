#include "thumbnail.hpp"

#include <algorithm>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <utility>

namespace facededup {
namespace {

// Differences from the original are hard to see, at a sixth of a PNG's bytes.
constexpr int jpeg_quality = 85;

}  // namespace

std::vector<std::uint8_t> encode_jpeg(const cv::Mat& bgr) {
  std::vector<std::uint8_t> jpeg;
  cv::imencode(".jpg", bgr, jpeg, {cv::IMWRITE_JPEG_QUALITY, jpeg_quality});
  return jpeg;
}

Thumbnail make_thumbnail(const ImageSource& source, int max_side, std::uint64_t max_pixels) {
  // Both sides of the decoded photo are at least those of the thumbnail.
  const auto image = load_reduced_image(source, max_pixels, reduction_to(source, {max_side, max_side}));
  const double longer = std::max(image.photo.width, image.photo.height);
  const double scale = std::min(1.0, max_side / longer);
  const cv::Size size(std::max(1, cvRound(image.photo.width * scale)), std::max(1, cvRound(image.photo.height * scale)));
  cv::Mat small = image.pixels;
  if (small.size() != size) cv::resize(image.pixels, small, size, 0, 0, cv::INTER_AREA);
  return {encode_jpeg(small), size, image.photo};
}

}  // namespace facededup
