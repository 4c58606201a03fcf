// The whole native pipeline behind one door: models once, lanes of networks, and the verbs that use them.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "detection.hpp"
#include "error.hpp"
#include "face_encoder.hpp"
#include "hog_detector.hpp"
#include "image.hpp"
#include "landmarks.hpp"
#include "mmod_detector.hpp"
#include "ssd_detector.hpp"

namespace facededup {

enum class LandmarkKind { small, large };  // 5 and 68 points

enum class DetectorKind { ssd, hog, mmod };

// Where the encoder looks: the landmarks found in the box, or those found at the second look.
enum class Alignment { box, refined };

struct DetectOptions {
  DetectorKind detector;
  int upsample;    // hog, mmod
  int max_side;    // mmod
  int batch_size;  // mmod
  double confidence;
  double nms_threshold;  // ssd
};

// Which faces of a photo: those a detector finds, or those in given boxes; and how their landmarks are found.
struct FaceOptions {
  std::variant<DetectOptions, std::vector<Box>> where;
  LandmarkKind landmarks;
  Alignment alignment;
};

struct EncodeOptions {
  FaceOptions faces;
  EncodingOptions encoding;
};

struct ChipOptions {
  FaceOptions faces;
  int side;
  double padding;
  bool as_png;
};

struct Point {
  double x;
  double y;
};

struct EncodedFace {
  Detection detection;  // confidence 1 for a given box
  std::vector<Point> landmarks;
  Encoding encoding;
};

struct ExtractedFace {
  Detection detection;
  std::vector<Point> landmarks;
  std::vector<std::uint8_t> chip;  // PNG bytes, or side × side × 3 RGB samples
};

// An answer, or why there is none.
struct PhotoDetections {
  Detections detections;
  std::optional<Error> error;
};

// Safe to call from any number of threads: each call that needs a network takes a lane, and a lane serves one
// call at a time.
class FacePipeline {
 public:
  FacePipeline(int lanes, std::uint64_t max_pixels);
  ~FacePipeline();

  // Each reads a model and tries it; a second call replaces the first one's model for later calls.
  // Throws model_corrupt, backend_unavailable.
  void load_ssd(SsdModel model);
  void load_landmarks(LandmarkKind kind, const std::string& bytes);
  void load_encoder(const std::string& bytes);
  void load_mmod(const std::string& bytes);

  Detections detect(const ImageSource& source, const DetectOptions& options);
  // One answer for each photo, in order; a photo that cannot be read does not spoil the rest.
  std::vector<PhotoDetections> detect_batch(const std::vector<ImageSource>& sources, const DetectOptions& options);
  std::vector<std::vector<Point>> locate_landmarks(const ImageSource& source, const std::vector<Box>& boxes, LandmarkKind kind);
  std::vector<EncodedFace> encode(const ImageSource& source, const EncodeOptions& options);
  std::vector<ExtractedFace> extract(const ImageSource& source, const ChipOptions& options);

 private:
  struct Models;
  struct Lane;
  class LaneLease;

  // Calls `use(detection, landmarks)` for each of the faces.
  template <class Use>
  void for_each_face(LaneLease& lane, const cv::Mat& image, const FaceOptions& options, Use use);

  const std::uint64_t max_pixels_;
  std::mutex mutex_;
  std::condition_variable lane_is_free_;
  std::unique_ptr<Models> models_;
  std::vector<std::unique_ptr<Lane>> free_lanes_;
};

}  // namespace facededup
