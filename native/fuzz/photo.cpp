// Encoded photos of any kind, through decoding, detection, landmarks and chips.
#include <algorithm>

#include "whole_way.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace facededup;
  // The last bytes choose what is done. They are the photo's as well, so that any photo is a seed as it is.
  const auto chosen_by = std::min<std::size_t>(size, 64);
  FuzzedDataProvider choices(data + size - chosen_by, chosen_by);
  fuzz::go_the_whole_way(EncodedImage{{data, data + size}}, choices);
  return 0;
}
