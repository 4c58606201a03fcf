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
#include "face_encoder.hpp"
#include "hog_detector.hpp"
#include "image.hpp"
#include "landmarks.hpp"
#include "ssd_detector.hpp"

namespace facededup {

enum class LandmarkKind { small, large };  // 5 and 68 points

enum class DetectorKind { ssd, hog };

struct DetectOptions {
  DetectorKind detector;
  int upsample;
  double confidence;
  double nms_threshold;
};

struct EncodeOptions {
  std::variant<DetectOptions, std::vector<Box>> where;  // detect, or take these boxes
  LandmarkKind landmarks;
  int jitters;
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

  Detections detect(const ImageSource& source, const DetectOptions& options);
  std::vector<std::vector<Point>> locate_landmarks(const ImageSource& source, const std::vector<Box>& boxes, LandmarkKind kind);
  std::vector<EncodedFace> encode(const ImageSource& source, const EncodeOptions& options);

 private:
  struct Models;
  struct Lane;
  class LaneLease;

  const std::uint64_t max_pixels_;
  std::mutex mutex_;
  std::condition_variable lane_is_free_;
  std::unique_ptr<Models> models_;
  std::vector<std::unique_ptr<Lane>> free_lanes_;
};

}  // namespace facededup
