// What cv::dnn does not do with a Caffe prototxt: tell the size of the network's input, and run its layers by other types.
#pragma once

#include <opencv2/core.hpp>
#include <string>
#include <string_view>

namespace facededup {

// Reads `input_dim` (four times), `input_shape { dim … }` or an Input layer's `input_param { shape { dim … } }`,
// in the order N, C, H, W. Throws model_corrupt unless C is 3 and H and W are within 1…4096.
cv::Size prototxt_input_size(std::string_view prototxt);

// The same text with another name for a layer type wherever a layer is of that type.
std::string with_layer_type(std::string_view prototxt, std::string_view type, std::string_view replacement);

}  // namespace facededup
