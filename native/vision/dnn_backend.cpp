#include "dnn_backend.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <opencv2/core/ocl.hpp>
#include <opencv2/dnn.hpp>
#include <string_view>

#include "error.hpp"

namespace facededup {
namespace {

struct Name {
  int id;
  const char* name;
};

constexpr std::array backend_names {
  Name{cv::dnn::DNN_BACKEND_OPENCV, "opencv"}, Name{cv::dnn::DNN_BACKEND_INFERENCE_ENGINE, "openvino"},
      Name{cv::dnn::DNN_BACKEND_CUDA, "cuda"}, Name{cv::dnn::DNN_BACKEND_VKCOM, "vulkan"},
      Name{cv::dnn::DNN_BACKEND_HALIDE, "halide"}, Name{cv::dnn::DNN_BACKEND_WEBNN, "webnn"},
      Name{cv::dnn::DNN_BACKEND_TIMVX, "timvx"},
#if CV_VERSION_MAJOR > 4 || CV_VERSION_MINOR >= 7
      Name{cv::dnn::DNN_BACKEND_CANN, "cann"},
#endif
};

constexpr std::array target_names {
  Name{cv::dnn::DNN_TARGET_CPU, "cpu"}, Name{cv::dnn::DNN_TARGET_OPENCL, "opencl"},
      Name{cv::dnn::DNN_TARGET_OPENCL_FP16, "opencl-fp16"}, Name{cv::dnn::DNN_TARGET_CUDA, "cuda"},
      Name{cv::dnn::DNN_TARGET_CUDA_FP16, "cuda-fp16"}, Name{cv::dnn::DNN_TARGET_VULKAN, "vulkan"},
      Name{cv::dnn::DNN_TARGET_MYRIAD, "myriad"}, Name{cv::dnn::DNN_TARGET_HDDL, "hddl"}, Name{cv::dnn::DNN_TARGET_FPGA, "fpga"},
      Name{cv::dnn::DNN_TARGET_NPU, "npu"},
#if CV_VERSION_MAJOR > 4 || CV_VERSION_MINOR >= 7
      Name{cv::dnn::DNN_TARGET_CPU_FP16, "cpu-fp16"},
#endif
};

template <class Names>
const char* name_of_id(const Names& names, int id) {
  const auto found = std::find_if(names.begin(), names.end(), [&](const Name& n) { return n.id == id; });
  return found == names.end() ? nullptr : found->name;
}

template <class Names>
int id_of_name(const Names& names, std::string_view name) {
  const auto found = std::find_if(names.begin(), names.end(), [&](const Name& n) { return n.name == name; });
  return found == names.end() ? -1 : found->id;
}

// The conditions under which Net::setUpNet keeps an OpenCL target instead of switching it to the CPU
// (modules/dnn, "OpenCL target is not supported with current OpenCL device").
bool keeps_opencl(int backend, int target) {
  const bool half = target == cv::dnn::DNN_TARGET_OPENCL_FP16;
  if (backend != cv::dnn::DNN_BACKEND_OPENCV || (target != cv::dnn::DNN_TARGET_OPENCL && !half)) return true;
  const char* any_device = std::getenv("OPENCV_DNN_OPENCL_ALLOW_ALL_DEVICES");
  if (any_device && std::string_view(any_device) == "1") return true;
  const auto& device = cv::ocl::Device::getDefault();
  return device.type() == cv::ocl::Device::TYPE_GPU && (!half || device.isIntel());
}

std::string list_of(const std::vector<DnnBackend>& backends) {
  std::string list;
  for (const auto& b : backends) list += (list.empty() ? "" : ", ") + b.backend + "/" + b.target;
  return list;
}

}  // namespace

std::vector<DnnBackend> available_backends() {
  std::vector<DnnBackend> available;
  for (const auto& [backend, target] : cv::dnn::getAvailableBackends()) {
    const auto* backend_name = name_of_id(backend_names, backend);
    const auto* target_name = name_of_id(target_names, target);
    if (backend_name && target_name && keeps_opencl(backend, target)) available.push_back({backend_name, target_name});
  }
  return available;
}

DnnBackendIds require_backend(const DnnBackend& wanted) {
  const auto available = available_backends();
  const bool found = std::any_of(available.begin(), available.end(),
                                 [&](const DnnBackend& b) { return b.backend == wanted.backend && b.target == wanted.target; });
  if (!found) {
    throw Error(ErrorCode::backend_unavailable, "backend '" + wanted.backend + "' with target '" + wanted.target +
                                                    "' cannot run here; available: " + list_of(available));
  }
  return {id_of_name(backend_names, wanted.backend), id_of_name(target_names, wanted.target)};
}

}  // namespace facededup
