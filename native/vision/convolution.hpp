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

// For one thread at a time: it keeps its buffers between runs. Convolutions with the same weights share one copy of them.
class Convolution {
 public:
  // `weights`: filters × channels × kernel_height × kernel_width; `bias`: one for each filter. Both are copied.
  Convolution(const ConvolutionKernel& kernel, const ConvolutionShape& shape, const float* weights, const float* bias);

  // `input`: images × channels × height × width; `output`: images × filters × height × width of the output.
  // With `relu`, negative answers become 0.
  void run(const float* input, int images, PlaneSize input_size, float* output, PlaneSize output_size, bool relu);

 private:
  // The input with its padding, each row's columns sorted by their remainder of the stride: the samples that one tap
  // gives to neighbouring pixels lie side by side then.
  struct Layout {
    int images;
    PlaneSize input;
    int rows;
    int columns;        // that any window covers
    int phase_columns;  // of each remainder
    std::ptrdiff_t row_length;
    std::ptrdiff_t plane_length;
  };

  void lay_out(const float* input, int images, PlaneSize input_size, PlaneSize output_size);
  void find_taps();
  int collect_runs(std::ptrdiff_t first_pixel, std::ptrdiff_t pixels, PlaneSize output_size);
  void write(int first_filter, std::ptrdiff_t output_plane, float* output, bool relu) const;

  const ConvolutionKernel& kernel_;
  const ConvolutionShape shape_;
  const int taps_;
  std::shared_ptr<const std::vector<float>> weights_;  // block after block: taps × filters of the block
  std::vector<float> bias_;

  Layout layout_{};
  std::vector<float> laid_out_;
  std::vector<std::ptrdiff_t> tap_offsets_;
  std::vector<PixelRun> runs_;
  std::vector<float> panel_;
  std::vector<float> sums_;
};

}  // namespace facededup
