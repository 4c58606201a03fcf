// Boxes and detections, in pixels of the upright image.
#pragma once

#include <vector>

namespace facededup {

struct Box {
  double x;
  double y;
  double width;
  double height;
};

struct Detection {
  Box box;
  double confidence;
};

using Detections = std::vector<Detection>;

}  // namespace facededup
