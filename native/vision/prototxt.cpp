#include "prototxt.hpp"

#include <charconv>
#include <optional>
#include <string>
#include <vector>

#include "error.hpp"

namespace facededup {
namespace {

bool is_word(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

// Protobuf's text format, as far as field names and whole numbers go: comments and strings are skipped.
class Tokens {
 public:
  explicit Tokens(std::string_view text) : text_(text) {}

  // A word, or one sign as a token of its own; nothing at the end.
  std::string_view next() {
    skip_blank();
    if (at_ == text_.size()) return {};
    const std::size_t start = at_;
    if (text_[at_] == '"' || text_[at_] == '\'') {
      skip_string(text_[at_]);
    } else if (is_word(text_[at_])) {
      while (at_ < text_.size() && is_word(text_[at_])) ++at_;
    } else {
      ++at_;
    }
    return text_.substr(start, at_ - start);
  }

 private:
  void skip_blank() {
    while (at_ < text_.size()) {
      if (text_[at_] == '#') {
        while (at_ < text_.size() && text_[at_] != '\n') ++at_;
      } else if (text_[at_] == ' ' || (text_[at_] >= '\t' && text_[at_] <= '\r')) {
        ++at_;
      } else {
        return;
      }
    }
  }

  void skip_string(char quote) {
    for (++at_; at_ < text_.size() && text_[at_] != quote; ++at_) {
      if (text_[at_] == '\\') ++at_;
    }
    at_ = std::min(at_ + 1, text_.size());
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

std::optional<int> number(std::string_view token) {
  int value = 0;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), value);
  if (error != std::errc() || end != token.data() + token.size()) return std::nullopt;
  return value;
}

}  // namespace

cv::Size prototxt_input_size(std::string_view prototxt) {
  // Only inputs carry these field names, so their nesting need not be followed.
  constexpr std::size_t nchw = 4;
  constexpr int largest_side = 4096;
  std::vector<int> shape;
  Tokens tokens(prototxt);
  for (auto token = tokens.next(); !token.empty() && shape.size() < nchw; token = tokens.next()) {
    if (token != "dim" && token != "input_dim") continue;
    if (tokens.next() != ":") continue;
    // `dim: 3`, or the short list `dim: [1, 3, 300, 300]`.
    auto value = tokens.next();
    const bool is_list = value == "[";
    if (is_list) value = tokens.next();
    for (; !value.empty() && value != "]"; value = tokens.next()) {
      if (const auto side = number(value)) shape.push_back(*side);
      if (!is_list) break;
    }
  }
  if (shape.size() < nchw) {
    throw Error(ErrorCode::model_corrupt, "the prototxt does not give the size of its input as four dimensions");
  }
  const auto usable = [](int side) { return side >= 1 && side <= largest_side; };
  if (shape[1] != 3 || !usable(shape[2]) || !usable(shape[3])) {
    throw Error(ErrorCode::model_corrupt, "the prototxt's input is " + std::to_string(shape[0]) + "×" + std::to_string(shape[1]) +
                                              "×" + std::to_string(shape[2]) + "×" + std::to_string(shape[3]) +
                                              ", not N×3×height×width with sides of 1 to " + std::to_string(largest_side));
  }
  return {shape[3], shape[2]};
}

std::string with_layer_type(std::string_view prototxt, std::string_view type, std::string_view replacement) {
  std::string result;
  std::size_t copied = 0;
  Tokens tokens(prototxt);
  for (auto token = tokens.next(); !token.empty(); token = tokens.next()) {
    if (token != "type" || tokens.next() != ":") continue;
    const auto value = tokens.next();
    const bool is_string = value.size() >= 2 && (value[0] == '"' || value[0] == '\'');
    if (!is_string || value.substr(1, value.size() - 2) != type) continue;
    const auto start = static_cast<std::size_t>(value.data() - prototxt.data()) + 1;
    result.append(prototxt, copied, start - copied).append(replacement);
    copied = start + type.size();
  }
  return result.append(prototxt, copied);
}

}  // namespace facededup
