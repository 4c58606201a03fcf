#include "dlib_bytes.hpp"

#include <cmath>
#include <cstring>

#include "error.hpp"

namespace facededup {
namespace {

std::uint32_t bits_of_float(const unsigned char* bytes) {
  return bytes[0] | bytes[1] << 8 | bytes[2] << 16 | static_cast<std::uint32_t>(bytes[3]) << 24;
}

}  // namespace

void DlibBytes::refuse(const std::string& reason) const { throw Error(ErrorCode::model_corrupt, complaint_ + ": " + reason); }

const unsigned char* DlibBytes::take(std::size_t count) {
  if (count > left()) refuse("it ends too early");
  const auto* taken = reinterpret_cast<const unsigned char*>(bytes_.data()) + at_;
  at_ += count;
  return taken;
}

unsigned DlibBytes::byte() { return *take(1); }

// dlib's format of whole numbers (dlib/serialize.h): a byte with the sign and the count of bytes, then these, lowest first.
std::int64_t DlibBytes::number() {
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

std::size_t DlibBytes::count() {
  const auto value = number();
  if (value < 0 || static_cast<std::uint64_t>(value) > left() / 2) refuse("it claims more than it has");
  return static_cast<std::size_t>(value);
}

// A mantissa and an exponent.
double DlibBytes::real() {
  // Beyond any that a double has. Infinity and what is no number have larger ones, and dlib keeps two bytes of it.
  constexpr std::int64_t largest = 2000;
  const auto mantissa = static_cast<double>(number());
  const auto exponent = number();
  if (exponent > largest || exponent < -largest) refuse("a number is not finite");
  const double value = std::ldexp(mantissa, static_cast<int>(exponent));
  if (!std::isfinite(value)) refuse("a number is not finite");
  return value;
}

bool DlibBytes::flag() {
  const auto value = byte();
  if (value != '0' && value != '1') refuse("it has something other than yes and no");
  return value == '1';
}

std::string_view DlibBytes::text() {
  const auto length = number();
  if (length < 0 || static_cast<std::uint64_t>(length) > left()) refuse("it claims more than it has");
  return {reinterpret_cast<const char*>(take(static_cast<std::size_t>(length))), static_cast<std::size_t>(length)};
}

DlibBytes::Floats DlibBytes::floats(std::size_t count) {
  constexpr std::uint32_t not_finite = 0x7F800000;
  if (count > left() / sizeof(float)) refuse("it claims more than it has");
  const auto* bytes = take(count * sizeof(float));
  for (std::size_t i = 0; i < count; ++i) {
    if ((bits_of_float(bytes + sizeof(float) * i) & not_finite) == not_finite) refuse("a number is not finite");
  }
  return {bytes, count};
}

float DlibBytes::Floats::operator[](std::size_t index) const {
  const auto bits = bits_of_float(bytes_ + sizeof(float) * index);
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

}  // namespace facededup
