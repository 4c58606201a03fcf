#include "drawing.hpp"

#include <algorithm>
#include <cstdio>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <string>

namespace facededup {
namespace {

const cv::Scalar frame_colour(80, 220, 60);  // BGR
const cv::Scalar text_colour(0, 0, 0);

// In pixels; lines and letters on a larger one are no larger.
constexpr int largest_frame = 8000;

std::string label_of(const Detection& detection) {
  char text[16];
  std::snprintf(text, sizeof text, "%.2f", detection.confidence);
  return text;
}

void draw(cv::Mat& image, const Detection& detection) {
  const cv::Rect frame(cv::Point(cvRound(detection.box.x), cvRound(detection.box.y)),
                       cv::Size(cvRound(detection.box.width), cvRound(detection.box.height)));
  // A frame may be far larger than the photo, and OpenCV knows lines of at most 32767 pixels.
  const int width = std::min({frame.width, image.cols, largest_frame});
  const int stroke = std::max(2, width / 50);
  cv::rectangle(image, frame, frame_colour, stroke);

  const auto label = label_of(detection);
  const double scale = std::max(0.4, width / 160.0);
  const int thickness = std::max(1, cvRound(scale * 1.5));
  int baseline = 0;
  const auto text = cv::getTextSize(label, cv::FONT_HERSHEY_SIMPLEX, scale, thickness, &baseline);
  const int height = text.height + baseline;
  // Above the frame where there is room, else just inside it.
  const int top = frame.y >= height ? frame.y - height : frame.y;
  cv::rectangle(image, cv::Rect(frame.x, top, text.width, height), frame_colour, cv::FILLED);
  cv::putText(image, label, cv::Point(frame.x, top + text.height + baseline / 2), cv::FONT_HERSHEY_SIMPLEX, scale, text_colour,
              thickness, cv::LINE_AA);
}

}  // namespace

std::vector<std::uint8_t> draw_detections(const ImageSource& source, const Detections& detections, std::uint64_t max_pixels) {
  cv::Mat image = load_image(source, max_pixels);
  for (const auto& detection : detections) draw(image, detection);
  std::vector<std::uint8_t> png;
  cv::imencode(".png", image, png);
  return png;
}

}  // namespace facededup
