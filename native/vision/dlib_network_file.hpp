// Looks through the file of a dlib network before dlib, which believes what a file says of its tensors and layers.
#pragma once

#include <dlib/dnn.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>

#include "dlib_bytes.hpp"

namespace facededup {

// Goes through the layers in the order in which dlib writes them: of each layer its version, the layers below it, and
// then its own details. What a layer has to be comes from the network's type and from the channels that reach it.
class DlibNetworkFile {
 public:
  DlibNetworkFile(const std::string& file, const std::string& kind) : bytes_(file, "it is not " + kind) {}

  template <class Network>
  void check() {
    read(Type<Network>());
    bytes_.require(bytes_.left() == 0, "bytes are left over");
  }

 private:
  template <class T>
  struct Type {};

  using Channels = std::int64_t;

  // As dlib::tensor and dlib::alias_tensor have them.
  struct Shape {
    std::int64_t samples, channels, rows, columns;
    std::size_t size() const { return static_cast<std::size_t>(samples * channels * rows * columns); }
    bool is(std::int64_t n, std::int64_t k, std::int64_t r, std::int64_t c) const {
      return samples == n && channels == k && rows == r && columns == c;
    }
  };

  struct Tensor {
    Shape shape;
    DlibBytes::Floats numbers;
  };

  // Layers: each returns the channels of its output.

  template <class Loss, class Below>
  void read(Type<dlib::add_loss_layer<Loss, Below>>) {
    require_version(1, 1);
    // It speaks of the output's channels, which come after it.
    const auto channels_of_output = read_loss(Type<Loss>());
    const auto channels = read(Type<Below>());
    bytes_.require(channels_of_output == 0 || channels_of_output == channels, "its output does not fit its windows");
    require_open_output();
  }

  template <class Details, class Below, class Enabled>
  Channels read(Type<dlib::add_layer<Details, Below, Enabled>>) {
    constexpr bool is_lowest = !dlib::is_nonloss_layer_type<Below>::value;
    const auto version = is_lowest ? require_version(2, 3) : require_version(1, 2);
    const auto channels = read_details(Type<Details>(), read(Type<Below>()));
    bytes_.require(bytes_.flag(), "a layer was never set up");
    bytes_.flag();
    is_output_closed_ = bytes_.flag();
    // Two of its own gradients and outputs, and one more that earlier versions kept elsewhere.
    const int tensors = is_lowest || version == 2 ? 3 : 2;
    for (int i = 0; i < tensors; ++i) read_tensor();
    if (is_lowest && version == 3) bytes_.require(bytes_.number() == 1, "it makes several samples of one");
    return channels;
  }

  template <unsigned long id, class Below, class Enabled>
  Channels read(Type<dlib::add_tag_layer<id, Below, Enabled>>) {
    require_version(1, 1);
    const auto channels = read(Type<Below>());
    // Whoever names the tag asks for its output.
    require_open_output();
    return tagged_[id] = channels;
  }

  template <template <typename> class Tag, class Below>
  Channels read(Type<dlib::add_skip_layer<Tag, Below>>) {
    require_version(1, 1);
    read(Type<Below>());
    return tagged<Tag>();
  }

  // Inputs.

  template <std::size_t rows, std::size_t columns>
  Channels read(Type<dlib::input_rgb_image_sized<rows, columns>>) {
    require_text("input_rgb_image_sized");
    read_mean_colour();
    require_number(rows);
    require_number(columns);
    return 3;
  }

  template <class Pyramid>
  Channels read(Type<dlib::input_rgb_image_pyramid<Pyramid>>) {
    const auto version = bytes_.text();
    require_one_of(version, {"input_rgb_image_pyramid", "input_rgb_image_pyramid2"});
    read_mean_colour();
    if (version == "input_rgb_image_pyramid2") {
      // Pixels between the pictures of a pyramid, and around them; dlib itself takes 10 and 11. Where it has none between
      // them, or more than the photo is wide, it loses its way and writes before the pyramid's memory.
      constexpr double most_between = 20;
      constexpr double most_around = 100;
      require_between(static_cast<double>(bytes_.number()), 1, most_between, "its pyramid cannot be laid out");
      require_between(static_cast<double>(bytes_.number()), 0, most_around, "its pyramid cannot be laid out");
    }
    return 3;
  }

  void read_mean_colour() {
    for (int i = 0; i < 3; ++i) require_between(bytes_.real(), 0, 255, "its mean colour is none");
  }

  // Details of layers.

  template <long filters, long rows, long columns, int stride, int stride_x, int padding_y, int padding_x>
  Channels read_details(Type<dlib::con_<filters, rows, columns, stride, stride_x, padding_y, padding_x>>, Channels channels) {
    const auto version = bytes_.text();
    require_one_of(version, {"con_4", "con_5"});
    const auto numbers = read_tensor().shape.size();
    for (const std::int64_t expected : {filters, rows, columns}) require_number(expected);
    for (const std::int64_t expected : {stride, stride_x, padding_y, padding_x}) require_number(expected);
    const auto weights = read_shape();
    const auto biases = read_shape();
    skip_rates();
    const bool has_bias = version == "con_4" || bytes_.flag();
    bytes_.require(weights.is(filters, channels, rows, columns), "a convolution does not fit the layer below it");
    bytes_.require(!has_bias || biases.is(1, filters, 1, 1), "a convolution has not one bias for each filter");
    bytes_.require(numbers == weights.size() + (has_bias ? biases.size() : 0), "a convolution has not all its numbers");
    return filters;
  }

  Channels read_details(Type<dlib::affine_>, Channels channels) {
    const auto version = bytes_.text();
    require_one_of(version, {"affine_", "affine_2", "bn_con2"});
    const auto numbers = read_tensor().shape.size();
    const auto gamma = read_shape();
    const auto beta = read_shape();
    bytes_.require(gamma.is(1, channels, 1, 1) && beta.is(1, channels, 1, 1), "a scaling does not fit the layer below it");
    bytes_.require(numbers == gamma.size() + beta.size(), "a scaling has not all its numbers");
    // dlib makes the one of the other while it reads.
    if (version == "bn_con2") {
      read_normalization(channels);
    } else {
      bytes_.require(bytes_.number() == dlib::CONV_MODE, "a scaling is not by channel");
      if (version == "affine_2") bytes_.require(!bytes_.flag(), "a scaling is disabled");
    }
    return channels;
  }

  void read_normalization(Channels channels) {
    for (int i = 0; i < 2; ++i) read_tensor();  // means and deviations of the last batch
    const auto means = read_tensor();
    const auto variances = read_tensor();
    for (const auto& shape : {means.shape, variances.shape}) {
      bytes_.require(shape.is(1, channels, 1, 1), "a normalization does not fit the layer below it");
    }
    for (std::size_t i = 0; i < variances.numbers.count(); ++i) {
      bytes_.require(variances.numbers[i] >= 0, "a variance is below zero");
    }
    for (int i = 0; i < 2; ++i) bytes_.number();  // updates, and how many of them it remembers
    skip_rates();
    bytes_.require(bytes_.real() > 0, "a normalization divides by zero");
  }

  Channels read_details(Type<dlib::relu_>, Channels channels) {
    require_text("relu_");
    return channels;
  }

  template <template <typename> class Tag>
  Channels read_details(Type<dlib::add_prev_<Tag>>, Channels channels) {
    require_text("add_prev_");
    return std::max(channels, tagged<Tag>());
  }

  template <long rows, long columns, int stride, int stride_x, int padding_y, int padding_x>
  Channels read_details(Type<dlib::max_pool_<rows, columns, stride, stride_x, padding_y, padding_x>>, Channels channels) {
    return read_pool("max_pool_2", {rows, columns, stride, stride_x, padding_y, padding_x}, channels);
  }

  template <long rows, long columns, int stride, int stride_x, int padding_y, int padding_x>
  Channels read_details(Type<dlib::avg_pool_<rows, columns, stride, stride_x, padding_y, padding_x>>, Channels channels) {
    return read_pool("avg_pool_2", {rows, columns, stride, stride_x, padding_y, padding_x}, channels);
  }

  Channels read_pool(std::string_view version, std::initializer_list<std::int64_t> windows, Channels channels) {
    require_text(version);
    for (const auto expected : windows) require_number(expected);
    return channels;
  }

  // Upon one number of each channel.
  template <unsigned long outputs>
  Channels read_details(Type<dlib::fc_<outputs, dlib::FC_NO_BIAS>>, Channels channels) {
    const auto version = bytes_.text();
    require_one_of(version, {"fc_2", "fc_3"});
    require_number(outputs);
    require_number(channels);
    const auto numbers = read_tensor().shape.size();
    const auto weights = read_shape();
    read_shape();  // of biases, which it has not
    require_number(dlib::FC_NO_BIAS);
    skip_rates();
    if (version == "fc_3") bytes_.flag();
    bytes_.require(weights.is(channels, outputs, 1, 1), "the projection does not fit the layer below it");
    bytes_.require(numbers == weights.size(), "the projection has not all its numbers");
    return outputs;
  }

  // Losses: each returns the channels that it needs, or 0 where it takes any.

  Channels read_loss(Type<dlib::loss_metric_>) {
    const auto version = bytes_.text();
    require_one_of(version, {"loss_metric_", "loss_metric_2"});
    if (version == "loss_metric_2") {
      for (int i = 0; i < 2; ++i) bytes_.real();  // margin and distance, which only training asks for
    }
    return 0;
  }

  Channels read_loss(Type<dlib::loss_mmod_>) {
    require_text("loss_mmod_");
    const auto version = require_version(1, 4);
    const auto windows = version == 1 ? read_window(1) : read_windows();
    bytes_.require(windows > 0, "it has no window");
    for (int i = 0; i < 3; ++i) bytes_.real();  // losses and a threshold of training
    for (int i = 0; i < 4; ++i) require_between(bytes_.real(), 0, 1, "boxes overlap by no part of them");
    if (version >= 3) bytes_.require(bytes_.byte() <= 1, "it has neither a pyramid nor none");
    const bool moves_boxes = version >= 4 && bytes_.flag();
    if (version >= 4) bytes_.real();
    return moves_boxes ? 5 * windows : windows;
  }

  Channels read_windows() {
    const auto count = bytes_.count();
    for (std::size_t i = 0; i < count; ++i) read_window(require_version(1, 2));
    return static_cast<Channels>(count);
  }

  Channels read_window(std::int64_t version) {
    constexpr std::int64_t largest = 1000;  // keeps boxes within what dlib's coordinates hold
    for (int i = 0; i < 2; ++i) {
      const auto side = bytes_.number();
      bytes_.require(side > 0 && side <= largest, "a window has no size");
    }
    if (version == 2) bytes_.text();
    return 1;
  }

  template <template <typename> class Tag>
  Channels tagged() const {
    constexpr auto id = dlib::tag_id<Tag>::id;
    return tagged_.at(id);
  }

  // Values.

  Tensor read_tensor() {
    require_version(2, 2);
    const auto shape = read_sides();
    return {shape, bytes_.floats(shape.size())};
  }

  // How a part of another tensor is laid out.
  Shape read_shape() {
    require_version(1, 1);
    return read_sides();
  }

  Shape read_sides() {
    // No part has more numbers than the file has bytes, whose count keeps the products small enough.
    const auto most = static_cast<std::int64_t>(bytes_.size());
    std::int64_t sides[4];
    std::int64_t numbers = 1;
    for (auto& side : sides) {
      side = bytes_.number();
      bytes_.require(side >= 0 && side <= most, "a tensor claims more than there is");
      numbers *= side;
      bytes_.require(numbers <= most, "a tensor claims more than there is");
    }
    return {sides[0], sides[1], sides[2], sides[3]};
  }

  // How fast it learns.
  void skip_rates() {
    for (int i = 0; i < 4; ++i) bytes_.real();
  }

  std::int64_t require_version(std::int64_t least, std::int64_t most) {
    const auto version = bytes_.number();
    bytes_.require(version >= least && version <= most, "the version of a part is unknown");
    return version;
  }

  void require_number(std::int64_t expected) { bytes_.require(bytes_.number() == expected, "a layer is not of its size"); }

  void require_text(std::string_view expected) { require_one_of(bytes_.text(), {expected}); }

  void require_one_of(std::string_view name, std::initializer_list<std::string_view> known) {
    bytes_.require(std::find(known.begin(), known.end(), name) != known.end(), "it has a layer of another kind");
  }

  void require_between(double value, double least, double most, const char* reason) {
    bytes_.require(value >= least && value <= most, reason);
  }

  void require_open_output() { bytes_.require(!is_output_closed_, "an output that is needed is closed"); }

  DlibBytes bytes_;
  std::map<unsigned long, Channels> tagged_;
  bool is_output_closed_ = false;
};

}  // namespace facededup
