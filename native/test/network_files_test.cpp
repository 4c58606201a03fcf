// Files of dlib's networks that are cut, damaged or whose layers contradict each other: refused, or of use.
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "../vision/face_encoder.hpp"
#include "../vision/mmod_detector.hpp"
#include "checks.hpp"
#include "dlib_networks.hpp"
#include "tests.hpp"

namespace facededup::test {
namespace {

std::string number(std::int64_t value) {
  std::string bytes;
  auto magnitude = static_cast<std::uint64_t>(value < 0 ? -value : value);
  do bytes.push_back(static_cast<char>(magnitude & 0xFF));
  while ((magnitude >>= 8) > 0);
  return static_cast<char>(bytes.size() | (value < 0 ? 0x80 : 0)) + bytes;
}

// As dlib writes numbers that are none, mantissa and exponent.
std::string infinity() { return number(0) + number(32000); }

std::string tensor(std::int64_t channels, float value) {
  std::string bytes = number(2) + number(1) + number(channels) + number(1) + number(1);
  std::string filler(sizeof value, '\0');
  std::memcpy(filler.data(), &value, sizeof value);
  for (std::int64_t i = 0; i < channels; ++i) bytes += filler;
  return bytes;
}

// Finds its way through a file and changes it where it stands.
class Editor {
 public:
  explicit Editor(std::string file) : file_(std::move(file)) {}

  // Right behind the name of the next layer of that kind.
  Editor& to(const std::string& kind) {
    at_ = file_.find(number(static_cast<std::int64_t>(kind.size())) + kind, at_) + 2 + kind.size();
    return *this;
  }

  Editor& skip_numbers(int count) {
    for (int i = 0; i < count; ++i) at_ += length_of_number();
    return *this;
  }

  Editor& skip_bytes(std::size_t count) {
    at_ += count;
    return *this;
  }

  Editor& skip_tensor() {
    skip_numbers(1);
    std::int64_t count = 1;
    for (int i = 0; i < 4; ++i) count *= take_number();
    return skip_bytes(static_cast<std::size_t>(count) * sizeof(float));
  }

  std::string with_number(std::int64_t value) const { return with_numbers(1, number(value)); }

  // The next ones replaced.
  std::string with_numbers(int count, const std::string& bytes) const {
    Editor after = *this;
    after.skip_numbers(count);
    return with_bytes(after.at_ - at_, bytes);
  }

  std::string with_bytes(std::size_t count, const std::string& bytes) const {
    auto file = file_;
    return file.replace(at_, count, bytes);
  }

  std::string cut_here() const { return file_.substr(0, at_); }

  std::size_t place() const { return at_; }

 private:
  std::size_t length_of_number() const { return 1 + (static_cast<unsigned char>(file_[at_]) & 0x0F); }

  std::int64_t take_number() {
    std::int64_t value = 0;
    for (auto i = length_of_number() - 1; i > 0; --i) value = value << 8 | static_cast<unsigned char>(file_[at_ + i]);
    skip_numbers(1);
    return value;
  }

  std::string file_;
  std::size_t at_ = 0;
};

bool is_refused_resnet(const std::string& bytes) {
  return fails_with(ErrorCode::model_corrupt, [&] { DlibResnet network(bytes); });
}

bool is_refused_mmod(const std::string& bytes) {
  return fails_with(ErrorCode::model_corrupt, [&] { MmodDetector detector(bytes); });
}

bool detects_with(const std::string& bytes) {
  const cv::Mat photo(40, 40, CV_8UC3, cv::Scalar::all(90));
  MmodDetector(bytes).detect(photo, {0, 40, 0.0}, photo.total());
  return true;
}

bool is_harmless_mmod(const std::string& bytes) {
  try {
    return detects_with(bytes);
  } catch (const Error& e) {
    return e.code() == ErrorCode::model_corrupt;
  }
}

bool is_harmless_damage(const Skeleton& skeleton, std::size_t least, std::size_t end) {
  for (std::size_t at = least; at < end; ++at) {
    for (const int flipped : {0x01, 0x80, 0xFF}) {
      auto damaged = skeleton.bytes();
      damaged[at] = static_cast<char>(damaged[at] ^ flipped);
      if (!is_harmless_mmod(skeleton.filled(damaged))) return false;
    }
  }
  return true;
}

void test_convolutions(const std::string& mmod) {
  const auto first = [&] { return Editor(mmod).to("con_5"); };
  check(is_refused_mmod(first().skip_numbers(1).with_number(-1)), "a tensor of fewer than no numbers is refused");
  check(is_refused_mmod(first().skip_numbers(1).with_number(INT64_MAX)), "a tensor of more numbers than there are is refused");
  check(is_refused_mmod(first().skip_numbers(1).with_numbers(4, number(1LL << 32) + number(1LL << 32) + number(1) + number(1))),
        "a tensor whose size overflows is refused");
  const std::string not_finite("\x00\x00\xC0\x7F", sizeof(float));
  check(is_refused_mmod(first().skip_numbers(5).with_bytes(sizeof(float), not_finite)), "a weight that is no number is refused");
  check(is_refused_mmod(first().skip_numbers(5).cut_here()), "a file without its numbers is refused");
  // Of 16 filters of 5 × 5 × 3 numbers and a bias.
  check(is_refused_mmod(first().skip_numbers(1).with_numbers(4, number(1215) + number(1) + number(1) + number(1))),
        "a convolution that has not all its numbers is refused");
  const auto rest = first().skip_tensor();
  check(is_refused_mmod(rest.with_number(17)), "a convolution of other filters is refused");
  check(is_refused_mmod(Editor(rest).skip_numbers(3).with_number(3)), "a convolution of another stride is refused");
  const auto weights = Editor(rest).skip_numbers(8);
  check(is_refused_mmod(weights.with_number(15)), "weights of fewer filters are refused");
  check(is_refused_mmod(Editor(weights).skip_numbers(1).with_number(1)), "weights for fewer channels are refused");
  check(is_refused_mmod(Editor(weights).skip_numbers(1).with_number(-3)), "weights for fewer than no channels are refused");
  const auto biases = Editor(weights).skip_numbers(5);
  check(is_refused_mmod(biases.with_number(17)), "biases of another count are refused");
  const auto rates = Editor(biases).skip_numbers(4);
  check(is_refused_mmod(rates.with_numbers(2, infinity())), "a rate that is not finite is refused");
  const auto flags = Editor(rates).skip_numbers(8);
  check(is_refused_mmod(flags.with_bytes(1, "0")), "a bias that the convolution denies is refused");
  check(is_refused_mmod(Editor(flags).skip_bytes(1).with_bytes(1, "0")), "a layer that was never set up is refused");
  check(is_refused_mmod(Editor(flags).skip_bytes(1).with_bytes(1, "2")), "a flag that is neither yes nor no is refused");
}

// A layer of normalization, as dlib writes it while it trains, in the place of the first scaling, which has 16 channels.
std::string with_normalization(const std::string& mmod, const std::string& means, const std::string& variances,
                               const std::string& least) {
  const auto scaling = Editor(mmod).to("affine_2");
  const auto shapes = Editor(scaling).skip_tensor();
  const auto mode = Editor(shapes).skip_numbers(10);
  const auto kept = mmod.substr(scaling.place(), mode.place() - scaling.place());
  const auto rate = number(1) + number(0);
  const auto normalization = number(7) + "bn_con2" + kept + tensor(16, 0) + tensor(16, 1) + means + variances + number(100) +
                             number(100) + rate + rate + rate + rate + least;
  auto file = mmod;
  const auto name = std::string("affine_2").size() + 2;
  const auto end = Editor(mode).skip_numbers(1).skip_bytes(1).place();
  return file.replace(scaling.place() - name, end - scaling.place() + name, normalization);
}

void test_scalings(const std::string& mmod) {
  const auto shapes = Editor(mmod).to("affine_2").skip_tensor();
  check(is_refused_mmod(Editor(shapes).skip_numbers(2).with_number(15)), "a scaling of fewer channels is refused");
  check(is_refused_mmod(Editor(shapes).skip_numbers(7).with_number(17)), "a scaling of more shifts is refused");
  const auto mode = Editor(shapes).skip_numbers(10);
  check(is_refused_mmod(mode.with_number(1)), "a scaling of each pixel is refused");
  check(is_refused_mmod(Editor(mode).skip_numbers(1).with_bytes(1, "1")), "a scaling that is disabled is refused");

  const auto small = number(1) + number(-10);
  const auto normalized = [&](const std::string& means, const std::string& variances, const std::string& least) {
    return with_normalization(mmod, means, variances, least);
  };
  check(detects_with(normalized(tensor(16, 0), tensor(16, 1), small)), "a normalization is read as a scaling");
  check(is_refused_mmod(normalized(tensor(15, 0), tensor(16, 1), small)), "a normalization with too few means is refused");
  check(is_refused_mmod(normalized(tensor(16, 0), tensor(17, 1), small)), "a normalization with too many variances is refused");
  check(is_refused_mmod(normalized(tensor(16, 0), tensor(16, -1), small)), "variances below zero are refused");
  check(is_refused_mmod(normalized(tensor(16, 0), tensor(16, 0), number(0) + number(0))), "a normalization by zero is refused");
}

void test_windows(const std::string& mmod) {
  const auto windows = Editor(mmod).to("loss_mmod_").skip_numbers(1);
  check(is_refused_mmod(windows.with_numbers(5, number(0))), "a detector without a window is refused");
  const auto window = number(2) + number(80) + number(80) + number(0);
  check(is_refused_mmod(windows.with_numbers(5, number(2) + window + window)), "more windows than outputs are refused");
  check(is_refused_mmod(windows.with_number(1LL << 40)), "windows without end are refused");
  check(is_refused_mmod(Editor(windows).skip_numbers(2).with_number(0)), "a window without width is refused");
  check(is_refused_mmod(Editor(windows).skip_numbers(3).with_number(1LL << 40)), "a window of any height is refused");
  check(is_refused_mmod(Editor(windows).skip_numbers(4).with_number(1LL << 40)), "a window's name without end is refused");
  const auto overlap = Editor(windows).skip_numbers(5 + 6);
  check(is_refused_mmod(overlap.with_numbers(2, number(2) + number(0))), "boxes that overlap twice are refused");
  check(is_refused_mmod(overlap.with_numbers(2, infinity())), "an overlap that is not finite is refused");
  const auto pyramid = Editor(overlap).skip_numbers(8);
  check(is_refused_mmod(pyramid.with_bytes(1, "\x02")), "neither a pyramid nor none is refused");
  check(is_refused_mmod(Editor(pyramid).skip_bytes(1).with_bytes(1, "1")),
        "boxes that are moved by outputs that are not are refused");
}

void test_mmod() {
  const auto mmod = whole_mmod();
  check(detects_with(mmod), "a sound MMOD detector is read");
  check(is_refused_mmod(mmod + "x"), "bytes left over behind a detector are refused");
  const Skeleton skeleton(mmod);
  bool cuts_are_refused = true;
  for (std::size_t length = 0; length < skeleton.bytes().size(); ++length) {
    cuts_are_refused = cuts_are_refused && is_refused_mmod(skeleton.filled(skeleton.bytes().substr(0, length)));
  }
  check(cuts_are_refused, "a detector cut at any byte is refused");
  test_convolutions(mmod);
  test_scalings(mmod);
  test_windows(mmod);

  const auto input = Editor(mmod).to("input_rgb_image_pyramid2");
  check(is_refused_mmod(input.with_numbers(2, infinity())), "a mean colour that is not finite is refused");
  check(is_refused_mmod(input.with_numbers(2, number(256) + number(0))), "a mean colour that cannot be is refused");
  check(is_refused_mmod(Editor(input).skip_numbers(6).with_number(1LL << 40)), "a pyramid of any width is refused");
  check(is_refused_mmod(Editor(input).skip_numbers(7).with_number(-1)), "a pyramid whose pictures overlap is refused");
  const auto paddings = [&](std::int64_t between, std::int64_t around) {
    return Editor(input).skip_numbers(6).with_numbers(2, number(between) + number(around));
  };
  check(is_refused_mmod(paddings(0, 11)), "a pyramid without room between its pictures is refused");
  check(is_refused_mmod(paddings(21, 11)), "a pyramid with more room than a photo is wide is refused");
  check(detects_with(paddings(1, 0)) && detects_with(paddings(20, 100)), "a pyramid as dense and as wide as may be is of use");
  // Two flags and three empty tensors end the file, the second of the flags that of the output.
  const auto empty_tensors = 3 * 5 * number(0).size();
  auto closed = mmod;
  closed[mmod.size() - empty_tensors - 1] = '1';
  check(is_refused_mmod(closed), "an output that is closed is refused");

  // The options and the first layers, and the last one: those between are like these.
  const auto end_of_first = skeleton.bytes().find("relu_");
  const auto last = skeleton.bytes().rfind("con_5");
  check(is_harmless_damage(skeleton, 0, end_of_first), "a detector with any byte of its first layers damaged is harmless");
  check(is_harmless_damage(skeleton, last, skeleton.bytes().size()),
        "a detector with any byte of its last layer damaged is harmless");
}

void test_resnet() {
  const auto resnet = whole_resnet();
  for (const auto kind : {EncoderKind::dlib, EncoderKind::dnn}) {
    EncoderModel model(resnet, kind, {"opencv", "cpu"});
    const FaceChip chip = dlib::uniform_matrix<dlib::rgb_pixel>(chip_side, chip_side, {128, 128, 128});
    const auto encodings = FaceEncoder(model).encode({chip}, {1, false}, Cancellation());
    check(encodings.size() == 1 && std::isfinite(encodings[0][0]), "a sound ResNet is read and encodes");
  }
  check(is_refused_resnet(resnet + "x"), "bytes left over behind a ResNet are refused");
  check(is_refused_resnet(whole_mmod()), "a detector is no ResNet");
  const Skeleton skeleton(resnet);
  bool cuts_are_refused = true;
  constexpr std::size_t step = 41;
  for (std::size_t length = 0; length < skeleton.bytes().size(); length += step) {
    cuts_are_refused = cuts_are_refused && is_refused_resnet(skeleton.filled(skeleton.bytes().substr(0, length)));
  }
  check(cuts_are_refused, "a ResNet that is cut is refused");

  const auto input = Editor(resnet).to("input_rgb_image_sized").skip_numbers(6);
  check(is_refused_resnet(input.with_number(151)), "a ResNet for larger faces is refused");
  const auto pool = Editor(resnet).to("max_pool_2");
  check(is_refused_resnet(Editor(pool).skip_numbers(2).with_number(1)), "a pooling of another stride is refused");
  const auto output = Editor(pool).skip_numbers(6).skip_bytes(2);
  check(is_refused_resnet(output.with_bytes(1, "1")), "an output that is closed and named by a later layer is refused");
  check(is_refused_resnet(Editor(resnet).to("add_prev_").with_bytes(1, "0")), "a sum that was never set up is refused");
  check(is_refused_resnet(Editor(resnet).to("avg_pool_2").with_number(3)), "an average of more pixels is refused");

  const auto projection = Editor(resnet).to("fc_3");
  check(is_refused_resnet(projection.with_number(127)), "a projection onto fewer numbers is refused");
  check(is_refused_resnet(Editor(projection).skip_numbers(1).with_number(255)), "a projection of fewer features is refused");
  const auto weights = Editor(projection).skip_numbers(2).skip_tensor();
  check(is_refused_resnet(Editor(weights).skip_numbers(1).with_number(255)), "weights for fewer features are refused");
  check(is_refused_resnet(Editor(weights).skip_numbers(10).with_number(0)), "a projection with a bias is refused");
}

}  // namespace

void test_network_files() {
  test_mmod();
  test_resnet();
}

}  // namespace facededup::test
