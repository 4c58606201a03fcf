#include "landmark_file.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "dlib_bytes.hpp"
#include "error.hpp"

namespace facededup {
namespace {

// A place or a move, in sides of the face's box. What is far beyond any face would overflow dlib's coordinates.
float place(DlibBytes& bytes) {
  constexpr double farthest = 50;
  const auto value = bytes.real();
  bytes.require(std::fabs(value) <= farthest, "a point lies far from the face");
  return static_cast<float>(value);
}

// The size of a column of numbers, which is written as two negative numbers.
std::size_t rows_of_column(DlibBytes& bytes) {
  const auto rows = bytes.number();
  const auto columns = bytes.number();
  bytes.require(columns == -1 && rows <= 0 && static_cast<std::uint64_t>(-rows) <= bytes.left(), "a column has no size");
  return static_cast<std::size_t>(-rows);
}

// dlib measures by the mean shape, whose points must not lie all in one place.
void check_mean_shape(DlibBytes& bytes, std::size_t coordinates) {
  constexpr float least_spread = 0.01F;
  float least[] = {INFINITY, INFINITY};
  float most[] = {-INFINITY, -INFINITY};
  for (std::size_t i = 0; i < coordinates; ++i) {
    const auto coordinate = place(bytes);
    least[i % 2] = std::min(least[i % 2], coordinate);
    most[i % 2] = std::max(most[i % 2], coordinate);
  }
  if (std::max(most[0] - least[0], most[1] - least[1]) < least_spread) bytes.refuse("its points lie all in one place");
}

// Checks a tree and returns how many pixels it needs.
std::int64_t pixels_needed(DlibBytes& bytes, std::size_t coordinates) {
  std::int64_t needed = 0;
  const auto splits = bytes.count();
  for (std::size_t i = 0; i < splits; ++i) {
    for (int side = 0; side < 2; ++side) {
      const auto pixel = bytes.number();
      if (pixel < 0 || pixel == INT64_MAX) bytes.refuse("a split compares a pixel that cannot be");
      needed = std::max(needed, pixel + 1);
    }
    bytes.real();
  }
  const auto leaves = bytes.count();
  const bool is_full = leaves == splits + 1 && (leaves & splits) == 0;
  if (!is_full) bytes.refuse("a tree is not full");
  for (std::size_t i = 0; i < leaves; ++i) {
    if (rows_of_column(bytes) != coordinates) bytes.refuse("a leaf does not fit the points");
    for (std::size_t j = 0; j < coordinates; ++j) place(bytes);
  }
  return needed;
}

// For each level of the cascade, how many pixels its trees need.
std::vector<std::int64_t> check_forests(DlibBytes& bytes, std::size_t coordinates) {
  std::vector<std::int64_t> needed(bytes.count(), 0);
  for (auto& pixels : needed) {
    const auto trees = bytes.count();
    for (std::size_t i = 0; i < trees; ++i) pixels = std::max(pixels, pixels_needed(bytes, coordinates));
  }
  return needed;
}

// For each level, how many pixels there are: each lies beside one of the points.
std::vector<std::size_t> check_anchors(DlibBytes& bytes, std::size_t points) {
  std::vector<std::size_t> counts(bytes.count());
  for (auto& pixels : counts) {
    pixels = bytes.count();
    for (std::size_t i = 0; i < pixels; ++i) {
      const auto point = bytes.number();
      if (point < 0 || static_cast<std::size_t>(point) >= points) bytes.refuse("a pixel lies beside a point that is not there");
    }
  }
  return counts;
}

}  // namespace

void check_landmark_file(const std::string& file, unsigned long points) {
  DlibBytes bytes(file, "it is no landmark model");
  if (bytes.number() != 1) bytes.refuse("its version is unknown");
  const auto coordinates = rows_of_column(bytes);
  if (coordinates != 2 * points) {
    throw Error(ErrorCode::model_corrupt,
                "the landmark model has " + std::to_string(coordinates / 2) + " points, not " + std::to_string(points));
  }
  check_mean_shape(bytes, coordinates);
  const auto needed = check_forests(bytes, coordinates);
  const auto anchors = check_anchors(bytes, points);
  if (anchors.size() != needed.size() || bytes.count() != needed.size()) bytes.refuse("its levels do not fit each other");
  for (std::size_t level = 0; level < needed.size(); ++level) {
    const auto pixels = bytes.count();
    if (pixels != anchors[level] || needed[level] > static_cast<std::int64_t>(pixels)) bytes.refuse("a tree needs more pixels");
    for (std::size_t i = 0; i < 2 * pixels; ++i) place(bytes);
  }
}

}  // namespace facededup
