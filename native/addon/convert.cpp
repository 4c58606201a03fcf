#include "convert.hpp"

#include "settlement.hpp"

namespace facededup {
namespace {

double number(const Napi::Object& object, const char* name) { return object.Get(name).As<Napi::Number>().DoubleValue(); }

std::string text(const Napi::Object& object, const char* name) { return object.Get(name).As<Napi::String>().Utf8Value(); }

struct ByteRange {
  const std::uint8_t* begin;
  const std::uint8_t* end;
};

ByteRange range_of(const Napi::Value& value) {
  if (!value.IsTypedArray()) throw Napi::TypeError::New(value.Env(), "expected a typed array");
  const auto array = value.As<Napi::TypedArray>();
  const auto* begin = static_cast<const std::uint8_t*>(array.ArrayBuffer().Data()) + array.ByteOffset();
  return {begin, begin + array.ByteLength()};
}

std::vector<std::uint8_t> copy_of(const Napi::Value& value) {
  const auto range = range_of(value);
  return {range.begin, range.end};
}

template <class Convert>
auto map_array(const Napi::Value& value, Convert convert) {
  const auto array = value.As<Napi::Array>();
  std::vector<decltype(convert(Napi::Object()))> result;
  result.reserve(array.Length());
  for (std::uint32_t i = 0; i < array.Length(); ++i) result.push_back(convert(array.Get(i).As<Napi::Object>()));
  return result;
}

template <class Item, class Convert>
Napi::Array array_from(Napi::Env env, const std::vector<Item>& items, Convert convert) {
  auto array = Napi::Array::New(env, items.size());
  for (std::uint32_t i = 0; i < items.size(); ++i) array.Set(i, convert(items[i]));
  return array;
}

Box to_box(const Napi::Object& box) { return {number(box, "x"), number(box, "y"), number(box, "width"), number(box, "height")}; }

Napi::Object from_detection(Napi::Env env, const Detection& detection) {
  auto box = Napi::Object::New(env);
  box.Set("x", detection.box.x);
  box.Set("y", detection.box.y);
  box.Set("width", detection.box.width);
  box.Set("height", detection.box.height);
  auto object = Napi::Object::New(env);
  object.Set("box", box);
  object.Set("confidence", detection.confidence);
  return object;
}

Napi::Array from_points(Napi::Env env, const std::vector<Point>& points) {
  return array_from(env, points, [&](const Point& point) {
    auto pair = Napi::Array::New(env, 2);
    pair.Set(0U, point.x);
    pair.Set(1U, point.y);
    return pair;
  });
}

// An Error in the place of each photo that has no answer.
template <class Answer, class Convert>
Napi::Array from_photo_answers(Napi::Env env, const std::vector<PhotoAnswer<Answer>>& photos, Convert convert) {
  return array_from(env, photos, [&](const PhotoAnswer<Answer>& photo) -> Napi::Value {
    if (photo.error) return from_error(env, *photo.error).Value();
    return convert(env, photo.answer);
  });
}

}  // namespace

ImageSource to_image_source(const Napi::Value& value) {
  const auto object = value.As<Napi::Object>();
  if (object.Has("bytes")) return EncodedImage{copy_of(object.Get("bytes"))};
  const auto data = object.Get("data");
  auto samples = copy_of(data);
  return RawImage{
      std::move(samples),
      static_cast<std::uint64_t>(number(object, "width")),
      static_cast<std::uint64_t>(number(object, "height")),
      static_cast<int>(number(object, "channels")),
      data.As<Napi::TypedArray>().ElementSize(),
      text(object, "order") == "bgr" ? ChannelOrder::bgr : ChannelOrder::rgb,
  };
}

std::vector<ImageSource> to_image_sources(const Napi::Value& value) { return map_array(value, to_image_source); }

FaceOptions to_face_options(const Napi::Object& options) {
  FaceOptions request;
  request.detection = to_detect_options(options);
  if (const auto boxes = options.Get("boxes"); boxes.IsArray()) request.boxes = to_boxes(boxes);
  request.landmarks = to_landmark_kind(options.Get("landmarks"));
  request.alignment = text(options, "align") == "refined" ? Alignment::refined : Alignment::box;
  return request;
}

std::string to_bytes(const Napi::Value& value) {
  const auto range = range_of(value);
  return {range.begin, range.end};
}

DetectOptions to_detect_options(const Napi::Object& options) {
  const auto detector = text(options, "detector");
  return {
      detector == "hog"    ? DetectorKind::hog
      : detector == "mmod" ? DetectorKind::mmod
                           : DetectorKind::ssd,
      static_cast<int>(number(options, "upsample")),
      static_cast<int>(number(options, "maxSide")),
      static_cast<int>(number(options, "batchSize")),
      number(options, "confidence"),
      number(options, "nmsThreshold"),
      options.Get("shrinkOnLoad").ToBoolean(),
  };
}

LandmarkKind to_landmark_kind(const Napi::Value& value) {
  return value.As<Napi::String>().Utf8Value() == "large" ? LandmarkKind::large : LandmarkKind::small;
}

std::vector<Box> to_boxes(const Napi::Value& value) { return map_array(value, to_box); }

LandmarkOptions to_landmark_options(const Napi::Object& options) {
  return {to_boxes(options.Get("boxes")), to_landmark_kind(options.Get("landmarks"))};
}

Detections to_detections(const Napi::Value& value) {
  return map_array(value, [](const Napi::Object& detection) {
    return Detection{to_box(detection.Get("box").As<Napi::Object>()), number(detection, "confidence")};
  });
}

DnnBackend to_backend(const Napi::Object& options) { return {text(options, "backend"), text(options, "target")}; }

EncoderKind to_encoder_kind(const Napi::Object& options) {
  return text(options, "encoder") == "dlib" ? EncoderKind::dlib : EncoderKind::dnn;
}

EncodeOptions to_encode_options(const Napi::Object& options) {
  return {to_face_options(options), {static_cast<int>(number(options, "jitters")), options.Get("mirror").ToBoolean()}};
}

SsdOptions to_ssd_options(const Napi::Object& options) {
  const auto means = options.Get("meanValues").As<Napi::Array>();
  const auto mean = [&](std::uint32_t channel) { return means.Get(channel).As<Napi::Number>().DoubleValue(); };
  return {number(options, "scaleFactor"),
          {mean(0), mean(1), mean(2)},
          to_backend(options),
          options.Get("faceClass").IsNumber() ? static_cast<int>(number(options, "faceClass")) : any_class};
}

Napi::Value from_detections(Napi::Env env, const Detections& detections) {
  return array_from(env, detections, [&](const Detection& detection) { return from_detection(env, detection); });
}

Napi::Value from_landmarks(Napi::Env env, const std::vector<std::vector<Point>>& faces) {
  return array_from(env, faces, [&](const std::vector<Point>& points) { return from_points(env, points); });
}

Napi::Value from_photo_detections(Napi::Env env, const std::vector<PhotoAnswer<Detections>>& photos) {
  return from_photo_answers(env, photos, from_detections);
}

Napi::Value from_photo_faces(Napi::Env env, const std::vector<PhotoAnswer<std::vector<EncodedFace>>>& photos) {
  return from_photo_answers(env, photos, from_encoded_faces);
}

Napi::Value from_extracted_faces(Napi::Env env, const std::vector<ExtractedFace>& faces) {
  return array_from(env, faces, [&](const ExtractedFace& face) {
    auto object = from_detection(env, face.detection);
    object.Set("landmarks", from_points(env, face.landmarks));
    object.Set("chip", from_bytes(env, face.chip));
    return object;
  });
}

Napi::Value from_encoded_faces(Napi::Env env, const std::vector<EncodedFace>& faces) {
  return array_from(env, faces, [&](const EncodedFace& face) {
    auto object = from_detection(env, face.detection);
    object.Set("landmarks", from_points(env, face.landmarks));
    auto encoding = Napi::Float32Array::New(env, face.encoding.size());
    std::copy(face.encoding.begin(), face.encoding.end(), encoding.Data());
    object.Set("encoding", encoding);
    return object;
  });
}

Napi::Value from_bytes(Napi::Env env, const std::vector<std::uint8_t>& bytes) {
  auto array = Napi::Uint8Array::New(env, bytes.size());
  std::copy(bytes.begin(), bytes.end(), array.Data());
  return array;
}

}  // namespace facededup
