// The loops behind a ConvolutionKernel, written for any vector. Included by one file for each instruction set; nothing
// here may be shared between them (no inline function of another header), or the linker would mix instruction sets.
#pragma once

#include "convolution_kernel.hpp"

namespace facededup {
namespace {

// `Vector` has: type, lanes, load, store, fill, multiply_add.
template <class Vector, int filters, int vectors>
struct Loops {
  static constexpr int pixels = vectors * Vector::lanes;
  static_assert(Vector::lanes <= kernel_overrun, "a run's last vector may read and write that far beyond its end");

  static void pack(const float* input, const std::ptrdiff_t* tap_offsets, int taps, const PixelRun* runs, int run_count,
                   float* panel) {
    for (int tap = 0; tap < taps; ++tap) {
      const float* samples = input + tap_offsets[tap];
      for (int r = 0; r < run_count; ++r) {
        const float* from = samples + runs[r].input;
        float* to = panel + runs[r].panel;
        for (int i = 0; i < runs[r].length; i += Vector::lanes) Vector::store(to + i, Vector::load(from + i));
      }
      panel += pixels;
    }
  }

  template <int used_vectors>
  static void multiply_vectors(const float* weights, const float* samples, const std::ptrdiff_t* tap_offsets, int taps,
                               float* sums) {
    typename Vector::type sum[filters][used_vectors];
    for (auto& row : sum) {
      for (auto& s : row) s = Vector::fill(0.0F);
    }
    for (int tap = 0; tap < taps; ++tap) {
      const float* from = samples + tap_offsets[tap];
      typename Vector::type sample[used_vectors];
#pragma GCC unroll 8
      for (int v = 0; v < used_vectors; ++v) sample[v] = Vector::load(from + v * Vector::lanes);
#pragma GCC unroll 16
      for (int f = 0; f < filters; ++f) {
        const auto weight = Vector::fill(weights[f]);
#pragma GCC unroll 8
        for (int v = 0; v < used_vectors; ++v) sum[f][v] = Vector::multiply_add(weight, sample[v], sum[f][v]);
      }
      weights += filters;
    }
    for (int f = 0; f < filters; ++f) {
      for (int v = 0; v < used_vectors; ++v) Vector::store(sums + f * pixels + v * Vector::lanes, sum[f][v]);
    }
  }

  static void multiply(const float* weights, const float* samples, const std::ptrdiff_t* tap_offsets, int taps, int used,
                       float* sums) {
    static_assert(vectors == 3, "one case for each number of vectors");
    if (used > 2 * Vector::lanes) return multiply_vectors<3>(weights, samples, tap_offsets, taps, sums);
    if (used > Vector::lanes) return multiply_vectors<2>(weights, samples, tap_offsets, taps, sums);
    multiply_vectors<1>(weights, samples, tap_offsets, taps, sums);
  }

  static constexpr ConvolutionKernel kernel() { return {filters, pixels, pack, multiply}; }
};

}  // namespace
}  // namespace facededup
