// Two photos: whether they show one person.

import { thresholdOptionTable } from '../config.js';
import type { Box, FaceEncoding } from '../detections.js';
import type { FaceEngine } from '../engine.js';
import { NoFaceError } from '../errors.js';
import { readOptions } from '../options.js';
import { describePhoto, type ImageInput } from '../photos/photo.js';
import { closestFaces } from './closest_faces.js';

export interface CompareOptions {
  /** Above 0; default 0.4, or FACE_DISTANCE_THRESHOLD. */
  readonly threshold?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ComparedPhoto {
  /** How many faces it shows. */
  readonly faces: number;
  /** Of the face that was compared, in pixels of the upright photo. */
  readonly box: Box;
  readonly confidence: number;
}

export interface Comparison {
  readonly first: ComparedPhoto;
  readonly second: ComparedPhoto;
  /** Euclidean; of photos with several faces, the least between a face of the one and a face of the other. */
  readonly distance: number;
  /** 1 − distance. */
  readonly similarity: number;
  readonly threshold: number;
  /** `same` when distance < threshold. */
  readonly verdict: 'same' | 'different';
}

/**
 * Compares the faces of two photos, encoded as the engine does by default.
 *
 * @throws NoFaceError `NO_FACE`, InvalidOptionError, and as FaceEngine.encode
 */
export async function comparePhotos(
  engine: FaceEngine,
  first: ImageInput,
  second: ImageInput,
  options: CompareOptions = {},
): Promise<Comparison> {
  const { threshold } = readOptions(thresholdOptionTable, { threshold: options.threshold });
  const { signal } = options;
  const [firstFaces, secondFaces] = await Promise.all([
    facesOf(engine, first, signal),
    facesOf(engine, second, signal),
  ]);
  const closest = closestFaces(firstFaces, secondFaces);
  if (!closest) throw noFace(firstFaces.length === 0 ? first : second);
  const { distance } = closest;
  return {
    first: described(closest.first, firstFaces),
    second: described(closest.second, secondFaces),
    distance,
    similarity: 1 - distance,
    threshold,
    verdict: distance < threshold ? 'same' : 'different',
  };
}

async function facesOf(
  engine: FaceEngine,
  photo: ImageInput,
  signal: AbortSignal | undefined,
): Promise<FaceEncoding[]> {
  const faces = await engine.encode(photo, { signal });
  if (faces.length === 0) throw noFace(photo);
  return faces;
}

function noFace(photo: ImageInput): NoFaceError {
  return new NoFaceError(
    'NO_FACE',
    `${describePhoto(photo)} shows no face that this detector finds. Give another photo, another detector or less confidence.`,
  );
}

function described({ box, confidence }: FaceEncoding, { length: faces }: readonly unknown[]): ComparedPhoto {
  return { faces, box, confidence };
}
