// The addon's door. No state is shared between the environments (main thread, worker threads) that load it.
#include <napi.h>

#include <cblas.h>
#include <opencv2/core.hpp>
#include <opencv2/core/utils/logger.hpp>

// OpenCV before dlib: dlib's headers bring names that clash with OpenCV's macros otherwise.
#include <dlib/revision.h>

#include <cstdlib>
#include <mutex>
#include <string>

#include "../vision/dnn_backend.hpp"
#include "../vision/drawing.hpp"
#include "../vision/thumbnail.hpp"
#include "cancellation_object.hpp"
#include "convert.hpp"
#include "lane_calls.hpp"
#include "pipeline_object.hpp"
#include "promise_worker.hpp"

namespace facededup {
namespace {

Napi::Value list_backends(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  const auto backends = available_backends();
  auto list = Napi::Array::New(env, backends.size());
  for (std::uint32_t i = 0; i < backends.size(); ++i) {
    auto pair = Napi::Object::New(env);
    pair.Set("backend", backends[i].backend);
    pair.Set("target", backends[i].target);
    list.Set(i, pair);
  }
  return list;
}

// (image, detections, maxPixels)
Napi::Value draw(const Napi::CallbackInfo& info) {
  const auto max_pixels = static_cast<std::uint64_t>(info[2].As<Napi::Number>().Int64Value());
  return PromiseWorker<std::vector<std::uint8_t>>::start(
      info.Env(),
      [source = to_image_source(info[0]), detections = to_detections(info[1]), max_pixels] {
        return draw_detections(source, detections, max_pixels);
      },
      from_bytes);
}

Napi::Value from_thumbnail(Napi::Env env, const Thumbnail& thumbnail) {
  auto object = Napi::Object::New(env);
  object.Set("jpeg", from_bytes(env, thumbnail.jpeg));
  object.Set("width", thumbnail.size.width);
  object.Set("height", thumbnail.size.height);
  object.Set("photoWidth", thumbnail.photo.width);
  object.Set("photoHeight", thumbnail.photo.height);
  return object;
}

// (image, maxSide, maxPixels)
Napi::Value thumbnail(const Napi::CallbackInfo& info) {
  const auto max_side = info[1].As<Napi::Number>().Int32Value();
  const auto max_pixels = static_cast<std::uint64_t>(info[2].As<Napi::Number>().Int64Value());
  return PromiseWorker<Thumbnail>::start(
      info.Env(),
      [source = to_image_source(info[0]), max_side, max_pixels] { return make_thumbnail(source, max_side, max_pixels); },
      from_thumbnail);
}

template <Napi::Value (*function)(const Napi::CallbackInfo&)>
Napi::Value call(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] { return function(info); });
}

// Photos run side by side, one thread each: threads inside a network gain less and fight with the other lanes.
void use_one_thread_per_network() {
  cv::setNumThreads(1);
  openblas_set_num_threads(1);
}

// What goes wrong reaches the caller as an error; OpenCV's log lines on stderr would say it twice.
void silence_opencv_log() {
  if (std::getenv("OPENCV_LOG_LEVEL") == nullptr) cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  static std::once_flag once;
  std::call_once(once, [] {
    use_one_thread_per_network();
    silence_opencv_log();
  });
  auto process = env.Global().Get("process").As<Napi::Object>();
  const auto on_exit = Napi::Function::New(env, [](const Napi::CallbackInfo& info) { LaneCalls::give_up_all(info.Env()); });
  process.Get("once").As<Napi::Function>().Call(process, {Napi::String::New(env, "exit"), on_exit});
  auto versions = Napi::Object::New(env);
  versions.Set("opencv", cv::getVersionString());
  versions.Set("dlib", std::to_string(DLIB_MAJOR_VERSION) + "." + std::to_string(DLIB_MINOR_VERSION) + "." +
                           std::to_string(DLIB_PATCH_VERSION));
  exports.Set("versions", versions);
  exports.Set("availableBackends", Napi::Function::New<call<list_backends>>(env, "availableBackends"));
  exports.Set("drawDetections", Napi::Function::New<call<draw>>(env, "drawDetections"));
  exports.Set("thumbnail", Napi::Function::New<call<thumbnail>>(env, "thumbnail"));
  exports.Set("Cancellation", CancellationObject::define(env));
  exports.Set("Pipeline", PipelineObject::define(env));
  return exports;
}

}  // namespace
}  // namespace facededup

using facededup::init;
NODE_API_MODULE(facededup, init)
