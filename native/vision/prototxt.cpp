#include "prototxt.hpp"

#include <vector>

#include "error.hpp"
#include "prototxt_layers.hpp"

namespace facededup {
namespace {

// The dimensions below a field, however deep: `input_shape { dim … }`, `input_param { shape { dim … } }`.
void append_dimensions(const PrototxtField& field, std::vector<int>& shape) {
  if (field.name == "dim" || field.name == "input_dim") shape.push_back(prototxt_number(field));
  for (const auto& inner : field.fields) append_dimensions(inner, shape);
}

bool describes_input(const PrototxtField& field) {
  if (field.name == "input_dim" || field.name == "input_shape") return true;
  return field.name == "layer" && prototxt_layer_type(field) == input_layer;
}

}  // namespace

Prototxt::Prototxt(std::string_view text) : text_(text), fields_(read_prototxt(text)) { check_prototxt_layers(fields_); }

cv::Size Prototxt::input_size() const {
  constexpr std::size_t nchw = 4;
  constexpr int largest_side = 4096;
  std::vector<int> shape;
  for (const auto& field : fields_) {
    if (describes_input(field)) append_dimensions(field, shape);
  }
  if (shape.size() != nchw) {
    throw Error(ErrorCode::model_corrupt, "the prototxt does not give the size of its one input as four dimensions");
  }
  const auto usable = [](int side) { return side >= 1 && side <= largest_side; };
  if (shape[1] != 3 || !usable(shape[2]) || !usable(shape[3])) {
    throw Error(ErrorCode::model_corrupt, "the prototxt's input is " + std::to_string(shape[0]) + "×" + std::to_string(shape[1]) +
                                              "×" + std::to_string(shape[2]) + "×" + std::to_string(shape[3]) +
                                              ", not N×3×height×width with sides of 1 to " + std::to_string(largest_side));
  }
  return {shape[3], shape[2]};
}

std::string Prototxt::with_layer_type(std::string_view type, std::string_view replacement) const {
  std::string result;
  std::size_t copied = 0;
  for (const auto& layer : fields_) {
    if (layer.name != "layer" || prototxt_layer_type(layer) != type) continue;
    const auto start = static_cast<std::size_t>(prototxt_layer_type(layer).data() - text_.data());
    result.append(text_, copied, start - copied).append(replacement);
    copied = start + type.size();
  }
  return result.append(text_, copied);
}

}  // namespace facededup
