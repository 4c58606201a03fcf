#include "resnet_graph.hpp"

#include <algorithm>
#include <string>

#include "convolution_layer.hpp"
#include "error.hpp"

namespace facededup {
namespace {

// Adds layers to a net and tells what each one's answer is called.
class GraphBuilder {
 public:
  GraphBuilder(const ResnetWeights& weights, const char* convolution_type, cv::dnn::Net& net)
      : convolution_type_(convolution_type), next_(weights.convolutions.begin()), end_(weights.convolutions.end()), net_(net) {}

  static constexpr int input = 0;

  int convolution(int from) {
    if (next_ == end_) throw Error(ErrorCode::model_corrupt, "the network has too few convolutions");
    const auto& weights = next_->weights;
    const int side = weights.size[2];
    cv::dnn::LayerParams params;
    params.set("num_output", weights.size[0]);
    params.set("kernel_size", side);
    params.set("stride", next_->stride);
    // dlib pads a window only where it moves by single pixels.
    params.set("pad", next_->stride == 1 ? side / 2 : 0);
    params.blobs = {weights, next_->bias};
    ++next_;
    return add(convolution_type_, params, {from});
  }

  int relu(int from) { return add("ReLU", {}, {from}); }

  int max_pool(int from, int side, int stride) { return pool(from, "max", side, stride); }
  int average_pool(int from, int side, int stride) { return pool(from, "ave", side, stride); }

  int average(int from) {
    cv::dnn::LayerParams params;
    params.set("pool", "ave");
    params.set("global_pooling", true);
    return add("Pooling", params, {from});
  }

  int sum(int a, int b) {
    cv::dnn::LayerParams params;
    params.set("operation", "sum");
    return add("Eltwise", params, {a, b});
  }

  // Zeros at the end of the channels, and of the rows and columns.
  int pad(int from, int channels, int pixels) {
    if (channels == 0 && pixels == 0) return from;
    const int paddings[] = {0, 0, 0, channels, 0, pixels, 0, pixels};
    cv::dnn::LayerParams params;
    params.set("paddings", cv::dnn::DictValue::arrayInt(paddings, 8));
    return add("Padding", params, {from});
  }

  int project(int from, const cv::Mat& weights) {
    cv::dnn::LayerParams params;
    params.set("num_output", weights.rows);
    params.set("bias_term", false);
    params.blobs = {weights};
    return add("InnerProduct", params, {from});
  }

  int residual(int from) { return relu(sum(branch(from), from)); }

  // Halves the sides. dlib adds what differs in size by taking the smaller one as zero beyond its end: a branch without
  // padding may be a pixel short of the pooled input, which has fewer channels.
  int shrinking(int from, int added_channels, int missing_pixels) {
    const int pooled = average_pool(from, 2, 2);
    return relu(sum(pad(branch(from), 0, missing_pixels), pad(pooled, added_channels, 0)));
  }

 private:
  int branch(int from) { return convolution(relu(convolution(from))); }

  int pool(int from, const char* kind, int side, int stride) {
    cv::dnn::LayerParams params;
    params.set("pool", kind);
    params.set("kernel_size", side);
    params.set("stride", stride);
    params.set("ceil_mode", false);
    return add("Pooling", params, {from});
  }

  int add(const std::string& type, cv::dnn::LayerParams params, const std::vector<int>& from) {
    const int id = net_.addLayer(type + std::to_string(count_++), type, params);
    for (std::size_t i = 0; i < from.size(); ++i) net_.connect(from[i], 0, id, static_cast<int>(i));
    return id;
  }

  const std::string convolution_type_;
  std::vector<ResnetWeights::Convolution>::const_iterator next_;
  const std::vector<ResnetWeights::Convolution>::const_iterator end_;
  cv::dnn::Net& net_;
  int count_ = 0;
};

// Sides: 150 → 72 → 35 → 17 → 8 → 4 → 2.
cv::dnn::Net build(const ResnetWeights& weights, const DnnBackend& backend) {
  cv::dnn::Net net;
  GraphBuilder graph(weights, convolution_type(backend), net);
  int at = graph.max_pool(graph.relu(graph.convolution(GraphBuilder::input)), 3, 2);
  for (int i = 0; i < 3; ++i) at = graph.residual(at);
  at = graph.shrinking(at, 32, 0);
  for (int i = 0; i < 3; ++i) at = graph.residual(at);
  at = graph.shrinking(at, 64, 0);
  for (int i = 0; i < 2; ++i) at = graph.residual(at);
  at = graph.shrinking(at, 128, 1);
  for (int i = 0; i < 2; ++i) at = graph.residual(at);
  at = graph.shrinking(at, 0, 1);
  graph.project(graph.average(at), weights.projection);
  return net;
}

// Images × 3 × 150 × 150, red first, as dlib's input_rgb_image_sized has it: the training set's mean taken off, then / 256.
cv::Mat blob_of(const std::vector<FaceChip>& chips) {
  constexpr float means[] = {122.782F, 117.001F, 104.298F};
  constexpr int side = chip_side;
  constexpr int plane = side * side;
  const int sizes[] = {static_cast<int>(chips.size()), 3, side, side};
  cv::Mat blob(4, sizes, CV_32F);
  auto* to = blob.ptr<float>();
  for (const auto& chip : chips) {
    const auto* pixels = &chip(0, 0);
    for (int i = 0; i < plane; ++i) {
      to[i] = (static_cast<float>(pixels[i].red) - means[0]) / 256.0F;
      to[plane + i] = (static_cast<float>(pixels[i].green) - means[1]) / 256.0F;
      to[2 * plane + i] = (static_cast<float>(pixels[i].blue) - means[2]) / 256.0F;
    }
    to += 3 * plane;
  }
  return blob;
}

}  // namespace

ResnetGraph::ResnetGraph(const ResnetWeights& weights, const DnnBackend& backend) {
  const auto ids = require_backend(backend);
  try {
    net_ = build(weights, backend);
  } catch (const cv::Exception& e) {
    throw Error(ErrorCode::model_corrupt, "the network cannot be built: " + one_line(e.err));
  }
  net_.setPreferableBackend(ids.backend);
  net_.setPreferableTarget(ids.target);
}

std::vector<Encoding> ResnetGraph::forward(const std::vector<FaceChip>& chips) {
  cv::Mat output;
  try {
    net_.setInput(blob_of(chips));
    output = net_.forward();
  } catch (const cv::Exception& e) {
    throw Error(ErrorCode::model_corrupt, "the network cannot be run: " + one_line(e.err));
  }
  if (output.total() != chips.size() * encoding_size || output.type() != CV_32F || !output.isContinuous()) {
    throw Error(ErrorCode::model_corrupt, "the network's output is not 128 numbers for each face");
  }
  std::vector<Encoding> encodings(chips.size());
  const auto* numbers = output.ptr<float>();
  for (auto& encoding : encodings) {
    std::copy_n(numbers, encoding_size, encoding.begin());
    numbers += encoding_size;
  }
  return encodings;
}

}  // namespace facededup
