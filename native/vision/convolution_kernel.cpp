#include "convolution_kernel.hpp"

namespace facededup {

#ifdef FACEDEDUP_X86_KERNELS

extern const ConvolutionKernel convolution_kernel_avx2;
extern const ConvolutionKernel convolution_kernel_avx512;

const ConvolutionKernel* convolution_kernel() {
  if (__builtin_cpu_supports("avx512f")) return &convolution_kernel_avx512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return &convolution_kernel_avx2;
  return nullptr;
}

#else

const ConvolutionKernel* convolution_kernel() { return nullptr; }

#endif

}  // namespace facededup
