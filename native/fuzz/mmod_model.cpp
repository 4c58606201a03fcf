// The bytes of dlib's MMOD face detector.
#include "../vision/mmod_detector.hpp"
#include "models.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace facededup;
  static const cv::Mat photo = fuzz::small_photo();
  fuzz::expect_answer_or_refusal([&] { MmodDetector(fuzz::text_of(data, size)).detect(photo, {0, 128, 0.0}, photo.total()); });
  return 0;
}
