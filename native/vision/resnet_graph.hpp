// The face recognition ResNet as a graph of cv::dnn, which runs it faster than dlib and on every backend it has.
#pragma once

#include <opencv2/dnn.hpp>
#include <vector>

#include "dnn_backend.hpp"
#include "face_resnet.hpp"

namespace facededup {

// For one thread at a time.
class ResnetGraph {
 public:
  // Shares the weights' memory. Throws backend_unavailable, and model_corrupt when the weights do not fit the graph.
  ResnetGraph(const ResnetWeights& weights, const DnnBackend& backend);

  // One encoding for each chip of 150×150 pixels.
  std::vector<Encoding> forward(const std::vector<FaceChip>& chips);

 private:
  cv::dnn::Net net_;
};

}  // namespace facededup
