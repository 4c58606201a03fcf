// A Caffe prototxt before cv::dnn reads it: whether it may be given to it, and what cv::dnn does not do with it.
#pragma once

#include <opencv2/core.hpp>
#include <string>
#include <string_view>

#include "prototxt_fields.hpp"

namespace facededup {

class Prototxt {
 public:
  // The text has to outlive it. Throws model_corrupt where the text cannot be read, where a layer is none that the
  // prototxt of an SSD has, and where layers do not fit each other (prototxt_layers.hpp).
  explicit Prototxt(std::string_view text);

  // Reads `input_dim` (four times), `input_shape { dim … }` or an Input layer's `input_param { shape { dim … } }`,
  // in the order N, C, H, W. Throws model_corrupt unless C is 3 and H and W are within 1…4096.
  cv::Size input_size() const;

  // The text with another name for a layer type wherever a layer is of that type.
  std::string with_layer_type(std::string_view type, std::string_view replacement) const;

 private:
  std::string_view text_;
  PrototxtFields fields_;
};

}  // namespace facededup
