// The one fact of a Caffe prototxt that cv::dnn keeps to itself: the size of the network's input.
#pragma once

#include <opencv2/core.hpp>
#include <string_view>

namespace facededup {

// Reads `input_dim` (four times), `input_shape { dim … }` or an Input layer's `input_param { shape { dim … } }`,
// in the order N, C, H, W. Throws model_corrupt unless C is 3 and H and W are within 1…4096.
cv::Size prototxt_input_size(std::string_view prototxt);

}  // namespace facededup
