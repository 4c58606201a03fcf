// One lane: a thread's own networks, and every verb on photos.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "cancellation.hpp"
#include "detection.hpp"
#include "error.hpp"
#include "face_encoder.hpp"
#include "hog_detector.hpp"
#include "image.hpp"
#include "models.hpp"

namespace facededup {

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
  bool shrink_on_load;   // JPEGs are decoded at a part of their size where nothing needs more
};

struct LandmarkOptions {
  std::vector<Box> boxes;
  LandmarkKind kind;
};

// Which faces of a photo: those a detector finds, or those in given boxes; and how their landmarks are found.
struct FaceOptions {
  DetectOptions detection;
  std::optional<std::vector<Box>> boxes;  // instead of detecting
  LandmarkKind landmarks;
  Alignment alignment;
};

struct EncodeOptions {
  FaceOptions faces;
  EncodingOptions encoding;
};

enum class ChipFormat { png, jpeg, raw };

struct ChipOptions {
  FaceOptions faces;
  int side;
  double padding;
  ChipFormat format;
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
  std::vector<std::uint8_t> chip;  // PNG or JPEG bytes, or side × side × 3 RGB samples
};

// One photo of several: its answer, or why there is none.
template <class Answer>
struct PhotoAnswer {
  Answer answer;
  std::optional<Error> error;
};

// For one thread. Networks are made when a verb first needs them, anew when another model was loaded. Every verb takes
// the models as they are when it begins; each throws the errors of the photo and cancelled, where it does not answer
// for each photo.
class Lane {
 public:
  Lane(std::shared_ptr<const ModelShelf> shelf, std::uint64_t max_pixels);

  Detections detect(const ImageSource& source, const DetectOptions& options, const Cancellation& cancellation);
  std::vector<PhotoAnswer<Detections>> detect_batch(const std::vector<ImageSource>& sources, const DetectOptions& options,
                                                    const Cancellation& cancellation);
  std::vector<std::vector<Point>> locate_landmarks(const ImageSource& source, const LandmarkOptions& options,
                                                   const Cancellation& cancellation);
  std::vector<EncodedFace> encode(const ImageSource& source, const EncodeOptions& options, const Cancellation& cancellation);
  // The faces of all photos go through the encoder together.
  std::vector<PhotoAnswer<std::vector<EncodedFace>>> encode_batch(const std::vector<ImageSource>& sources,
                                                                  const EncodeOptions& options, const Cancellation& cancellation);
  std::vector<ExtractedFace> extract(const ImageSource& source, const ChipOptions& options, const Cancellation& cancellation);

 private:
  // A lane's own network for the model it was made from.
  template <class Net, class Model>
  struct Made {
    std::shared_ptr<const Model> model;
    std::unique_ptr<Net> net;

    Net& of(const std::shared_ptr<const Model>& wanted, const char* name);
  };

  // A face located on a photo, which may have been decoded at a part of its size.
  struct LocatedFace {
    Detection detection;                // in pixels of the whole photo
    dlib::full_object_detection shape;  // in pixels of the decoded one
    int reduction;
    std::vector<Point> points() const;
  };

  struct Detected {
    ReducedImage image;
    Detections detections;  // in pixels of the whole photo
  };

  void take_models() { models_ = shelf_->snapshot(); }
  Detections detect_on(const cv::Mat& image, const DetectOptions& options);
  Detected load_and_detect(const ImageSource& source, const DetectOptions& options, const Cancellation& cancellation);
  // Calls `use(image, face)` for each face.
  template <class Use>
  void for_each_face(const ImageSource& source, const FaceOptions& options, const Cancellation& cancellation, Use use);
  const LandmarkModel& landmarks(LandmarkKind kind) const;
  SsdDetector& ssd();
  MmodDetector& mmod();
  HogDetector& hog();
  FaceEncoder& encoder();

  const std::shared_ptr<const ModelShelf> shelf_;
  const std::uint64_t max_pixels_;
  Models models_;
  Made<SsdDetector, SsdModel> ssd_;
  Made<MmodDetector, MmodDetector> mmod_;
  Made<FaceEncoder, EncoderModel> encoder_;
  std::unique_ptr<HogDetector> hog_;
};

}  // namespace facededup
