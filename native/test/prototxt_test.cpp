// What is read out of prototxts, and what is refused.
#include "../vision/prototxt.hpp"

#include <string>

#include "checks.hpp"
#include "small_models.hpp"
#include "tests.hpp"

namespace facededup::test {
namespace {

bool is_refused(const std::string& prototxt) {
  return fails_with(ErrorCode::model_corrupt, [&] { prototxt_input_size(prototxt); });
}

}  // namespace

void test_prototxt() {
  const cv::Size expected(64, 48);
  check(prototxt_input_size("input_dim: 1 input_dim: 3 input_dim: 48 input_dim: 64") == expected, "input_dim, four times");
  check(prototxt_input_size("input_shape { dim: 1 dim: 3 dim: 48 dim: 64 }") == expected, "input_shape");
  check(prototxt_input_size("shape { dim: [1, 3, 48, 64] }") == expected, "the short form of a list");
  check(prototxt_input_size("# dim: 9\nname: \"dim: 9\" dim: 1 dim: 3 dim: 48 dim: 64") == expected,
        "comments and strings are passed over");
  for (const char* wrong : {"", "dim: 1 dim: 3 dim: 48", "dim: 1 dim: 4 dim: 48 dim: 64", "dim: 1 dim: 3 dim: 48 dim: 4097",
                            "dim: 1 dim: 3 dim: 48 dim: 0", "dim: 1 dim: 3 dim: 48 dim: 99999999999", "dim: \"", "dim: ["}) {
    check(is_refused(wrong), std::string("refused: ") + wrong);
  }
  check(with_layer_type("type: \"A\" name: \"A\" type: 'A' # type: \"A\"", "A", "Bcd") ==
            "type: \"Bcd\" name: \"A\" type: 'Bcd' # type: \"A\"",
        "layers of a type get another one, and nothing else does");

  const auto prototxt = small_prototxt();
  bool are_cuts_harmless = true;
  for (std::size_t length = 0; length < prototxt.size(); ++length) {
    const auto cut = prototxt.substr(0, length);
    are_cuts_harmless &= with_layer_type(cut, "Convolution", "Other").size() <= prototxt.size();
    are_cuts_harmless &= is_refused(cut) || prototxt_input_size(cut).width <= 64;
  }
  check(are_cuts_harmless, "a prototxt cut at any byte is harmless");
}

}  // namespace facededup::test
