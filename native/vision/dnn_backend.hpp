// The backends and targets of cv::dnn by name, and which of them this build and machine really run.
#pragma once

#include <string>
#include <vector>

namespace facededup {

struct DnnBackend {
  std::string backend;
  std::string target;
};

// Only pairs that cv::dnn will run as asked. OpenCV's own list also names some that it then moves to the CPU
// with a log line, such as OpenCL on a device that is not a GPU; those are left out here.
std::vector<DnnBackend> available_backends();

struct DnnBackendIds {
  int backend;
  int target;
};

// Throws backend_unavailable, naming what is available.
DnnBackendIds require_backend(const DnnBackend& wanted);

}  // namespace facededup
