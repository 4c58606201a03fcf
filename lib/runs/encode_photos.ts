// Encodes the photos of a run: all of them, or with a store those that it does not know with this content and origin.

import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { sha256Of } from '../digest.js';
import type { KeptFace } from '../encodings/kept_encodings.js';
import type { EncodingOrigin } from '../encodings/origin.js';
import type { FaceEngine } from '../engine.js';
import type { FaceDedupError } from '../errors.js';
import type { FileReader, NamedPhoto, NamedPhotos } from '../photos/named_photos.js';
import type { LazyPhoto } from '../photos/photo.js';
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
  const origin = await engine.origin();
  for await (const { photo, faces, error } of engine.encodeAll(lazily(photos), { signal })) {
    const { name } = photo;
    yield error
      ? { photo: name, isNew: true, error }
      : { photo: name, isNew: true, faces, origin: faces[0]?.origin ?? origin };
  }
}

/** With a store: a file's name is its absolute path, so that runs from different folders speak of the same photo. */
export async function* encodeUnknownPhotos(
  engine: FaceEngine,
  photos: NamedPhotos,
  table: PhotoTable,
  references: References,
  signal: AbortSignal | undefined,
): AsyncGenerator<EncodedPhoto, void, undefined> {
  const origin = await engine.origin();
  const named = new Set(photos.files.map((file) => resolve(file)));
  const known: EncodedPhoto[] = [];
  const digests = new Map<string, Identity>();

  const unknown = async function* (): AsyncGenerator<LazyPhoto, void, undefined> {
    for await (const photo of photos) {
      const { name, identity, reference, read } = await identified(photo, table, references, photos.readFile);
      const faces = identity && table.find(identity.digest, origin);
      if (identity && faces) {
        const formerName = nameBefore(table, name, identity.digest, named);
        if (formerName !== undefined) table.rename(formerName, name);
        const seen = table.seen(name);
        const isAsItWas = seen?.digest === identity.digest && seen.stamp === identity.stamp;
        if (!isAsItWas || reference !== undefined) table.note({ name, ...identity, reference });
        known.push({ photo: name, faces, origin, isNew: false });
        continue;
      }
      if (identity) digests.set(name, { ...identity, reference });
      yield { name, read };
    }
  };

  for await (const { photo, faces, error } of engine.encodeAll(unknown(), { signal })) {
    yield* known.splice(0);
    const { name } = photo;
    const identity = digests.get(name);
    digests.delete(name);
    if (error) {
      yield { photo: name, isNew: true, error };
      continue;
    }
    const made = faces[0]?.origin ?? origin;
    if (identity) {
      const formerName = nameBefore(table, name, identity.digest, named);
      if (formerName !== undefined) table.rename(formerName, name);
      table.keep({ name, ...identity }, made, faces);
    }
    yield { photo: name, faces, origin: made, isNew: true };
  }
  yield* known;
}

/** By what the store tells whether a photo changed. */
interface Identity {
  readonly digest: string;
  readonly stamp?: string | undefined;
  readonly reference?: string | undefined;
}

interface IdentifiedPhoto {
  readonly name: string;
  /** Undefined for a file that cannot be read: the engine meets the same error, and reports it with the photo. */
  readonly identity?: Identity | undefined;
  readonly reference?: string | undefined;
  readonly read: () => Promise<Uint8Array>;
}

async function identified(
  photo: NamedPhoto,
  table: PhotoTable,
  references: References,
  readFile: FileReader,
): Promise<IdentifiedPhoto> {
  if (typeof photo !== 'string') {
    const { name, read, etag } = photo;
    return { name, read, identity: { digest: `etag ${etag}` }, reference: references.get(name) };
  }
  const name = resolve(photo);
  const reference = references.get(photo) ?? references.get(name);
  const stamp = await stampOf(photo);
  const seen = table.seen(name);
  if (stamp !== undefined && seen?.stamp === stamp)
    return { name, reference, identity: { digest: seen.digest, stamp }, read: () => readFile(photo) };
  try {
    const bytes = await readFile(photo);
    // The bytes that were looked at are the ones encoded, also if the file changes meanwhile.
    const read = () => Promise.resolve(bytes);
    return { name, reference, identity: { digest: `sha256 ${sha256Of(bytes)}`, stamp }, read };
  } catch {
    return { name, reference, read: () => readFile(photo) };
  }
}

/** A file may be written to within this time of its last change without the times of the file system telling. */
const clockGrain = 2000;

/**
 * What changes whenever a file does, as far as the file system tells: size, times of change, inode. The same means that
 * its content need not be read again, as Git's index has it.
 */
async function stampOf(path: string): Promise<string | undefined> {
  try {
    const { size, mtimeNs, ctimeNs, ctimeMs, ino } = await stat(path, { bigint: true });
    const isRecent = Date.now() - Number(ctimeMs) < clockGrain;
    return isRecent ? undefined : `${size} ${mtimeNs} ${ctimeNs} ${ino}`;
  } catch {
    return undefined;
  }
}

/** The name of a photo of this content that was moved here: not named in this run, and no longer where it was. */
function nameBefore(
  table: PhotoTable,
  name: string,
  digest: string,
  named: ReadonlySet<string>,
): string | undefined {
  if (table.seen(name)) return undefined;
  return table.namesOf(digest).find((other) => !named.has(other) && !existsSync(other));
}

async function* lazily(photos: NamedPhotos): AsyncGenerator<LazyPhoto, void, undefined> {
  for await (const photo of photos)
    yield typeof photo === 'string' ? { name: photo, read: () => photos.readFile(photo) } : photo;
}
