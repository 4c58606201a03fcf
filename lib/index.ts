// The door of facededup.

export type {
  Alignment,
  ChipFormat,
  Detector,
  EncoderName,
  LandmarkModelName,
  MeanValues,
} from './config.js';
export { detectFaces, encodeFaces, extractFaces, locateLandmarks } from './default_engine.js';
export type { Box, ExtractedFace, FaceDetection, FaceEncoding, FaceLandmarks } from './detections.js';
export * from './duplicates/index.js';
export { formatNpy, type NpyOptions, parseNpy, readEncodings, writeEncodings } from './encodings/npy.js';
export {
  availableBackends,
  type DetectOptions,
  drawDetections,
  type EncodeOptions,
  type EngineInfo,
  type EngineOptions,
  type ExtractOptions,
  FaceEngine,
  type FaceOptions,
  type LandmarksOptions,
  type ModelInfo,
  type PhotoResult,
  type PhotoSequence,
  type PhotosProgress,
  type SequenceOptions,
} from './engine.js';
export {
  AbortedError,
  BackendUnavailableError,
  BoxOutsidePhotoError,
  type DnnBackend,
  EncodingsFileError,
  EngineClosedError,
  FaceDedupError,
  InternalError,
  InvalidEncodingsError,
  InvalidOptionError,
  ModelCorruptError,
  ModelFetchError,
  ModelMissingError,
  NativeAddonError,
  OutOfMemoryError,
  PhotoAccessError,
  PhotoFormatError,
  PhotoTooLargeError,
  RawImageError,
} from './errors.js';
export { type LandmarkFeature, landmarkFeatures, type LandmarkFeatures } from './landmark_features.js';
export type { ImageInput, RawImage } from './photos/photo.js';
