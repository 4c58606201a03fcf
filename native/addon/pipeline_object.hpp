// The pipeline as a JavaScript class: one method a verb, each answering with a promise.
#pragma once

#include <napi.h>

#include <functional>
#include <memory>

#include "../vision/models.hpp"
#include "lane_calls.hpp"
#include "settlement.hpp"

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
  Napi::Value load_encoder(const Napi::CallbackInfo& info);      // (bytes, options)
  Napi::Value load_mmod(const Napi::CallbackInfo& info);         // (bytes)
  Napi::Value detect(const Napi::CallbackInfo& info);            // (image, options, cancellation?)
  Napi::Value detect_batch(const Napi::CallbackInfo& info);      // (images, options, cancellation?)
  Napi::Value locate_landmarks(const Napi::CallbackInfo& info);  // (image, options, cancellation?)
  Napi::Value encode(const Napi::CallbackInfo& info);            // (image, options, cancellation?)
  Napi::Value encode_batch(const Napi::CallbackInfo& info);      // (images, options, cancellation?)
  Napi::Value extract(const Napi::CallbackInfo& info);           // (image, options, cancellation?)
  void close(const Napi::CallbackInfo& info);

  // Runs `load(shelf)` off the main thread; the promise has no value.
  template <class Load>
  Napi::Value start_loading(const Napi::CallbackInfo& info, Load load);

  // Runs `lane.verb(photos, options, cancellation)` in a lane; the call's third argument may be a Cancellation.
  template <auto verb, class Photos, class Options, class Convert>
  Napi::Value start_verb(const Napi::CallbackInfo& info, Photos photos, Options options, Convert convert);

  // Throws to JavaScript.
  void require_open(Napi::Env env) const;

  std::shared_ptr<ModelShelf> shelf_;
  std::shared_ptr<LaneCalls> calls_;  // none once closed; calls under way hold their own share
};

}  // namespace facededup
