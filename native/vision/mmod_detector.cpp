#include "mmod_detector.hpp"

#include <dlib/image_transforms.h>

#include <algorithm>
#include <map>
#include <opencv2/imgproc.hpp>
#include <utility>

#include "dlib_image.hpp"
#include "dlib_model.hpp"
#include "dlib_network_file.hpp"
#include "fused_math.hpp"
#include "mmod_layers.hpp"
#include "upsampling.hpp"

namespace facededup {
namespace {

using Pixels = dlib::matrix<dlib::rgb_pixel>;

struct WorkingCopy {
  Pixels pixels;
  double scale;  // of the copy before any doubling, against the photo
};

double scale_of(const cv::Mat& image, const MmodOptions& options) {
  return std::min(1.0, static_cast<double>(options.max_side) / std::max(image.cols, image.rows));
}

WorkingCopy working_copy(const cv::Mat& image, const MmodOptions& options, std::uint64_t max_pixels) {
  const double scale = scale_of(image, options);
  cv::Mat smaller = image;
  // INTER_AREA averages what it leaves out, so that small faces do not fray.
  if (scale < 1) cv::resize(image, smaller, {}, scale, scale, cv::INTER_AREA);
  check_upsampled_size(smaller.size(), options.upsample, max_pixels);
  WorkingCopy copy{{}, scale};
  dlib::assign_image(copy.pixels, DlibImage(smaller));
  for (int i = 0; i < options.upsample; ++i) dlib::pyramid_up(copy.pixels, dlib::pyramid_down<2>());
  return copy;
}

using Found = std::vector<dlib::mmod_rect>;

// From the network's output to boxes.
void read_output(MmodLayers& net, const dlib::tensor& input, std::vector<Found>& found) {
  net.loss_details().to_label(input, net.subnet(), found.begin());
}

FACEDEDUP_FUSED void read_output_fused(MmodLayers& net, const dlib::tensor& input, std::vector<Found>& found) {
  read_output(net, input, found);
}

// What net(images) does, in two steps, for only the second has to be fused.
std::vector<Found> run(MmodLayers& net, const Pixels* first, const Pixels* last) {
  dlib::resizable_tensor input;
  net.to_tensor(first, last, input);
  net.subnet().forward(input);
  std::vector<Found> found(static_cast<std::size_t>(last - first));
  processor_fuses() ? read_output_fused(net, input, found) : read_output(net, input, found);
  return found;
}

// The network has no output for a picture of a few pixels, as a long strip is once it is shrunk; and the smallest face it
// finds has about 80.
bool too_small(const cv::Mat& image, const MmodOptions& options) {
  constexpr int least_side = 40;
  const int side = static_cast<int>(std::min(image.cols, image.rows) * scale_of(image, options));
  return side << options.upsample < least_side;
}

Detections in_photo(const Found& found, double scale, const MmodOptions& options) {
  Detections detections;
  for (const auto& face : found) {
    if (face.detection_confidence < options.confidence) continue;
    const auto box = box_of(dlib::pyramid_down<2>().rect_down(face.rect, options.upsample));
    detections.push_back({{box.x / scale, box.y / scale, box.width / scale, box.height / scale}, face.detection_confidence});
  }
  return detections;
}

}  // namespace

struct MmodDetector::Net {
  MmodLayers layers;
};

MmodDetector::MmodDetector(const std::string& bytes) : net_(std::make_unique<Net>()) {
  DlibNetworkFile(bytes, "the MMOD face detector").check<MmodLayers>();
  read_dlib_model(bytes, net_->layers);
}

MmodDetector::MmodDetector(const MmodDetector& other) : net_(std::make_unique<Net>(*other.net_)) {}

MmodDetector::~MmodDetector() = default;

Detections MmodDetector::detect(const cv::Mat& image, const MmodOptions& options, std::uint64_t max_pixels) {
  if (too_small(image, options)) return {};
  const auto copy = working_copy(image, options, max_pixels);
  return in_photo(run(net_->layers, &copy.pixels, &copy.pixels + 1).front(), copy.scale, options);
}

std::vector<Detections> MmodDetector::detect(const std::vector<cv::Mat>& images, const MmodOptions& options,
                                             std::uint64_t max_pixels, std::size_t batch_size) {
  std::map<std::pair<long, long>, std::vector<std::size_t>> by_size;
  std::vector<WorkingCopy> copies;
  for (const auto& image : images) {
    if (too_small(image, options)) {
      copies.push_back({});
      continue;
    }
    copies.push_back(working_copy(image, options, max_pixels));
    const auto& pixels = copies.back().pixels;
    by_size[{pixels.nr(), pixels.nc()}].push_back(copies.size() - 1);
  }

  std::vector<Detections> answers(images.size());
  for (const auto& group : by_size) {
    std::vector<Pixels> batch;
    for (const auto index : group.second) batch.push_back(std::move(copies[index].pixels));
    for (std::size_t start = 0; start < batch.size(); start += batch_size) {
      const auto end = std::min(start + batch_size, batch.size());
      const auto found = run(net_->layers, batch.data() + start, batch.data() + end);
      for (std::size_t i = start; i < end; ++i) {
        const auto index = group.second[i];
        answers[index] = in_photo(found[i - start], copies[index].scale, options);
      }
    }
  }
  return answers;
}

}  // namespace facededup
