#include "dlib_image.hpp"

#include <cmath>
#include <string>

#include "error.hpp"

namespace facededup {

dlib::rectangle rectangle_of(const Box& box, const cv::Size& image) {
  const bool touches = box.x < image.width && box.y < image.height && box.x + box.width >= 0 && box.y + box.height >= 0;
  if (!touches) {
    throw Error(ErrorCode::box_outside_photo, "no part of the box at (" + std::to_string(std::llround(box.x)) + ", " +
                                                  std::to_string(std::llround(box.y)) + ") lies within the photo's " +
                                                  std::to_string(image.width) + "×" + std::to_string(image.height) + " pixels");
  }
  return {std::lround(box.x), std::lround(box.y), std::lround(box.x + box.width), std::lround(box.y + box.height)};
}

}  // namespace facededup
