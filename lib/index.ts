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
export type {
  Box,
  ExtractedFace,
  FaceDetection,
  FaceEncoding,
  FaceLandmarks,
  Thumbnail,
} from './detections.js';
export * from './calibration/index.js';
export * from './duplicates/index.js';
export type { AzureLocation } from './azure.js';
export { type EncodingOrigin, originId, outdatedRecords, sameOrigin } from './encodings/origin.js';
export type { KeptFace, KeptPhoto } from './encodings/kept_encodings.js';
export {
  type EncodingsFormat,
  type KeptFileOptions,
  readKeptPhotos,
  writeKeptPhotos,
} from './encodings/kept_files.js';
export {
  formatNpy,
  type NpyOptions,
  parseNpy,
  readEncodings,
  readOrigin,
  writeEncodings,
  type WriteEncodingsOptions,
} from './encodings/npy.js';
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
  type ModelsReload,
  type PhotoResult,
  type PhotoSequence,
  type PhotosProgress,
  type SequenceOptions,
  thumbnail,
} from './engine.js';
export {
  AbortedError,
  AzureError,
  BackendUnavailableError,
  BoxOutsidePhotoError,
  CalibrationError,
  ClusterError,
  ConfigFileError,
  type DnnBackend,
  EncodingsFileError,
  EngineClosedError,
  FaceDedupError,
  type FaceDedupErrorOptions,
  FaceStoreError,
  InternalError,
  InvalidEncodingsError,
  InvalidOptionError,
  ModelCorruptError,
  ModelFetchError,
  ModelMissingError,
  ModelRejectedError,
  ModelStoreError,
  NativeAddonError,
  NoFaceError,
  NoPhotosError,
  OutOfMemoryError,
  OutputError,
  PhotoAccessError,
  PhotoFormatError,
  PhotoTooLargeError,
  RawImageError,
  ReportError,
  ServerError,
  StoreKeyError,
  TelemetryError,
  TileDataError,
} from './errors.js';
export type { ModelInfo } from './loaded_models.js';
export { checkCandidate, type CandidateCheckOptions, type CandidatePhoto } from './model_check.js';
export {
  type CandidateCheck,
  type FetchOptions,
  type FetchProgress,
  type LoadedModel,
  type Manifest,
  type ModelChange,
  type ModelFile,
  type ModelKey,
  type ModelSetName,
  type ModelSourceName,
  type ModelsOption,
  type ModelState,
  type ModelStatus,
  ModelStore,
  type ModelStoreOptions,
  type ModelVersion,
  type OfficialFile,
  type RemovedVersion,
  type UpdateOptions,
  type VersionFile,
} from './models/index.js';
export { type LandmarkFeature, landmarkFeatures, type LandmarkFeatures } from './landmark_features.js';
export { type AzurePhoto, azurePhotos } from './photos/azure.js';
export { type FileReader, type NamedPhoto, NamedPhotos } from './photos/named_photos.js';
export type { ImageInput, LazyPhoto, RawImage } from './photos/photo.js';
export {
  type PhotosInReport,
  type ReportContents,
  type ReportOptions,
  writeReport,
  type WrittenReport,
} from './report/index.js';
export type { References } from './runs/encode_photos.js';
export { findInPhotos, type FindOptions, type FindProgress } from './runs/find.js';
export type { RunProgress } from './runs/gather.js';
export type {
  Approximation,
  FacesPolicy,
  FailedPhoto,
  Findings,
  FoundPair,
  RunSummary,
  Verdict,
} from './runs/findings.js';
export type { WaysCompared } from './runs/ways_compared.js';
export { estimateInWords, summaryInWords } from './runs/words.js';
export {
  type DecidedPhoto,
  type Decision,
  type DecisionIndex,
  type DecisionTable,
  decryptStore,
  defaultSet,
  type DistanceHistogram,
  type CheckedStore,
  type EncryptionChange,
  encryptStore,
  type ErasedFromSet,
  type EraseOptions,
  type Erasure,
  FaceStore,
  type FaceStoreOptions,
  isEncryptedStore,
  type ListedPhoto,
  type NewDecision,
  type PairsPage,
  type PairsQuery,
  type PhotoSet,
  type PhotoSetFacts,
  type PhotoTable,
  type PhotosQuery,
  type PhotoTableFacts,
  type PlacedPair,
  rekeyStore,
  type RunFacts,
  type RunTable,
  type SeenPhoto,
  type StoreKey,
  type SubjectKind,
} from './store/index.js';
