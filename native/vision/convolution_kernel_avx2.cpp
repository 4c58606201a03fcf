// The convolution's loops for AVX2 with FMA: 12 of the 16 registers hold sums.
#include <immintrin.h>

#include "convolution_kernel_loops.hpp"

namespace facededup {
namespace {

struct Vector {
  using type = __m256;
  static constexpr int lanes = 8;
  static type load(const float* from) { return _mm256_loadu_ps(from); }
  static void store(float* to, type value) { _mm256_storeu_ps(to, value); }
  static type fill(float value) { return _mm256_set1_ps(value); }
  static type multiply_add(type a, type b, type sum) { return _mm256_fmadd_ps(a, b, sum); }
};

}  // namespace

extern const ConvolutionKernel convolution_kernel_avx2;
const ConvolutionKernel convolution_kernel_avx2 = Loops<Vector, 4, 3>::kernel();

}  // namespace facededup
