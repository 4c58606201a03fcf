// A photo as a caller names it, turned into what the native side reads: encoded bytes or raw pixels.

import { constants, type Stats } from 'node:fs';
import { type FileHandle, open, opendir, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { types } from 'node:util';
import { MAX_PHOTO_BYTES } from '../config.js';
import {
  FaceDedupError,
  InvalidOptionError,
  PhotoAccessError,
  PhotoTooLargeError,
  RawImageError,
  messageOf,
} from '../errors.js';
import { printable } from '../options.js';

/** Pixels without a file around them: rows from the top, interleaved channels, no padding. */
export interface RawImage {
  /** width × height × channels samples; of 16-bit samples the high byte is used. */
  readonly data: Uint8Array | Uint8ClampedArray | Uint16Array;
  /** Pixels. */
  readonly width: number;
  /** Pixels. */
  readonly height: number;
  /** 1 grey, 3 colour, 4 colour and alpha (alpha is dropped). */
  readonly channels: 1 | 3 | 4;
  /** Order of the colour channels; default 'rgb'. */
  readonly order?: 'rgb' | 'bgr' | undefined;
}

/** A photo that lies elsewhere: its bytes are asked for when its turn comes. */
export interface LazyPhoto {
  /** For errors and results. */
  readonly name: string;
  /** Gives the bytes of a JPEG, PNG, WebP, BMP or TIFF file. */
  readonly read: () => Promise<Uint8Array>;
  /** How many there will be, where that is known: it is not asked for before there is room for them. */
  readonly bytes?: number | undefined;
}

/**
 * A path, a `file:` URL, the bytes of a JPEG, PNG, WebP, BMP or TIFF file, raw pixels, or where to read the bytes. Bytes and
 * pixels are looked at when the call has its turn: they must stay as they are until its promise is settled.
 */
export type ImageInput = string | URL | Uint8Array | RawImage | LazyPhoto;

/** What crosses to the native side. */
export type NativeImage = { readonly bytes: Uint8Array } | Required<RawImage>;

/** How a sentence names the photo. */
export function describePhoto(image: ImageInput): string {
  if (typeof image === 'string') return `The photo '${image}'`;
  if (image instanceof URL) return `The photo '${image.href}'`;
  if (isLazy(image)) return `The photo '${image.name}'`;
  return types.isUint8Array(image) ? 'The photo given as bytes' : 'The photo given as raw pixels';
}

/**
 * Reads a photo's bytes, or checks its raw pixels.
 *
 * @throws PhotoAccessError `PHOTO_NOT_FOUND`, `PHOTO_UNREADABLE`, `PHOTO_EMPTY`, `PHOTO_CHANGED`
 * @throws PhotoTooLargeError for a file of more than 512 MiB
 * @throws RawImageError, InvalidOptionError `ARGUMENT_INVALID`
 */
export async function readPhoto(image: ImageInput): Promise<NativeImage> {
  if (typeof image === 'string' || image instanceof URL) return { bytes: await readPhotoFile(image) };
  if (types.isUint8Array(image)) return { bytes: unshared(checkBytes(image, describePhoto(image))) };
  if (isLazy(image)) return { bytes: unshared(await readLazy(image)) };
  return checkRawImage(image);
}

/**
 * How many bytes readPhoto will take up: of what the caller holds, and of what is not read, none; of a photo that does not
 * say it, none as yet.
 */
export async function bytesToRead(image: ImageInput): Promise<number> {
  const bytes = await sizeOf(image);
  return Number.isSafeInteger(bytes) && bytes > 0 && bytes <= MAX_PHOTO_BYTES ? bytes : 0;
}

async function sizeOf(image: ImageInput): Promise<number> {
  try {
    if (typeof image === 'string' || image instanceof URL) return (await stat(pathOf(image))).size;
    return isLazy(image) ? (image.bytes ?? 0) : 0;
  } catch {
    // Reading it says what is wrong with it.
    return 0;
  }
}

/** How many bytes readPhoto has taken up. */
export function bytesRead(image: ImageInput, photo: NativeImage): number {
  return liesElsewhere(image) && 'bytes' in photo ? photo.bytes.length : 0;
}

/** Whether it has to be read, and is not held by the caller. */
export function liesElsewhere(image: ImageInput): boolean {
  return typeof image === 'string' || image instanceof URL || isLazy(image);
}

function isLazy(image: unknown): image is LazyPhoto {
  const { name, read } = (image ?? {}) as Partial<Record<keyof LazyPhoto, unknown>>;
  return typeof name === 'string' && typeof read === 'function';
}

async function readLazy(image: LazyPhoto): Promise<Uint8Array> {
  const photo = describePhoto(image);
  let bytes: unknown;
  try {
    bytes = await image.read();
  } catch (cause) {
    if (cause instanceof FaceDedupError) throw cause;
    throw accessError(photo, cause);
  }
  if (!types.isUint8Array(bytes))
    throw new InvalidOptionError('ARGUMENT_INVALID', `${photo} must be read as a Uint8Array.`);
  return checkBytes(bytes, photo);
}

/** Node-API takes no view of a SharedArrayBuffer; slice() copies it into a buffer of its own. */
function unshared<Samples extends RawImage['data']>(samples: Samples): Samples {
  return samples.buffer instanceof ArrayBuffer ? samples : (samples.slice() as Samples);
}

function checkBytes(bytes: Uint8Array, photo: string): Uint8Array {
  if (bytes.length === 0)
    throw new PhotoAccessError('PHOTO_EMPTY', `${photo} is empty: it has no bytes at all.`);
  checkFileSize(bytes.length, photo);
  return bytes;
}

function checkFileSize(size: number, photo: string): void {
  if (size <= MAX_PHOTO_BYTES) return;
  throw new PhotoTooLargeError(
    'PHOTO_TOO_LARGE',
    `${photo} has ${size} bytes, more than the ${MAX_PHOTO_BYTES} that are read as a photo.`,
  );
}

function pathOf(location: string | URL): string {
  if (typeof location === 'string' && !location.startsWith('file://')) return location;
  try {
    return fileURLToPath(location);
  } catch (cause) {
    throw new InvalidOptionError(
      'ARGUMENT_INVALID',
      `${describePhoto(location)} is no file: URL of this machine. Fetch other addresses first and give the bytes.`,
      { cause },
    );
  }
}

/**
 * Reads a photo's file whole.
 *
 * @param verify looks at the file once it is open, before anything is read of it; what it throws is thrown.
 * @throws PhotoAccessError `PHOTO_NOT_FOUND`, `PHOTO_UNREADABLE`, `PHOTO_EMPTY`, `PHOTO_CHANGED`
 * @throws PhotoTooLargeError for a file of more than 512 MiB
 */
export async function readPhotoFile(
  location: string | URL,
  { verify }: { readonly verify?: (file: Stats) => Promise<void> } = {},
): Promise<Uint8Array> {
  const photo = describePhoto(location);
  const path = pathOf(location);
  let file: FileHandle | undefined;
  try {
    // To open a device or FIFO may already do something to it, or to whoever writes into it.
    const named = await stat(path);
    // A folder that may not be listed stands for itself among photos: why is to be told.
    if (named.isDirectory()) await (await opendir(path)).close();
    requireRegularFile(named, photo);
    file = await open(path, readOnly);
    const stats = await file.stat();
    requireRegularFile(stats, photo);
    checkFileSize(stats.size, photo);
    await verify?.(stats);
    const bytes = await readUpTo(file, stats.size);
    requireUnchanged(stats, await file.stat(), photo);
    return checkBytes(bytes, photo);
  } catch (cause) {
    if (cause instanceof PhotoAccessError || cause instanceof PhotoTooLargeError) throw cause;
    throw accessError(photo, cause);
  } finally {
    await file?.close();
  }
}

/** Should another thing have taken the file's place since: opening a FIFO waits for no writer, and a terminal is not taken over. */
const readOnly = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0);

function requireRegularFile(stats: Stats, photo: string): void {
  if (!stats.isFile()) throw new PhotoAccessError('PHOTO_UNREADABLE', `${photo} is not a regular file.`);
}

/** A file that grows meanwhile, or never ends, is not read any further. */
async function readUpTo(file: FileHandle, size: number): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafeSlow(size);
  let length = 0;
  while (length < size) {
    const { bytesRead } = await file.read(bytes, length, size - length, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return bytes.subarray(0, length);
}

/** Part of it may be of the former content, and no format without checksums would show that. */
function requireUnchanged(before: Stats, after: Stats, photo: string): void {
  if (before.size === after.size && before.mtimeMs === after.mtimeMs) return;
  throw new PhotoAccessError(
    'PHOTO_CHANGED',
    `${photo} changed while it was read. Try again when nothing writes to it.`,
  );
}

function accessError(photo: string, cause: unknown): PhotoAccessError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new PhotoAccessError('PHOTO_NOT_FOUND', `${photo} does not exist. Check the path.`, { cause });
  }
  const reason = messageOf(cause);
  return new PhotoAccessError('PHOTO_UNREADABLE', `${photo} cannot be read: ${reason}.`, { cause });
}

function isSampleArray(data: unknown): data is RawImage['data'] {
  return types.isUint8Array(data) || types.isUint8ClampedArray(data) || types.isUint16Array(data);
}

function checkRawImage(image: unknown): Required<RawImage> {
  const wrong = (sentence: string) =>
    new RawImageError('RAW_IMAGE_INVALID', `The raw pixels are no photo: ${sentence}.`);
  if (typeof image !== 'object' || image === null || !('data' in image)) {
    throw new InvalidOptionError(
      'ARGUMENT_INVALID',
      'The photo must be a path, a file: URL, a Uint8Array of encoded bytes, or raw pixels { data, width, height, channels, order }.',
    );
  }
  const { data, width, height, channels, order = 'rgb' } = image as Partial<Record<keyof RawImage, unknown>>;
  if (!isSampleArray(data)) throw wrong('data must be a Uint8Array, Uint8ClampedArray or Uint16Array');
  const isSide = (side: unknown): side is number =>
    typeof side === 'number' && Number.isSafeInteger(side) && side > 0;
  if (!isSide(width) || !isSide(height))
    throw wrong(
      `width and height must be whole numbers above 0, not ${printable(width)} and ${printable(height)}`,
    );
  if (channels !== 1 && channels !== 3 && channels !== 4)
    throw wrong(`channels must be 1, 3 or 4, not ${printable(channels)}`);
  if (order !== 'rgb' && order !== 'bgr')
    throw wrong(`order must be 'rgb' or 'bgr', not '${printable(order)}'`);
  const expected = width * height * channels;
  if (data.length !== expected) {
    throw wrong(
      `data has ${data.length} samples where ${width} × ${height} × ${channels} asks for ${expected}`,
    );
  }
  return { data: unshared(data), width, height, channels, order };
}
