// Encodes the photos of a run: all of them, or with a store those that it does not know with this content and origin.

import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { isAzureName } from '../azure.js';
import { sha256Of } from '../digest.js';
import type { KeptFace } from '../encodings/kept_encodings.js';
import type { EncodingOrigin } from '../encodings/origin.js';
import type { FaceEngine } from '../engine.js';
import { type FaceDedupError, InvalidEncodingsError } from '../errors.js';
import type { FileReader, NamedPhoto, NamedPhotos } from '../photos/named_photos.js';
import { bytesToRead, type LazyPhoto } from '../photos/photo.js';
import type { PhotoTable } from '../store/index.js';

/** A photo of a run: its faces, or why there are none. */
export type EncodedPhoto = {
  readonly photo: string;
  readonly origin?: EncodingOrigin;
  /** Whether it was encoded now, and did not come from the store. */
  readonly isNew: boolean;
} & (
  | { readonly faces: readonly KeptFace[]; readonly error?: undefined }
  | { readonly error: FaceDedupError; readonly faces?: undefined }
);

/** The records that photos belong to, by the photos' names as they were given. */
export type References = ReadonlyMap<string, string>;

/** Without a store: the names are as they were given. */
export async function* encodePhotos(
  engine: FaceEngine,
  photos: NamedPhotos,
  signal: AbortSignal | undefined,
): AsyncGenerator<EncodedPhoto, void, undefined> {
  const origin = await engine.origin({ signal });
  for await (const { photo, faces, error } of engine.encodeAll(lazily(photos), { signal })) {
    const { name } = photo;
    yield error
      ? { photo: name, isNew: true, error }
      : { photo: name, isNew: true, faces, origin: faces[0]?.origin ?? origin };
  }
}

/**
 * With a store: a file's name is its absolute path, so that runs from different folders speak of the same photo. What is
 * known comes from the store, and of copies one is encoded.
 */
export async function* encodeUnknownPhotos(
  engine: FaceEngine,
  photos: NamedPhotos,
  table: PhotoTable,
  references: References,
  signal: AbortSignal | undefined,
): AsyncGenerator<EncodedPhoto, void, undefined> {
  const origin = await engine.origin({ signal });
  const named = new Set(photos.files.map((file) => resolve(file)));
  const known = new Waiting();
  /** Those that the engine is at, by their content. */
  const atWork = new Map<string, PhotoToEncode>();
  /** Copies of photos that failed, or changed while they were read. */
  const copiesLeft: PhotoToEncode[] = [];
  const readAhead = new ReadAhead();

  const keep = (
    { name, stamp, reference }: PhotoToEncode,
    digest: string,
    made: EncodingOrigin,
    faces: readonly KeptFace[],
  ) => {
    const formerName = nameBefore(table, name, digest, named);
    if (formerName !== undefined) table.rename(formerName, name);
    table.keep({ name, digest, stamp, reference }, made, faces);
  };

  const unknown = async function* (): AsyncGenerator<PhotoToEncode, void, undefined> {
    for await (const each of photos) {
      const { photo, content } = await identified(each, table, references, photos.readFile);
      const { name, digest, stamp, reference } = photo;
      if (digest !== undefined) {
        const faces = table.find(digest, origin);
        if (faces) {
          if (reference !== undefined || !table.isAsSeen({ name, digest, stamp }, origin))
            keep(photo, digest, origin, faces);
          known.add({ photo: name, faces, origin, isNew: false });
          continue;
        }
        const first = atWork.get(digest);
        if (first && typeof each === 'string') {
          first.copies.push(photo);
          continue;
        }
        atWork.set(digest, photo);
      }
      if (content) readAhead.keep(photo, content);
      yield photo;
    }
  };

  const encode = async function* (
    source: AsyncIterable<PhotoToEncode> | Iterable<PhotoToEncode>,
  ): AsyncGenerator<EncodedPhoto, void, undefined> {
    for await (const result of known.among(engine.encodeAll(source, { signal }))) {
      if ('isNew' in result) {
        yield result;
        continue;
      }
      const { photo, faces, error } = result;
      const { name, digest } = photo;
      for (const [key, each] of atWork) if (each === photo) atWork.delete(key);
      const copies = photo.copies.filter((copy) => !error && copy.digest === digest);
      for (const copy of photo.copies) if (error || copy.digest !== digest) copiesLeft.push(copy);
      if (error) {
        yield { photo: name, isNew: true, error };
        continue;
      }
      const made = faces[0]?.origin ?? origin;
      const refusal = digest === undefined ? undefined : refusalOf(() => keep(photo, digest, made, faces));
      if (refusal) {
        for (const each of [photo, ...copies]) yield { photo: each.name, isNew: true, error: refusal };
        continue;
      }
      if (digest !== undefined) for (const copy of copies) keep(copy, digest, made, faces);
      yield { photo: name, faces, origin: made, isNew: true };
      for (const copy of copies) yield { photo: copy.name, faces, origin: made, isNew: false };
    }
  };

  yield* encode(unknown());
  yield* encode(copiesLeft.splice(0));
}

/** Why a store does not take a photo's faces, such as too many of them: no reason to end a run. */
function refusalOf(keep: () => void): InvalidEncodingsError | undefined {
  try {
    keep();
  } catch (error) {
    if (error instanceof InvalidEncodingsError) return error;
    throw error;
  }
  return undefined;
}

/** What the store knew already, handed on while the engine works on the rest. */
class Waiting {
  /** Fewer do not wake whoever waits for the engine. */
  static readonly #worthIt = 200;
  #photos: EncodedPhoto[] = [];
  #wake: () => void = () => undefined;

  add(photo: EncodedPhoto): void {
    this.#photos.push(photo);
    if (this.#photos.length >= Waiting.#worthIt) this.#wake();
  }

  async *among<Result extends object>(
    results: AsyncGenerator<Result, void, undefined>,
  ): AsyncGenerator<EncodedPhoto | Result, void, undefined> {
    try {
      for (;;) {
        const next = results.next();
        for (let answer: IteratorResult<Result, void> | undefined; !answer;) {
          const woken = new Promise<undefined>((resolve) => (this.#wake = () => resolve(undefined)));
          answer = await Promise.race([next, woken]);
          yield* this.#photos.splice(0);
          if (answer?.done) return;
          if (answer) yield answer.value;
        }
      }
    } finally {
      await results.return();
    }
  }
}

/** A photo, and by what the store tells whether it changed. */
interface PhotoToEncode extends LazyPhoto {
  read: () => Promise<Uint8Array>;
  /** Unknown until it is read, and of a file that cannot be read: the engine meets the same error, and reports it. */
  digest: string | undefined;
  readonly stamp: string | undefined;
  readonly reference: string | undefined;
  /** Of the same content. */
  readonly copies: PhotoToEncode[];
}

/**
 * What was read to know it by its digest, until the engine takes it over: it counts what it holds itself, and no more than
 * this is held besides.
 */
class ReadAhead {
  static readonly #most = 64 * 1024 * 1024;
  #bytes = 0;

  /** Where there is no room the photo is read once more. */
  keep(photo: PhotoToEncode, content: Uint8Array): void {
    const { read } = photo;
    if (this.#bytes + content.length > ReadAhead.#most) return;
    this.#bytes += content.length;
    photo.read = () => {
      this.#bytes -= content.length;
      photo.read = read;
      return Promise.resolve(content);
    };
  }
}

/** @returns the photo, and its content where that had to be read. */
async function identified(
  photo: NamedPhoto,
  table: PhotoTable,
  references: References,
  readFile: FileReader,
): Promise<{ readonly photo: PhotoToEncode; readonly content?: Uint8Array }> {
  const isFile = typeof photo === 'string';
  const name = isFile ? resolve(photo) : photo.name;
  const reference = references.get(isFile ? photo : name) ?? references.get(name);
  const { stamp, bytes } = isFile
    ? await stampOf(photo)
    : { stamp: `etag ${photo.etag}`, bytes: photo.bytes };
  const seen = table.seen(name);
  const identity: PhotoToEncode = {
    name,
    digest: stamp !== undefined && seen?.stamp === stamp ? seen.digest : undefined,
    stamp,
    reference,
    bytes,
    copies: [],
    // What is encoded is what the digest is of, also if the photo changes meanwhile.
    read: async () => {
      const bytes = await (isFile ? readFile(photo) : photo.read());
      identity.digest = digestOf(bytes);
      return bytes;
    },
  };
  if (!isFile || identity.digest !== undefined) return { photo: identity };
  try {
    return { photo: identity, content: await identity.read() };
  } catch {
    return { photo: identity };
  }
}

export function digestOf(bytes: Uint8Array): string {
  return `sha256 ${sha256Of(bytes)}`;
}

/** A file may be written to within this time of its last change without the times of the file system telling. */
const clockGrain = 2000;

/**
 * How long a file is, and a stamp that changes whenever it does, as far as the file system tells: size, times of change,
 * inode. The same means that its content need not be read again, as Git's index has it.
 */
export async function stampOf(path: string): Promise<{ readonly stamp?: string; readonly bytes?: number }> {
  try {
    const { size, mtimeNs, ctimeNs, ctimeMs, ino } = await stat(path, { bigint: true });
    const isRecent = Date.now() - Number(ctimeMs) < clockGrain;
    const bytes = Number(size);
    return isRecent ? { bytes } : { bytes, stamp: `${size} ${mtimeNs} ${ctimeNs} ${ino}` };
  } catch {
    return {};
  }
}

/** The name of a file of this content that was moved here: not named in this run, and no longer where it was. */
function nameBefore(
  table: PhotoTable,
  name: string,
  digest: string,
  named: ReadonlySet<string>,
): string | undefined {
  if (isAzureName(name) || table.seen(name)) return undefined;
  return table
    .namesOf(digest)
    .find((other) => !named.has(other) && !isAzureName(other) && !existsSync(other));
}

async function* lazily(photos: NamedPhotos): AsyncGenerator<LazyPhoto, void, undefined> {
  for await (const photo of photos)
    yield typeof photo === 'string'
      ? { name: photo, bytes: await bytesToRead(photo), read: () => photos.readFile(photo) }
      : photo;
}
