#include "landmark_file.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "error.hpp"

namespace facededup {
namespace {

[[noreturn]] void refuse(const std::string& reason) {
  throw Error(ErrorCode::model_corrupt, "it is no landmark model: " + reason);
}

// dlib's format of whole numbers (dlib/serialize.h): a byte with the sign and the count of bytes, then these, lowest first.
// A floating point number is two of them: mantissa and exponent.
class Numbers {
 public:
  explicit Numbers(const std::string& bytes) : bytes_(bytes) {}

  std::int64_t next() {
    constexpr unsigned negative = 0x80;
    const unsigned control = byte();
    const unsigned length = control & ~negative;
    // Longer ones, and the text that dlib wrote before 2013, are none of ours.
    if (length == 0 || length > sizeof(std::int64_t)) refuse("it has something other than numbers");
    std::uint64_t value = 0;
    for (unsigned i = 0; i < length; ++i) value |= static_cast<std::uint64_t>(byte()) << (8 * i);
    if (value > INT64_MAX) refuse("a number is too large");
    return control & negative ? -static_cast<std::int64_t>(value) : static_cast<std::int64_t>(value);
  }

  // How many of something follow, each of at least two bytes.
  std::size_t count() {
    const auto value = next();
    if (value < 0 || static_cast<std::uint64_t>(value) > (bytes_.size() - at_) / 2) refuse("it claims more than it has");
    return static_cast<std::size_t>(value);
  }

  void skip_float() {
    next();
    next();
  }

  // A place or a move, in sides of the face's box. What is far beyond any face would overflow dlib's coordinates.
  float place() {
    constexpr double farthest = 50;
    const auto mantissa = static_cast<double>(next());
    const auto exponent = next();
    // Infinity and what is no number have exponents of their own.
    const double value = std::ldexp(mantissa, static_cast<int>(std::clamp<std::int64_t>(exponent, -1000, 1000)));
    if (exponent > 1000 || std::fabs(value) > farthest) refuse("a point lies far from the face");
    return static_cast<float>(value);
  }

  // The size of a column of numbers, which is written as two negative numbers.
  std::size_t rows() {
    const auto rows = next();
    const auto columns = next();
    if (columns != -1 || rows > 0 || static_cast<std::uint64_t>(-rows) > bytes_.size()) refuse("a column has no size");
    return static_cast<std::size_t>(-rows);
  }

 private:
  unsigned byte() {
    if (at_ == bytes_.size()) refuse("it ends too early");
    return static_cast<unsigned char>(bytes_[at_++]);
  }

  const std::string& bytes_;
  std::size_t at_ = 0;
};

// dlib measures by the mean shape, whose points must not lie all in one place.
void check_mean_shape(Numbers& numbers, std::size_t coordinates) {
  constexpr float least_spread = 0.01F;
  float least[] = {INFINITY, INFINITY};
  float most[] = {-INFINITY, -INFINITY};
  for (std::size_t i = 0; i < coordinates; ++i) {
    const auto place = numbers.place();
    least[i % 2] = std::min(least[i % 2], place);
    most[i % 2] = std::max(most[i % 2], place);
  }
  if (std::max(most[0] - least[0], most[1] - least[1]) < least_spread) refuse("its points lie all in one place");
}

// Checks a tree and returns how many pixels it needs.
std::int64_t pixels_needed(Numbers& numbers, std::size_t coordinates) {
  std::int64_t needed = 0;
  const auto splits = numbers.count();
  for (std::size_t i = 0; i < splits; ++i) {
    for (int side = 0; side < 2; ++side) {
      const auto pixel = numbers.next();
      if (pixel < 0 || pixel == INT64_MAX) refuse("a split compares a pixel that cannot be");
      needed = std::max(needed, pixel + 1);
    }
    numbers.skip_float();
  }
  const auto leaves = numbers.count();
  const bool is_full = leaves == splits + 1 && (leaves & splits) == 0;
  if (!is_full) refuse("a tree is not full");
  for (std::size_t i = 0; i < leaves; ++i) {
    if (numbers.rows() != coordinates) refuse("a leaf does not fit the points");
    for (std::size_t j = 0; j < coordinates; ++j) numbers.place();
  }
  return needed;
}

// For each level of the cascade, how many pixels its trees need.
std::vector<std::int64_t> check_forests(Numbers& numbers, std::size_t coordinates) {
  std::vector<std::int64_t> needed(numbers.count(), 0);
  for (auto& pixels : needed) {
    const auto trees = numbers.count();
    for (std::size_t i = 0; i < trees; ++i) pixels = std::max(pixels, pixels_needed(numbers, coordinates));
  }
  return needed;
}

// For each level, how many pixels there are: each lies beside one of the points.
std::vector<std::size_t> check_anchors(Numbers& numbers, std::size_t points) {
  std::vector<std::size_t> counts(numbers.count());
  for (auto& pixels : counts) {
    pixels = numbers.count();
    for (std::size_t i = 0; i < pixels; ++i) {
      const auto point = numbers.next();
      if (point < 0 || static_cast<std::size_t>(point) >= points) refuse("a pixel lies beside a point that is not there");
    }
  }
  return counts;
}

}  // namespace

void check_landmark_file(const std::string& bytes, unsigned long points) {
  Numbers numbers(bytes);
  if (numbers.next() != 1) refuse("its version is unknown");
  const auto coordinates = numbers.rows();
  if (coordinates != 2 * points) {
    throw Error(ErrorCode::model_corrupt,
                "the landmark model has " + std::to_string(coordinates / 2) + " points, not " + std::to_string(points));
  }
  check_mean_shape(numbers, coordinates);
  const auto needed = check_forests(numbers, coordinates);
  const auto anchors = check_anchors(numbers, points);
  if (anchors.size() != needed.size() || numbers.count() != needed.size()) refuse("its levels do not fit each other");
  for (std::size_t level = 0; level < needed.size(); ++level) {
    const auto pixels = numbers.count();
    if (pixels != anchors[level] || needed[level] > static_cast<std::int64_t>(pixels)) refuse("a tree needs more pixels");
    for (std::size_t i = 0; i < 2 * pixels; ++i) numbers.place();
  }
}

}  // namespace facededup
