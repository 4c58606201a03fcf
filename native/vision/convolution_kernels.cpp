#include "convolution_kernels.hpp"

namespace facededup {

#ifdef FACEDEDUP_X86_KERNELS

extern const ConvolutionKernel convolution_kernel_avx2;
extern const ConvolutionKernel convolution_kernel_avx512;

std::vector<const ConvolutionKernel*> convolution_kernels() {
  std::vector<const ConvolutionKernel*> kernels;
  if (__builtin_cpu_supports("avx512f")) kernels.push_back(&convolution_kernel_avx512);
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) kernels.push_back(&convolution_kernel_avx2);
  return kernels;
}

#else

std::vector<const ConvolutionKernel*> convolution_kernels() { return {}; }

#endif

}  // namespace facededup
