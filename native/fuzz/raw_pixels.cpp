// Raw pixels of every layout, sized rightly and wrongly. The last bytes choose the layout and what is done.
#include "whole_way.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace facededup;
  FuzzedDataProvider given(data, size);
  RawImage photo{};
  photo.channels = given.PickValueInArray({1, 3, 4});
  photo.bytes_per_sample = given.PickValueInArray({1, 2});
  photo.order = given.ConsumeBool() ? ChannelOrder::rgb : ChannelOrder::bgr;
  const bool is_sized_rightly = given.ConsumeIntegralInRange(0, 15) != 0;
  photo.width = is_sized_rightly ? given.ConsumeIntegralInRange<std::uint64_t>(1, 256) : given.ConsumeIntegral<std::uint64_t>();
  photo.height = given.ConsumeIntegral<std::uint64_t>();
  const auto options = given.ConsumeBytes<std::uint8_t>(64);
  FuzzedDataProvider choices(options.data(), options.size());
  photo.samples = given.ConsumeRemainingBytes<std::uint8_t>();
  if (is_sized_rightly) {
    const auto row = photo.width * static_cast<std::uint64_t>(photo.channels * photo.bytes_per_sample);
    photo.height = photo.samples.size() / row;
    photo.samples.resize(photo.height * row);
  }
  fuzz::go_the_whole_way(photo, choices);
  return 0;
}
