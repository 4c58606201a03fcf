#include "pipeline_object.hpp"

#include <utility>

#include "convert.hpp"
#include "promise_worker.hpp"

namespace facededup {
namespace {

struct Nothing {};

Napi::Value undefined(Napi::Env env, const Nothing&) { return env.Undefined(); }

EncodeOptions to_encode_options(const Napi::Object& options) {
  const auto jitters = options.Get("jitters").As<Napi::Number>().Int32Value();
  return {to_face_options(options), {jitters, options.Get("mirror").ToBoolean()}};
}

ChipOptions to_chip_options(const Napi::Object& options) {
  return {
      to_face_options(options),
      options.Get("size").As<Napi::Number>().Int32Value(),
      options.Get("padding").As<Napi::Number>().DoubleValue(),
      options.Get("format").As<Napi::String>().Utf8Value() == "png",
  };
}

}  // namespace

Napi::Function PipelineObject::define(Napi::Env env) {
  return DefineClass(env, "Pipeline",
                     {
                         InstanceMethod<&PipelineObject::call<&PipelineObject::load_ssd>>("loadSsd"),
                         InstanceMethod<&PipelineObject::call<&PipelineObject::load_landmarks>>("loadLandmarks"),
                         InstanceMethod<&PipelineObject::call<&PipelineObject::load_encoder>>("loadEncoder"),
                         InstanceMethod<&PipelineObject::call<&PipelineObject::load_mmod>>("loadMmod"),
                         InstanceMethod<&PipelineObject::call<&PipelineObject::detect>>("detect"),
                         InstanceMethod<&PipelineObject::call<&PipelineObject::detect_batch>>("detectBatch"),
                         InstanceMethod<&PipelineObject::call<&PipelineObject::locate_landmarks>>("locateLandmarks"),
                         InstanceMethod<&PipelineObject::call<&PipelineObject::encode>>("encode"),
                         InstanceMethod<&PipelineObject::call<&PipelineObject::extract>>("extract"),
                         InstanceMethod<&PipelineObject::close>("close"),
                     });
}

PipelineObject::PipelineObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<PipelineObject>(info) {
  const auto lanes = info[0].As<Napi::Number>().Int32Value();
  const auto max_pixels = static_cast<std::uint64_t>(info[1].As<Napi::Number>().Int64Value());
  guarded(info.Env(), [&] { pipeline_ = std::make_shared<FacePipeline>(lanes, max_pixels); });
}

std::shared_ptr<FacePipeline> PipelineObject::open_pipeline(const Napi::CallbackInfo& info) const {
  if (pipeline_) return pipeline_;
  throw from_error(info.Env(), name_of(ErrorCode::engine_closed), "the engine is closed");
}

template <class Load>
Napi::Value PipelineObject::start_loading(const Napi::CallbackInfo& info, Load load) {
  return PromiseWorker<Nothing>::start(
      info.Env(),
      [pipeline = open_pipeline(info), load = std::move(load)]() mutable {
        load(*pipeline);
        return Nothing{};
      },
      undefined);
}

Napi::Value PipelineObject::load_ssd(const Napi::CallbackInfo& info) {
  SsdModel model{to_bytes(info[0]), to_bytes(info[1]), to_ssd_options(info[2].As<Napi::Object>())};
  return start_loading(info, [model = std::move(model)](FacePipeline& pipeline) mutable { pipeline.load_ssd(std::move(model)); });
}

Napi::Value PipelineObject::load_landmarks(const Napi::CallbackInfo& info) {
  return start_loading(info, [kind = to_landmark_kind(info[0]), bytes = to_bytes(info[1])](FacePipeline& pipeline) {
    pipeline.load_landmarks(kind, bytes);
  });
}

Napi::Value PipelineObject::load_encoder(const Napi::CallbackInfo& info) {
  return start_loading(info, [bytes = to_bytes(info[0])](FacePipeline& pipeline) { pipeline.load_encoder(bytes); });
}

Napi::Value PipelineObject::load_mmod(const Napi::CallbackInfo& info) {
  return start_loading(info, [bytes = to_bytes(info[0])](FacePipeline& pipeline) { pipeline.load_mmod(bytes); });
}

Napi::Value PipelineObject::detect(const Napi::CallbackInfo& info) {
  return PromiseWorker<Detections>::start(
      info.Env(),
      [pipeline = open_pipeline(info), source = to_image_source(info[0]),
       options = to_detect_options(info[1].As<Napi::Object>())] { return pipeline->detect(source, options); },
      from_detections);
}

Napi::Value PipelineObject::detect_batch(const Napi::CallbackInfo& info) {
  return PromiseWorker<std::vector<PhotoDetections>>::start(
      info.Env(),
      [pipeline = open_pipeline(info), sources = to_image_sources(info[0]),
       options = to_detect_options(info[1].As<Napi::Object>())] { return pipeline->detect_batch(sources, options); },
      from_photo_detections);
}

Napi::Value PipelineObject::locate_landmarks(const Napi::CallbackInfo& info) {
  return PromiseWorker<std::vector<std::vector<Point>>>::start(
      info.Env(),
      [pipeline = open_pipeline(info), source = to_image_source(info[0]), boxes = to_boxes(info[1]),
       kind = to_landmark_kind(info[2])] { return pipeline->locate_landmarks(source, boxes, kind); },
      from_landmarks);
}

Napi::Value PipelineObject::encode(const Napi::CallbackInfo& info) {
  return PromiseWorker<std::vector<EncodedFace>>::start(
      info.Env(),
      [pipeline = open_pipeline(info), source = to_image_source(info[0]),
       options = to_encode_options(info[1].As<Napi::Object>())] { return pipeline->encode(source, options); },
      from_encoded_faces);
}

Napi::Value PipelineObject::extract(const Napi::CallbackInfo& info) {
  return PromiseWorker<std::vector<ExtractedFace>>::start(
      info.Env(),
      [pipeline = open_pipeline(info), source = to_image_source(info[0]), options = to_chip_options(info[1].As<Napi::Object>())] {
        return pipeline->extract(source, options);
      },
      from_extracted_faces);
}

void PipelineObject::close(const Napi::CallbackInfo&) { pipeline_.reset(); }

}  // namespace facededup
