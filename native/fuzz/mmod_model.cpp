// The bytes of dlib's MMOD face detector, the numbers left out.
#include "../test/dlib_networks.hpp"
#include "../vision/mmod_detector.hpp"
#include "models.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace facededup;
  static const test::Skeleton skeleton(test::whole_mmod());
  static const cv::Mat photo = fuzz::small_photo();
  fuzz::expect_answer_or_refusal([&] {
    MmodDetector(skeleton.filled(fuzz::text_of(data, size))).detect(photo, {0, 128, 0.0}, photo.total());
  });
  return 0;
}
