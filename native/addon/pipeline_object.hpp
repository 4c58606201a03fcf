// FacePipeline as a JavaScript class: one method a verb, each answering with a promise.
#pragma once

#include <napi.h>

#include <memory>

#include "../vision/face_pipeline.hpp"
#include "promise_worker.hpp"

namespace facededup {

class PipelineObject : public Napi::ObjectWrap<PipelineObject> {
 public:
  static Napi::Function define(Napi::Env env);

  // new Pipeline(lanes, maxPixels)
  explicit PipelineObject(const Napi::CallbackInfo& info);

 private:
  template <Napi::Value (PipelineObject::*method)(const Napi::CallbackInfo&)>
  Napi::Value call(const Napi::CallbackInfo& info) {
    return guarded(info.Env(), [&] { return (this->*method)(info); });
  }

  Napi::Value load_ssd(const Napi::CallbackInfo& info);          // (prototxt, weights, options)
  Napi::Value load_landmarks(const Napi::CallbackInfo& info);    // (kind, bytes)
  Napi::Value load_encoder(const Napi::CallbackInfo& info);      // (bytes)
  Napi::Value load_mmod(const Napi::CallbackInfo& info);         // (bytes)
  Napi::Value detect_batch(const Napi::CallbackInfo& info);      // (images, options)
  Napi::Value extract(const Napi::CallbackInfo& info);           // (image, options)
  Napi::Value detect(const Napi::CallbackInfo& info);            // (image, options)
  Napi::Value locate_landmarks(const Napi::CallbackInfo& info);  // (image, boxes, kind)
  Napi::Value encode(const Napi::CallbackInfo& info);            // (image, options)
  void close(const Napi::CallbackInfo& info);

  // Runs `load(pipeline)` off the main thread; the promise has no value.
  template <class Load>
  Napi::Value start_loading(const Napi::CallbackInfo& info, Load load);

  // Throws to JavaScript once the pipeline is closed. Work under way holds its own share and ends undisturbed.
  std::shared_ptr<FacePipeline> open_pipeline(const Napi::CallbackInfo& info) const;

  std::shared_ptr<FacePipeline> pipeline_;
};

}  // namespace facededup
