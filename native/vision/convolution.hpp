// Two-dimensional convolution of float32 samples, by panels of pixels that fit the cache.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "convolution_kernel.hpp"

namespace facededup {

struct ConvolutionShape {
  int filters;
  int channels;
  int kernel_height;
  int kernel_width;
  int stride;
  int pad_top;
  int pad_left;
  int dilation;
};

struct PlaneSize {
  int height;
  int width;
};

// Buffers that convolutions need while they run: one set for a thread serves all that run in it.
struct ConvolutionScratch {
  std::vector<float> laid_out;
  std::vector<float> panel;
  std::vector<float> sums;
  std::vector<PixelRun> runs;
};

// For one thread at a time. Convolutions with the same weights share one copy of them.
class Convolution {
 public:
  // `weights`: filters × channels × kernel_height × kernel_width; `bias`: one for each filter. Both are copied.
  Convolution(const ConvolutionKernel& kernel, const ConvolutionShape& shape, const float* weights, const float* bias);

  // `input`: images × channels × height × width; `output`: images × filters × height × width of the output.
  // With `relu`, negative answers become 0.
  void run(const float* input, int images, PlaneSize input_size, float* output, PlaneSize output_size, bool relu,
           ConvolutionScratch& scratch);

 private:
  // The padded input cut into a plane for each remainder of rows and columns by the stride: the samples that one tap
  // gives to neighbouring pixels lie side by side then, and those of one row after those of the row above.
  struct Layout {
    int images;
    PlaneSize input;
    PlaneSize padded;  // that any window covers
    PlaneSize plane;   // of one remainder
    std::ptrdiff_t plane_length;
    std::ptrdiff_t channel_length;
    // Whether panels are taken from the input itself, the columns between two rows included, instead of packed.
    bool direct;
  };

  // What a run works with and on.
  struct Run {
    ConvolutionScratch& scratch;
    float* output;
    PlaneSize output_size;
    std::ptrdiff_t output_plane;
    bool relu;
  };

  void plan(int images, PlaneSize input_size, PlaneSize output_size);
  void lay_out(const float* input, std::vector<float>& laid_out) const;
  void lay_out_row(const float* from, int row, float* channel) const;
  void run_direct(const Run& run) const;
  void run_packed(const Run& run) const;
  void answer_panel(const Run& run, const float* samples, const std::ptrdiff_t* tap_offsets, int used, float* output) const;
  void write(const Run& run, int first_filter, float* output) const;

  const ConvolutionKernel& kernel_;
  const ConvolutionShape shape_;
  const int taps_;
  std::shared_ptr<const std::vector<float>> weights_;  // block after block: taps × filters of the block
  std::vector<float> bias_;

  Layout layout_{};
  std::vector<std::ptrdiff_t> tap_offsets_;    // in the laid out input
  std::vector<std::ptrdiff_t> panel_offsets_;  // in a packed panel
};

}  // namespace facededup
