#include "small_models.hpp"

#include <dlib/image_processing/shape_predictor.h>

#include <cstdint>
#include <cstring>
#include <sstream>
#include <vector>

namespace facededup::test {
namespace {

// The caffemodel: a NetParameter in protobuf's wire format; the numbers of the fields are caffe.proto's.

std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value > 0x7F; value >>= 7) bytes.push_back(static_cast<char>((value & 0x7F) | 0x80));
  bytes.push_back(static_cast<char>(value));
  return bytes;
}

std::string delimited(unsigned field, const std::string& payload) {
  constexpr unsigned wire_type_delimited = 2;
  return varint(field * 8 + wire_type_delimited) + varint(payload.size()) + payload;
}

std::string blob(const std::vector<std::uint64_t>& shape, const std::vector<float>& numbers) {
  std::string sides;
  for (const auto side : shape) sides += varint(side);
  std::string packed(numbers.size() * sizeof(float), '\0');
  std::memcpy(packed.data(), numbers.data(), packed.size());
  return delimited(7, delimited(7, delimited(1, sides)) + delimited(5, packed));
}

std::string layer(const std::string& name, const std::string& type, const std::string& blobs) {
  return delimited(100, delimited(1, name) + delimited(2, type) + blobs);
}

// A 1×1 convolution of three channels.
std::string convolution(const std::string& name, const std::vector<float>& weights, const std::vector<float>& bias) {
  return layer(name, "Convolution", blob({bias.size(), 3, 1, 1}, weights) + blob({bias.size()}, bias));
}

}  // namespace

std::string small_landmark_model(unsigned long points) {
  dlib::matrix<float, 0, 1> shape(2 * static_cast<long>(points));
  std::vector<dlib::vector<float, 2>> pixels;
  constexpr unsigned long columns = 4;
  for (unsigned long i = 0; i < points; ++i) {
    const dlib::vector<float, 2> place(static_cast<float>(i % columns + 1) / (columns + 1),
                                       static_cast<float>(i / columns + 1) / static_cast<float>(points / columns + 2));
    shape(2 * i) = place.x();
    shape(2 * i + 1) = place.y();
    pixels.push_back(place);
  }
  dlib::impl::regression_tree tree;
  tree.splits = {{0, 1, 10.0F}, {1, 2, 10.0F}, {2, 3, 10.0F}};
  for (const float move : {-0.02F, -0.01F, 0.01F, 0.02F}) {
    tree.leaf_values.emplace_back(shape.size());
    tree.leaf_values.back() = move;
  }
  std::ostringstream bytes;
  serialize(dlib::shape_predictor(shape, {{tree}, {tree, tree}}, {pixels, pixels}), bytes);
  return bytes.str();
}

std::string small_prototxt() {
  return R"(input: "data"
input_shape { dim: 1 dim: 3 dim: 48 dim: 64 }
layer { name: "cells" type: "Pooling" bottom: "data" top: "cells" pooling_param { pool: AVE kernel_size: 16 stride: 16 } }
layer { name: "logits" type: "Convolution" bottom: "cells" top: "logits" convolution_param { num_output: 2 kernel_size: 1 } }
layer { name: "logits_last" type: "Permute" bottom: "logits" top: "logits_last"
  permute_param { order: 0 order: 2 order: 3 order: 1 } }
layer { name: "logits_flat" type: "Flatten" bottom: "logits_last" top: "logits_flat" flatten_param { axis: 1 } }
layer { name: "logits_rows" type: "Reshape" bottom: "logits_flat" top: "logits_rows"
  reshape_param { shape { dim: 0 dim: -1 dim: 2 } } }
layer { name: "scores" type: "Softmax" bottom: "logits_rows" top: "scores" softmax_param { axis: 2 } }
layer { name: "scores_flat" type: "Flatten" bottom: "scores" top: "scores_flat" flatten_param { axis: 1 } }
layer { name: "offsets" type: "Convolution" bottom: "cells" top: "offsets" convolution_param { num_output: 4 kernel_size: 1 } }
layer { name: "offsets_last" type: "Permute" bottom: "offsets" top: "offsets_last"
  permute_param { order: 0 order: 2 order: 3 order: 1 } }
layer { name: "offsets_flat" type: "Flatten" bottom: "offsets_last" top: "offsets_flat" flatten_param { axis: 1 } }
layer { name: "priors" type: "PriorBox" bottom: "cells" bottom: "data" top: "priors"
  prior_box_param { min_size: 24 clip: false step: 16 offset: 0.5
    variance: 0.1 variance: 0.1 variance: 0.2 variance: 0.2 } }
layer { name: "detections" type: "DetectionOutput" bottom: "offsets_flat" bottom: "scores_flat" bottom: "priors"
  top: "detections" detection_output_param { num_classes: 2 share_location: true background_label_id: 0
    nms_param { nms_threshold: 0.99 top_k: 12 } code_type: CENTER_SIZE keep_top_k: 24 confidence_threshold: 0.01 } }
)";
}

std::string small_caffemodel() {
  return convolution("logits", {0, 0, 0, 0.02F, 0.02F, 0.02F}, {0, -8}) +
         convolution("offsets", std::vector<float>(12), std::vector<float>(4));
}

SsdModel small_ssd() { return {small_prototxt(), small_caffemodel(), {1.0, {0, 0, 0}, {"opencv", "cpu"}, any_class}}; }

SsdModel small_normalised_ssd(std::size_t channels) {
  auto model = small_ssd();
  const std::string before = "layer { name: \"cells\"";
  model.prototxt.insert(model.prototxt.find(before), "layer { name: 'normal' type: 'BatchNorm' bottom: 'data' top: 'data' }\n");
  const std::vector<float> ones(channels, 1.0F);
  model.weights += layer("normal", "BatchNorm", blob({channels}, ones) + blob({channels}, ones) + blob({1}, {1.0F}));
  return model;
}

}  // namespace facededup::test
