// Whether the layers of a prototxt are such as cv::dnn can run without reading beyond its memory.
#pragma once

#include <string_view>

#include "prototxt_fields.hpp"

namespace facededup {

constexpr std::string_view input_layer = "Input";

// cv::dnn trusts a prototxt: it takes a layer's second input where there is one only, the fourth dimension of what has
// two, and (up to 4.10 at least) the fifth of four where Permute says so. So only the layers that the SSDs of Caffe are
// made of are taken, with as many inputs as they need, and the number of dimensions is followed from layer to layer.
// Throws model_corrupt, with the layer's name.
void check_prototxt_layers(const PrototxtFields& fields);

// The `type` of a `layer`; empty if it has none.
std::string_view prototxt_layer_type(const PrototxtField& layer);

// A field's whole number, in decimal. Throws model_corrupt if it is none.
int prototxt_number(const PrototxtField& field);

}  // namespace facededup
