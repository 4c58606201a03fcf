// Reads dlib's serialized models from memory, and takes nothing but a whole one.
#pragma once

#include <dlib/serialize.h>

#include <istream>
#include <streambuf>
#include <string>

#include "error.hpp"

namespace facededup {

// An input stream over bytes that stay where they are; a std::istringstream would copy up to 100 MB.
class MemoryStreamBuffer : public std::streambuf {
 public:
  explicit MemoryStreamBuffer(const std::string& bytes) {
    auto* begin = const_cast<char*>(bytes.data());
    setg(begin, begin, begin + bytes.size());
  }
};

// `bytes`: looked through before, for dlib follows their counts unseen.
template <class Model>
void read_dlib_model(const std::string& bytes, Model& model) {
  MemoryStreamBuffer buffer(bytes);
  std::istream stream(&buffer);
  try {
    deserialize(model, stream);
  } catch (const dlib::serialization_error& e) {
    throw Error(ErrorCode::model_corrupt, std::string("dlib cannot read the model: ") + e.what());
  }
  if (stream.peek() != std::istream::traits_type::eof()) {
    throw Error(ErrorCode::model_corrupt, "bytes are left over at the end of the model");
  }
}

}  // namespace facededup
