// Faces to encodings: dlib's aligned 150×150 chip, its jitters and mirror, and the face recognition ResNet.
#pragma once

#include <opencv2/core.hpp>

#include <dlib/image_processing/full_object_detection.h>

#include <string>
#include <variant>
#include <vector>

#include "cancellation.hpp"
#include "dnn_backend.hpp"
#include "face_resnet.hpp"
#include "resnet_graph.hpp"

namespace facededup {

constexpr double chip_padding = 0.25;

// The face turned upright, scaled and cut out with a margin, as dlib's get_face_chip_details has it; the defaults are
// what the network was trained on. `side`: pixels; `padding`: the margin on each side as a part of the face.
FaceChip extract_face_chip(const cv::Mat& image, const dlib::full_object_detection& landmarks, unsigned long side = chip_side,
                           double padding = chip_padding);

enum class EncoderKind {
  dnn,   // the graph on cv::dnn
  dlib,  // dlib's own forward, on the CPU: the reference
};

// What lanes share.
class EncoderModel {
 public:
  // `bytes`: dlib_face_recognition_resnet_model_v1, serialized; `backend` is for the graph.
  // Throws model_corrupt, backend_unavailable.
  EncoderModel(const std::string& bytes, EncoderKind kind, DnnBackend backend);

 private:
  friend class FaceEncoder;

  struct Graph {
    ResnetWeights weights;
    DnnBackend backend;
  };
  std::variant<Graph, DlibResnet> network_;
};

struct EncodingOptions {
  int jitters;  // 1: the chip as it is
  bool mirror;
};

// One network, for one thread at a time.
class FaceEncoder {
 public:
  explicit FaceEncoder(const EncoderModel& model);

  // One encoding for each chip. With `jitters` 1 that of the chip itself; with more, the mean over that many of dlib's
  // jittered copies (turned up to 3°, moved and scaled a few per cent, half of them mirrored), drawn from the same seed
  // for each chip, so that its answer depends on the chip alone. With `mirror`, the mean of that and of the same for the
  // mirrored chip. All of them go through the network in batches. Throws cancelled.
  std::vector<Encoding> encode(const std::vector<FaceChip>& chips, const EncodingOptions& options,
                               const Cancellation& cancellation);

 private:
  std::variant<ResnetGraph, DlibResnet> network_;
};

}  // namespace facededup
