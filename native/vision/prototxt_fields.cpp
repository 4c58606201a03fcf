#include "prototxt_fields.hpp"

#include <algorithm>
#include <cstddef>
#include <string>

#include "error.hpp"

namespace facededup {
namespace {

// Prototxts nest four deep.
constexpr int deepest = 16;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  PrototxtFields whole() { return fields('\0', 0); }

 private:
  PrototxtFields fields(char end, int depth) {
    if (depth > deepest) fail("it nests too deep");
    PrototxtFields found;
    while (peek() != end) {
      const auto name = word();
      const bool has_colon = skip(':');
      if (skip('{')) {
        found.push_back({name, {}, fields('}', depth + 1)});
      } else if (skip('<')) {
        found.push_back({name, {}, fields('>', depth + 1)});
      } else if (!has_colon) {
        fail("a colon or a brace is missing after '" + std::string(name) + "'");
      } else if (skip('[')) {
        list(name, found);
      } else {
        found.push_back({name, value(), {}});
      }
      if (!skip(',')) skip(';');
    }
    if (end != '\0') ++at_;
    return found;
  }

  void list(std::string_view name, PrototxtFields& found) {
    if (skip(']')) return;
    do {
      found.push_back({name, value(), {}});
    } while (skip(','));
    if (!skip(']')) fail("the end of a list is missing");
  }

  std::string_view word() {
    const auto start = at_;
    if (!is_letter(peek())) fail("the name of a field is missing");
    while (at_ < text_.size() && (is_letter(text_[at_]) || is_digit(text_[at_]))) ++at_;
    return text_.substr(start, at_ - start);
  }

  std::string_view value() {
    const char first = peek();
    if (first == '"' || first == '\'') return string(first);
    const auto start = at_;
    const auto belongs = [](char c) { return is_letter(c) || is_digit(c) || c == '-' || c == '+' || c == '.'; };
    while (at_ < text_.size() && belongs(text_[at_])) ++at_;
    if (at_ == start) fail("a value is missing");
    return text_.substr(start, at_ - start);
  }

  std::string_view string(char quote) {
    const auto start = at_;
    for (++at_; at_ < text_.size() && text_[at_] != quote; ++at_) {
      if (text_[at_] == '\\' || text_[at_] == '\n') fail("a string holds a backslash or a line's end");
    }
    if (at_ == text_.size()) fail("the end of a string is missing");
    ++at_;
    return text_.substr(start, at_ - start);
  }

  bool skip(char sign) {
    if (peek() != sign) return false;
    ++at_;
    return true;
  }

  // The next character that is neither blank nor in a comment; at the end, a zero.
  char peek() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (c == ' ' || (c >= '\t' && c <= '\r')) {
        ++at_;
      } else if (c == '\0') {
        fail("it holds a zero byte");
      } else {
        return c;
      }
    }
    return '\0';
  }

  [[noreturn]] void fail(const std::string& what) const {
    const auto line = 1 + std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(at_), '\n');
    throw Error(ErrorCode::model_corrupt, "the prototxt cannot be read: " + what + ", in line " + std::to_string(line));
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

PrototxtFields read_prototxt(std::string_view text) { return Reader(text).whole(); }

std::string_view prototxt_string(std::string_view value) {
  const bool is_string = value.size() >= 2 && (value.front() == '"' || value.front() == '\'');
  return is_string ? value.substr(1, value.size() - 2) : std::string_view();
}

}  // namespace facededup
