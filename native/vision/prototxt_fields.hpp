// Reads protobuf's text format as a tree, as far as prototxts need it, and refuses the rest.
#pragma once

#include <string_view>
#include <vector>

namespace facededup {

struct PrototxtField;
using PrototxtFields = std::vector<PrototxtField>;

// `name: value`, or `name { fields }`. The views lie in the text that was read.
struct PrototxtField {
  std::string_view name;
  // As written, with its quotes if it is a string; empty where there are fields.
  std::string_view value;
  PrototxtFields fields;
};

// A list, `dim: [1, 3]`, is read as that many fields. Protobuf reads more than this: escapes in strings, strings in
// pieces, extensions. No prototxt needs them, and what is understood only by OpenCV could not be checked before it.
// Throws model_corrupt.
PrototxtFields read_prototxt(std::string_view text);

// The content of a string; nothing if the value is of another kind.
std::string_view prototxt_string(std::string_view value);

}  // namespace facededup
