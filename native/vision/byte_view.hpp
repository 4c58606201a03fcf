// A bounds-checked look at bytes from outside.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "error.hpp"

namespace facededup {

class ByteView {
 public:
  ByteView(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}

  std::size_t size() const { return size_; }

  std::uint8_t u8(std::size_t at) const { return *need(at, 1); }
  std::uint16_t u16be(std::size_t at) const {
    const auto* p = need(at, 2);
    return static_cast<std::uint16_t>(p[0] << 8 | p[1]);
  }
  std::uint16_t u16le(std::size_t at) const {
    const auto* p = need(at, 2);
    return static_cast<std::uint16_t>(p[1] << 8 | p[0]);
  }
  std::uint32_t u24le(std::size_t at) const {
    const auto* p = need(at, 3);
    return p[0] | p[1] << 8 | static_cast<std::uint32_t>(p[2]) << 16;
  }
  std::uint32_t u32be(std::size_t at) const { return static_cast<std::uint32_t>(u16be(at)) << 16 | u16be(at + 2); }
  std::uint32_t u32le(std::size_t at) const { return static_cast<std::uint32_t>(u16le(at + 2)) << 16 | u16le(at); }

  bool has(std::size_t at, const char* tag, std::size_t length) const {
    return at <= size_ && length <= size_ - at && std::memcmp(data_ + at, tag, length) == 0;
  }

  // The part from `at`, `length` bytes or as many as there are.
  ByteView part(std::size_t at, std::size_t length) const {
    if (at >= size_) return {data_, 0};
    return {data_ + at, length < size_ - at ? length : size_ - at};
  }

 private:
  const std::uint8_t* need(std::size_t at, std::size_t length) const {
    if (at > size_ || length > size_ - at) {
      throw Error(ErrorCode::photo_truncated, "the file ends inside its header");
    }
    return data_ + at;
  }

  const std::uint8_t* data_;
  std::size_t size_;
};

}  // namespace facededup
