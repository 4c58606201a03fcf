// The bytes of dlib's shape predictors.
#include "../vision/face_encoder.hpp"
#include "../vision/landmarks.hpp"
#include "models.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace facededup;
  static const cv::Mat photo = fuzz::small_photo();
  fuzz::expect_answer_or_refusal([&] {
    const LandmarkModel model(fuzz::text_of(data, size), 5);
    extract_face_chip(photo, model.locate_refined(photo, {20, 20, 60, 60}), 32);
  });
  return 0;
}
