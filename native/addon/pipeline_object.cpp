#include "pipeline_object.hpp"

#include <string>
#include <type_traits>
#include <utility>

#include "cancellation_object.hpp"
#include "convert.hpp"
#include "promise_worker.hpp"

namespace facededup {
namespace {

struct Nothing {};

Napi::Value undefined(Napi::Env env, const Nothing&) { return env.Undefined(); }

ChipFormat to_chip_format(const std::string& name) {
  if (name == "jpeg") return ChipFormat::jpeg;
  return name == "raw" ? ChipFormat::raw : ChipFormat::png;
}

ChipOptions to_chip_options(const Napi::Object& options) {
  return {
      to_face_options(options),
      options.Get("size").As<Napi::Number>().Int32Value(),
      options.Get("padding").As<Napi::Number>().DoubleValue(),
      to_chip_format(options.Get("format").As<Napi::String>().Utf8Value()),
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
                         InstanceMethod<&PipelineObject::call<&PipelineObject::encode_batch>>("encodeBatch"),
                         InstanceMethod<&PipelineObject::call<&PipelineObject::extract>>("extract"),
                         InstanceMethod<&PipelineObject::close>("close"),
                     });
}

PipelineObject::PipelineObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<PipelineObject>(info) {
  const auto lanes = static_cast<std::size_t>(info[0].As<Napi::Number>().Int64Value());
  const auto max_pixels = static_cast<std::uint64_t>(info[1].As<Napi::Number>().Int64Value());
  guarded(info.Env(), [&] {
    shelf_ = std::make_shared<ModelShelf>();
    calls_ = std::make_shared<LaneCalls>(info.Env(), lanes,
                                         [shelf = shelf_, max_pixels] { return std::make_unique<Lane>(shelf, max_pixels); });
  });
}

void PipelineObject::require_open(Napi::Env env) const {
  if (!calls_) throw from_error(env, name_of(ErrorCode::engine_closed), "the engine is closed");
}

template <class Load>
Napi::Value PipelineObject::start_loading(const Napi::CallbackInfo& info, Load load) {
  require_open(info.Env());
  return PromiseWorker<Nothing>::start(
      info.Env(),
      [shelf = shelf_, load = std::move(load)]() mutable {
        load(*shelf);
        return Nothing{};
      },
      undefined);
}

template <auto verb, class Photos, class Options, class Convert>
Napi::Value PipelineObject::start_verb(const Napi::CallbackInfo& info, Photos photos, Options options, Convert convert) {
  require_open(info.Env());
  const auto cancellation = CancellationObject::of(info[2]);
  using Answer = std::invoke_result_t<decltype(verb), Lane&, const Photos&, const Options&, const Cancellation&>;
  return calls_->start<Answer>(
      cancellation,
      [photos = std::move(photos), options = std::move(options), cancellation](Lane& lane) {
        return (lane.*verb)(photos, options, cancellation);
      },
      convert);
}

Napi::Value PipelineObject::load_ssd(const Napi::CallbackInfo& info) {
  SsdModel model{to_bytes(info[0]), to_bytes(info[1]), to_ssd_options(info[2].As<Napi::Object>())};
  return start_loading(info, [model = std::move(model)](ModelShelf& shelf) mutable { shelf.load_ssd(std::move(model)); });
}

Napi::Value PipelineObject::load_landmarks(const Napi::CallbackInfo& info) {
  return start_loading(info, [kind = to_landmark_kind(info[0]), bytes = to_bytes(info[1])](ModelShelf& shelf) {
    shelf.load_landmarks(kind, bytes);
  });
}

Napi::Value PipelineObject::load_encoder(const Napi::CallbackInfo& info) {
  const auto options = info[1].As<Napi::Object>();
  return start_loading(info, [bytes = to_bytes(info[0]), kind = to_encoder_kind(options),
                              backend = to_backend(options)](ModelShelf& shelf) { shelf.load_encoder(bytes, kind, backend); });
}

Napi::Value PipelineObject::load_mmod(const Napi::CallbackInfo& info) {
  return start_loading(info, [bytes = to_bytes(info[0])](ModelShelf& shelf) { shelf.load_mmod(bytes); });
}

Napi::Value PipelineObject::detect(const Napi::CallbackInfo& info) {
  return start_verb<&Lane::detect>(info, to_image_source(info[0]), to_detect_options(info[1].As<Napi::Object>()),
                                   from_detections);
}

Napi::Value PipelineObject::detect_batch(const Napi::CallbackInfo& info) {
  return start_verb<&Lane::detect_batch>(info, to_image_sources(info[0]), to_detect_options(info[1].As<Napi::Object>()),
                                         from_photo_detections);
}

Napi::Value PipelineObject::locate_landmarks(const Napi::CallbackInfo& info) {
  return start_verb<&Lane::locate_landmarks>(info, to_image_source(info[0]), to_landmark_options(info[1].As<Napi::Object>()),
                                             from_landmarks);
}

Napi::Value PipelineObject::encode(const Napi::CallbackInfo& info) {
  return start_verb<&Lane::encode>(info, to_image_source(info[0]), to_encode_options(info[1].As<Napi::Object>()),
                                   from_encoded_faces);
}

Napi::Value PipelineObject::encode_batch(const Napi::CallbackInfo& info) {
  return start_verb<&Lane::encode_batch>(info, to_image_sources(info[0]), to_encode_options(info[1].As<Napi::Object>()),
                                         from_photo_faces);
}

Napi::Value PipelineObject::extract(const Napi::CallbackInfo& info) {
  return start_verb<&Lane::extract>(info, to_image_source(info[0]), to_chip_options(info[1].As<Napi::Object>()),
                                    from_extracted_faces);
}

void PipelineObject::close(const Napi::CallbackInfo&) { calls_.reset(); }

}  // namespace facededup
