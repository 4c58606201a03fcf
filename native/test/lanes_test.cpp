// Lanes side by side: photos on several threads while models are replaced and calls are given up.
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <numeric>
#include <opencv2/imgcodecs.hpp>
#include <thread>
#include <vector>

#include "../vision/lane.hpp"
#include "../vision/lane_threads.hpp"
#include "checks.hpp"
#include "small_models.hpp"
#include "tests.hpp"

namespace facededup::test {
namespace {

constexpr std::uint64_t max_pixels = 1000 * 1000;
constexpr int lane_count = 4;

std::shared_ptr<ModelShelf> small_shelf() {
  auto shelf = std::make_shared<ModelShelf>();
  shelf->load_ssd(small_ssd());
  shelf->load_landmarks(LandmarkKind::small, small_landmark_model(5));
  return shelf;
}

LaneThreads<Lane> lanes_on(const std::shared_ptr<ModelShelf>& shelf) {
  return {lane_count, [shelf] { return std::make_unique<Lane>(shelf, max_pixels); }};
}

// Dark but for one cell of the small network: one face.
ImageSource photo_of_one_face() {
  cv::Mat pixels(small_ssd_height, small_ssd_width, CV_8UC3, cv::Scalar::all(0));
  pixels(cv::Rect(16, 16, 16, 16)) = cv::Scalar::all(250);
  std::vector<std::uint8_t> png;
  cv::imencode(".png", pixels, png);
  return EncodedImage{png};
}

DetectOptions by(DetectorKind detector) { return {detector, 0, 160, 1, 0.5, 0.4, false}; }

ChipOptions small_chips() {
  return {{by(DetectorKind::ssd), {}, LandmarkKind::small, Alignment::refined}, 32, 0.25, ChipFormat::jpeg};
}

// Counts down to an event that another thread waits for.
class Countdown {
 public:
  explicit Countdown(int left) : left_(left) {}
  void down() {
    const std::lock_guard lock(mutex_);
    if (--left_ == 0) is_over_.notify_all();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    is_over_.wait(lock, [&] { return left_ <= 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable is_over_;
  int left_;
};

void test_photos_side_by_side() {
  const auto shelf = small_shelf();
  auto lanes = lanes_on(shelf);
  const auto photo = photo_of_one_face();
  constexpr int photos = 24;
  std::atomic<int> faces = 0;
  Countdown all(photos);
  for (int i = 0; i < photos; ++i) {
    lanes.submit([&](Lane& lane) {
      faces += static_cast<int>(lane.extract(photo, small_chips(), Cancellation()).size());
      lane.detect(photo, by(DetectorKind::hog), Cancellation());
      all.down();
    });
  }
  // Meanwhile the models become others, as when an administrator brings in a new version.
  for (int i = 0; i < 8; ++i) {
    shelf->load_ssd(small_ssd());
    shelf->load_landmarks(LandmarkKind::small, small_landmark_model(5));
  }
  all.wait();
  check(faces == photos, "every photo has its one face while models are replaced");
}

void test_order() {
  LaneThreads<std::vector<int>> one(1, [] { return std::make_unique<std::vector<int>>(); });
  std::vector<int> seen;
  Countdown all(50);
  for (int i = 0; i < 50; ++i) {
    one.submit([&, i](std::vector<int>& own) {
      own.push_back(i);
      seen = own;
      all.down();
    });
  }
  all.wait();
  std::vector<int> expected(50);
  std::iota(expected.begin(), expected.end(), 0);
  check(seen == expected, "one lane does its jobs in order, with what is its own");
}

void test_stop() {
  std::atomic<int> begun = 0;
  Countdown first(1);
  {
    LaneThreads<int> lanes(2, [] { return std::make_unique<int>(0); });
    for (int i = 0; i < 100; ++i) {
      lanes.submit([&](int&) {
        ++begun;
        first.down();
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
      });
    }
    first.wait();
    lanes.stop();
    const int at_stop = begun;
    check(at_stop > 0 && at_stop < 100, "stop waits for the jobs under way alone");
  }
  check(begun < 100, "jobs that had not begun never do");
}

void test_cancellation() {
  const auto shelf = small_shelf();
  auto lanes = lanes_on(shelf);
  const auto photo = photo_of_one_face();
  Cancellation cancellation;
  std::atomic<int> given_up = 0;
  Countdown all(lane_count);
  for (int i = 0; i < lane_count; ++i) {
    lanes.submit([&](Lane& lane) {
      try {
        for (;;) lane.extract(photo, small_chips(), cancellation);
      } catch (const Error& e) {
        given_up += e.code() == ErrorCode::cancelled ? 1 : 0;
      }
      all.down();
    });
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  cancellation.cancel();
  all.wait();
  check(given_up == lane_count, "one cancellation ends the calls of all lanes");
}

void test_bad_photo_in_batch() {
  const auto shelf = small_shelf();
  Lane lane(shelf, max_pixels);
  const auto answers = lane.detect_batch({photo_of_one_face(), EncodedImage{{1, 2, 3}}}, by(DetectorKind::ssd), Cancellation());
  check(answers[0].answer.size() == 1 && answers[1].error && answers[1].error->code() == ErrorCode::photo_not_an_image,
        "a photo that is none does not spoil its batch");
}

}  // namespace

void test_lanes() {
  test_photos_side_by_side();
  test_order();
  test_stop();
  test_cancellation();
  test_bad_photo_in_batch();
}

}  // namespace facededup::test
