// The convolution's loops for AVX-512: 24 of the 32 registers hold sums.
#include <immintrin.h>

#include "convolution_kernel_loops.hpp"

namespace facededup {
namespace {

struct Vector {
  using type = __m512;
  static constexpr int lanes = 16;
  static type load(const float* from) { return _mm512_loadu_ps(from); }
  static void store(float* to, type value) { _mm512_storeu_ps(to, value); }
  static type fill(float value) { return _mm512_set1_ps(value); }
  static type multiply_add(type a, type b, type sum) { return _mm512_fmadd_ps(a, b, sum); }
};

}  // namespace

extern const ConvolutionKernel convolution_kernel_avx512;
const ConvolutionKernel convolution_kernel_avx512 = Loops<Vector, 8, 3>::kernel();

}  // namespace facededup
