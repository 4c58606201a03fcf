// The free functions: the engine's verbs on one engine that is made when first needed.

import type { ChipFormat } from './config.js';
import type { Box, ExtractedFace, FaceDetection, FaceEncoding, FaceLandmarks } from './detections.js';
import {
  type DetectOptions,
  type EncodeOptions,
  type ExtractOptions,
  FaceEngine,
  type LandmarksOptions,
} from './engine.js';
import type { ImageInput } from './photos/photo.js';

let engine: FaceEngine | undefined;

/** Its engine options come from the environment; a program that wants others makes a FaceEngine of its own. */
function defaultEngine(): FaceEngine {
  engine ??= FaceEngine.createLazily();
  return engine;
}

/** Finds the faces of a photo: FaceEngine.detect on the default engine. */
export async function detectFaces(image: ImageInput, options?: DetectOptions): Promise<FaceDetection[]> {
  return defaultEngine().detect(image, options);
}

/** Finds the landmarks of the faces in the given boxes: FaceEngine.landmarks on the default engine. */
export async function locateLandmarks(
  image: ImageInput,
  boxes: readonly Box[],
  options?: LandmarksOptions,
): Promise<FaceLandmarks[]> {
  return defaultEngine().landmarks(image, boxes, options);
}

/** Detects and encodes the faces of a photo: FaceEngine.encode on the default engine. */
export async function encodeFaces(image: ImageInput, options?: EncodeOptions): Promise<FaceEncoding[]> {
  return defaultEngine().encode(image, options);
}

/** Cuts the faces of a photo out, turned upright: FaceEngine.extract on the default engine. */
export async function extractFaces<Format extends ChipFormat = 'png'>(
  image: ImageInput,
  options?: ExtractOptions<Format>,
): Promise<ExtractedFace<Format>[]> {
  return defaultEngine().extract(image, options);
}
