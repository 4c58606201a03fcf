#include "prototxt_layers.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "error.hpp"

namespace facededup {
namespace {

constexpr int image_rank = 4;
constexpr int most_dimensions = 8;
constexpr std::size_t any_number = std::numeric_limits<std::size_t>::max();

[[noreturn]] void refuse(const std::string& what) { throw Error(ErrorCode::model_corrupt, "the prototxt is refused: " + what); }

// All strings of that name in a layer.
std::vector<std::string_view> strings(const PrototxtField& layer, std::string_view name) {
  std::vector<std::string_view> found;
  for (const auto& field : layer.fields) {
    if (field.name == name) found.push_back(prototxt_string(field.value));
  }
  return found;
}

class Layer {
 public:
  Layer(const PrototxtField& field, std::vector<int> ranks) : field_(field), ranks_(std::move(ranks)) {}

  // The number of dimensions of each input.
  const std::vector<int>& ranks() const { return ranks_; }

  [[noreturn]] void refuse(const std::string& what) const {
    const auto names = strings(field_, "name");
    facededup::refuse("layer '" + (names.empty() ? std::string() : std::string(names[0])) + "' (" +
                      std::string(prototxt_layer_type(field_)) + ") " + what);
  }

  // All whole numbers of that name in the layer's parameters.
  std::vector<int> numbers(std::string_view name) const {
    std::vector<int> found;
    collect(field_, name, found);
    return found;
  }

  int number(std::string_view name, int otherwise) const {
    const auto found = numbers(name);
    if (found.size() > 1) refuse("gives '" + std::string(name) + "' twice");
    return found.empty() ? otherwise : found[0];
  }

  // A dimension's index; from the end where it is negative.
  int axis(std::string_view name, int otherwise) const {
    const int rank = ranks_[0];
    const int given = number(name, otherwise);
    if (given < -rank || given >= rank) refuse("has no dimension " + std::to_string(given));
    return given < 0 ? given + rank : given;
  }

 private:
  static void collect(const PrototxtField& field, std::string_view name, std::vector<int>& found) {
    for (const auto& inner : field.fields) {
      if (inner.name == name) found.push_back(prototxt_number(inner));
      collect(inner, name, found);
    }
  }

  const PrototxtField& field_;
  std::vector<int> ranks_;
};

// Each tells how many dimensions the layer's output has, and refuses inputs that do not fit.

int as_input(const Layer& layer) {
  for (const int rank : layer.ranks()) {
    if (rank != layer.ranks()[0]) layer.refuse("joins inputs of different numbers of dimensions");
  }
  layer.axis("axis", -1);
  return layer.ranks()[0];
}

int image(const Layer& layer) {
  for (const int rank : layer.ranks()) {
    if (rank != image_rank) layer.refuse("needs four dimensions");
  }
  return image_rank;
}

int permuted(const Layer& layer) {
  const auto order = layer.numbers("order");
  auto sorted = order;
  std::sort(sorted.begin(), sorted.end());
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    if (sorted[i] != static_cast<int>(i)) layer.refuse("does not name each dimension once");
  }
  if (!order.empty() && static_cast<int>(order.size()) != layer.ranks()[0]) layer.refuse("does not order every dimension");
  return layer.ranks()[0];
}

int flattened(const Layer& layer) {
  const int first = layer.axis("axis", 1);
  const int last = layer.axis("end_axis", -1);
  if (first > last) layer.refuse("ends before it begins");
  return layer.ranks()[0] - (last - first);
}

int reshaped(const Layer& layer) {
  if (!layer.numbers("axis").empty() || !layer.numbers("num_axes").empty()) layer.refuse("reshapes some dimensions only");
  const auto sides = static_cast<int>(layer.numbers("dim").size());
  if (sides < 1 || sides > most_dimensions) layer.refuse("gives no shape");
  return sides;
}

int priors(const Layer& layer) {
  image(layer);
  return 3;
}

int detections(const Layer& layer) {
  if (layer.ranks()[0] < 2 || layer.ranks()[1] < 2 || layer.ranks()[2] != 3) {
    layer.refuse("needs offsets, scores and prior boxes, of two or more, two or more, and three dimensions");
  }
  return image_rank;
}

struct Rule {
  std::string_view type;
  // The one message of parameters that such a layer may have: cv::dnn would mix those of all that are there.
  std::string_view parameters;
  std::size_t fewest_inputs;
  std::size_t most_inputs;
  int (*output_rank)(const Layer&);
};

constexpr std::array rules{
    Rule{"BatchNorm", "batch_norm_param", 1, 1, image},
    Rule{"Concat", "concat_param", 1, any_number, as_input},
    Rule{"Convolution", "convolution_param", 1, 1, image},
    Rule{"DetectionOutput", "detection_output_param", 3, 3, detections},
    Rule{"Dropout", "dropout_param", 1, 1, as_input},
    Rule{"Eltwise", "eltwise_param", 2, any_number, as_input},
    Rule{"Flatten", "flatten_param", 1, 1, flattened},
    Rule{"Normalize", "norm_param", 1, 1, image},
    Rule{"PReLU", "prelu_param", 1, 1, image},
    Rule{"Permute", "permute_param", 1, 1, permuted},
    Rule{"Pooling", "pooling_param", 1, 1, image},
    Rule{"PriorBox", "prior_box_param", 2, 2, priors},
    Rule{"ReLU", "relu_param", 1, 1, as_input},
    Rule{"ReLU6", "relu6_param", 1, 1, as_input},
    Rule{"Reshape", "reshape_param", 1, 1, reshaped},
    Rule{"Scale", "scale_param", 1, 1, as_input},
    Rule{"Sigmoid", "sigmoid_param", 1, 1, as_input},
    Rule{"Softmax", "softmax_param", 1, 1, as_input},
};

const Rule& rule_of(const PrototxtField& field) {
  const auto type = prototxt_layer_type(field);
  const auto* const rule = std::find_if(rules.begin(), rules.end(), [&](const Rule& r) { return r.type == type; });
  if (rule == rules.end()) {
    refuse("a layer of type '" + std::string(type) + "'; docs/models.md names those that can be run");
  }
  return *rule;
}

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

void check_parameters(const PrototxtField& field, std::string_view parameters, const Layer& layer) {
  for (const auto& inner : field.fields) {
    if (ends_with(inner.name, "_param") && inner.name != parameters) {
      layer.refuse("has the parameters of another layer, '" + std::string(inner.name) + "'");
    }
    for (const auto& parameter : inner.fields) {
      // It would be normalised by the photo at hand, and cv::dnn takes weights for granted that need not be there.
      if (parameter.name == "use_global_stats" && parameter.value != "true" && parameter.value != "1") {
        layer.refuse("has no statistics of its own");
      }
    }
  }
  constexpr int largest = 65535;
  for (const auto name : {"num_output", "group", "kernel_size", "kernel_h", "kernel_w", "stride", "stride_h", "stride_w",
                          "dilation", "num_classes"}) {
    for (const int number : layer.numbers(name)) {
      if (number < 1 || number > largest) layer.refuse("has '" + std::string(name) + "' outside 1 to " + std::to_string(largest));
    }
  }
}

// How many dimensions each blob has that has been made so far, by its name.
class Ranks {
 public:
  void add(std::string_view blob, int rank) { known_[blob] = rank; }

  void add_layer(const PrototxtField& field) {
    const auto& rule = rule_of(field);
    const Layer layer(field, of_inputs(field));
    const auto inputs = layer.ranks().size();
    if (inputs < rule.fewest_inputs || inputs > rule.most_inputs) {
      layer.refuse("has " + std::to_string(inputs) + " inputs");
    }
    check_parameters(field, rule.parameters, layer);
    const auto tops = strings(field, "top");
    if (tops.size() != 1) layer.refuse("has not one output");
    add(tops[0], rule.output_rank(layer));
  }

 private:
  std::vector<int> of_inputs(const PrototxtField& field) const {
    std::vector<int> ranks;
    for (const auto bottom : strings(field, "bottom")) {
      const auto found = known_.find(bottom);
      if (found == known_.end()) refuse("nothing before it makes '" + std::string(bottom) + "'");
      ranks.push_back(found->second);
    }
    return ranks;
  }

  std::map<std::string_view, int> known_;
};

}  // namespace

std::string_view prototxt_layer_type(const PrototxtField& layer) {
  const auto types = strings(layer, "type");
  return types.empty() ? std::string_view() : types[0];
}

int prototxt_number(const PrototxtField& field) {
  const auto text = field.value;
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  // Protobuf takes a leading zero for an octal number.
  const bool is_octal = text.size() > 1 && text[text[0] == '-' ? 1 : 0] == '0';
  if (error != std::errc() || end != text.data() + text.size() || is_octal) {
    refuse("'" + std::string(field.name) + "' is '" + std::string(text) + "', not a whole number");
  }
  return value;
}

void check_prototxt_layers(const PrototxtFields& fields) {
  Ranks ranks;
  std::size_t inputs = 0;
  const auto add_input = [&](std::string_view blob) {
    ranks.add(blob, image_rank);
    ++inputs;
  };
  for (const auto& field : fields) {
    if (field.name == "layers") refuse("it has layers of Caffe's first version; Caffe's upgrade_net_proto_text converts it");
    if (field.name == "input") add_input(prototxt_string(field.value));
    if (field.name != "layer") continue;
    if (prototxt_layer_type(field) != input_layer) {
      ranks.add_layer(field);
      continue;
    }
    for (const auto top : strings(field, "top")) add_input(top);
  }
  if (inputs != 1) refuse("it has " + std::to_string(inputs) + " inputs, not one");
}

}  // namespace facededup
