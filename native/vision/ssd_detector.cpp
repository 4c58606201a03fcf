#include "ssd_detector.hpp"

#include <cmath>
#include <vector>

#include "convolution_layer.hpp"
#include "error.hpp"

namespace facededup {
namespace {

// A row of the output (1, 1, N, 7): image, class, confidence, then two corners relative to the image.
constexpr int row_length = 7;
enum Column { class_column = 1, confidence_column, left_column, top_column, right_column, bottom_column };

// cv::dnn looks up a channel's normalisation without asking whether the weights have one for it.
void check_normalisations(cv::dnn::Net& net, const cv::dnn::MatShape& input) {
  std::vector<int> ids;
  std::vector<std::vector<cv::dnn::MatShape>> inputs;
  std::vector<std::vector<cv::dnn::MatShape>> outputs;
  net.getLayersShapes(input, ids, inputs, outputs);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto layer = net.getLayer(ids[i]);
    if (layer->type != "BatchNorm") continue;
    const auto channels = static_cast<std::size_t>(inputs[i].at(0).at(1));
    const bool fits = layer->blobs.size() >= 2 && layer->blobs[0].total() == channels && layer->blobs[1].total() == channels;
    if (!fits) throw Error(ErrorCode::model_corrupt, "the weights of layer '" + layer->name + "' do not fit its channels");
  }
}

cv::dnn::Net read_net(const SsdModel& model, const Prototxt& prototxt, const cv::Size& input) {
  const auto text = prototxt.with_layer_type("Convolution", convolution_type(model.options.backend));
  cv::dnn::Net net;
  try {
    net = cv::dnn::readNetFromCaffe(text.data(), text.size(), model.weights.data(), model.weights.size());
    if (!net.empty()) check_normalisations(net, {1, 3, input.height, input.width});
  } catch (const cv::Exception& e) {
    throw Error(ErrorCode::model_corrupt, "OpenCV cannot read the prototxt and weights: " + one_line(e.err));
  }
  if (net.empty()) throw Error(ErrorCode::model_corrupt, "the prototxt describes no network");
  return net;
}

cv::Rect2d clip(const cv::Rect2d& box, const cv::Size& image) { return box & cv::Rect2d(0, 0, image.width, image.height); }

}  // namespace

SsdDetector::SsdDetector(const SsdModel& model) : SsdDetector(model, Prototxt(model.prototxt)) {}

SsdDetector::SsdDetector(const SsdModel& model, const Prototxt& prototxt)
    : input_size_(prototxt.input_size()),
      scale_factor_(model.options.scale_factor),
      face_class_(model.options.face_class),
      mean_values_(model.options.mean_values[0], model.options.mean_values[1], model.options.mean_values[2]) {
  const auto ids = require_backend(model.options.backend);
  net_ = read_net(model, prototxt, input_size_);
  net_.setPreferableBackend(ids.backend);
  net_.setPreferableTarget(ids.target);
  // Weights that do not fit the prototxt show only when the network runs.
  forward(cv::Mat::zeros(input_size_, CV_8UC3));
}

cv::Mat SsdDetector::forward(const cv::Mat& image) {
  cv::Mat output;
  try {
    net_.setInput(cv::dnn::blobFromImage(image, scale_factor_, input_size_, mean_values_, false, false));
    output = net_.forward();
  } catch (const cv::Exception& e) {
    throw Error(ErrorCode::model_corrupt, "the network cannot be run: " + one_line(e.err));
  }
  if (output.dims != 4 || output.size[0] != 1 || output.size[1] != 1 || output.size[3] != row_length || output.type() != CV_32F) {
    throw Error(ErrorCode::model_corrupt, "the network's output is not of an SSD's shape (1, 1, N, 7)");
  }
  return output.reshape(1, output.size[2]);
}

Detections SsdDetector::detect(const cv::Mat& image, double confidence, double nms_threshold) {
  const cv::Mat rows = forward(image);
  std::vector<cv::Rect2d> boxes;
  std::vector<float> confidences;
  for (int i = 0; i < rows.rows; ++i) {
    const float* row = rows.ptr<float>(i);
    const double left = static_cast<double>(row[left_column]) * image.cols;
    const double top = static_cast<double>(row[top_column]) * image.rows;
    const double right = static_cast<double>(row[right_column]) * image.cols;
    const double bottom = static_cast<double>(row[bottom_column]) * image.rows;
    const bool meaningful = std::isfinite(left + top + right + bottom) && right > left && bottom > top;
    const bool is_face = face_class_ == any_class || static_cast<int>(row[class_column]) == face_class_;
    if (!meaningful || !is_face || !(row[confidence_column] >= confidence)) continue;
    boxes.emplace_back(left, top, right - left, bottom - top);
    confidences.push_back(row[confidence_column]);
  }

  std::vector<int> kept;
  cv::dnn::NMSBoxes(boxes, confidences, 0.0F, static_cast<float>(nms_threshold), kept);

  Detections detections;
  for (const int index : kept) {
    const auto box = clip(boxes[index], image.size());
    if (box.width <= 0 || box.height <= 0) continue;
    detections.push_back({{box.x, box.y, box.width, box.height}, confidences[index]});
  }
  return detections;
}

}  // namespace facededup
