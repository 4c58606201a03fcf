// Encodings as NumPy's .npy files, the way the HOPE engine keeps them.
// The format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html

import { readFile, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { sha256Of } from '../digest.js';
import { requireEncoding } from '../duplicates/encoding.js';
import type { EncodingLike } from '../duplicates/index.js';
import { EncodingsFileError, InvalidEncodingsError, messageOf } from '../errors.js';
import { writeWhole } from '../models/files.js';
import type { EncodingOrigin } from './origin.js';
import { oneOf, type OptionSpec, readOptions } from '../options.js';

const encodingSize = 128;
const magic = Buffer.from('\x93NUMPY', 'latin1');
/** The header is padded with blanks so that the numbers begin at a multiple of this. */
const alignment = 64;

/** NumPy's format has no room for it: it stands in a file of its own beside the encodings. */
function originPath(path: string): string {
  return `${path}.origin.json`;
}

/** How numbers are written into a .npy file. */
export interface NpyOptions {
  /** Of the numbers in the file. Default `float32`, which holds every encoding of dlib exactly. */
  readonly precision?: 'float32' | 'float64' | undefined;
}

/** Of a .npy file and the file beside it. */
export interface WriteEncodingsOptions extends NpyOptions {
  /** What made the encodings; kept in a file beside them, `PATH.origin.json`. Default unknown. */
  readonly origin?: EncodingOrigin | undefined;
}

const precisions: readonly ('float32' | 'float64')[] = ['float32', 'float64'];
const npyOptionTable = {
  precision: { check: oneOf(precisions), fallback: 'float32' } as OptionSpec<'float32' | 'float64'> & {
    readonly fallback: 'float32';
  },
} as const;

interface Header {
  readonly littleEndian: boolean;
  readonly bytesPerNumber: 4 | 8;
  readonly columnsFirst: boolean;
  readonly rows: number;
  readonly dataOffset: number;
}

function invalid(sentence: string): EncodingsFileError {
  return new EncodingsFileError('ENCODINGS_FILE_INVALID', `This is no .npy file of encodings: ${sentence}.`);
}

/**
 * Reads encodings out of the bytes of a .npy file: float32 or float64 of either byte order, in C or Fortran order,
 * header version 1 to 3, of shape (n, 128), (128,) for one, or (0,) for none.
 *
 * @returns n Float32Arrays of 128; float64 is rounded to float32.
 * @throws EncodingsFileError `ENCODINGS_FILE_INVALID`
 */
export function parseNpy(bytes: Uint8Array): Float32Array[] {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = readHeader(file);
  const { rows, bytesPerNumber, littleEndian, columnsFirst, dataOffset } = header;
  const expected = dataOffset + rows * encodingSize * bytesPerNumber;
  if (file.length !== expected)
    throw invalid(`it has ${file.length} bytes where its header asks for ${expected}`);

  const view = new DataView(file.buffer, file.byteOffset + dataOffset);
  const numberAt = (index: number) =>
    bytesPerNumber === 4
      ? view.getFloat32(index * 4, littleEndian)
      : view.getFloat64(index * 8, littleEndian);
  return Array.from({ length: rows }, (_, row) => {
    const encoding = Float32Array.from({ length: encodingSize }, (_, column) =>
      numberAt(columnsFirst ? column * rows + row : row * encodingSize + column),
    );
    if (!encoding.every(Number.isFinite))
      throw invalid(`row ${row} holds something other than finite numbers`);
    return encoding;
  });
}

function readHeader(file: Buffer): Header {
  if (file.length < 10 || !file.subarray(0, magic.length).equals(magic))
    throw invalid('it does not begin as one');
  const version = file[6] ?? 0;
  if (version < 1 || version > 3) throw invalid(`its header is of version ${version}, not 1 to 3`);
  // Version 1 gives the header's length in two bytes, later ones in four.
  const start = version === 1 ? 10 : 12;
  if (file.length < start) throw invalid('it ends inside its header');
  const dataOffset = start + (version === 1 ? file.readUInt16LE(8) : file.readUInt32LE(8));
  if (dataOffset > file.length) throw invalid('it ends inside its header');

  const text = file.toString(version === 3 ? 'utf8' : 'latin1', start, dataOffset);
  const type = /['"]descr['"]\s*:\s*['"]([<>=|]?)f([48])['"]/.exec(text);
  const order = /['"]fortran_order['"]\s*:\s*(True|False)/.exec(text);
  const shape = /['"]shape['"]\s*:\s*\(([\d,\sL]*)\)/.exec(text);
  if (!type) throw invalid('its numbers are neither float32 nor float64');
  if (!order || !shape) throw invalid('its header gives no shape or order');
  return {
    littleEndian: type[1] !== '>',
    bytesPerNumber: type[2] === '4' ? 4 : 8,
    columnsFirst: order[1] === 'True',
    rows: rowsOf(shape[1] ?? ''),
    dataOffset,
  };
}

function rowsOf(shape: string): number {
  const sides = [...shape.matchAll(/\d+/g)].map(([digits]) => Number(digits));
  const [first, second] = sides;
  if (sides.length === 1 && first === 0) return 0;
  if (sides.length === 1 && first === encodingSize) return 1;
  if (sides.length === 2 && first !== undefined && Number.isSafeInteger(first) && second === encodingSize)
    return first;
  throw invalid(`its shape is (${shape.trim()}), not (n, ${encodingSize})`);
}

/**
 * Writes encodings as the bytes of a .npy file of shape (n, 128), little-endian, header version 1.
 *
 * @throws InvalidEncodingsError `ENCODINGS_INVALID` when one has not 128 numbers that are finite as float32;
 *   InvalidOptionError
 */
export function formatNpy(encodings: readonly EncodingLike[], options?: NpyOptions): Uint8Array {
  const { precision } = readOptions(npyOptionTable, options);
  const bytesPerNumber = precision === 'float32' ? 4 : 8;
  const dictionary = `{'descr': '<f${bytesPerNumber}', 'fortran_order': False, 'shape': (${encodings.length}, ${encodingSize}), }`;
  const headerLength = Math.ceil((10 + dictionary.length + 1) / alignment) * alignment;
  const file = Buffer.alloc(headerLength + encodings.length * encodingSize * bytesPerNumber);
  magic.copy(file);
  file.writeUInt8(1, 6);
  file.writeUInt16LE(headerLength - 10, 8);
  file.write(`${dictionary.padEnd(headerLength - 10 - 1)}\n`, 10, 'latin1');

  encodings.forEach((encoding, row) => {
    requireEncoding(encoding, `Encoding ${row}`);
    if (encoding.length !== encodingSize) {
      const message = `Encoding ${row} must have ${encodingSize} numbers, not ${encoding.length}.`;
      throw new InvalidEncodingsError('ENCODINGS_INVALID', message);
    }
    for (let column = 0; column < encodingSize; column++) {
      const offset = headerLength + (row * encodingSize + column) * bytesPerNumber;
      const number = encoding[column] as number;
      if (bytesPerNumber === 4) file.writeFloatLE(number, offset);
      else file.writeDoubleLE(number, offset);
    }
  });
  return file;
}

/**
 * Reads the encodings of a .npy file, as parseNpy does.
 *
 * @throws EncodingsFileError `ENCODINGS_FILE_UNREADABLE`, `ENCODINGS_FILE_INVALID`
 */
export async function readEncodings(path: string): Promise<Float32Array[]> {
  return parseNpy(await onFile(path, 'read', () => readFile(path)));
}

/**
 * What made the encodings of a .npy file, as writeEncodings was told.
 *
 * @returns undefined when it was not told.
 * @throws EncodingsFileError `ENCODINGS_FILE_UNREADABLE`, `ENCODINGS_FILE_INVALID` when the encodings are others than those
 *   the origin was written for
 */
export async function readOrigin(path: string): Promise<EncodingOrigin | undefined> {
  const bytes = await onFile(path, 'read', () => readFile(path));
  const text = await onFile(originPath(path), 'read', async () => {
    try {
      return await readFile(originPath(path), 'utf8');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw error;
    }
  });
  if (text === undefined) return undefined;
  const { sha256, origin } = parseOrigin(text) ?? {};
  if (origin === undefined || sha256 !== sha256Of(bytes))
    throw new EncodingsFileError(
      'ENCODINGS_FILE_INVALID',
      `'${originPath(path)}' was not written for the encodings in '${path}'. Delete it, or encode again.`,
    );
  return origin;
}

function parseOrigin(text: string): { sha256?: string; origin?: EncodingOrigin } | undefined {
  try {
    return JSON.parse(text) as { sha256?: string; origin?: EncodingOrigin };
  } catch {
    return undefined;
  }
}

/**
 * Writes encodings into a .npy file, as formatNpy does. The file is there whole or not at all.
 *
 * @throws EncodingsFileError `ENCODINGS_FILE_UNREADABLE`, InvalidEncodingsError, InvalidOptionError
 */
export async function writeEncodings(
  path: string,
  encodings: readonly EncodingLike[],
  { origin, ...options }: WriteEncodingsOptions = {},
): Promise<void> {
  const bytes = formatNpy(encodings, options);
  await onFile(path, 'written', async () => {
    // It holds the digest of the encodings, so that a crash in between is noticed when they are read.
    if (origin)
      await writePrivately(
        originPath(path),
        Buffer.from(`${JSON.stringify({ sha256: sha256Of(bytes), origin }, null, 2)}\n`),
      );
    await writePrivately(path, bytes);
    if (!origin) await rm(originPath(path), { force: true });
  });
}

/** Encodings are biometric data: nobody but the owner reads them. */
async function writePrivately(path: string, bytes: Uint8Array): Promise<void> {
  await writeWhole(resolve(path), [bytes], { maxBytes: bytes.length, mode: 0o600 });
}

async function onFile<T>(path: string, done: 'read' | 'written', work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const reason = messageOf(cause);
    const message = `The encodings file '${path}' cannot be ${done}: ${reason}.`;
    throw new EncodingsFileError('ENCODINGS_FILE_UNREADABLE', message, { cause });
  }
}
