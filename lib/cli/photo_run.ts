// One pass of the engine over the photos a person named: progress, failures, exit code.

import type { EngineInfo, PhotoResult } from '../engine.js';
import { FaceDedupError } from '../errors.js';
import { listPhotos } from '../photos/folder.js';
import { count, printNote } from './output.js';
import { startProgress } from './progress.js';

export const exitCodes = { done: 0, somePhotosFailed: 1, wrongUse: 2, ourMistake: 70 } as const;

export interface FailedPhoto {
  readonly photo: string;
  readonly code: string;
  readonly message: string;
}

export class NoPhotosError extends FaceDedupError {
  constructor(paths: readonly string[]) {
    super(
      'NO_PHOTOS',
      `There are no photos in ${paths.join(', ')}: folders are searched for JPEG, PNG, WebP, BMP and TIFF files.`,
    );
  }
}

/** @throws NoPhotosError */
export async function requirePhotos(paths: readonly string[]): Promise<string[]> {
  const photos = await listPhotos(paths);
  if (photos.length === 0) throw new NoPhotosError(paths);
  return photos;
}

/** Hands each photo's faces on as it comes, shows progress, and lists the failed photos on stderr. */
export async function runOverPhotos<Face>(
  photos: readonly string[],
  label: string,
  results: AsyncIterable<PhotoResult<Face, string>>,
  onFaces: (photo: string, faces: readonly Face[]) => void,
): Promise<FailedPhoto[]> {
  const failed: FailedPhoto[] = [];
  const progress = startProgress(label, photos.length, 'photos');
  let done = 0;
  try {
    for await (const { photo, faces, error } of results) {
      if (error) failed.push({ photo, code: error.code, message: error.message });
      else onFaces(photo, faces);
      progress.update(++done);
    }
  } finally {
    progress.stop();
  }
  for (const { code, message } of failed) printNote(`failed: ${message} [${code}]`);
  if (failed.length > 0) printNote(`${count(failed.length, 'photo')} of ${photos.length} failed.`);
  return failed;
}

/** An administrator's own model is welcome, but nobody should use one unawares. */
export function noteUnverifiedModels({ models }: EngineInfo): void {
  for (const { path, sha256, state } of models) {
    if (state === 'unverified') printNote(`note: the model ${path} is unverified (SHA-256 ${sha256}).`);
  }
}

export function exitCodeFor(failed: readonly FailedPhoto[]): number {
  return failed.length > 0 ? exitCodes.somePhotosFailed : exitCodes.done;
}
