#include "face_pipeline.hpp"

#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
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

std::vector<std::uint8_t> samples_of(const FaceChip& chip) {
  static_assert(sizeof(dlib::rgb_pixel) == 3, "pixels lie side by side");
  const auto* samples = reinterpret_cast<const std::uint8_t*>(&chip(0, 0));
  return {samples, samples + chip.size() * 3};
}

std::vector<std::uint8_t> png_of(const FaceChip& chip) {
  auto samples = samples_of(chip);
  const cv::Mat rgb(static_cast<int>(chip.nr()), static_cast<int>(chip.nc()), CV_8UC3, samples.data());
  cv::Mat bgr;
  cv::cvtColor(rgb, bgr, cv::COLOR_RGB2BGR);
  std::vector<std::uint8_t> png;
  cv::imencode(".png", bgr, png);
  return png;
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
  std::shared_ptr<const MmodDetector> mmod;

  const LandmarkModel& landmarks(LandmarkKind kind) const {
    return loaded(kind == LandmarkKind::small ? small_landmarks : large_landmarks, "landmark");
  }
};

// A lane's own copy of a shared network, made anew when another model was loaded.
template <class Net>
struct Copied {
  std::shared_ptr<const Net> original;
  std::unique_ptr<Net> copy;

  Net& of(const std::shared_ptr<const Net>& model, const char* name) {
    if (!copy || original != model) {
      copy = std::make_unique<Net>(loaded(model, name));
      original = model;
    }
    return *copy;
  }
};

// Networks are made when a lane first needs them, so an engine costs only the lanes that were ever busy at once.
struct FacePipeline::Lane {
  std::shared_ptr<const SsdModel> ssd_model;
  std::unique_ptr<SsdDetector> ssd_detector;
  std::unique_ptr<HogDetector> hog_detector;
  Copied<FaceEncoder> encoder;
  Copied<MmodDetector> mmod_detector;

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
    switch (options.detector) {
      case DetectorKind::hog: return lane_->hog().detect(image, options.upsample, options.confidence, pipeline_.max_pixels_);
      case DetectorKind::mmod: return mmod().detect(image, mmod_options(options), pipeline_.max_pixels_);
      case DetectorKind::ssd: break;
    }
    return lane_->ssd(models_.ssd).detect(image, options.confidence, options.nms_threshold);
  }

  std::vector<Detections> detect(const std::vector<cv::Mat>& images, const DetectOptions& options) {
    if (options.detector == DetectorKind::mmod) {
      return mmod().detect(images, mmod_options(options), pipeline_.max_pixels_, static_cast<std::size_t>(options.batch_size));
    }
    std::vector<Detections> answers;
    for (const auto& image : images) answers.push_back(detect(image, options));
    return answers;
  }

  FaceEncoder& encoder() { return lane_->encoder.of(models_.encoder, "encoder"); }

  const LandmarkModel& landmarks(LandmarkKind kind) const { return models_.landmarks(kind); }

 private:
  MmodDetector& mmod() { return lane_->mmod_detector.of(models_.mmod, "MMOD"); }

  static MmodOptions mmod_options(const DetectOptions& options) {
    return {options.upsample, options.max_side, options.confidence};
  }

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

void FacePipeline::load_mmod(const std::string& bytes) {
  auto model = std::make_shared<const MmodDetector>(bytes);
  const std::lock_guard lock(mutex_);
  models_->mmod = std::move(model);
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

std::vector<PhotoDetections> FacePipeline::detect_batch(const std::vector<ImageSource>& sources, const DetectOptions& options) {
  std::vector<PhotoDetections> answers(sources.size());
  std::vector<cv::Mat> images;
  std::vector<std::size_t> readable;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    try {
      images.push_back(load_image(sources[i], max_pixels_));
      readable.push_back(i);
    } catch (const Error& e) {
      answers[i].error = e;
    }
  }
  const auto found = LaneLease(*this).detect(images, options);
  for (std::size_t i = 0; i < readable.size(); ++i) answers[readable[i]].detections = found[i];
  return answers;
}

template <class Use>
void FacePipeline::for_each_face(LaneLease& lane, const cv::Mat& image, const FaceOptions& options, Use use) {
  Detections detections;
  if (const auto* boxes = std::get_if<std::vector<Box>>(&options.where)) {
    for (const auto& box : *boxes) detections.push_back({box, 1.0});
  } else {
    detections = lane.detect(image, std::get<DetectOptions>(options.where));
  }
  const auto& model = lane.landmarks(options.landmarks);
  for (const auto& detection : detections) {
    const bool refined = options.alignment == Alignment::refined;
    use(detection, refined ? model.locate_refined(image, detection.box) : model.locate(image, detection.box));
  }
}

std::vector<EncodedFace> FacePipeline::encode(const ImageSource& source, const EncodeOptions& options) {
  const cv::Mat image = load_image(source, max_pixels_);
  LaneLease lane(*this);
  std::vector<EncodedFace> faces;
  for_each_face(lane, image, options.faces, [&](const Detection& detection, const dlib::full_object_detection& shape) {
    const auto encoding = lane.encoder().encode(extract_face_chip(image, shape), options.encoding);
    faces.push_back({detection, points_of(shape), encoding});
  });
  return faces;
}

std::vector<ExtractedFace> FacePipeline::extract(const ImageSource& source, const ChipOptions& options) {
  const cv::Mat image = load_image(source, max_pixels_);
  LaneLease lane(*this);
  std::vector<ExtractedFace> faces;
  for_each_face(lane, image, options.faces, [&](const Detection& detection, const dlib::full_object_detection& shape) {
    const auto chip = extract_face_chip(image, shape, static_cast<unsigned long>(options.side), options.padding);
    faces.push_back({detection, points_of(shape), options.as_png ? png_of(chip) : samples_of(chip)});
  });
  return faces;
}

}  // namespace facededup
