// The photos of a set as those see them who look at it: listed, gone through with their faces, and taken in from elsewhere.

import type { KeptFace, KeptPhoto } from '../../encodings/kept_encodings.js';
import { type EncodingOrigin, originId } from '../../encodings/origin.js';
import { patternContaining } from '../../store/database.js';
import type { ListedPhoto, PhotosQuery, PhotoTableFacts, SeenPhoto } from '../../store/photo_table.js';
import type { ReviewPhotos } from '../../store/review_store.js';
import type { Contents } from './contents.js';
import type { Sql, SqlRow } from './database.js';
import { facesDigest } from './import.js';

const readTogether = 250;

/** What a set's photos are read with. */
export interface PhotoListParts {
  readonly sql: Sql;
  readonly contents: Contents;
  readonly takeIn: ReviewPhotos['import'];
}

export class PhotoList implements ReviewPhotos {
  readonly #parts: PhotoListParts;
  readonly #set: number;

  constructor(parts: PhotoListParts, set: number) {
    this.#parts = parts;
    this.#set = set;
  }

  /** The digest and stamp that a photo had when it was last seen. */
  async seen(name: string): Promise<Pick<SeenPhoto, 'digest' | 'stamp'> | undefined> {
    if (name.includes('\0')) return undefined;
    const row = await this.#parts.sql.row(
      'SELECT digest, stamp FROM facededup.photos WHERE set_id = $1 AND name = $2',
      [this.#set, name],
    );
    return (
      row && {
        digest: String(row['digest']),
        stamp: row['stamp'] === null ? undefined : String(row['stamp']),
      }
    );
  }

  /** Part of the photos, by name; `total` counts all that match. */
  async list({ offset = 0, limit, text = '' }: PhotosQuery): Promise<{
    readonly total: number;
    readonly photos: readonly ListedPhoto[];
  }> {
    if (text.includes('\0')) return { total: 0, photos: [] };
    const { sql } = this.#parts;
    // By the columns' collation, C, capitals of ASCII alone count as small letters.
    const matching = `set_id = $1 AND ($2 = '' OR name ILIKE $3 ESCAPE '\\' OR reference ILIKE $3 ESCAPE '\\')`;
    const values = [this.#set, text, patternContaining(text)];
    const count = await sql.row(`SELECT count(*) AS photos FROM facededup.photos WHERE ${matching}`, values);
    const rows = await sql.rows(
      `SELECT name, reference, face_count FROM (
         SELECT * FROM facededup.photos WHERE ${matching} ORDER BY name LIMIT $4 OFFSET $5) AS page
       JOIN facededup.contents USING (digest, origin_id) ORDER BY name`,
      [...values, limit ?? null, offset],
    );
    return {
      total: Number(count?.['photos']),
      photos: rows.map(({ name, reference, face_count: faces }) => ({
        name: String(name),
        ...(reference === null ? {} : { reference: String(reference) }),
        faces: Number(faces),
      })),
    };
  }

  /** What the set holds, counted by how it was encoded. */
  async facts(): Promise<PhotoTableFacts> {
    const rows = await this.#parts.sql.rows(
      `SELECT origins.origin, count(*) AS photos, sum(face_count) AS faces
       FROM facededup.photos JOIN facededup.contents USING (digest, origin_id)
         JOIN facededup.origins ON origins.id = origin_id
       WHERE set_id = $1 GROUP BY origins.id ORDER BY photos DESC, origins.id`,
      [this.#set],
    );
    const origins = rows.map((row) => ({
      ...knownOrigin(JSON.parse(String(row['origin'])) as EncodingOrigin),
      photos: Number(row['photos']),
      faces: Number(row['faces']),
    }));
    const sum = (of: 'photos' | 'faces') => origins.reduce((total, each) => total + each[of], 0);
    return { photos: sum('photos'), faces: sum('faces'), origins };
  }

  /** A damaged index is for PostgreSQL to tell, and for its own tools to look for. */
  requireSound(): void {
    return undefined;
  }

  /**
   * Every photo of the set, by name. Whatever else is written while it is gone through, each photo comes once.
   *
   * @param preferred the faces as these models and options found them, where they are kept; default, and for the others,
   *   those that were wanted last.
   * @throws ClusterError, StoreKeyError
   */
  async *photos(preferred?: EncodingOrigin): AsyncGenerator<KeptPhoto, void, undefined> {
    const { sql } = this.#parts;
    for (let last = ''; ;) {
      const rows = await sql.rows(
        `SELECT name, reference, contents.digest, contents.faces, origins.digest AS origin, origins.origin AS made
         FROM (SELECT * FROM facededup.photos WHERE set_id = $1 AND name > $2 ORDER BY name LIMIT ${readTogether}) AS page
           LEFT JOIN facededup.contents AS other ON other.digest = page.digest
             AND other.origin_id = (SELECT id FROM facededup.origins WHERE digest = $3)
           JOIN facededup.contents ON contents.digest = page.digest
             AND contents.origin_id = coalesce(other.origin_id, page.origin_id)
           JOIN facededup.origins ON origins.id = contents.origin_id
         ORDER BY name`,
        [this.#set, last, preferred ? originId(preferred) : null],
      );
      for (const row of rows) {
        const [digest, reference] = [String(row['digest']), row['reference']];
        yield {
          photo: String(row['name']),
          ...(reference === null ? {} : { reference: String(reference) }),
          ...(digest.startsWith(facesDigest) ? {} : { digest }),
          ...knownOrigin(JSON.parse(String(row['made'])) as EncodingOrigin),
          faces: await this.#facesOf(row),
        };
      }
      if (rows.length < readTogether) return;
      last = String(rows.at(-1)?.['name']);
    }
  }

  /** @throws StoreKeyError where the store has another key by now; ClusterError `CLUSTER_STORE_INVALID` */
  async #facesOf(row: SqlRow): Promise<KeptFace[]> {
    const { sql, contents } = this.#parts;
    try {
      return contents.facesOf(row);
    } catch (error) {
      await contents.requireSameKey(sql);
      throw error;
    }
  }

  /**
   * Takes encodings over from elsewhere. One that is broken off can be done again. Photos of the same names are replaced.
   *
   * @returns how many photos. @throws InvalidEncodingsError `ENCODINGS_INVALID`, ClusterError
   */
  import(photos: AsyncIterable<KeptPhoto> | Iterable<KeptPhoto>): Promise<number> {
    return this.#parts.takeIn(photos);
  }
}

/** Encodings of unknown origin have one without models. */
function knownOrigin(origin: EncodingOrigin): { readonly origin?: EncodingOrigin } {
  return Object.keys(origin.models).length > 0 ? { origin } : {};
}
