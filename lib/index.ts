// The door of facededup.

export type { Detector, LandmarkModelName, MeanValues } from './config.js';
export { detectFaces, encodeFaces, locateLandmarks } from './default_engine.js';
export type { Box, FaceDetection, FaceEncoding, FaceLandmarks } from './detections.js';
export * from './duplicates/index.js';
export {
  availableBackends,
  type DetectOptions,
  drawDetections,
  type EncodeOptions,
  type EngineInfo,
  type EngineOptions,
  FaceEngine,
  type LandmarksOptions,
  type ModelInfo,
  type PhotoResult,
  type PhotoSequence,
} from './engine.js';
export {
  AbortedError,
  BackendUnavailableError,
  BoxOutsidePhotoError,
  type DnnBackend,
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
export type { ImageInput, RawImage } from './photos/photo.js';
