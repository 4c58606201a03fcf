// Which ConvolutionKernels there are.
#pragma once

#include <vector>

#include "convolution_kernel.hpp"

namespace facededup {

// Those that this processor runs, best first; none where nothing is better than OpenCV's own convolution.
std::vector<const ConvolutionKernel*> convolution_kernels();

}  // namespace facededup
