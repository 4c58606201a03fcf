// One pass of the engine over the photos a person named: progress, failures, exit code.

import type { EngineInfo, PhotoResult } from '../engine.js';
import type { NamedPhotos } from '../photos/named_photos.js';
import type { LazyPhoto } from '../photos/photo.js';
import type { FailedPhoto } from '../runs/findings.js';
import { count, printNote } from './output.js';
import { startProgress } from './progress.js';

/** `compare` answers with its exit code as cmp and diff do: 0 the same, 1 different, 2 it cannot be told. */
export const exitCodes = {
  done: 0,
  somePhotosFailed: 1,
  different: 1,
  broken: 1,
  wrongUse: 2,
  ourMistake: 70,
} as const;

/** As the engine is given it and gives it back. */
type EnginePhoto = string | LazyPhoto;

function nameOf(photo: EnginePhoto): string {
  return typeof photo === 'string' ? photo : photo.name;
}

export interface PhotoRun {
  readonly failed: readonly FailedPhoto[];
  /** How many photos there were. */
  readonly photos: number;
}

/** Hands each photo's faces on as it comes, shows progress, and lists the failed photos on stderr. */
export async function runOverPhotos<Face>(
  photos: NamedPhotos,
  label: string,
  results: AsyncIterable<PhotoResult<Face, EnginePhoto>>,
  onFaces: (photo: string, faces: readonly Face[]) => void,
): Promise<PhotoRun> {
  const failed: FailedPhoto[] = [];
  const progress = startProgress(label, photos.total, 'photos');
  let done = 0;
  try {
    for await (const { photo, faces, error } of results) {
      if (error) failed.push({ photo: nameOf(photo), code: error.code, message: error.message });
      else onFaces(nameOf(photo), faces);
      progress.update(++done, photos.total);
    }
  } finally {
    progress.stop();
  }
  noteFailures(failed, photos.total);
  return { failed, photos: photos.total };
}

export function noteFailures(failed: readonly FailedPhoto[], photos: number): void {
  for (const { code, message } of failed) printNote(`failed: ${message} [${code}]`);
  if (failed.length > 0) printNote(`${count(failed.length, 'photo')} of ${photos} failed.`);
}

/** An administrator's own model is welcome, but nobody should use one unawares. */
export function noteUnverifiedModels({ models }: EngineInfo): void {
  for (const { path, sha256, state } of models) {
    if (state === 'unverified') printNote(`note: the model ${path} is unverified (SHA-256 ${sha256}).`);
  }
}

export function exitCodeFor({ failed }: Pick<PhotoRun, 'failed'>): number {
  return failed.length > 0 ? exitCodes.somePhotosFailed : exitCodes.done;
}
