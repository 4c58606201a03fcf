// The innermost loops of a convolution, compiled once for each instruction set that pays.
//
// A convolution is the product of a matrix of weights (filters × taps) and one of samples (taps × pixels), where a tap
// is one input channel at one place of the window. Kernels multiply a block of filters with a panel of pixels at a
// time, so that all sums stay in registers: 8 × 48 with AVX-512, 4 × 24 with AVX2. A panel may be packed, or lie in the
// input itself.
#pragma once

#include <cstddef>

namespace facededup {

// Pixels that lie side by side in the input, in the panel and in the output.
struct PixelRun {
  std::ptrdiff_t input;   // offset of the first one from the tap's first sample
  std::ptrdiff_t output;  // and from the first filter's first answer
  int panel;              // place of the first one in the panel
  int length;
};

struct ConvolutionKernel {
  int filters;  // in a block
  int pixels;   // in a panel

  // panel[tap × pixels + place] = input[tap_offsets[tap] + run.input + …]. Runs are in order of place and leave no gap.
  // Reads up to `kernel_overrun` samples beyond the last one and writes as many beyond the panel.
  void (*pack)(const float* input, const std::ptrdiff_t* tap_offsets, int taps, const PixelRun* runs, int run_count,
               float* panel);

  // sums[filter × pixels + place] = Σ over taps of weights[tap × filters + filter] · samples[tap_offsets[tap] + place], for
  // at least the first `used` places.
  void (*multiply)(const float* weights, const float* samples, const std::ptrdiff_t* tap_offsets, int taps, int used,
                   float* sums);
};

constexpr int kernel_overrun = 16;

}  // namespace facededup
