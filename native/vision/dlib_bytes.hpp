// Reads what dlib::serialize writes, value by value, from bytes that nobody has looked at yet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace facededup {

// Every call throws model_corrupt where the bytes hold no such value.
class DlibBytes {
 public:
  // `complaint` opens the message of what is thrown: "it is no landmark model".
  DlibBytes(const std::string& bytes, std::string complaint) : bytes_(bytes), complaint_(std::move(complaint)) {}

  [[noreturn]] void refuse(const std::string& reason) const;
  void require(bool holds, const char* reason) const {
    if (!holds) refuse(reason);
  }

  std::int64_t number();

  // How many of something follow, each of at least two bytes.
  std::size_t count();

  // A finite floating point number.
  double real();

  bool flag();
  std::string_view text();
  unsigned byte();

  // That many floats of four bytes, each of them finite. The view ends with the bytes that are read.
  class Floats {
   public:
    Floats(const unsigned char* bytes, std::size_t count) : bytes_(bytes), count_(count) {}
    std::size_t count() const { return count_; }
    float operator[](std::size_t index) const;

   private:
    const unsigned char* bytes_;
    std::size_t count_;
  };
  Floats floats(std::size_t count);

  std::size_t size() const { return bytes_.size(); }
  std::size_t left() const { return bytes_.size() - at_; }

 private:
  const unsigned char* take(std::size_t count);

  const std::string& bytes_;
  const std::string complaint_;
  std::size_t at_ = 0;
};

}  // namespace facededup
