// The photos of a set and their encodings, kept by content: a photo that is renamed or copied is not encoded again.

import { sha256Of } from '../digest.js';
import { InvalidOptionError, type FaceStoreError } from '../errors.js';
import type { KeptFace, KeptPhoto } from '../encodings/kept_encodings.js';
import { type EncodingOrigin, originId } from '../encodings/origin.js';
import { type Database, patternContaining } from './database.js';
import { notAsKept, placeOf, requireSameKey } from './encryption.js';
import { type FacesCipher, sealBytes } from './faces_cipher.js';
import { faceBytes, packFaces, sealFaces, unsealFaces, viewOf } from './packed_faces.js';

/** A photo as a run saw it. */
export interface SeenPhoto {
  readonly name: string;
  /** `sha256 …`: another one whenever the content changes. */
  readonly digest: string;
  /** Of a file its times and size, of a blob its ETag: the digest holds while this is the same. */
  readonly stamp?: string | undefined;
  /** The record it belongs to; undefined leaves it as it was. */
  readonly reference?: string | undefined;
}

/** What a set holds. */
export interface PhotoTableFacts {
  readonly photos: number;
  readonly faces: number;
  /** By what made the encodings, most photos first; undefined for those that came from a file which does not say. */
  readonly origins: readonly {
    readonly origin?: EncodingOrigin;
    readonly photos: number;
    readonly faces: number;
  }[];
}

/** Which photos of a set, and how many. */
export interface PhotosQuery {
  /** Default 0. */
  readonly offset?: number | undefined;
  /** Default all. */
  readonly limit?: number | undefined;
  readonly text?: string | undefined;
}

/** A photo of a set, in a list. */
export interface ListedPhoto {
  readonly name: string;
  readonly reference?: string;
  /** As they were found last. */
  readonly faces: number;
}

const importedTogether = 1000;
const readTogether = 250;
const namesTogether = 5000;
/** Stands before the digest of the faces where the photo's own is not known. */
const facesDigest = 'faces ';

/** The photos of a set, and the encodings of their faces. */
export class PhotoTable {
  readonly #database: Database;
  readonly #set: number;
  /** Undefined: the faces are kept plain. */
  readonly #cipher: FacesCipher | undefined;
  /** By the objects: photos share few of them. */
  #originRows = new WeakMap<EncodingOrigin, OriginRow>();

  constructor(database: Database, set: number, cipher: FacesCipher | undefined) {
    this.#database = database;
    this.#set = set;
    this.#cipher = cipher;
  }

  /** Before all of it is relied upon. @throws FaceStoreError `FACE_STORE_INVALID` where the store's file is damaged. */
  requireSound(): void {
    this.#database.requireSound();
  }

  /** Photos of the set. */
  get size(): number {
    return Number(
      this.#database.get('SELECT count(*) AS n FROM photos WHERE set_id = ?', this.#set)?.['n'] ?? 0,
    );
  }

  /** What the set holds, counted by how it was encoded. */
  facts(): PhotoTableFacts {
    const origins = this.#database
      .all(
        `SELECT origins.origin AS origin, count(*) AS photos, sum(length(contents.faces) / ${faceBytes}) AS faces
         FROM photos JOIN contents USING (digest, origin_id) JOIN origins ON origins.id = origin_id
         WHERE set_id = ? GROUP BY origin_id ORDER BY photos DESC, origin_id`,
        this.#set,
      )
      .map((row) => ({
        ...knownOrigin(this.#database.json(row['origin']) as EncodingOrigin),
        photos: Number(row['photos']),
        faces: Number(row['faces']),
      }));
    const sum = (of: 'photos' | 'faces') => origins.reduce((total, each) => total + each[of], 0);
    return { photos: sum('photos'), faces: sum('faces'), origins };
  }

  /** The digest and stamp that a photo had when it was last seen. */
  seen(name: string): Pick<SeenPhoto, 'digest' | 'stamp'> | undefined {
    const row = this.#database.get(
      'SELECT digest, stamp FROM photos WHERE set_id = ? AND name = ?',
      this.#set,
      name,
    );
    return (
      row && {
        digest: String(row['digest']),
        stamp: row['stamp'] === null ? undefined : String(row['stamp']),
      }
    );
  }

  /** Whether a photo was like this when it was last seen, and these models and options were wanted. */
  isAsSeen({ name, digest, stamp }: SeenPhoto, origin: EncodingOrigin): boolean {
    const row = this.#database.get(
      'SELECT 1 FROM photos WHERE set_id = ? AND name = ? AND digest = ? AND stamp IS ? AND origin_id = ?',
      this.#set,
      name,
      digest,
      stamp ?? null,
      this.#knownOriginRow(origin),
    );
    return row !== undefined;
  }

  /** The names of the photos that had this content when they were last seen. */
  namesOf(digest: string): string[] {
    // The plus keeps SQLite from going through the whole set, whose names are in order, to spare itself the sorting.
    return this.#database
      .all('SELECT name FROM photos WHERE digest = ? AND +set_id = ? ORDER BY name', digest, this.#set)
      .map(({ name }) => String(name));
  }

  /** Names of all photos of the set, in order. */
  names(): string[] {
    return this.#database
      .all('SELECT name FROM photos WHERE set_id = ? ORDER BY name', this.#set)
      .map(({ name }) => String(name));
  }

  /** Part of the photos, by name; `total` counts all that match. @param text only those with it in a name or reference. */
  list({ offset = 0, limit, text = '' }: PhotosQuery): {
    readonly total: number;
    readonly photos: readonly ListedPhoto[];
  } {
    const pattern = patternContaining(text);
    const matching = `set_id = ?1 AND (name LIKE ?2 ESCAPE '\\' OR reference LIKE ?2 ESCAPE '\\')`;
    const count = this.#database.get(
      `SELECT count(*) AS n FROM photos WHERE ${matching}`,
      this.#set,
      pattern,
    );
    const photos = this.#database
      .all(
        `SELECT name, reference, (
           SELECT length(faces) / ${faceBytes} FROM contents
           WHERE contents.digest = photos.digest AND contents.origin_id = photos.origin_id
         ) AS faces
         FROM photos WHERE ${matching} ORDER BY name LIMIT ?3 OFFSET ?4`,
        this.#set,
        pattern,
        limit ?? -1,
        offset,
      )
      .map(({ name, reference, faces }) => ({
        name: String(name),
        ...(reference === null ? {} : { reference: String(reference) }),
        faces: Number(faces ?? 0),
      }));
    return { total: Number(count?.['n'] ?? 0), photos };
  }

  /** The records that photos belong to, by the photos' names. */
  references(): Map<string, string> {
    const references = new Map<string, string>();
    for (let last = ''; ;) {
      // Many in one row, as in #page.
      const row = this.#database.get(
        `SELECT json_group_array(json_array(name, reference)) AS page FROM (
           SELECT name, reference FROM photos WHERE set_id = ? AND name > ? AND reference IS NOT NULL
           ORDER BY name LIMIT ${namesTogether})`,
        this.#set,
        last,
      );
      const page = this.#database.json(row?.['page']) as (readonly [name: string, reference: string])[];
      for (const [name, reference] of page) references.set(name, reference);
      last = page.at(-1)?.[0] ?? '';
      if (last === '') return references;
    }
  }

  /** The faces on this content as these models and options found them; undefined when it was not encoded so yet. */
  find(digest: string, origin: EncodingOrigin): KeptFace[] | undefined {
    const originDigest = originId(origin);
    const row = this.#database.get(
      `SELECT faces FROM contents WHERE digest = ? AND origin_id =
        (SELECT id FROM origins WHERE digest = ?)`,
      digest,
      originDigest,
    );
    return row && this.#unseal(viewOf(this.#opened(row['faces'] as Uint8Array, digest, originDigest)));
  }

  /** Keeps what was found on a photo, now or before. It is on the disk when this returns. */
  keep(photo: SeenPhoto, origin: EncodingOrigin, faces: readonly KeptFace[]): void {
    this.#write('keep', () => this.#keep(photo, origin, faces));
  }

  /** A file that moved: its record, the decisions on it and the pairs that runs found with it go along. */
  rename(from: string, to: string): void {
    this.#database.transaction(() => {
      this.#database.run('UPDATE photos SET name = ? WHERE set_id = ? AND name = ?', to, this.#set, from);
      for (const [old, other] of [
        ['first', 'second'],
        ['second', 'first'],
      ] as const) {
        const rows = this.#database.all(
          `SELECT id, ${other} AS other FROM decisions WHERE set_id = ? AND kind = 'photo' AND ${old} = ?`,
          this.#set,
          from,
        );
        for (const row of rows) {
          const [first, second] = [to, String(row['other'])].sort() as [string, string];
          const isTurned = (first === to) !== (old === 'first');
          const digests = isTurned ? ', first_digest = second_digest, second_digest = first_digest' : '';
          if (first !== second)
            this.#database.run(
              `UPDATE decisions SET first = ?, second = ?${digests} WHERE id = ?`,
              first,
              second,
              Number(row['id']),
            );
        }
      }
    });
  }

  /** Forgets photos, and what was kept of contents that no photo of any set has any more. @returns how many photos. */
  drop(names: Iterable<string>): number {
    return this.#database.transaction(() => {
      let dropped = 0;
      for (const name of names)
        dropped += this.#database.run(
          'DELETE FROM photos WHERE set_id = ? AND name = ?',
          this.#set,
          name,
        ).changes;
      forgetContents(this.#database);
      return dropped;
    });
  }

  /**
   * Forgets what was kept of contents that no photo has any more. Not done as soon as a photo changes: two files that
   * changed places are not to be encoded again.
   */
  tidy(): void {
    this.#database.transaction(() => forgetContents(this.#database));
  }

  /**
   * Every photo of the set, by name. Whatever else is written while it is gone through, each photo comes once.
   *
   * @param preferred the faces as these models and options found them, where they are kept; default, and for the others,
   *   those that were wanted last.
   */
  *photos(preferred?: EncodingOrigin): Generator<KeptPhoto, void, undefined> {
    const origins = new OriginsById(this.#database);
    const wanted = preferred === undefined ? -1 : this.#knownOriginRow(preferred);
    for (let last = ''; ;) {
      const page = this.#database.reading('page', () => this.#page(last, wanted, origins));
      let start = 0;
      for (const [name, reference, digest, origin, length] of page.photos) {
        yield {
          photo: name,
          ...(reference === null ? {} : { reference }),
          ...(digest.startsWith(facesDigest) ? {} : { digest }),
          ...origins.get(origin).made,
          faces: this.#unseal(page.faces, start, (start += length)),
        };
      }
      last = page.photos.at(-1)?.[0] ?? '';
      if (last === '') return;
    }
  }

  /**
   * A row for each photo would cost ten times as much as what is in it: a page is one row, the faces of its photos one
   * value. (SQLite has no aggregate that joins BLOBs; joined as TEXT their bytes stay what they are, unread.)
   */
  #page(after: string, wanted: number, origins: OriginsById): PhotoPage {
    const row = this.#database.get(
      `SELECT json_group_array(json_array(name, reference, digest, origin_id, length(faces))) AS photos,
         CAST(group_concat(faces, '') AS BLOB) AS faces
       FROM (
         SELECT photos.name, photos.reference, photos.digest, contents.origin_id, contents.faces
         FROM photos LEFT JOIN contents ON contents.digest = photos.digest AND contents.origin_id =
           CASE WHEN photos.origin_id <> ?2 AND EXISTS (
             SELECT 1 FROM contents AS other WHERE other.digest = photos.digest AND other.origin_id = ?2)
           THEN ?2 ELSE photos.origin_id END
         WHERE photos.set_id = ?1 AND photos.name > ?3
         ORDER BY photos.name LIMIT ${readTogether})`,
      this.#set,
      wanted,
      after,
    );
    const kept = this.#database.json(row?.['photos']) as PhotoPage['photos'];
    const bytes = (row?.['faces'] ?? new Uint8Array()) as Uint8Array;
    const overhead = this.#cipher ? sealBytes : 0;
    const expected = kept.reduce((sum, [, , , , length]) => sum + length, 0);
    if (bytes.length !== expected || kept.some(([, , , , length]) => length === null || length < overhead))
      throw this.#damaged('encodings of photos are missing in it');
    if (!this.#cipher) return { photos: kept, faces: viewOf(bytes) };
    const faces = new Uint8Array(expected - kept.length * overhead);
    let [from, to] = [0, 0];
    const photos = kept.map(([name, reference, digest, origin, length]) => {
      const sealed = bytes.subarray(from, (from += length));
      faces.set(this.#opened(sealed, digest, origins.get(origin).digest), to);
      to += length - overhead;
      return [name, reference, digest, origin, length - overhead] as const;
    });
    return { photos, faces: viewOf(faces) };
  }

  #opened(kept: Uint8Array, digest: string, originDigest: string): Uint8Array {
    const faces = this.#cipher ? this.#cipher.open(kept, placeOf(digest, originDigest)) : kept;
    if (!faces) throw this.#damaged(notAsKept);
    return faces;
  }

  #unseal(faces: DataView, start?: number, end?: number): KeptFace[] {
    const unsealed = unsealFaces(faces, start, end);
    if (!unsealed) throw this.#damaged(notAsKept);
    return unsealed;
  }

  /** @throws StoreKeyError where it was encrypted, encrypted anew or decrypted since it was opened. */
  #damaged(how: string): FaceStoreError {
    requireSameKey(this.#database, this.#cipher);
    return this.#database.damaged(how);
  }

  /**
   * Takes encodings over from elsewhere. One that is broken off can be done again. Photos of the same names are replaced.
   *
   * @returns how many photos.
   * @throws InvalidEncodingsError `ENCODINGS_INVALID`, FaceStoreError
   */
  async import(photos: AsyncIterable<KeptPhoto> | Iterable<KeptPhoto>): Promise<number> {
    let count = 0;
    let batch: KeptPhoto[] = [];
    const write = () => {
      this.#write('import', () => batch.forEach((photo) => this.#import(photo)));
      count += batch.length;
      batch = [];
    };
    for await (const photo of photos) {
      batch.push(photo);
      // Not one transaction: held across awaits it would take in the writes of others.
      if (batch.length === importedTogether) write();
    }
    write();
    this.tidy();
    return count;
  }

  #import({ photo, digest, origin, reference, faces }: KeptPhoto): void {
    // Two sets may be given other faces of one name, or of one content by ways that nobody knows: they stay apart.
    const made = origin ?? { models: {}, options: { set: this.#set } };
    const name = digest ?? `${facesDigest}${sha256Of(packFaces(faces))}`;
    this.#keep({ name: photo, digest: name, reference }, made, faces);
  }

  #keep(
    { name, digest, stamp, reference }: SeenPhoto,
    origin: EncodingOrigin,
    faces: readonly KeptFace[],
  ): void {
    if (name === '') throw new InvalidOptionError('ARGUMENT_INVALID', 'A photo in a face store has a name.');
    const { id: row, digest: originDigest } = this.#originRow(origin);
    const packed = sealFaces(packFaces(faces));
    this.#database.run(
      `INSERT INTO contents (digest, origin_id, faces) VALUES (?, ?, ?)
       ON CONFLICT (digest, origin_id) DO UPDATE SET faces = excluded.faces`,
      digest,
      row,
      this.#cipher?.seal(packed, placeOf(digest, originDigest)) ?? packed,
    );
    const isAsItWas = this.#database.run(
      `UPDATE photos SET origin_id = ?, stamp = ?, reference = coalesce(?, reference)
       WHERE set_id = ? AND name = ? AND digest = ?`,
      row,
      stamp ?? null,
      reference ?? null,
      this.#set,
      name,
      digest,
    ).changes;
    if (isAsItWas) return;
    // A row of its own tells later that this is no longer the photo which was in a pair.
    const former = this.#database.get(
      'DELETE FROM photos WHERE set_id = ? AND name = ? RETURNING reference',
      this.#set,
      name,
    );
    this.#database.run(
      'INSERT INTO photos (set_id, name, digest, origin_id, stamp, reference) VALUES (?, ?, ?, ?, ?, ?)',
      this.#set,
      name,
      digest,
      row,
      stamp ?? null,
      reference ?? former?.['reference'] ?? null,
    );
    if (former) return;
    // Decisions that were there before the photo: from now on it is this one that they are on.
    for (const side of ['first', 'second'])
      this.#database.run(
        `UPDATE decisions SET ${side}_digest = ? WHERE set_id = ? AND kind = 'photo' AND ${side} = ? AND ${side}_digest IS NULL`,
        digest,
        this.#set,
        name,
      );
  }

  #write(operation: string, work: () => void): void {
    try {
      this.#database.transaction(() => {
        requireSameKey(this.#database, this.#cipher);
        work();
      }, operation);
    } catch (error) {
      // The rows of origins that it began are undone too.
      this.#originRows = new WeakMap();
      throw error;
    }
  }

  /** Of an origin that the store may not know: reading writes nothing. */
  #knownOriginRow(origin: EncodingOrigin): number {
    const row = this.#database.get('SELECT id FROM origins WHERE digest = ?', originId(origin));
    return Number(row?.['id'] ?? -1);
  }

  #originRow(origin: EncodingOrigin): OriginRow {
    const known = this.#originRows.get(origin);
    if (known !== undefined) return known;
    const digest = originId(origin);
    this.#database.run(
      'INSERT INTO origins (digest, origin) VALUES (?, ?) ON CONFLICT (digest) DO NOTHING',
      digest,
      JSON.stringify(origin),
    );
    const id = Number(this.#database.get('SELECT id FROM origins WHERE digest = ?', digest)?.['id']);
    this.#originRows.set(origin, { id, digest });
    return { id, digest };
  }
}

interface OriginRow {
  readonly id: number;
  readonly digest: string;
}

/** The origins of a store, read again when there is one that was not there yet. */
class OriginsById {
  readonly #database: Database;
  readonly #known = new Map<
    number,
    { readonly digest: string; readonly made: { readonly origin?: EncodingOrigin } }
  >();

  constructor(database: Database) {
    this.#database = database;
  }

  get(id: number) {
    if (!this.#known.has(id)) this.#read();
    return this.#known.get(id) ?? { digest: '', made: {} };
  }

  #read(): void {
    for (const row of this.#database.all('SELECT id, digest, origin FROM origins')) {
      const origin = this.#database.json(row['origin']) as EncodingOrigin;
      const digest = originId(origin);
      if (digest !== row['digest'])
        throw this.#database.damaged('what made its encodings is not what was kept');
      this.#known.set(Number(row['id']), { digest, made: knownOrigin(origin) });
    }
  }
}

interface PhotoPage {
  /** The last number is the length of its faces in bytes. */
  readonly photos: readonly (readonly [
    name: string,
    reference: string | null,
    digest: string,
    origin: number,
    length: number,
  ])[];
  readonly faces: DataView;
}

/** In a transaction of the caller's. */
export function forgetContents(database: Database): void {
  database.run('DELETE FROM contents WHERE digest NOT IN (SELECT digest FROM photos)');
}

/** Encodings of unknown origin have one without models. */
function knownOrigin(origin: EncodingOrigin): { readonly origin?: EncodingOrigin } {
  return Object.keys(origin.models).length > 0 ? { origin } : {};
}
