#include "whole_way.hpp"

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include "../test/small_models.hpp"
#include "../vision/drawing.hpp"
#include "../vision/lane.hpp"
#include "../vision/thumbnail.hpp"

namespace facededup::fuzz {
namespace {

std::unique_ptr<Lane> make_lane() {
  auto shelf = std::make_shared<ModelShelf>();
  shelf->load_ssd(test::small_ssd());
  shelf->load_landmarks(LandmarkKind::small, test::small_landmark_model(5));
  shelf->load_landmarks(LandmarkKind::large, test::small_landmark_model(68));
  return std::make_unique<Lane>(shelf, max_pixels);
}

// The numbers within the ranges that the library lets through (lib/config.ts, lib/detections.ts).

std::vector<Box> boxes_from(FuzzedDataProvider& choices) {
  std::vector<Box> boxes(choices.ConsumeIntegralInRange<std::size_t>(1, 3));
  const bool near = choices.ConsumeBool();
  const double largest = near ? 300 : 1e7;
  for (auto& box : boxes) {
    const auto place = [&] { return choices.ConsumeFloatingPointInRange<double>(-largest, largest); };
    const auto side = [&] { return choices.ConsumeFloatingPointInRange<double>(0, largest); };
    box = {place(), place(), side(), side()};
  }
  return boxes;
}

DetectOptions detection_from(FuzzedDataProvider& choices) {
  return {choices.ConsumeIntegralInRange(0, 3) == 0 ? DetectorKind::hog : DetectorKind::ssd,
          choices.ConsumeIntegralInRange(0, 1),
          160,
          1,
          choices.ConsumeFloatingPointInRange<double>(0, 1),
          choices.ConsumeFloatingPointInRange<double>(0, 1),
          choices.ConsumeBool()};
}

FaceOptions faces_from(FuzzedDataProvider& choices) {
  FaceOptions options{detection_from(choices), {}, LandmarkKind::small, Alignment::box};
  if (choices.ConsumeBool()) options.boxes = boxes_from(choices);
  if (choices.ConsumeBool()) options.landmarks = LandmarkKind::large;
  if (choices.ConsumeBool()) options.alignment = Alignment::refined;
  return options;
}

ChipOptions chips_from(FuzzedDataProvider& choices) {
  return {faces_from(choices), choices.ConsumeIntegralInRange(16, 64), choices.ConsumeFloatingPointInRange<double>(0, 4),
          choices.PickValueInArray({ChipFormat::png, ChipFormat::jpeg, ChipFormat::raw})};
}

Detections detections_from(FuzzedDataProvider& choices) {
  Detections detections;
  for (const auto& box : boxes_from(choices)) detections.push_back({box, choices.ConsumeFloatingPoint<double>()});
  return detections;
}

void run_verb(Lane& lane, const ImageSource& photo, FuzzedDataProvider& choices) {
  switch (choices.ConsumeIntegralInRange(0, 4)) {
    case 0: lane.extract(photo, chips_from(choices), Cancellation()); return;
    case 1: lane.detect(photo, detection_from(choices), Cancellation()); return;
    case 2: lane.locate_landmarks(photo, {boxes_from(choices), LandmarkKind::small}, Cancellation()); return;
    case 3: make_thumbnail(photo, choices.ConsumeIntegralInRange(16, 200), max_pixels); return;
    default: draw_detections(photo, detections_from(choices), max_pixels);
  }
}

// Nobody but a bug can cause these on a photo.
bool is_expected(ErrorCode code) {
  switch (code) {
    case ErrorCode::photo_not_an_image:
    case ErrorCode::photo_truncated:
    case ErrorCode::photo_corrupt:
    case ErrorCode::photo_too_large:
    case ErrorCode::raw_image_invalid:
    case ErrorCode::box_outside_photo: return true;
    default: return false;
  }
}

}  // namespace

void go_the_whole_way(const ImageSource& photo, FuzzedDataProvider& choices) {
  static const auto lane = make_lane();
  try {
    run_verb(*lane, photo, choices);
  } catch (...) {
    const auto error = current_error();
    if (is_expected(error.code())) return;
    std::fprintf(stderr, "A photo met %s: %s\n", name_of(error.code()), error.what());
    std::abort();
  }
}

}  // namespace facededup::fuzz
