// The bytes of dlib's face recognition ResNet.
#include "../vision/face_encoder.hpp"
#include "models.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace facededup;
  const auto kind = size > 0 && data[size - 1] % 2 == 0 ? EncoderKind::dnn : EncoderKind::dlib;
  fuzz::expect_answer_or_refusal([&] { EncoderModel(fuzz::text_of(data, size), kind, {"opencv", "cpu"}); });
  return 0;
}
