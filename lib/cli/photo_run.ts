// One pass of the engine over the photos a person named: progress, failures, exit code.

import { isAzureName, parseAzureName } from '../azure.js';
import { sha256Of } from '../digest.js';
import type { EncodingsJournal, KeptFace } from '../encodings/journal.js';
import type { EncodingOrigin } from '../encodings/origin.js';
import type { EngineInfo, FaceEngine, PhotoResult } from '../engine.js';
import { FaceDedupError } from '../errors.js';
import { azurePhotos } from '../photos/azure.js';
import { listPhotos } from '../photos/folder.js';
import { type LazyPhoto, readPhotoFile } from '../photos/photo.js';
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
      `There are no photos in ${paths.join(', ')}: folders and containers are searched for JPEG, PNG, WebP, BMP and TIFF files.`,
    );
  }
}

/** A photo file's path, or a blob that says whether it changed. */
export type NamedPhoto = string | (LazyPhoto & { readonly etag: string });

/** As the engine is given it and gives it back. */
type EnginePhoto = string | LazyPhoto;

/** The photos a person named; those of a container are listed while others are worked on. */
export class NamedPhotos {
  readonly #paths: readonly string[];
  readonly #files: readonly string[];
  readonly #containers: readonly string[];
  /** Known so far. */
  total: number;

  private constructor(paths: readonly string[], files: readonly string[], containers: readonly string[]) {
    this.#paths = paths;
    this.#files = files;
    this.#containers = containers;
    this.total = files.length;
  }

  /** @throws NoPhotosError, InvalidOptionError */
  static async of(paths: readonly string[]): Promise<NamedPhotos> {
    const containers = paths.filter(isAzureName);
    containers.forEach(parseAzureName);
    const files = await listPhotos(paths.filter((path) => !isAzureName(path)));
    if (files.length === 0 && containers.length === 0) throw new NoPhotosError(paths);
    return new NamedPhotos(paths, files, containers);
  }

  /** May be gone through once. @throws NoPhotosError, AzureError */
  async *[Symbol.asyncIterator](): AsyncGenerator<NamedPhoto, void, undefined> {
    yield* this.#files;
    const seen = new Set<string>();
    for (const container of this.#containers)
      for await (const photo of azurePhotos(parseAzureName(container))) {
        if (seen.has(photo.name)) continue;
        seen.add(photo.name);
        this.total++;
        yield photo;
      }
    if (this.total === 0) throw new NoPhotosError(this.#paths);
  }
}

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
  for (const { code, message } of failed) printNote(`failed: ${message} [${code}]`);
  if (failed.length > 0) printNote(`${count(failed.length, 'photo')} of ${photos.total} failed.`);
  return { failed, photos: photos.total };
}

/**
 * Encodes those photos that the journal does not know with this content and origin, and keeps them there; the others
 * come from it.
 */
export async function* encodeUnknown(
  engine: FaceEngine,
  photos: NamedPhotos,
  journal: EncodingsJournal,
): AsyncGenerator<PhotoResult<KeptFace, EnginePhoto>, void, undefined> {
  const origin = await engine.origin();
  const known: PhotoResult<KeptFace, EnginePhoto>[] = [];
  const tags = new Map<string, string>();
  const unknown = async function* (): AsyncGenerator<EnginePhoto, void, undefined> {
    for await (const named of photos) {
      const { photo, tag } = await tagged(named);
      const faces = tag === undefined ? undefined : journal.find(nameOf(photo), tag, origin);
      if (faces) known.push({ photo: nameOf(photo), faces });
      else {
        if (tag !== undefined) tags.set(nameOf(photo), tag);
        yield photo;
      }
    }
  };
  for await (const result of engine.encodeAll(unknown())) {
    yield* known.splice(0);
    const name = nameOf(result.photo);
    const tag = tags.get(name);
    tags.delete(name);
    if (result.faces && tag !== undefined) {
      const made: EncodingOrigin = result.faces[0]?.origin ?? origin;
      await journal.keep({ photo: name, tag, origin: made, faces: result.faces });
    }
    yield result;
  }
  yield* known;
}

/** The photo with a tag that is another one whenever its content changes; without one if its file cannot be read. */
async function tagged(photo: NamedPhoto): Promise<{ photo: EnginePhoto; tag?: string }> {
  if (typeof photo !== 'string') return { photo, tag: `etag ${photo.etag}` };
  let bytes: Uint8Array;
  try {
    bytes = await readPhotoFile(photo);
  } catch {
    // The engine meets the same error, and reports it with the photo.
    return { photo };
  }
  // The bytes that were looked at are the ones encoded, also if the file changes meanwhile.
  return { photo: { name: photo, read: () => Promise.resolve(bytes) }, tag: `sha256 ${sha256Of(bytes)}` };
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
