// Looks through a serialized dlib::shape_predictor before dlib, which follows its counts and indices unseen.
#pragma once

#include <string>

namespace facededup {

// Throws model_corrupt unless every count fits the bytes that are there, every tree has a leaf for each way through it,
// every index points at something, no place is far from the face, and there are `points` points.
void check_landmark_file(const std::string& file, unsigned long points);

}  // namespace facededup
