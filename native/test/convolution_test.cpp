// The convolution of each instruction set against the sum that defines it.
#include "../vision/convolution.hpp"
#include "../vision/convolution_kernels.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "checks.hpp"
#include "tests.hpp"

namespace facededup::test {
namespace {

struct Case {
  ConvolutionShape shape;
  int images;
  PlaneSize input;
  int pad_bottom_and_right;
};

int output_side(int input, int pads, int kernel, const ConvolutionShape& shape) {
  return (input + pads - (kernel - 1) * shape.dilation - 1) / shape.stride + 1;
}

PlaneSize output_of(const Case& c) {
  const auto& s = c.shape;
  return {output_side(c.input.height, s.pad_top + c.pad_bottom_and_right, s.kernel_height, s),
          output_side(c.input.width, s.pad_left + c.pad_bottom_and_right, s.kernel_width, s)};
}

std::vector<float> random_numbers(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> numbers(count);
  std::generate(numbers.begin(), numbers.end(), [&] { return normal(random); });
  return numbers;
}

std::vector<float> by_definition(const Case& c, const std::vector<float>& weights, const std::vector<float>& bias,
                                 const std::vector<float>& input, bool relu) {
  const auto& s = c.shape;
  const auto out = output_of(c);
  std::vector<float> output;
  for (int image = 0; image < c.images; ++image) {
    for (int filter = 0; filter < s.filters; ++filter) {
      for (int y = 0; y < out.height; ++y) {
        for (int x = 0; x < out.width; ++x) {
          double sum = bias[filter];
          for (int channel = 0; channel < s.channels; ++channel) {
            for (int ky = 0; ky < s.kernel_height; ++ky) {
              for (int kx = 0; kx < s.kernel_width; ++kx) {
                const int row = y * s.stride + ky * s.dilation - s.pad_top;
                const int column = x * s.stride + kx * s.dilation - s.pad_left;
                if (row < 0 || row >= c.input.height || column < 0 || column >= c.input.width) continue;
                const double weight = weights[((filter * s.channels + channel) * s.kernel_height + ky) * s.kernel_width + kx];
                sum += weight * input[((image * s.channels + channel) * c.input.height + row) * c.input.width + column];
              }
            }
          }
          output.push_back(static_cast<float>(relu ? std::max(sum, 0.0) : sum));
        }
      }
    }
  }
  return output;
}

// filters, channels, kernel height and width, stride, pad top and left, dilation; images; input; pads at the end.
const Case cases[] = {
    {{1, 1, 1, 1, 1, 0, 0, 1}, 1, {1, 1}, 0},                                                     // a single product
    {{32, 3, 7, 7, 2, 0, 0, 1}, 2, {150, 150}, 0},                                                // the ResNet's first layer
    {{32, 3, 7, 7, 2, 3, 3, 1}, 1, {60, 60}, 3},                                                  // res10's first layer, smaller
    {{64, 32, 3, 3, 1, 1, 1, 1}, 1, {35, 35}, 1},  {{64, 32, 3, 3, 2, 0, 0, 1}, 3, {35, 35}, 0},  // columns left over at the end
    {{9, 5, 3, 3, 1, 1, 1, 1}, 5, {4, 4}, 1},      // a panel over several images, filters that fill no block
    {{5, 4, 3, 3, 1, 2, 2, 2}, 2, {9, 7}, 2},      // dilated
    {{7, 3, 3, 5, 3, 1, 2, 1}, 2, {11, 13}, 0},    // an oblong window, stride 3
    {{3, 2, 2, 2, 2, 0, 0, 2}, 1, {9, 10}, 0},     // dilation and stride together
    {{24, 16, 1, 1, 1, 0, 0, 1}, 2, {10, 49}, 0},  // rows longer than a panel of AVX-512
    {{8, 2, 3, 3, 1, 1, 1, 1}, 1, {2, 130}, 1},    {{256, 64, 3, 3, 1, 1, 1, 1}, 1, {2, 2}, 1},
};

// As in a lane: one for all of them.
ConvolutionScratch scratch;

// Returns the largest difference, relative to the size of the answers.
double difference(const ConvolutionKernel& kernel, const Case& c, bool relu) {
  const auto& s = c.shape;
  const auto out = output_of(c);
  const auto weights = random_numbers(static_cast<std::size_t>(s.filters) * s.channels * s.kernel_height * s.kernel_width, 1);
  const auto bias = random_numbers(s.filters, 2);
  Convolution convolution(kernel, s, weights.data(), bias.data());
  double worst = 0;
  // A second run on other samples finds what the first left in the buffers.
  for (unsigned run = 0; run < 2; ++run) {
    const auto input = random_numbers(static_cast<std::size_t>(c.images) * s.channels * c.input.height * c.input.width, 3 + run);
    const auto expected = by_definition(c, weights, bias, input, relu);
    std::vector<float> actual(expected.size(), std::nanf(""));
    convolution.run(input.data(), c.images, c.input, actual.data(), out, relu, scratch);
    const double size = std::sqrt(s.channels * s.kernel_height * s.kernel_width + 1.0);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const double d = std::fabs(actual[i] - expected[i]) / size;
      worst = std::isnan(d) ? INFINITY : std::max(worst, d);
    }
  }
  return worst;
}

}  // namespace

void test_convolution() {
  for (const auto* kernel : convolution_kernels()) {
    for (std::size_t i = 0; i < std::size(cases); ++i) {
      for (const bool relu : {false, true}) {
        check(difference(*kernel, cases[i], relu) < 1e-5,
              "panels of " + std::to_string(kernel->pixels) + " pixels, case " + std::to_string(i) + (relu ? " with ReLU" : ""));
      }
    }
  }
}

}  // namespace facededup::test
