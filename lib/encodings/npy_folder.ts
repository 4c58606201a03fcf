// Encodings as a folder of .npy files, one a photo, the way the HOPE engine keeps them; an index beside them keeps the rest.

import { randomUUID } from 'node:crypto';
import { lstat, mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { sha256Of } from '../digest.js';
import { EncodingsFileError } from '../errors.js';
import { isAbsence, syncFolder } from '../models/files.js';
import { photoLine, placeText } from './face_text.js';
import { at, FileFault } from './file_fault.js';
import { faceIn, factsIn, type Given, given, jsonIn, nameIn, OriginsOnce } from './kept_checks.js';
import type { KeptPhoto } from './kept_encodings.js';
import { formatNpy, parseNpy, readOrigin } from './npy.js';
import { linesOf } from './text_files.js';

/** A line of JSON a photo: `file`, its `sha256`, and all of the photo but the encodings. */
const indexName = 'index.jsonl';

/**
 * With an index: the photos in its order. Without: each file of the folder is a photo of the file's name less `.npy`, in
 * order of the names, with the origin that `writeEncodings` may have kept beside it.
 *
 * @throws FileFault
 */
export async function* readNpyFolder(folder: string): AsyncGenerator<KeptPhoto, void, undefined> {
  const entries = (await readdir(folder)).sort();
  const files = new Set(entries.filter((entry) => extname(entry) === '.npy'));
  if (entries.includes(indexName)) yield* readIndexed(folder, files);
  else if (files.size === 0) throw new FileFault('the folder holds no .npy files');
  else yield* readBare(folder, files);
}

async function* readBare(
  folder: string,
  files: ReadonlySet<string>,
): AsyncGenerator<KeptPhoto, void, undefined> {
  const origins = new OriginsOnce();
  for (const file of files) {
    const path = join(folder, file);
    const encodings = encodingsIn(await readFile(path), file);
    const origin = await readOrigin(path);
    yield {
      photo: basename(file, '.npy'),
      ...(origin ? { origin: origins.of(origin) } : {}),
      faces: encodings.map((encoding) => ({ encoding })),
    };
  }
}

async function* readIndexed(
  folder: string,
  files: ReadonlySet<string>,
): AsyncGenerator<KeptPhoto, void, undefined> {
  const origins = new OriginsOnce();
  const left = new Set(files);
  for await (const [line, number] of linesOf(join(folder, indexName)))
    try {
      const entry = given(jsonIn(line));
      const file = nameIn(entry['file'], 'file');
      // Also keeps the index from naming files outside its folder.
      if (!left.delete(file)) throw new FileFault(`'${file}' is not in the folder, or named twice`);
      yield photoOf(entry, file, await readFile(join(folder, file)), origins);
    } catch (error) {
      throw at(`${indexName}, line ${number}`, error);
    }
  const [unnamed] = left;
  if (unnamed !== undefined)
    throw new FileFault(
      `'${unnamed}' is not in ${indexName}. Take it out, or delete the index to read every file`,
    );
}

function photoOf(entry: Given, file: string, bytes: Uint8Array, origins: OriginsOnce): KeptPhoto {
  if (entry['sha256'] !== sha256Of(bytes))
    throw new FileFault(`'${file}' is another than the one the index was written for`);
  const encodings = encodingsIn(bytes, file);
  const faces: unknown = entry['faces'];
  if (!Array.isArray(faces) || faces.length !== encodings.length)
    throw new FileFault(`it has not as many faces as '${file}', ${encodings.length}`);
  return {
    ...factsIn(entry, origins),
    faces: encodings.map((encoding, index) => {
      const { box, confidence } = given(faces[index]);
      return faceIn(given(box), confidence, encoding);
    }),
  };
}

function encodingsIn(bytes: Uint8Array, file: string): Float32Array[] {
  try {
    return parseNpy(bytes);
  } catch (error) {
    throw error instanceof EncodingsFileError ? new FileFault(`'${file}': ${error.message}`) : error;
  }
}

/**
 * The folder is there whole or not at all. One that is there already is replaced if it has an index, and refused otherwise.
 *
 * @returns how many photos.
 * @throws FileFault
 */
export async function writeNpyFolder(
  folder: string,
  photos: AsyncIterable<KeptPhoto> | Iterable<KeptPhoto>,
): Promise<number> {
  await requireReplaceable(folder);
  const unfinished = join(dirname(folder), `.new-${randomUUID()}`);
  await mkdir(unfinished, { mode: 0o700 });
  try {
    const count = await fill(unfinished, photos);
    await replace(folder, unfinished);
    return count;
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

async function requireReplaceable(folder: string): Promise<void> {
  try {
    if ((await lstat(folder)).isDirectory()) {
      const entries = await readdir(folder);
      if (entries.length === 0 || entries.includes(indexName)) return;
    }
  } catch (error) {
    if (isAbsence(error)) return;
    throw error;
  }
  throw new FileFault(`it is there already, and is no folder with ${indexName}. Name another folder`);
}

async function fill(folder: string, photos: AsyncIterable<KeptPhoto> | Iterable<KeptPhoto>): Promise<number> {
  const index = await open(join(folder, indexName), 'wx', 0o600);
  try {
    let count = 0;
    for await (const { photo, faces, ...rest } of photos) {
      // Numbered: names of photos hold what names of files cannot.
      const file = `${String(++count).padStart(8, '0')}.npy`;
      const bytes = formatNpy(faces.map(({ encoding }) => encoding));
      await writeFile(join(folder, file), bytes, { mode: 0o600, flag: 'wx' });
      const facts = { file, sha256: sha256Of(bytes), photo, ...rest };
      await index.writeFile(photoLine(facts, faces.map(placeText)));
    }
    await index.sync();
    return count;
  } finally {
    await index.close();
  }
}

async function replace(folder: string, by: string): Promise<void> {
  const former = `${by}-former`;
  try {
    await rename(folder, former);
  } catch (error) {
    if (!isAbsence(error)) throw error;
  }
  await rename(by, folder);
  await syncFolder(dirname(folder));
  await rm(former, { recursive: true, force: true });
}
