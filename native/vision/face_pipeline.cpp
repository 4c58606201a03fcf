#include "face_pipeline.hpp"

#include <stdexcept>
#include <utility>

namespace facededup {
namespace {

constexpr unsigned long points_small = 5;
constexpr unsigned long points_large = 68;

std::vector<Point> points_of(const dlib::full_object_detection& shape) {
  std::vector<Point> points;
  for (unsigned long i = 0; i < shape.num_parts(); ++i) {
    points.push_back({static_cast<double>(shape.part(i).x()), static_cast<double>(shape.part(i).y())});
  }
  return points;
}

template <class Model>
const Model& loaded(const std::shared_ptr<const Model>& model, const char* name) {
  if (!model) throw std::logic_error(std::string("the ") + name + " model was not loaded before it was used");
  return *model;
}

}  // namespace

// Immutable once loaded; calls under way keep the ones they began with.
struct FacePipeline::Models {
  std::shared_ptr<const SsdModel> ssd;
  std::shared_ptr<const LandmarkModel> small_landmarks;
  std::shared_ptr<const LandmarkModel> large_landmarks;
  std::shared_ptr<const FaceEncoder> encoder;

  const LandmarkModel& landmarks(LandmarkKind kind) const {
    return loaded(kind == LandmarkKind::small ? small_landmarks : large_landmarks, "landmark");
  }
};

// Networks are made when a lane first needs them, so an engine costs only the lanes that were ever busy at once.
struct FacePipeline::Lane {
  std::shared_ptr<const SsdModel> ssd_model;
  std::unique_ptr<SsdDetector> ssd_detector;
  std::unique_ptr<HogDetector> hog_detector;
  std::shared_ptr<const FaceEncoder> encoder_model;
  std::unique_ptr<FaceEncoder> face_encoder;

  SsdDetector& ssd(const std::shared_ptr<const SsdModel>& model) {
    if (!ssd_detector || ssd_model != model) {
      ssd_detector = std::make_unique<SsdDetector>(loaded(model, "SSD"));
      ssd_model = model;
    }
    return *ssd_detector;
  }

  HogDetector& hog() {
    if (!hog_detector) hog_detector = std::make_unique<HogDetector>();
    return *hog_detector;
  }

  FaceEncoder& encoder(const std::shared_ptr<const FaceEncoder>& model) {
    if (!face_encoder || encoder_model != model) {
      face_encoder = std::make_unique<FaceEncoder>(loaded(model, "encoder"));
      encoder_model = model;
    }
    return *face_encoder;
  }
};

class FacePipeline::LaneLease {
 public:
  explicit LaneLease(FacePipeline& pipeline) : pipeline_(pipeline) {
    std::unique_lock lock(pipeline.mutex_);
    pipeline.lane_is_free_.wait(lock, [&] { return !pipeline.free_lanes_.empty(); });
    // The lane given back last has its networks already, and warm.
    lane_ = std::move(pipeline.free_lanes_.back());
    pipeline.free_lanes_.pop_back();
    models_ = *pipeline.models_;
  }

  LaneLease(const LaneLease&) = delete;
  LaneLease& operator=(const LaneLease&) = delete;

  ~LaneLease() {
    const std::lock_guard lock(pipeline_.mutex_);
    pipeline_.free_lanes_.push_back(std::move(lane_));
    pipeline_.lane_is_free_.notify_one();
  }

  Detections detect(const cv::Mat& image, const DetectOptions& options) {
    if (options.detector == DetectorKind::ssd) {
      return lane_->ssd(models_.ssd).detect(image, options.confidence, options.nms_threshold);
    }
    return lane_->hog().detect(image, options.upsample, options.confidence, pipeline_.max_pixels_);
  }

  FaceEncoder& encoder() { return lane_->encoder(models_.encoder); }

  const LandmarkModel& landmarks(LandmarkKind kind) const { return models_.landmarks(kind); }

 private:
  FacePipeline& pipeline_;
  std::unique_ptr<Lane> lane_;
  Models models_;
};

FacePipeline::FacePipeline(int lanes, std::uint64_t max_pixels) : max_pixels_(max_pixels), models_(std::make_unique<Models>()) {
  free_lanes_.reserve(static_cast<std::size_t>(lanes));
  for (int i = 0; i < lanes; ++i) free_lanes_.push_back(std::make_unique<Lane>());
}

FacePipeline::~FacePipeline() = default;

void FacePipeline::load_ssd(SsdModel model) {
  const SsdDetector trial(model);
  auto shared = std::make_shared<const SsdModel>(std::move(model));
  const std::lock_guard lock(mutex_);
  models_->ssd = std::move(shared);
}

void FacePipeline::load_landmarks(LandmarkKind kind, const std::string& bytes) {
  const bool small = kind == LandmarkKind::small;
  auto model = std::make_shared<const LandmarkModel>(bytes, small ? points_small : points_large);
  const std::lock_guard lock(mutex_);
  (small ? models_->small_landmarks : models_->large_landmarks) = std::move(model);
}

void FacePipeline::load_encoder(const std::string& bytes) {
  auto model = std::make_shared<const FaceEncoder>(bytes);
  const std::lock_guard lock(mutex_);
  models_->encoder = std::move(model);
}

Detections FacePipeline::detect(const ImageSource& source, const DetectOptions& options) {
  const cv::Mat image = load_image(source, max_pixels_);
  return LaneLease(*this).detect(image, options);
}

std::vector<std::vector<Point>> FacePipeline::locate_landmarks(const ImageSource& source, const std::vector<Box>& boxes,
                                                               LandmarkKind kind) {
  const cv::Mat image = load_image(source, max_pixels_);
  const LaneLease lane(*this);
  std::vector<std::vector<Point>> faces;
  for (const auto& box : boxes) faces.push_back(points_of(lane.landmarks(kind).locate(image, box)));
  return faces;
}

std::vector<EncodedFace> FacePipeline::encode(const ImageSource& source, const EncodeOptions& options) {
  const cv::Mat image = load_image(source, max_pixels_);
  LaneLease lane(*this);
  Detections detections;
  if (const auto* boxes = std::get_if<std::vector<Box>>(&options.where)) {
    for (const auto& box : *boxes) detections.push_back({box, 1.0});
  } else {
    detections = lane.detect(image, std::get<DetectOptions>(options.where));
  }
  std::vector<EncodedFace> faces;
  for (const auto& detection : detections) {
    const auto shape = lane.landmarks(options.landmarks).locate(image, detection.box);
    const auto chip = extract_face_chip(image, shape);
    faces.push_back({detection, points_of(shape), lane.encoder().encode(chip, options.jitters)});
  }
  return faces;
}

}  // namespace facededup
