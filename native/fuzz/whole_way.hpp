// What photos go through in the fuzz targets: every verb of a lane, on small models.
#pragma once

#include <fuzzer/FuzzedDataProvider.h>

#include "../vision/image.hpp"

namespace facededup::fuzz {

// The target's bound on a photo: a run on more would only be slower.
constexpr std::uint64_t max_pixels = 160 * 160;

// One verb, chosen and described by bytes that `choices` has. Ends the process where the photo meets anything but an
// answer or an error of its own.
void go_the_whole_way(const ImageSource& photo, FuzzedDataProvider& choices);

}  // namespace facededup::fuzz
