#include "lane.hpp"

#include <algorithm>
#include <cstddef>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <stdexcept>
#include <string>
#include <utility>

#include "dlib_image.hpp"
#include "freed_memory.hpp"
#include "thumbnail.hpp"

namespace facededup {
namespace {

// A photo may show thousands of faces, and their chips take 68 KB each.
constexpr std::size_t chips_at_once = 256;

// A chip's face is about 100 pixels wide; with twice that the chip's own scaling has all it can use.
constexpr double detailed_face_side = 200;

template <class Model>
const Model& loaded(const std::shared_ptr<const Model>& model, const char* name) {
  if (!model) throw std::logic_error(std::string("the ") + name + " model was not loaded before it was used");
  return *model;
}

std::vector<Point> points_of(const dlib::full_object_detection& shape, int reduction) {
  std::vector<Point> points;
  for (unsigned long i = 0; i < shape.num_parts(); ++i) {
    points.push_back({static_cast<double>(shape.part(i).x() * reduction), static_cast<double>(shape.part(i).y() * reduction)});
  }
  return points;
}

std::vector<std::uint8_t> samples_of(const FaceChip& chip) {
  static_assert(sizeof(dlib::rgb_pixel) == 3, "pixels lie side by side");
  const auto* samples = reinterpret_cast<const std::uint8_t*>(&chip(0, 0));
  return {samples, samples + chip.size() * 3};
}

std::vector<std::uint8_t> bytes_of(const FaceChip& chip, ChipFormat format) {
  auto samples = samples_of(chip);
  if (format == ChipFormat::raw) return samples;
  const cv::Mat rgb(static_cast<int>(chip.nr()), static_cast<int>(chip.nc()), CV_8UC3, samples.data());
  cv::Mat bgr;
  cv::cvtColor(rgb, bgr, cv::COLOR_RGB2BGR);
  if (format == ChipFormat::jpeg) return encode_jpeg(bgr);
  std::vector<std::uint8_t> png;
  cv::imencode(".png", bgr, png);
  return png;
}

MmodOptions mmod_options(const DetectOptions& options) { return {options.upsample, options.max_side, options.confidence}; }

Box reduced(const Box& box, int reduction) {
  const double scale = 1.0 / reduction;
  return {box.x * scale, box.y * scale, box.width * scale, box.height * scale};
}

// Sides of a reduced image are rounded up, so a box may reach beyond the photo's edge by part of a reduced pixel.
Box enlarged(const Box& box, int reduction, const cv::Size& photo) {
  const double right = std::min<double>((box.x + box.width) * reduction, photo.width);
  const double bottom = std::min<double>((box.y + box.height) * reduction, photo.height);
  return {box.x * reduction, box.y * reduction, right - box.x * reduction, bottom - box.y * reduction};
}

int reduction_for(const Detections& detections) {
  int reduction = 8;
  for (const auto& [box, confidence] : detections) {
    const double side = std::min(box.width, box.height);
    while (reduction > 1 && side / reduction < detailed_face_side) reduction /= 2;
  }
  return reduction;
}

Detections detections_of(const std::vector<Box>& boxes, const cv::Size& photo) {
  Detections detections;
  for (const auto& box : boxes) {
    rectangle_of(box, photo);
    detections.push_back({box, 1.0});
  }
  return detections;
}

// What `make` gives, or why it fails; a photo that cannot be read does not spoil the rest.
template <class Answer, class Make>
void answer_for(PhotoAnswer<Answer>& photo, const Cancellation& cancellation, Make make) {
  try {
    photo.answer = make();
  } catch (...) {
    cancellation.check();
    photo.error = current_error();
  }
}

}  // namespace

template <class Net, class Model>
Net& Lane::Made<Net, Model>::of(const std::shared_ptr<const Model>& wanted, const char* name) {
  if (!net || model != wanted) {
    net = std::make_unique<Net>(loaded(wanted, name));
    model = wanted;
    return_freed_memory();
  }
  return *net;
}

std::vector<Point> Lane::LocatedFace::points() const { return points_of(shape, reduction); }

Lane::Lane(std::shared_ptr<const ModelShelf> shelf, std::uint64_t max_pixels)
    : shelf_(std::move(shelf)), max_pixels_(max_pixels) {}

SsdDetector& Lane::ssd() { return ssd_.of(models_.ssd, "SSD"); }

MmodDetector& Lane::mmod() { return mmod_.of(models_.mmod, "MMOD"); }

FaceEncoder& Lane::encoder() { return encoder_.of(models_.encoder, "encoder"); }

HogDetector& Lane::hog() {
  if (!hog_) hog_ = std::make_unique<HogDetector>();
  return *hog_;
}

const LandmarkModel& Lane::landmarks(LandmarkKind kind) const {
  return loaded(kind == LandmarkKind::small ? models_.small_landmarks : models_.large_landmarks, "landmark");
}

Detections Lane::detect_on(const cv::Mat& image, const DetectOptions& options) {
  switch (options.detector) {
    case DetectorKind::hog: return hog().detect(image, options.upsample, options.confidence, max_pixels_);
    case DetectorKind::mmod: return mmod().detect(image, mmod_options(options), max_pixels_);
    case DetectorKind::ssd: break;
  }
  return ssd().detect(image, options.confidence, options.nms_threshold);
}

// The SSD looks at a photo of one size only; to the others every pixel counts.
Lane::Detected Lane::load_and_detect(const ImageSource& source, const DetectOptions& options, const Cancellation& cancellation) {
  cancellation.check();
  const bool may_shrink = options.shrink_on_load && options.detector == DetectorKind::ssd;
  auto image = load_reduced_image(source, max_pixels_, may_shrink ? reduction_to(source, ssd().input_size()) : 1);
  cancellation.check();
  auto detections = detect_on(image.pixels, options);
  if (image.reduction > 1) {
    for (auto& detection : detections) detection.box = enlarged(detection.box, image.reduction, image.photo);
  }
  return {std::move(image), std::move(detections)};
}

Detections Lane::detect(const ImageSource& source, const DetectOptions& options, const Cancellation& cancellation) {
  take_models();
  return load_and_detect(source, options, cancellation).detections;
}

std::vector<PhotoAnswer<Detections>> Lane::detect_batch(const std::vector<ImageSource>& sources, const DetectOptions& options,
                                                        const Cancellation& cancellation) {
  take_models();
  std::vector<PhotoAnswer<Detections>> answers(sources.size());
  if (options.detector != DetectorKind::mmod) {
    for (std::size_t i = 0; i < sources.size(); ++i) {
      answer_for(answers[i], cancellation, [&] { return load_and_detect(sources[i], options, cancellation).detections; });
    }
    return answers;
  }
  std::vector<cv::Mat> images;
  std::vector<std::size_t> readable;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    answer_for(answers[i], cancellation, [&] {
      images.push_back(load_image(sources[i], max_pixels_));
      readable.push_back(i);
      return Detections();
    });
  }
  cancellation.check();
  auto found = mmod().detect(images, mmod_options(options), max_pixels_, static_cast<std::size_t>(options.batch_size));
  for (std::size_t i = 0; i < readable.size(); ++i) answers[readable[i]].answer = std::move(found[i]);
  return answers;
}

std::vector<std::vector<Point>> Lane::locate_landmarks(const ImageSource& source, const LandmarkOptions& options,
                                                       const Cancellation& cancellation) {
  take_models();
  cancellation.check();
  const cv::Mat image = load_image(source, max_pixels_);
  const auto& model = landmarks(options.kind);
  std::vector<std::vector<Point>> faces;
  for (const auto& box : options.boxes) {
    cancellation.check();
    faces.push_back(points_of(model.locate(image, box), 1));
  }
  return faces;
}

template <class Use>
void Lane::for_each_face(const ImageSource& source, const FaceOptions& options, const Cancellation& cancellation, Use use) {
  Detected photo;
  if (options.boxes) {
    cancellation.check();
    photo.image = load_reduced_image(source, max_pixels_, 1);
    photo.detections = detections_of(*options.boxes, photo.image.photo);
  } else {
    photo = load_and_detect(source, options.detection, cancellation);
  }
  if (photo.image.reduction > 1) {
    const int reduction = reduction_for(photo.detections);
    if (reduction < photo.image.reduction) photo.image = load_reduced_image(source, max_pixels_, reduction);
  }
  const auto& model = landmarks(options.landmarks);
  const auto& [pixels, reduction, size] = photo.image;
  for (const auto& detection : photo.detections) {
    cancellation.check();
    const auto box = reduced(detection.box, reduction);
    const bool refined = options.alignment == Alignment::refined;
    use(pixels, LocatedFace{detection, refined ? model.locate_refined(pixels, box) : model.locate(pixels, box), reduction});
  }
}

std::vector<EncodedFace> Lane::encode(const ImageSource& source, const EncodeOptions& options, const Cancellation& cancellation) {
  auto answers = encode_batch({source}, options, cancellation);
  if (answers[0].error) throw *answers[0].error;
  return std::move(answers[0].answer);
}

std::vector<PhotoAnswer<std::vector<EncodedFace>>> Lane::encode_batch(const std::vector<ImageSource>& sources,
                                                                      const EncodeOptions& options,
                                                                      const Cancellation& cancellation) {
  take_models();
  std::vector<PhotoAnswer<std::vector<EncodedFace>>> answers(sources.size());
  std::vector<Encoding> encodings;
  std::vector<FaceChip> chips;  // of the faces behind those that are encoded
  const auto encode_chips = [&] {
    if (chips.empty()) return;
    const auto encoded = encoder().encode(chips, options.encoding, cancellation);
    encodings.insert(encodings.end(), encoded.begin(), encoded.end());
    chips.clear();
  };
  for (std::size_t i = 0; i < sources.size(); ++i) {
    const auto faces_before = encodings.size() + chips.size();
    answer_for(answers[i], cancellation, [&] {
      std::vector<EncodedFace> faces;
      for_each_face(sources[i], options.faces, cancellation, [&](const cv::Mat& image, const LocatedFace& face) {
        if (chips.size() == chips_at_once) encode_chips();
        chips.push_back(extract_face_chip(image, face.shape));
        faces.push_back({face.detection, face.points(), {}});
      });
      return faces;
    });
    if (!answers[i].error) continue;
    encodings.resize(std::min(encodings.size(), faces_before));
    chips.resize(faces_before - encodings.size());
  }
  encode_chips();
  auto encoding = encodings.cbegin();
  for (auto& [faces, error] : answers) {
    for (auto& face : faces) face.encoding = *encoding++;
  }
  return answers;
}

std::vector<ExtractedFace> Lane::extract(const ImageSource& source, const ChipOptions& options,
                                         const Cancellation& cancellation) {
  take_models();
  std::vector<ExtractedFace> faces;
  for_each_face(source, options.faces, cancellation, [&](const cv::Mat& image, const LocatedFace& face) {
    const auto chip = extract_face_chip(image, face.shape, static_cast<unsigned long>(options.side), options.padding);
    faces.push_back({face.detection, face.points(), bytes_of(chip, options.format)});
  });
  return faces;
}

}  // namespace facededup
