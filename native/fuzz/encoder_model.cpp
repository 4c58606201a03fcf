// The bytes of dlib's face recognition ResNet, the numbers left out.
#include "../test/dlib_networks.hpp"
#include "../vision/face_encoder.hpp"
#include "models.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace facededup;
  static const test::Skeleton skeleton(test::whole_resnet());
  const auto kind = size > 0 && data[size - 1] % 2 == 0 ? EncoderKind::dnn : EncoderKind::dlib;
  fuzz::expect_answer_or_refusal([&] { EncoderModel(skeleton.filled(fuzz::text_of(data, size)), kind, {"opencv", "cpu"}); });
  return 0;
}
