// Model files that are cut, damaged or made to mislead: refused, or of use.
#include <dlib/image_processing/shape_predictor.h>

#include <cmath>
#include <cstddef>
#include <functional>
#include <sstream>
#include <string>
#include <vector>

#include "../vision/landmarks.hpp"
#include "checks.hpp"
#include "small_models.hpp"
#include "tests.hpp"

namespace facededup::test {
namespace {

using Tree = dlib::impl::regression_tree;
using Pixels = std::vector<dlib::vector<float, 2>>;

using Column = dlib::matrix<float, 0, 1>;

Column column(long rows) {
  Column numbers(rows);
  for (long i = 0; i < rows; ++i) numbers(i) = 0.1F * static_cast<float>(i);
  return numbers;
}

Tree sound_tree() { return {{{0, 1, 10.0F}}, {column(10), column(10)}}; }

std::string landmark_model(const Tree& tree, const Column& shape = column(10)) {
  std::ostringstream bytes;
  serialize(dlib::shape_predictor(shape, {{tree}}, {Pixels(2)}), bytes);
  return bytes.str();
}

bool is_refused(const std::string& bytes) {
  return fails_with(ErrorCode::model_corrupt, [&] { LandmarkModel(bytes, 5); });
}

// Whether it is refused or finds points.
bool is_harmless(const std::string& bytes) {
  const cv::Mat photo(60, 80, CV_8UC3, cv::Scalar::all(90));
  try {
    return LandmarkModel(bytes, 5).locate(photo, {10, 10, 40, 40}).num_parts() == 5;
  } catch (const Error& e) {
    return e.code() == ErrorCode::model_corrupt;
  }
}

bool are_all_cuts(const std::string& bytes, const std::function<bool(const std::string&)>& property) {
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    if (!property(bytes.substr(0, length))) return false;
  }
  return true;
}

bool is_all_damage(const std::string& bytes, const std::function<bool(const std::string&)>& property) {
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (const int flipped : {0x01, 0x80, 0xFF}) {
      auto damaged = bytes;
      damaged[at] = static_cast<char>(damaged[at] ^ flipped);
      if (!property(damaged)) return false;
    }
  }
  return true;
}

void test_landmark_models() {
  const auto sound = landmark_model(sound_tree());
  check(is_harmless(sound) && !is_refused(sound), "a sound landmark model is read");
  check(fails_with(ErrorCode::model_corrupt, [&] { LandmarkModel(sound, 68); }), "5 points are not 68");
  check(is_refused(sound + "x"), "bytes left over are refused");
  check(are_all_cuts(sound, is_refused), "a landmark model cut at any byte is refused");
  check(is_all_damage(sound, is_harmless), "a landmark model with any byte damaged is harmless");

  auto far = sound_tree();
  far.splits[0].idx2 = 2;
  check(is_refused(landmark_model(far)), "a tree that compares a pixel beyond the last is refused");
  auto lopsided = sound_tree();
  lopsided.splits.push_back({0, 1, 1.0F});
  lopsided.leaf_values.push_back(column(10));
  check(is_refused(landmark_model(lopsided)), "a tree that is not full is refused");
  auto leafless = sound_tree();
  leafless.leaf_values.pop_back();
  check(is_refused(landmark_model(leafless)), "a tree with too few leaves is refused");
  auto narrow = sound_tree();
  narrow.leaf_values[1] = column(8);
  check(is_refused(landmark_model(narrow)), "a leaf of too few numbers is refused");
  auto distant = sound_tree();
  distant.leaf_values[0](3) = 1e30F;
  check(is_refused(landmark_model(distant)), "a leaf that moves a point out of all bounds is refused");
  auto none = sound_tree();
  none.leaf_values[0](3) = NAN;
  check(is_refused(landmark_model(none)), "a leaf that is no number is refused");
  // In the place of the first point's zero: 2⁶², and an exponent that dlib takes for 1 where it is -65535.
  const std::string folded("\x08\x00\x00\x00\x00\x00\x00\x00\x40\x82\xFF\xFF", 12);
  check(is_refused(sound.substr(0, 6) + folded + sound.substr(10)), "an exponent larger than dlib keeps is refused");
  check(is_refused(landmark_model(sound_tree(), dlib::uniform_matrix<float>(10, 1, 0.5F))),
        "points that lie all in one place are refused");
  check(is_refused(std::string("\x01\x01\x01\xF6\x01\xFF", 6)), "a column that claims more than there is is refused");
}

void test_caffemodels() {
  const auto is_harmless_network = [](const std::string& weights) {
    auto model = small_ssd();
    model.weights = weights;
    try {
      SsdDetector(model).detect(cv::Mat::zeros(48, 64, CV_8UC3), 0.5, 0.4);
      return true;
    } catch (const Error& e) {
      return e.code() == ErrorCode::model_corrupt;
    }
  };
  check(are_all_cuts(small_caffemodel(), is_harmless_network), "a caffemodel cut at any byte is harmless");
  SsdDetector(small_normalised_ssd(3));
  for (const std::size_t channels : {1, 2, 4}) {
    check(fails_with(ErrorCode::model_corrupt, [&] { SsdDetector(small_normalised_ssd(channels)); }),
          "statistics of " + std::to_string(channels) + " channels are refused for a photo's three");
  }
}

}  // namespace

void test_model_files() {
  test_landmark_models();
  test_caffemodels();
}

}  // namespace facededup::test
