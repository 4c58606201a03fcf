// The seam between OpenCV and dlib: views without copies, and boxes both ways.
#pragma once

// OpenCV first: dlib's headers bring names that clash with OpenCV's macros otherwise.
#include <opencv2/core.hpp>

#include <dlib/geometry/rectangle.h>
#include <dlib/opencv/cv_image.h>
#include <dlib/pixel.h>

#include "detection.hpp"

namespace facededup {

using DlibImage = dlib::cv_image<dlib::bgr_pixel>;

// dlib's rectangles include their right and bottom pixels; a Box holds left, top, right − left, bottom − top.
inline Box box_of(const dlib::rectangle& rectangle) {
  return {static_cast<double>(rectangle.left()), static_cast<double>(rectangle.top()),
          static_cast<double>(rectangle.right() - rectangle.left()), static_cast<double>(rectangle.bottom() - rectangle.top())};
}

// Corners are rounded to whole pixels. Throws box_outside_photo when no pixel of the image lies within the box.
dlib::rectangle rectangle_of(const Box& box, const cv::Size& image);

}  // namespace facededup
