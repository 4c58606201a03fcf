#include "convolution.hpp"

#include <algorithm>
#include <cstdint>
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

// The first place on a cache line of its own; a vector that lies on two lines takes two reads.
float* on_cache_line(std::vector<float>& numbers) {
  constexpr std::uintptr_t line = 64;
  const auto address = reinterpret_cast<std::uintptr_t>(numbers.data());
  return numbers.data() + (line - address % line) % line / sizeof(float);
}

// For b > 0; rounds up for negative a as well, towards zero.
int ceil_divide(int a, int b) { return a > 0 ? (a + b - 1) / b : a / b; }

}  // namespace

Convolution::Convolution(const ConvolutionKernel& kernel, const ConvolutionShape& shape, const float* weights, const float* bias)
    : kernel_(kernel),
      shape_(shape),
      taps_(shape.channels * shape.kernel_height * shape.kernel_width),
      weights_(shared(packed(shape, taps_, kernel.filters, weights))),
      bias_(bias, bias + shape.filters) {}

void Convolution::plan(int images, PlaneSize input_size, PlaneSize output_size) {
  if (layout_.images == images && layout_.input.height == input_size.height && layout_.input.width == input_size.width) return;
  const int stride = shape_.stride;
  const PlaneSize padded{(output_size.height - 1) * stride + (shape_.kernel_height - 1) * shape_.dilation + 1,
                         (output_size.width - 1) * stride + (shape_.kernel_width - 1) * shape_.dilation + 1};
  const PlaneSize plane{ceil_divide(padded.height, stride), ceil_divide(padded.width, stride)};
  const auto plane_length = static_cast<std::ptrdiff_t>(plane.height) * plane.width;
  // Packing a tap's samples takes about as long as multiplying them with this many filters (measured with both kernels).
  constexpr double filters_worth_packing = 8;
  const double columns_in_between = static_cast<double>(plane.width) / output_size.width - 1;
  const bool direct = columns_in_between < filters_worth_packing / shape_.filters;
  layout_ = {images, input_size, padded, plane, plane_length, plane_length * stride * stride, direct};

  tap_offsets_.clear();
  panel_offsets_.clear();
  for (int channel = 0; channel < shape_.channels; ++channel) {
    for (int y = 0; y < shape_.kernel_height; ++y) {
      for (int x = 0; x < shape_.kernel_width; ++x) {
        const int row = y * shape_.dilation;
        const int column = x * shape_.dilation;
        tap_offsets_.push_back(channel * layout_.channel_length + (row % stride * stride + column % stride) * plane_length +
                               row / stride * plane.width + column / stride);
        panel_offsets_.push_back(static_cast<std::ptrdiff_t>(panel_offsets_.size()) * kernel_.pixels);
      }
    }
  }
}

void Convolution::lay_out(const float* input, std::vector<float>& laid_out) const {
  // A last panel may reach beyond the last plane.
  const auto overrun = static_cast<std::size_t>(kernel_.pixels) + kernel_overrun;
  const auto length = static_cast<std::size_t>(layout_.channel_length) * shape_.channels * layout_.images + overrun;
  if (laid_out.size() < length) laid_out.resize(length);
  const auto& size = layout_.input;
  // A window of one pixel that moves by two never sees every second row.
  const int used_rows = (shape_.kernel_height - 1) * shape_.dilation + 1;
  for (int channel = 0; channel < layout_.images * shape_.channels; ++channel) {
    const float* from = input + static_cast<std::ptrdiff_t>(channel) * size.height * size.width;
    float* to = laid_out.data() + channel * layout_.channel_length;
    for (int row = 0; row < layout_.padded.height; ++row) {
      if (row % shape_.stride >= used_rows) continue;
      const int y = row - shape_.pad_top;
      const bool inside = y >= 0 && y < size.height;
      lay_out_row(inside ? from + static_cast<std::ptrdiff_t>(y) * size.width : nullptr, row, to);
    }
  }
}

// `from`: a row of the input, or nullptr for one of the padding.
void Convolution::lay_out_row(const float* from, int row, float* channel) const {
  const int stride = shape_.stride;
  const int columns = std::min(layout_.input.width + shape_.pad_left, layout_.padded.width);
  const int used_phases = std::min(stride, (shape_.kernel_width - 1) * shape_.dilation + 1);
  for (int phase = 0; phase < used_phases; ++phase) {
    float* to = channel + (row % stride * stride + phase) * layout_.plane_length + row / stride * layout_.plane.width;
    const int first = from ? std::max(0, ceil_divide(shape_.pad_left - phase, stride)) : layout_.plane.width;
    const int end = std::max(first, ceil_divide(columns - phase, stride));
    std::fill_n(to, first, 0.0F);
    std::fill(to + end, to + layout_.plane.width, 0.0F);
    if (!from) continue;
    const std::ptrdiff_t shift = phase - shape_.pad_left;
    if (stride == 1) {
      std::copy(from + shift + first, from + shift + end, to + first);
    } else {
      for (int i = first; i < end; ++i) to[i] = from[static_cast<std::ptrdiff_t>(i) * stride + shift];
    }
  }
}

void Convolution::write(const Run& run, int first_filter, float* output) const {
  const int last_filter = std::min(first_filter + kernel_.filters, shape_.filters);
  const float least = run.relu ? 0.0F : -std::numeric_limits<float>::infinity();
  for (int filter = first_filter; filter < last_filter; ++filter) {
    const float* sums = run.scratch.sums.data() + static_cast<std::ptrdiff_t>(filter - first_filter) * kernel_.pixels;
    const float bias = bias_[filter];
    for (const auto& pixels : run.scratch.runs) {
      float* to = output + filter * run.output_plane + pixels.output;
      const float* from = sums + pixels.panel;
      for (int i = 0; i < pixels.length; ++i) to[i] = std::max(from[i] + bias, least);
    }
  }
}

void Convolution::answer_panel(const Run& run, const float* samples, const std::ptrdiff_t* tap_offsets, int used,
                               float* output) const {
  const float* weights = weights_->data();
  for (int filter = 0; filter < shape_.filters; filter += kernel_.filters) {
    kernel_.multiply(weights, samples, tap_offsets, taps_, used, run.scratch.sums.data());
    write(run, filter, output);
    weights += static_cast<std::ptrdiff_t>(taps_) * kernel_.filters;
  }
}

void Convolution::run_direct(const Run& run) const {
  auto& runs = run.scratch.runs;
  const std::ptrdiff_t pitch = layout_.plane.width;
  const std::ptrdiff_t width = run.output_size.width;
  const auto end = (run.output_size.height - 1) * pitch + width;
  for (int image = 0; image < layout_.images; ++image) {
    const float* samples = run.scratch.laid_out.data() + image * shape_.channels * layout_.channel_length;
    float* output = run.output + image * shape_.filters * run.output_plane;
    for (std::ptrdiff_t first = 0; first < end; first += kernel_.pixels) {
      const int used = static_cast<int>(std::min<std::ptrdiff_t>(kernel_.pixels, end - first));
      runs.clear();
      for (int place = 0; place < used;) {
        const auto y = (first + place) / pitch;
        const auto x = (first + place) % pitch;
        const int length = static_cast<int>(std::min<std::ptrdiff_t>(width - x, used - place));
        if (length > 0) runs.push_back({first + place, y * width + x, place, length});
        place += static_cast<int>(pitch - x);
      }
      answer_panel(run, samples + first, tap_offsets_.data(), used, output);
    }
  }
}

// Panels run on from row to row and from image to image.
void Convolution::run_packed(const Run& run) const {
  auto& [laid_out, panel_room, sums, runs] = run.scratch;
  // One overrun for the alignment, one for the last run.
  const auto room = static_cast<std::size_t>(taps_) * kernel_.pixels + 2 * kernel_overrun;
  if (panel_room.size() < room) panel_room.resize(room);
  float* panel = on_cache_line(panel_room);
  const std::ptrdiff_t width = run.output_size.width;
  const auto pixels = run.output_plane * layout_.images;
  for (std::ptrdiff_t pixel = 0; pixel < pixels;) {
    runs.clear();
    int used = 0;
    while (used < kernel_.pixels && pixel < pixels) {
      const auto image = pixel / run.output_plane;
      const auto y = pixel % run.output_plane / width;
      const auto x = pixel % width;
      const int length = static_cast<int>(std::min<std::ptrdiff_t>(width - x, kernel_.pixels - used));
      const auto input = image * shape_.channels * layout_.channel_length + y * layout_.plane.width + x;
      runs.push_back({input, image * shape_.filters * run.output_plane + y * width + x, used, length});
      used += length;
      pixel += length;
    }
    kernel_.pack(laid_out.data(), tap_offsets_.data(), taps_, runs.data(), static_cast<int>(runs.size()), panel);
    answer_panel(run, panel, panel_offsets_.data(), used, run.output);
  }
}

void Convolution::run(const float* input, int images, PlaneSize input_size, float* output, PlaneSize output_size, bool relu,
                      ConvolutionScratch& scratch) {
  plan(images, input_size, output_size);
  lay_out(input, scratch.laid_out);
  scratch.sums.resize(std::max(scratch.sums.size(), static_cast<std::size_t>(kernel_.filters) * kernel_.pixels));
  const Run run{scratch, output, output_size, static_cast<std::ptrdiff_t>(output_size.height) * output_size.width, relu};
  if (layout_.direct) return run_direct(run);
  run_packed(run);
}

}  // namespace facededup
