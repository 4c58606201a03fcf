// Our convolution layer in a net of cv::dnn against OpenCV's own.
#include "../vision/convolution_layer.hpp"

#include <opencv2/dnn.hpp>
#include <string>
#include <vector>

#include "checks.hpp"
#include "tests.hpp"

namespace facededup::test {
namespace {

cv::Mat random_numbers(const std::vector<int>& sizes, double mean, double deviation) {
  static cv::RNG random(7);
  cv::Mat numbers(static_cast<int>(sizes.size()), sizes.data(), CV_32F);
  random.fill(numbers, cv::RNG::NORMAL, mean, deviation);
  return numbers;
}

struct Weights {
  cv::Mat convolution = random_numbers({6, 3, 3, 3}, 0, 1);
  cv::Mat bias = random_numbers({1, 6}, 0, 1);
  cv::Mat mean = random_numbers({1, 6}, 0, 1);
  cv::Mat variance = cv::abs(random_numbers({1, 6}, 1, 0.1));
  cv::Mat scale = random_numbers({1, 6}, 1, 0.5);
  cv::Mat shift = random_numbers({1, 6}, 0, 1);
};

// Convolution, batch normalization, scale, ReLU: all of it can be fused into the first.
cv::dnn::Net net_of(const std::string& type, Weights& weights, int groups) {
  cv::dnn::Net net;
  const auto add = [&](const std::string& layer_type, cv::dnn::LayerParams params) {
    net.addLayerToPrev(layer_type, layer_type, params);
  };
  cv::dnn::LayerParams convolution;
  convolution.set("num_output", 6);
  convolution.set("kernel_size", 3);
  convolution.set("pad", 1);
  convolution.set("stride", 2);
  convolution.set("group", groups);
  // Grouped, each filter sees one of the three channels.
  const int grouped[] = {6, 1, 3, 3};
  convolution.blobs = {groups == 1 ? weights.convolution : cv::Mat(4, grouped, CV_32F, weights.convolution.data), weights.bias};
  add(type, convolution);
  cv::dnn::LayerParams normalization;
  normalization.blobs = {weights.mean, weights.variance};
  add("BatchNorm", normalization);
  cv::dnn::LayerParams scale;
  scale.set("bias_term", true);
  scale.blobs = {weights.scale, weights.shift};
  add("Scale", scale);
  add("ReLU", {});
  net.setPreferableBackend(cv::dnn::DNN_BACKEND_OPENCV);
  return net;
}

double difference(cv::dnn::Net& a, cv::dnn::Net& b, const cv::Mat& input) {
  a.setInput(input);
  b.setInput(input);
  const cv::Mat answer = a.forward().clone();
  return cv::norm(answer, b.forward(), cv::NORM_INF);
}

}  // namespace

void test_convolution_layer() {
  const std::string ours = convolution_type({"opencv", "cpu"});
  check(ours != "Convolution", "the CPU gets a layer type of ours");
  check(convolution_type({"cuda", "cuda"}) == std::string("Convolution"), "other backends get OpenCV's");
  Weights weights;
  for (const int groups : {1, 3}) {
    auto net = net_of(ours, weights, groups);
    auto reference = net_of("Convolution", weights, groups);
    const std::string kind = groups == 1 ? "" : ", grouped";
    for (const auto& shape : {std::vector<int>{1, 3, 20, 31}, {4, 3, 9, 9}, {1, 3, 20, 31}}) {
      const double off = difference(net, reference, random_numbers(shape, 0, 1));
      check(off < 1e-4, "layers after it are fused once, whatever shapes follow each other" + kind);
    }
  }
}

}  // namespace facededup::test
