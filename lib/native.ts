// The one file that loads the native addon: its types, and its errors made into ours.

import nodeGypBuild from 'node-gyp-build';
import { onAbort } from './abort_listeners.js';
import type { FaceDedupError } from './errors.js';
import {
  AbortedError,
  BackendUnavailableError,
  BoxOutsidePhotoError,
  type DnnBackend,
  EngineClosedError,
  InternalError,
  ModelCorruptError,
  NativeAddonError,
  OutOfMemoryError,
  PhotoFormatError,
  PhotoTooLargeError,
  RawImageError,
  messageOf,
} from './errors.js';
import type {
  Alignment,
  ChipFormat,
  Detector,
  EncoderName,
  LandmarkModelName,
  MeanValues,
} from './config.js';
import { packageRoot } from './package_root.js';
import type { NativeImage } from './photos/photo.js';

/** Pixels of the upright image. */
export interface NativeBox {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface NativeDetection {
  readonly box: NativeBox;
  readonly confidence: number;
}

export type NativePoints = readonly (readonly [x: number, y: number])[];

export interface NativeFace extends NativeDetection {
  readonly landmarks: NativePoints;
  readonly encoding: Float32Array;
}

export interface NativeExtractedFace extends NativeDetection {
  readonly landmarks: NativePoints;
  /** PNG or JPEG bytes, or size × size × 3 RGB samples. */
  readonly chip: Uint8Array;
}

export interface NativeDetectOptions {
  readonly detector: Detector;
  readonly upsample: number;
  readonly maxSide: number;
  readonly batchSize: number;
  readonly confidence: number;
  readonly nmsThreshold: number;
  readonly shrinkOnLoad: boolean;
}

export interface NativeFaceOptions extends NativeDetectOptions {
  readonly boxes: readonly NativeBox[] | undefined;
  readonly landmarks: LandmarkModelName;
  readonly align: Alignment;
}

export interface NativeLandmarksOptions {
  readonly boxes: readonly NativeBox[];
  readonly landmarks: LandmarkModelName;
}

export interface NativeEncodeOptions extends NativeFaceOptions {
  readonly jitters: number;
  readonly mirror: boolean;
}

export interface NativeChipOptions extends NativeFaceOptions {
  readonly size: number;
  readonly padding: number;
  readonly format: ChipFormat;
}

export interface NativeSsdOptions extends DnnBackend {
  readonly scaleFactor: number;
  readonly meanValues: MeanValues;
  /** The class that counts as a face; undefined: any. */
  readonly faceClass: number | undefined;
}

export interface NativeEncoderOptions extends DnnBackend {
  readonly encoder: EncoderName;
}

/** Stops a call's work at its next stage; the call then fails with ABORTED. */
export interface NativeCancellation {
  cancel(): void;
}

export interface NativePipeline {
  loadSsd(prototxt: Uint8Array, weights: Uint8Array, options: NativeSsdOptions): Promise<void>;
  loadLandmarks(model: LandmarkModelName, bytes: Uint8Array): Promise<void>;
  loadEncoder(bytes: Uint8Array, options: NativeEncoderOptions): Promise<void>;
  loadMmod(bytes: Uint8Array): Promise<void>;
  detect(
    image: NativeImage,
    options: NativeDetectOptions,
    cancellation: NativeCancellation | undefined,
  ): Promise<NativeDetection[]>;
  /** One answer a photo, in order. */
  detectBatch(
    images: readonly NativeImage[],
    options: NativeDetectOptions,
    cancellation: NativeCancellation | undefined,
  ): Promise<(NativeDetection[] | Error)[]>;
  locateLandmarks(
    image: NativeImage,
    options: NativeLandmarksOptions,
    cancellation: NativeCancellation | undefined,
  ): Promise<NativePoints[]>;
  encode(
    image: NativeImage,
    options: NativeEncodeOptions,
    cancellation: NativeCancellation | undefined,
  ): Promise<NativeFace[]>;
  /** One answer a photo, in order. */
  encodeBatch(
    images: readonly NativeImage[],
    options: NativeEncodeOptions,
    cancellation: NativeCancellation | undefined,
  ): Promise<(NativeFace[] | Error)[]>;
  extract(
    image: NativeImage,
    options: NativeChipOptions,
    cancellation: NativeCancellation | undefined,
  ): Promise<NativeExtractedFace[]>;
  /** Later calls fail with ENGINE_CLOSED; calls under way end undisturbed. */
  close(): void;
}

export interface NativeThumbnail {
  readonly jpeg: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly photoWidth: number;
  readonly photoHeight: number;
}

export interface NativeAddon {
  readonly versions: { readonly opencv: string; readonly dlib: string };
  availableBackends(): DnnBackend[];
  drawDetections(
    image: NativeImage,
    detections: readonly NativeDetection[],
    maxPixels: number,
  ): Promise<Uint8Array>;
  thumbnail(image: NativeImage, maxSide: number, maxPixels: number): Promise<NativeThumbnail>;
  readonly Cancellation: new () => NativeCancellation;
  readonly Pipeline: new (lanes: number, maxPixels: number) => NativePipeline;
}

let loaded: NativeAddon | undefined;

/** @throws NativeAddonError when the addon was not built for this machine or a library it needs is missing. */
export function loadAddon(): NativeAddon {
  try {
    loaded ??= nodeGypBuild(packageRoot) as NativeAddon;
    return loaded;
  } catch (cause) {
    const reason = messageOf(cause);
    throw new NativeAddonError(
      'NATIVE_ADDON_MISSING',
      `No native addon of facededup loads on this machine (${process.platform}-${process.arch}). A prebuilt one comes with the ` +
        'package for Linux on x64 with glibc 2.35 or later. To build one, install CMake, a C++ compiler, OpenCV, dlib, ' +
        'OpenBLAS and the image libraries (Debian: cmake make g++ libopencv-dev libdlib-dev libopenblas-dev libjpeg-dev libpng-dev ' +
        'libtiff-dev libwebp-dev), then run ' +
        `'npm rebuild facededup --foreground-scripts'; docs/install.md says more. Reason: ${reason}`,
      { cause },
    );
  }
}

type MakeError = (subject: string, reason: string, cause: unknown) => FaceDedupError;

const errorOfCode: Readonly<Record<string, MakeError>> = {
  PHOTO_NOT_AN_IMAGE: (photo, reason, cause) =>
    new PhotoFormatError(
      'PHOTO_NOT_AN_IMAGE',
      `${photo} is not an image: ${reason}. Give one of these formats.`,
      { cause },
    ),
  PHOTO_TRUNCATED: (photo, reason, cause) =>
    new PhotoFormatError('PHOTO_TRUNCATED', `${photo} is cut short: ${reason}. Get a whole copy of it.`, {
      cause,
    }),
  PHOTO_CORRUPT: (photo, reason, cause) =>
    new PhotoFormatError('PHOTO_CORRUPT', `${photo} is damaged: ${reason}. Get an intact copy of it.`, {
      cause,
    }),
  PHOTO_TOO_LARGE: (photo, reason, cause) =>
    new PhotoTooLargeError('PHOTO_TOO_LARGE', `${photo} is too large: ${reason}.`, { cause }),
  RAW_IMAGE_INVALID: (photo, reason, cause) =>
    new RawImageError('RAW_IMAGE_INVALID', `${photo} is no photo: ${reason}.`, { cause }),
  BOX_OUTSIDE_PHOTO: (photo, reason, cause) =>
    new BoxOutsidePhotoError(
      'BOX_OUTSIDE_PHOTO',
      `${photo} does not hold every box: ${reason}. Boxes are pixels of the upright photo.`,
      {
        cause,
      },
    ),
  MODEL_CORRUPT: (model, reason, cause) =>
    new ModelCorruptError(
      'MODEL_CORRUPT',
      `${model} cannot be used: ${reason}. Replace the file, or fetch it again with 'npx facededup models fetch'.`,
      { cause },
    ),
  BACKEND_UNAVAILABLE: (_subject, reason, cause) =>
    new BackendUnavailableError(`${reason}.`, loadAddon().availableBackends(), { cause }),
  ABORTED: (_subject, _reason, cause) =>
    new AbortedError('ABORTED', 'The call was aborted by its signal.', { cause }),
  ENGINE_CLOSED: (_subject, _reason, cause) => engineClosed(cause),
  OUT_OF_MEMORY: (subject, reason, cause) =>
    new OutOfMemoryError('OUT_OF_MEMORY', `${subject} cannot be handled: ${reason}.`, { cause }),
};

export function engineClosed(cause?: unknown): EngineClosedError {
  return new EngineClosedError(
    'ENGINE_CLOSED',
    'The engine is closed. Create another one with FaceEngine.create().',
    { cause },
  );
}

/** What the native side threw, as one of this library's classes; `subject` begins the sentence. */
export function typedError(subject: string, cause: unknown): FaceDedupError {
  const reason = messageOf(cause);
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'INTERNAL';
  const makeError = errorOfCode[code];
  if (makeError) return makeError(subject, reason, cause);
  const message = `${subject} met a mistake of facededup itself, please report it: ${reason}`;
  return new InternalError('INTERNAL', message, { cause });
}

/** Runs a native call and turns what it throws into this library's classes. */
export async function callNative<T>(subject: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    throw typedError(subject, cause);
  }
}

/** Gives the call a cancellation that the signal sets off while it is under way. */
export async function withCancellation<T>(
  signal: AbortSignal | undefined,
  call: (cancellation: NativeCancellation | undefined) => Promise<T>,
): Promise<T> {
  if (!signal) return call(undefined);
  const cancellation = new (loadAddon().Cancellation)();
  if (signal.aborted) cancellation.cancel();
  const endListening = onAbort(signal, () => cancellation.cancel());
  try {
    return await call(cancellation);
  } finally {
    endListening();
  }
}
