// The photos of a run: listed, encoded, and sorted by what came of them.

import type { KeptFace } from '../../encodings/kept_encodings.js';
import { type Contents, contentsLock, type KeptOrigin } from './contents.js';
import type { Sql } from './database.js';

/** A photo that is to be encoded, and what is known of it. */
export interface ListedPhoto {
  readonly position: number;
  readonly name: string;
  /** Of a blob: what its digest holds by. */
  readonly stamp: string | undefined;
  /** Of the set, when it was last read. */
  readonly seen: { readonly stamp: string; readonly digest: string } | undefined;
  /** How often it was taken up alone. */
  readonly tries: number;
}

/** What came of a photo. */
export type PhotoOutcome = { readonly position: number; readonly stamp: string | undefined } & (
  | { readonly digest: string; readonly faces: readonly KeptFace[] | undefined; readonly error?: undefined }
  | { readonly error: { readonly code: string; readonly message: string } }
);

const listedTogether = 5000;

/** All of them anew: a list that was broken off leaves nothing behind. */
export class PhotoLister {
  readonly #sql: Sql;
  readonly #run: number;
  #names: string[] = [];
  #stamps: (string | null)[] = [];
  #count = 0;

  constructor(sql: Sql, run: number) {
    this.#sql = sql;
    this.#run = run;
  }

  async begin(): Promise<void> {
    await this.#sql.run('DELETE FROM facededup.run_photos WHERE run_id = $1', [this.#run]);
  }

  /** @param stamp where the list tells it. */
  async add(name: string, stamp?: string): Promise<void> {
    this.#names.push(name);
    this.#stamps.push(stamp ?? null);
    if (this.#names.length === listedTogether) await this.#write();
  }

  /** @param jobsOf how many photos each job encodes, told how many there are. @returns what it said. */
  async end(jobsOf: (photos: number) => number[]): Promise<number[]> {
    await this.#write();
    const jobs = jobsOf(this.#count);
    let next = 0;
    const starts = jobs.map((photos) => (next += photos) - photos);
    await this.#sql.run(
      `UPDATE facededup.run_photos AS photos SET chunk = width_bucket(position, $2::integer[]) - 1, reference = (
         SELECT reference FROM facededup.run_references AS given
         WHERE given.run_id = photos.run_id AND given.photo = photos.name)
       WHERE run_id = $1`,
      [this.#run, starts],
    );
    // The plans of what is asked later depend on how much there is.
    await this.#sql.run('ANALYZE facededup.run_photos');
    return jobs;
  }

  async #write(): Promise<void> {
    await this.#sql.run(
      `INSERT INTO facededup.run_photos (run_id, position, name, stamp)
       SELECT $1, $2 + ordinality - 1, name, stamp
       FROM unnest($3::text[], $4::text[]) WITH ORDINALITY AS given (name, stamp, ordinality)`,
      [this.#run, this.#count, this.#names, this.#stamps],
    );
    this.#count += this.#names.length;
    [this.#names, this.#stamps] = [[], []];
  }
}

/** Those of a job that nothing has come of yet. */
export async function waitingPhotos(sql: Sql, run: number, chunk: number): Promise<ListedPhoto[]> {
  const rows = await sql.rows(
    `SELECT position, run_photos.name, tries, run_photos.stamp AS listed, photos.stamp, photos.digest
     FROM facededup.run_photos JOIN facededup.runs ON runs.id = run_id
       LEFT JOIN facededup.photos ON photos.set_id = runs.set_id AND photos.name = run_photos.name
     WHERE run_id = $1 AND chunk = $2 AND run_photos.state = 'waiting' ORDER BY position`,
    [run, chunk],
  );
  return rows.map((row) => ({
    position: Number(row['position']),
    name: String(row['name']),
    tries: Number(row['tries']),
    stamp: typeof row['listed'] === 'string' ? row['listed'] : undefined,
    seen:
      typeof row['stamp'] === 'string' ? { stamp: row['stamp'], digest: String(row['digest']) } : undefined,
  }));
}

/** Counted before a photo is taken up that may have ended a worker, and back when the worker lives. */
export async function countTry(sql: Sql, run: number, position: number, tries: 1 | -1): Promise<void> {
  await sql.run('UPDATE facededup.run_photos SET tries = tries + $3 WHERE run_id = $1 AND position = $2', [
    run,
    position,
    tries,
  ]);
}

/**
 * Keeps what came of photos, where nothing was kept before. A photo whose content was known a moment ago, and is not any
 * more, stays one that waits.
 */
export async function keepOutcomes(
  sql: Sql,
  contents: Contents,
  run: number,
  origin: KeptOrigin,
  given: readonly PhotoOutcome[],
): Promise<void> {
  await sql.run('SELECT pg_advisory_xact_lock_shared($1)', [contentsLock]);
  const relied = given.flatMap((each) => (!each.error && !each.faces ? [each.digest] : []));
  const known = await contents.known(sql, origin, relied);
  const outcomes = given.filter((each) => each.error ?? each.faces ?? known.has(each.digest));
  const encoded = outcomes.flatMap((each) =>
    !each.error && each.faces ? [{ digest: each.digest, faces: each.faces }] : [],
  );
  // Of copies the first one is new.
  const fresh = new Set(encoded.length > 0 ? await contents.keep(sql, origin, encoded) : []);
  const isNew = outcomes.map((each) => !each.error && fresh.delete(each.digest));
  const column = (value: (outcome: PhotoOutcome) => unknown) => outcomes.map(value);
  await sql.run(
    `UPDATE facededup.run_photos AS photos SET state = CASE WHEN given.code IS NULL THEN 'encoded' ELSE 'failed' END,
       stamp = given.stamp, digest = given.digest, origin_id = $2, is_new = given.is_new,
       code = given.code, message = given.message
     FROM unnest($3::integer[], $4::text[], $5::text[], $6::boolean[], $7::text[], $8::text[])
       AS given (position, stamp, digest, is_new, code, message)
     WHERE run_id = $1 AND photos.position = given.position AND photos.state = 'waiting'`,
    [
      run,
      origin.id,
      column(({ position }) => position),
      column(({ stamp }) => stamp ?? null),
      column((each) => (each.error ? null : each.digest)),
      isNew,
      column(({ error }) => error?.code ?? null),
      column(({ error }) => error?.message.replaceAll('\u0000', '\ufffd') ?? null),
    ],
  );
}
