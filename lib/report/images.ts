// The images of a report: face crops and whole photos, each photo read once, several at a time.

import { runInBatches } from '../batches.js';
import type { Thumbnail } from '../detections.js';
import { sha256Of } from '../digest.js';
import { type FaceEngine, thumbnail } from '../engine.js';
import {
  AbortedError,
  EngineClosedError,
  FaceDedupError,
  ModelCorruptError,
  ModelFetchError,
  ModelMissingError,
  NativeAddonError,
} from '../errors.js';
import { photoNamed } from '../photos/azure.js';
import { readPhotoFile } from '../photos/photo.js';
import type { PhotoEntry } from './entries.js';

export interface PhotoImages {
  readonly photo: PhotoEntry;
  /** JPEG bytes by the faces of the photo. */
  readonly crops: readonly (Uint8Array | undefined)[];
  readonly whole?: Thumbnail | undefined;
  /** Why images are missing. */
  readonly problem?: string | undefined;
}

export interface ImageOptions {
  readonly engine: Pick<FaceEngine, 'extract' | 'info'>;
  /** `sha256 …` of a photo as the run saw it, where that is known. */
  readonly digestOf?: ((name: string) => string | undefined | Promise<string | undefined>) | undefined;
  /** Reads a photo of the run by its name; default from where the name says. */
  readonly readPhoto?: ((name: string) => Promise<Uint8Array>) | undefined;
  /** What is still wanted when a photo's turn comes: whoever takes the images counts their bytes. */
  readonly wants: () => { readonly crops: boolean; readonly whole: boolean };
  readonly signal?: AbortSignal | undefined;
}

/** As the encoder sees a face, without its margin cut off. */
const cropSize = 150;
const changedSince = 'It has changed since this run.';
const wholeMaxSide = 640;

/** In the order of the photos. A photo that cannot be read any more has a problem and no images. */
export function imagesOf(
  photos: readonly PhotoEntry[],
  options: ImageOptions,
): AsyncGenerator<PhotoImages, void, undefined> {
  const each = photos[Symbol.iterator]();
  const source = { next: () => Promise.resolve(each.next()) };
  return runInBatches(source, {
    work: (batch) => Promise.all(batch.map((photo) => imagesOfOne(photo, options))),
    lanes: options.engine.info().lanes,
    batchSize: 1,
    startEarly: true,
    ordered: true,
    signal: options.signal,
  });
}

async function imagesOfOne(
  photo: PhotoEntry,
  { engine, digestOf, readPhoto = bytesOf, wants, signal }: ImageOptions,
): Promise<PhotoImages> {
  if (photo.hasChanged) return { photo, crops: [], problem: changedSince };
  const wanted = wants();
  if (!wanted.crops && !wanted.whole) return { photo, crops: [] };
  try {
    const bytes = await readPhoto(photo.name);
    if (hasChanged(bytes, await digestOf?.(photo.name))) return { photo, crops: [], problem: changedSince };
    // Its name, and not "the photo given as bytes", belongs into errors.
    const image = { name: photo.name, read: () => Promise.resolve(bytes) };
    const known = photo.faces.filter(({ box }) => box.width > 0 && box.height > 0);
    const boxes = wanted.crops ? known.map(({ box }) => box) : [];
    const [extracted, whole] = await Promise.all([
      boxes.length > 0
        ? engine.extract(image, { boxes, format: 'jpeg', size: cropSize, align: 'refined', signal })
        : [],
      wanted.whole ? thumbnail(image, { maxSide: wholeMaxSide }) : undefined,
    ]);
    return {
      photo,
      crops: photo.faces.map((face) => extracted[known.indexOf(face)]?.chip),
      whole,
      problem: known.length < photo.faces.length ? 'Where its face is was not kept.' : undefined,
    };
  } catch (error) {
    if (!isFaultOfPhoto(error)) throw error;
    return { photo, crops: [], problem: inWords(error) };
  }
}

async function bytesOf(name: string): Promise<Uint8Array> {
  const photo = photoNamed(name);
  return typeof photo === 'string' ? readPhotoFile(photo) : photo.read();
}

function hasChanged(bytes: Uint8Array, digest: string | undefined): boolean {
  return digest?.startsWith('sha256 ') === true && digest !== `sha256 ${sha256Of(bytes)}`;
}

/** Short where it can be: it stands in the place of a face. */
function inWords({ code, message }: FaceDedupError): string {
  return code === 'PHOTO_NOT_FOUND' ? 'It is no longer where it was.' : message;
}

function isFaultOfPhoto(error: unknown): error is FaceDedupError {
  const faultsOfAll = [
    AbortedError,
    EngineClosedError,
    ModelCorruptError,
    ModelFetchError,
    ModelMissingError,
    NativeAddonError,
  ];
  return error instanceof FaceDedupError && !faultsOfAll.some((kind) => error instanceof kind);
}
