// The photos of a set and their encodings, kept by content: a photo that is renamed or copied is not encoded again.

import { EncodingsFileError, FaceStoreError } from '../errors.js';
import type { KeptFace, KeptPhoto } from '../encodings/kept_encodings.js';
import { type EncodingOrigin, originId } from '../encodings/origin.js';
import { type Database, patternContaining, type Row } from './database.js';

/** A photo as a run saw it. */
export interface SeenPhoto {
  readonly name: string;
  /** `sha256 …` or `etag …`: another one whenever the content changes. */
  readonly digest: string;
  /** Of a file: the digest holds while this is the same. */
  readonly stamp?: string | undefined;
  /** The record it belongs to; undefined leaves it as it was. */
  readonly reference?: string | undefined;
}

export interface PhotosQuery {
  /** Default 0. */
  readonly offset?: number | undefined;
  /** Default all. */
  readonly limit?: number | undefined;
  readonly text?: string | undefined;
}

export interface ListedPhoto {
  readonly name: string;
  readonly reference?: string;
  /** As they were found last. */
  readonly faces: number;
}

const encodingBytes = 128 * 4;
const importedTogether = 1000;
/** Of encodings that came from a file which does not say. */
const unknownOrigin: EncodingOrigin = { models: {}, options: {} };

export class PhotoTable {
  readonly #database: Database;
  readonly #set: number;
  readonly #originRows = new Map<string, number>();

  constructor(database: Database, set: number) {
    this.#database = database;
    this.#set = set;
  }

  get size(): number {
    return Number(
      this.#database.get('SELECT count(*) AS n FROM photos WHERE set_id = ?', this.#set)?.['n'] ?? 0,
    );
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

  /** The names of the photos that had this content when they were last seen. */
  namesOf(digest: string): string[] {
    return this.#database
      .all('SELECT name FROM photos WHERE digest = ? AND set_id = ? ORDER BY name', digest, this.#set)
      .map(({ name }) => String(name));
  }

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
           SELECT json_array_length(boxes) FROM contents WHERE contents.digest = photos.digest ORDER BY id DESC LIMIT 1
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
    return new Map(
      this.#database
        .all('SELECT name, reference FROM photos WHERE set_id = ? AND reference IS NOT NULL', this.#set)
        .map(({ name, reference }) => [String(name), String(reference)]),
    );
  }

  /** The faces on this content as these models and options found them; undefined when it was not encoded so yet. */
  find(digest: string, origin: EncodingOrigin): KeptFace[] | undefined {
    const row = this.#database.get(
      `SELECT boxes, encodings FROM contents WHERE digest = ? AND origin_id =
        (SELECT id FROM origins WHERE digest = ?)`,
      digest,
      originId(origin),
    );
    return row && this.#facesOf(row);
  }

  /** Keeps what was found on a photo. It is on the disk when this returns. */
  keep(photo: SeenPhoto, origin: EncodingOrigin, faces: readonly KeptFace[]): void {
    this.#database.transaction(() => {
      this.#putContent(photo.digest, origin, faces);
      this.#put(photo);
    });
  }

  /** Notes that a photo is there, with this content. */
  note(photo: SeenPhoto): void {
    this.#database.transaction(() => this.#put(photo));
  }

  /** Of many photos in one transaction: those that are new or changed. */
  noteAll(photos: Iterable<SeenPhoto>): void {
    this.#database.transaction(() => {
      for (const photo of photos) this.#put(photo);
    });
  }

  /** A file that moved: its record and the decisions on it go along. */
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
          if (first !== second)
            this.#database.run(
              'UPDATE decisions SET first = ?, second = ? WHERE id = ?',
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
      this.#database.run('DELETE FROM contents WHERE digest NOT IN (SELECT digest FROM photos)');
      return dropped;
    });
  }

  /**
   * Every photo of the set, by name, with its faces as these models and options found them.
   *
   * @param origin default: for each photo what was kept last.
   */
  *photos(origin?: EncodingOrigin): Generator<KeptPhoto, void, undefined> {
    const origins = new Map(
      this.#database
        .all('SELECT id, origin FROM origins')
        .map((row) => [Number(row['id']), JSON.parse(String(row['origin'])) as EncodingOrigin]),
    );
    const wanted = origin && this.#originRow(origin);
    const rows = this.#database.rows(
      `SELECT photos.name, photos.reference, photos.digest, contents.origin_id, contents.boxes, contents.encodings
       FROM photos JOIN contents ON contents.id = (
         SELECT max(id) FROM contents AS kept WHERE kept.digest = photos.digest ${wanted === undefined ? '' : 'AND kept.origin_id = ?2'})
       WHERE photos.set_id = ?1 ORDER BY photos.name`,
      ...(wanted === undefined ? [this.#set] : [this.#set, wanted]),
    );
    for (const row of rows) {
      const made = origins.get(Number(row['origin_id']));
      yield {
        photo: String(row['name']),
        ...(row['reference'] === null ? {} : { reference: String(row['reference']) }),
        digest: String(row['digest']),
        ...(made && Object.keys(made.models).length > 0 ? { origin: made } : {}),
        faces: this.#facesOf(row),
      };
    }
  }

  /**
   * Takes encodings over from elsewhere. One that is broken off can be done again: what is there already stays as it is.
   * Photos without a digest are known by their name alone.
   *
   * @returns how many photos.
   */
  async import(photos: AsyncIterable<KeptPhoto> | Iterable<KeptPhoto>): Promise<number> {
    let count = 0;
    let batch: KeptPhoto[] = [];
    const write = () => {
      this.#database.transaction(() => batch.forEach((photo) => this.#import(photo)));
      count += batch.length;
      batch = [];
    };
    for await (const photo of photos) {
      batch.push(photo);
      // Not one transaction: held across awaits it would take in the writes of others.
      if (batch.length === importedTogether) write();
    }
    write();
    return count;
  }

  #import({ photo, digest = `name ${photo}`, origin = unknownOrigin, reference, faces }: KeptPhoto): void {
    this.#putContent(digest, origin, faces);
    this.#put({ name: photo, digest, reference });
  }

  #put({ name, digest, stamp, reference }: SeenPhoto): void {
    this.#database.run(
      `INSERT INTO photos (set_id, name, digest, stamp, reference) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (set_id, name) DO UPDATE SET digest = excluded.digest, stamp = excluded.stamp,
         reference = coalesce(excluded.reference, reference)`,
      this.#set,
      name,
      digest,
      stamp ?? null,
      reference ?? null,
    );
  }

  #putContent(digest: string, origin: EncodingOrigin, faces: readonly KeptFace[]): void {
    const boxes = faces.map(({ box, confidence }) => ({ box, confidence }));
    this.#database.run(
      `INSERT OR REPLACE INTO contents (digest, origin_id, boxes, encodings) VALUES (?, ?, ?, ?)`,
      digest,
      this.#originRow(origin),
      JSON.stringify(boxes),
      packed(faces),
    );
  }

  #originRow(origin: EncodingOrigin): number {
    const digest = originId(origin);
    const known = this.#originRows.get(digest);
    if (known !== undefined) return known;
    this.#database.run(
      'INSERT INTO origins (digest, origin) VALUES (?, ?) ON CONFLICT (digest) DO NOTHING',
      digest,
      JSON.stringify(origin),
    );
    const id = Number(this.#database.get('SELECT id FROM origins WHERE digest = ?', digest)?.['id']);
    this.#originRows.set(digest, id);
    return id;
  }

  #facesOf(row: Row): KeptFace[] {
    const boxes = JSON.parse(String(row['boxes'])) as Omit<KeptFace, 'encoding'>[];
    const encodings = unpacked(row['encodings'] as Uint8Array);
    if (boxes.length !== encodings.length)
      throw new FaceStoreError(
        'FACE_STORE_INVALID',
        `The face store '${this.#database.path}' is damaged: it holds ${encodings.length} encodings for ${boxes.length} boxes. ` +
          'Restore it from a backup.',
      );
    return boxes.map((face, index) => ({ ...face, encoding: encodings[index] as Float32Array }));
  }
}

/** Little-endian float32, one encoding after the other. */
function packed(faces: readonly KeptFace[]): Uint8Array {
  const bytes = Buffer.alloc(faces.length * encodingBytes);
  faces.forEach(({ encoding }, face) => {
    if (encoding.length * 4 !== encodingBytes)
      throw new EncodingsFileError(
        'ENCODINGS_FILE_INVALID',
        `An encoding has ${encoding.length} numbers where a face store keeps 128.`,
      );
    encoding.forEach((number, index) => bytes.writeFloatLE(number, face * encodingBytes + index * 4));
  });
  return bytes;
}

const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

function unpacked(bytes: Uint8Array): Float32Array[] {
  // A copy: its own buffer is aligned, and lives no longer than its encodings.
  const own = Uint8Array.from(bytes);
  if (!isLittleEndian) Buffer.from(own.buffer).swap32();
  return Array.from(
    { length: own.length / encodingBytes },
    (_, face) => new Float32Array(own.buffer, face * encodingBytes, encodingBytes / 4),
  );
}
