#include "convolution.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <mutex>
#include <utility>

namespace facededup {
namespace {

std::vector<float> packed(const ConvolutionShape& shape, int taps, int block, const float* weights) {
  const auto blocks = static_cast<std::size_t>((shape.filters + block - 1) / block);
  std::vector<float> result(blocks * taps * block, 0.0F);
  for (int filter = 0; filter < shape.filters; ++filter) {
    float* to = result.data() + static_cast<std::size_t>(filter / block) * taps * block + filter % block;
    for (int tap = 0; tap < taps; ++tap)
      to[static_cast<std::size_t>(tap) * block] = weights[static_cast<std::size_t>(filter) * taps + tap];
  }
  return result;
}

// One copy of equal weights for all who hold them: each lane builds its own network from the same model. Comparing is
// cheaper than another 22 MB for each lane.
std::shared_ptr<const std::vector<float>> shared(std::vector<float> weights) {
  static std::mutex mutex;
  static std::vector<std::weak_ptr<const std::vector<float>>> known;
  const std::lock_guard lock(mutex);
  known.erase(std::remove_if(known.begin(), known.end(), [](const auto& each) { return each.expired(); }), known.end());
  for (const auto& each : known) {
    // Bit by bit: a weight that is not a number equals nothing.
    const auto held = each.lock();
    if (held && held->size() == weights.size() &&
        std::memcmp(held->data(), weights.data(), weights.size() * sizeof(float)) == 0) {
      return held;
    }
  }
  auto added = std::make_shared<const std::vector<float>>(std::move(weights));
  known.push_back(added);
  return added;
}

}  // namespace

Convolution::Convolution(const ConvolutionKernel& kernel, const ConvolutionShape& shape, const float* weights, const float* bias)
    : kernel_(kernel),
      shape_(shape),
      taps_(shape.channels * shape.kernel_height * shape.kernel_width),
      weights_(shared(packed(shape, taps_, kernel.filters, weights))),
      bias_(bias, bias + shape.filters),
      panel_(static_cast<std::size_t>(taps_) * kernel.pixels + kernel_overrun),
      sums_(static_cast<std::size_t>(kernel.filters) * kernel.pixels) {}

void Convolution::lay_out(const float* input, int images, PlaneSize input_size, PlaneSize output_size) {
  const bool same =
      layout_.images == images && layout_.input.height == input_size.height && layout_.input.width == input_size.width;
  if (!same) {
    const int rows = (output_size.height - 1) * shape_.stride + (shape_.kernel_height - 1) * shape_.dilation + 1;
    const int columns = (output_size.width - 1) * shape_.stride + (shape_.kernel_width - 1) * shape_.dilation + 1;
    const int phase_columns = (columns + shape_.stride - 1) / shape_.stride;
    const auto row_length = static_cast<std::ptrdiff_t>(phase_columns) * shape_.stride;
    layout_ = {images, input_size, rows, columns, phase_columns, row_length, rows * row_length};
    // The padding's zeros stay for every later run on the same size.
    laid_out_.assign(static_cast<std::size_t>(layout_.plane_length) * shape_.channels * images + kernel_overrun, 0.0F);
    find_taps();
  }
  const int rows = std::min(input_size.height, layout_.rows - shape_.pad_top);
  const int columns = std::min(input_size.width, layout_.columns - shape_.pad_left);
  float* plane = laid_out_.data();
  for (int p = 0; p < images * shape_.channels; ++p, plane += layout_.plane_length) {
    for (int y = 0; y < rows; ++y) {
      const float* from = input + (static_cast<std::ptrdiff_t>(p) * input_size.height + y) * input_size.width;
      float* row = plane + (y + shape_.pad_top) * layout_.row_length;
      if (shape_.stride == 1) {
        std::copy(from, from + columns, row + shape_.pad_left);
        continue;
      }
      for (int x = 0; x < columns; ++x) {
        const int column = x + shape_.pad_left;
        row[(column % shape_.stride) * layout_.phase_columns + column / shape_.stride] = from[x];
      }
    }
  }
}

void Convolution::find_taps() {
  tap_offsets_.clear();
  for (int channel = 0; channel < shape_.channels; ++channel) {
    for (int y = 0; y < shape_.kernel_height; ++y) {
      for (int x = 0; x < shape_.kernel_width; ++x) {
        const int column = x * shape_.dilation;
        tap_offsets_.push_back(channel * layout_.plane_length + y * shape_.dilation * layout_.row_length +
                               (column % shape_.stride) * layout_.phase_columns + column / shape_.stride);
      }
    }
  }
}

// Returns how many pixels the runs hold.
int Convolution::collect_runs(std::ptrdiff_t first_pixel, std::ptrdiff_t pixels, PlaneSize output_size) {
  runs_.clear();
  const auto plane = static_cast<std::ptrdiff_t>(output_size.height) * output_size.width;
  int filled = 0;
  for (auto pixel = first_pixel; pixel < pixels && filled < kernel_.pixels;) {
    const auto image = pixel / plane;
    const auto y = pixel % plane / output_size.width;
    const auto x = pixel % output_size.width;
    const int length = static_cast<int>(std::min<std::ptrdiff_t>(output_size.width - x, kernel_.pixels - filled));
    const auto input = image * shape_.channels * layout_.plane_length + y * shape_.stride * layout_.row_length + x;
    const auto output = image * shape_.filters * plane + y * output_size.width + x;
    runs_.push_back({input, output, filled, length});
    filled += length;
    pixel += length;
  }
  return filled;
}

void Convolution::write(int first_filter, std::ptrdiff_t output_plane, float* output, bool relu) const {
  const int last_filter = std::min(first_filter + kernel_.filters, shape_.filters);
  const float least = relu ? 0.0F : -std::numeric_limits<float>::infinity();
  for (int filter = first_filter; filter < last_filter; ++filter) {
    const float* sums = sums_.data() + static_cast<std::ptrdiff_t>(filter - first_filter) * kernel_.pixels;
    const float bias = bias_[filter];
    for (const auto& run : runs_) {
      float* to = output + filter * output_plane + run.output;
      const float* from = sums + run.panel;
      for (int i = 0; i < run.length; ++i) to[i] = std::max(from[i] + bias, least);
    }
  }
}

void Convolution::run(const float* input, int images, PlaneSize input_size, float* output, PlaneSize output_size, bool relu) {
  lay_out(input, images, input_size, output_size);
  const auto plane = static_cast<std::ptrdiff_t>(output_size.height) * output_size.width;
  const auto pixels = plane * images;
  for (std::ptrdiff_t first = 0; first < pixels; first += kernel_.pixels) {
    const int used = collect_runs(first, pixels, output_size);
    kernel_.pack(laid_out_.data(), tap_offsets_.data(), taps_, runs_.data(), static_cast<int>(runs_.size()), panel_.data());
    const float* weights = weights_->data();
    for (int filter = 0; filter < shape_.filters; filter += kernel_.filters) {
      kernel_.multiply(weights, panel_.data(), taps_, used, sums_.data());
      write(filter, plane, output, relu);
      weights += static_cast<std::ptrdiff_t>(taps_) * kernel_.filters;
    }
  }
}

}  // namespace facededup
