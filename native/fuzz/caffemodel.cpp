// Caffemodel bytes beside a sound prototxt.
#include "../test/small_models.hpp"
#include "models.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace facededup;
  static const cv::Mat photo = fuzz::small_photo();
  fuzz::expect_answer_or_refusal([&] {
    auto model = test::small_normalised_ssd(3);
    model.weights = fuzz::text_of(data, size);
    SsdDetector(model).detect(photo, 0.1, 0.4);
  });
  return 0;
}
