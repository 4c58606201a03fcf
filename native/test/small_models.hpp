// Models made by code, small enough to be read and run in a moment.
#pragma once

#include <cstddef>
#include <string>

#include "../vision/ssd_detector.hpp"

namespace facededup::test {

// dlib::shape_predictor bytes: `points` points on a grid in the box, moved a little by what the photo shows.
std::string small_landmark_model(unsigned long points);

constexpr int small_ssd_width = 64;
constexpr int small_ssd_height = 48;

std::string small_prototxt();
std::string small_caffemodel();

// Finds a face in each bright cell of 16×16 pixels of its input.
SsdModel small_ssd();

// The same with a photo that is normalised first, by the statistics of that many channels.
SsdModel small_normalised_ssd(std::size_t channels);

}  // namespace facededup::test
