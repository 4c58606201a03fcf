// What was found on contents, by what made it: each is encoded once, whichever worker and however many photos have it.

import type { KeptFace } from '../../encodings/kept_encodings.js';
import { type EncodingOrigin, originId } from '../../encodings/origin.js';
import { placeOf } from '../../store/encryption.js';
import type { Sql, SqlRow } from './database.js';
import type { Sealing } from './sealing.js';

/** An origin as the store knows it. */
export interface KeptOrigin {
  readonly id: number;
  /** What `originId` says. */
  readonly digest: string;
  readonly origin: EncodingOrigin;
}

export interface EncodedContent {
  /** `sha256 …` */
  readonly digest: string;
  readonly faces: readonly KeptFace[];
}

/** Of PostgreSQL's advisory locks: shared by those who rely on contents, taken alone by who forgets them. */
export const contentsLock = 0x46444443;

export class Contents {
  readonly #sealing: Sealing;

  constructor(sealing: Sealing) {
    this.#sealing = sealing;
  }

  /** Asked before encodings are written, and where some do not open. @throws StoreKeyError */
  requireSameKey(sql: Sql): Promise<void> {
    return this.#sealing.requireSame(sql);
  }

  /** The faces of an origin begin where they are kept for the first time. */
  async keepOrigin(sql: Sql, origin: EncodingOrigin): Promise<KeptOrigin> {
    const digest = originId(origin);
    const find = () => sql.row('SELECT id FROM facededup.origins WHERE digest = $1', [digest]);
    let row = await find();
    if (!row) {
      await sql.run('INSERT INTO facededup.origins (digest, origin) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
        digest,
        JSON.stringify(origin),
      ]);
      row = await find();
    }
    return { id: Number(row?.['id']), digest, origin };
  }

  /** Of these contents those that this origin has encoded already. */
  async known(sql: Sql, { id }: KeptOrigin, digests: readonly string[]): Promise<ReadonlySet<string>> {
    if (digests.length === 0) return new Set();
    const rows = await sql.rows(
      'SELECT digest FROM facededup.contents WHERE origin_id = $1 AND digest = ANY ($2::text[])',
      [id, digests],
    );
    return new Set(rows.map(({ digest }) => String(digest)));
  }

  /** @returns the digests that were not known yet. @throws InvalidEncodingsError */
  async keep(
    sql: Sql,
    { id, digest: origin }: KeptOrigin,
    contents: readonly EncodedContent[],
  ): Promise<ReadonlySet<string>> {
    // In one order, or two workers that encode the same contents might wait for each other.
    const inOrder = [...contents].sort((a, b) => (a.digest < b.digest ? -1 : 1));
    const rows = await sql.rows(
      `INSERT INTO facededup.contents (digest, origin_id, face_count, faces)
       SELECT digest, $1, face_count, faces FROM unnest($2::text[], $3::integer[], $4::bytea[])
         AS given (digest, face_count, faces)
       ON CONFLICT DO NOTHING RETURNING digest`,
      [
        id,
        inOrder.map(({ digest }) => digest),
        inOrder.map(({ faces }) => faces.length),
        inOrder.map(({ digest, faces }) => Buffer.from(this.#sealing.faces(faces, placeOf(digest, origin)))),
      ],
    );
    return new Set(rows.map(({ digest }) => String(digest)));
  }

  /** The faces in a row that has `faces`, `digest` and `origin`, the origin's digest. @throws ClusterError */
  facesOf(row: SqlRow): KeptFace[] {
    return this.#sealing.facesIn(
      row['faces'] as Uint8Array,
      placeOf(String(row['digest']), String(row['origin'])),
    );
  }
}
