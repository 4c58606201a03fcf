// A convolution layer for cv::dnn that runs our own Convolution on the CPU.
#pragma once

#include "dnn_backend.hpp"

namespace facededup {

// The layer type that a graph for this backend should name for its convolutions, known to cv::dnn from then on: OpenCV's
// own, or ours where cv::dnn computes on the CPU. A layer of our type is OpenCV's own again where ours cannot take its
// place (groups, strides that differ by direction, a processor without AVX2).
const char* convolution_type(const DnnBackend& backend);

}  // namespace facededup
