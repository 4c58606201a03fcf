// JavaScript values to requests and answers to JavaScript values. lib/native.ts has the TypeScript side of each shape;
// lib/ has checked the values already, so a mismatch here is a mistake of ours and throws a TypeError.
#pragma once

#include <napi.h>

#include <string>
#include <vector>

#include "../vision/lane.hpp"

namespace facededup {

// Both copy: JavaScript may change, transfer or shrink its buffer while a worker thread reads.
ImageSource to_image_source(const Napi::Value& value);
std::string to_bytes(const Napi::Value& value);

std::vector<ImageSource> to_image_sources(const Napi::Value& value);
DetectOptions to_detect_options(const Napi::Object& options);
LandmarkKind to_landmark_kind(const Napi::Value& value);
std::vector<Box> to_boxes(const Napi::Value& value);
LandmarkOptions to_landmark_options(const Napi::Object& options);
Detections to_detections(const Napi::Value& value);
DnnBackend to_backend(const Napi::Object& options);
EncoderKind to_encoder_kind(const Napi::Object& options);
EncodeOptions to_encode_options(const Napi::Object& options);
SsdOptions to_ssd_options(const Napi::Object& options);

Napi::Value from_detections(Napi::Env env, const Detections& detections);
Napi::Value from_landmarks(Napi::Env env, const std::vector<std::vector<Point>>& faces);
FaceOptions to_face_options(const Napi::Object& options);
Napi::Value from_photo_detections(Napi::Env env, const std::vector<PhotoAnswer<Detections>>& photos);
Napi::Value from_extracted_faces(Napi::Env env, const std::vector<ExtractedFace>& faces);
Napi::Value from_encoded_faces(Napi::Env env, const std::vector<EncodedFace>& faces);
Napi::Value from_photo_faces(Napi::Env env, const std::vector<PhotoAnswer<std::vector<EncodedFace>>>& photos);
Napi::Value from_bytes(Napi::Env env, const std::vector<std::uint8_t>& bytes);

}  // namespace facededup
