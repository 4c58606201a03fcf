// Encodings out of files and into files: one door for all formats.

import { stat } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { requireEncoding } from '../duplicates/encoding.js';
import { InvalidEncodingsError, InvalidOptionError, throwIfAborted } from '../errors.js';
import { writeWhole } from '../models/files.js';
import { oneOf } from '../options.js';
import { formatCsv, readCsv } from './csv.js';
import { fileError } from './file_fault.js';
import { formatJsonLines, readJsonLines } from './json_lines.js';
import { encodingSize } from './kept_checks.js';
import type { KeptPhoto } from './kept_encodings.js';
import { readNpyFolder, writeNpyFolder } from './npy_folder.js';
import { formatParquet, readParquet } from './parquet.js';

/**
 * `npy`: a folder of NumPy files, one a photo, with `index.jsonl` for all but the numbers. `jsonl`: JSON lines, a photo a
 * line. `csv` and `parquet`: a row a face, with the columns photo, reference, digest, origin (JSON), x, y, width, height,
 * confidence, and e0 … e127 (CSV) or the list `encoding` (Parquet).
 */
export type EncodingsFormat = 'npy' | 'jsonl' | 'csv' | 'parquet';

export const encodingsFormats: readonly EncodingsFormat[] = ['npy', 'jsonl', 'csv', 'parquet'];

/** Of files of encodings, read or written. */
export interface KeptFileOptions {
  /** Default: a folder, or a path without extension, is `npy`; else by the extension `.jsonl`, `.ndjson`, `.json`, `.csv`, `.parquet`. */
  readonly format?: EncodingsFormat | undefined;
  readonly signal?: AbortSignal | undefined;
}

const formatsByExtension: Readonly<Record<string, EncodingsFormat>> = {
  '.jsonl': 'jsonl',
  '.ndjson': 'jsonl',
  '.json': 'jsonl',
  '.csv': 'csv',
  '.parquet': 'parquet',
  '': 'npy',
};

const readers = { npy: readNpyFolder, jsonl: readJsonLines, csv: readCsv, parquet: readParquet } as const;
const formatters = { jsonl: formatJsonLines, csv: formatCsv, parquet: formatParquet } as const;

/**
 * Reads photos with their encodings, one after the other: exactly those that writeKeptPhotos was given. `jsonl` and `csv`
 * are also what `facededup encode` prints with `--json` and `--csv`; `npy` is also a folder of NumPy files without an
 * index, each a photo of the file's name less `.npy`.
 *
 * @throws EncodingsFileError `ENCODINGS_FILE_UNREADABLE`, `ENCODINGS_FILE_INVALID`, which names the line or row;
 *   InvalidOptionError, AbortedError. What was yielded before is right.
 */
export async function* readKeptPhotos(
  path: string,
  { format, signal }: KeptFileOptions = {},
): AsyncGenerator<KeptPhoto, void, undefined> {
  const reader = readers[await formatOf(path, format)];
  try {
    for await (const photo of reader(path, { signal })) {
      throwIfAborted(signal);
      yield photo;
    }
  } catch (error) {
    throw fileError(path, 'read', error);
  }
}

/**
 * Writes photos with their encodings, such as `set.photos.photos()`. The file or folder is there whole or not at all, and
 * for nobody but its owner to read; one that is there already is replaced.
 *
 * @returns how many photos.
 * @throws EncodingsFileError `ENCODINGS_FILE_UNREADABLE`, `ENCODINGS_FILE_INVALID` when a folder there is no such folder;
 *   InvalidEncodingsError, InvalidOptionError, AbortedError
 */
export async function writeKeptPhotos(
  path: string,
  photos: AsyncIterable<KeptPhoto> | Iterable<KeptPhoto>,
  { format, signal }: KeptFileOptions = {},
): Promise<number> {
  const chosen = await formatOf(path, format);
  let count = 0;
  const counted = async function* (): AsyncGenerator<KeptPhoto, void, undefined> {
    for await (const photo of photos) {
      throwIfAborted(signal);
      requireWritable(photo);
      count++;
      yield photo;
    }
  };
  try {
    if (chosen === 'npy') await writeNpyFolder(resolve(path), counted());
    else
      await writeWhole(resolve(path), formatters[chosen](counted()), {
        maxBytes: Number.POSITIVE_INFINITY,
        mode: 0o600,
      });
  } catch (error) {
    throw fileError(path, 'written', error);
  }
  return count;
}

function requireWritable({ photo, faces }: KeptPhoto): void {
  for (const { encoding } of faces)
    if (requireEncoding(encoding, `An encoding of the photo '${photo}'`).length !== encodingSize)
      throw new InvalidEncodingsError(
        'ENCODINGS_INVALID',
        `An encoding of the photo '${photo}' has ${encoding.length} numbers, not ${encodingSize}.`,
      );
}

async function formatOf(path: string, format: EncodingsFormat | undefined): Promise<EncodingsFormat> {
  if (format !== undefined) return oneOf(encodingsFormats)(format, 'format');
  if (await isFolder(path)) return 'npy';
  const known = formatsByExtension[extname(path).toLowerCase()];
  if (known) return known;
  throw new InvalidOptionError(
    'ARGUMENT_INVALID',
    `The name '${path}' does not tell its format: name one of ${encodingsFormats.join(', ')}.`,
  );
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    // Reading or writing it says what is wrong with it.
    return false;
  }
}
