// The photos of a set, brought up to date by a run: new ones, changed ones, renamed ones, and those that are gone.

import { contentsLock } from './contents.js';
import type { Sql } from './database.js';

/** What of a run is being done, and for whom. */
export interface RunOfSet {
  readonly run: number;
  readonly set: number;
}

/** A photo of the set whose content the run met under another name. */
export interface Moved {
  readonly from: string;
  readonly to: string;
  /** Whether it would have been listed if it were there. */
  readonly isGone: boolean;
}

/** Names of the set's photos that the run did not list. @param after in order of their bytes. */
export async function unlistedNames(
  sql: Sql,
  { run, set }: RunOfSet,
  after: string,
  limit: number,
): Promise<string[]> {
  const rows = await sql.rows(
    `SELECT name FROM facededup.photos WHERE set_id = $1 AND name > $2 AND NOT EXISTS (
       SELECT 1 FROM facededup.run_photos WHERE run_id = $3 AND run_photos.name = photos.name)
     ORDER BY name LIMIT $4`,
    [set, after, run, limit],
  );
  return rows.map(({ name }) => String(name));
}

/** Marks photos of the set as no longer where they were. */
export async function markGone(sql: Sql, run: number, names: readonly string[]): Promise<void> {
  await sql.run(
    `INSERT INTO facededup.run_photos (run_id, position, name, state)
     SELECT $1, (SELECT coalesce(max(position), -1) FROM facededup.run_photos WHERE run_id = $1) + ordinality, name, 'gone'
     FROM unnest($2::text[]) WITH ORDINALITY AS given (name, ordinality)`,
    [run, names],
  );
}

/** Photos of the set that the run did not list, whose contents it met under other names. */
export async function perhapsMoved(sql: Sql, { run, set }: RunOfSet): Promise<Moved[]> {
  const rows = await sql.rows(
    `SELECT photos.name AS old, min(met.name) AS new, bool_or(gone.name IS NOT NULL) AS is_gone FROM facededup.photos
     LEFT JOIN facededup.run_photos AS gone ON gone.run_id = $1 AND gone.name = photos.name AND gone.state = 'gone'
     JOIN facededup.run_photos AS met ON met.run_id = $1 AND met.state = 'encoded' AND met.digest = photos.digest
     WHERE photos.set_id = $2 AND NOT EXISTS (
       SELECT 1 FROM facededup.run_photos AS listed
       WHERE listed.run_id = $1 AND listed.name = photos.name AND listed.state <> 'gone')
     GROUP BY photos.name ORDER BY photos.name`,
    [run, set],
  );
  return rows.map((row) => ({
    from: String(row['old']),
    to: String(row['new']),
    isGone: row['is_gone'] === true,
  }));
}

/**
 * A file that moved: its record and the pairs that runs found with it go along, for its row stays the same; decisions on
 * it do, too. One whose new name is known already is forgotten under the old one, if its place was looked at.
 */
export async function rename(sql: Sql, set: number, { from, to, isGone }: Moved): Promise<void> {
  const moved = await sql.run(
    `UPDATE facededup.photos SET name = $3 WHERE set_id = $1 AND name = $2
       AND NOT EXISTS (SELECT 1 FROM facededup.photos WHERE set_id = $1 AND name = $3)`,
    [set, from, to],
  );
  if (moved > 0) await renameInDecisions(sql, set, from, to);
  if (isGone) await sql.run('DELETE FROM facededup.photos WHERE set_id = $1 AND name = $2', [set, from]);
}

async function renameInDecisions(sql: Sql, set: number, from: string, to: string): Promise<void> {
  const rows = await sql.rows(
    `SELECT id, first, second FROM facededup.decisions WHERE set_id = $1 AND kind = 'photo' AND $2 IN (first, second)`,
    [set, from],
  );
  for (const { id, ...row } of rows) {
    const isFirst = row['first'] === from;
    // Which of two comes first is told by UTF-16 code units, here as everywhere.
    const [first, second] = [to, String(isFirst ? row['second'] : row['first'])].sort() as [string, string];
    const isTurned = (first === to) !== isFirst;
    const digests = isTurned ? ', first_digest = second_digest, second_digest = first_digest' : '';
    if (first !== second)
      await sql.run(`UPDATE facededup.decisions SET first = $2, second = $3${digests} WHERE id = $1`, [
        id,
        first,
        second,
      ]);
  }
}

/** Takes what a run found out about its photos over to the set. */
export async function takeIn(sql: Sql, { run, set }: RunOfSet): Promise<void> {
  const values = [run, set];
  // A reference that was given before holds until another one is.
  await sql.run(
    `UPDATE facededup.run_photos AS met SET reference = photos.reference FROM facededup.photos
     WHERE met.run_id = $1 AND set_id = $2 AND photos.name = met.name AND met.reference IS NULL`,
    values,
  );
  // Decisions that were there before the photo: from now on it is this one that they are on.
  for (const side of ['first', 'second'])
    await sql.run(
      `UPDATE facededup.decisions SET ${side}_digest = met.digest FROM facededup.run_photos AS met
       WHERE decisions.set_id = $2 AND kind = 'photo' AND ${side}_digest IS NULL AND ${side} = met.name
         AND met.run_id = $1 AND met.state = 'encoded'
         AND NOT EXISTS (SELECT 1 FROM facededup.photos WHERE photos.set_id = $2 AND photos.name = met.name)`,
      values,
    );
  // A row of its own tells later that this is no longer the photo which was in a pair.
  await sql.run(
    `DELETE FROM facededup.photos USING facededup.run_photos AS met
     WHERE photos.set_id = $2 AND met.run_id = $1 AND met.state = 'encoded' AND photos.name = met.name
       AND photos.digest <> met.digest`,
    values,
  );
  await sql.run(
    `INSERT INTO facededup.photos (set_id, name, digest, origin_id, stamp, reference)
     SELECT $2, name, digest, origin_id, stamp, reference FROM facededup.run_photos
     WHERE run_id = $1 AND state = 'encoded' ORDER BY position
     ON CONFLICT (set_id, name) DO UPDATE
       SET origin_id = excluded.origin_id, stamp = excluded.stamp, reference = excluded.reference`,
    values,
  );
}

/**
 * Forgets the photos that are marked as gone, and those that were named and are not there. What lies below a folder that
 * cannot be read is not gone: nobody knows.
 */
export async function forgetGone(sql: Sql, { run, set }: RunOfSet): Promise<void> {
  await sql.run(
    `DELETE FROM facededup.photos USING facededup.run_photos AS met
     WHERE photos.set_id = $2 AND met.run_id = $1 AND met.name = photos.name
       AND (met.state = 'gone' AND NOT EXISTS (
           SELECT 1 FROM facededup.run_photos AS unread
           WHERE unread.run_id = $1 AND unread.state = 'failed' AND starts_with(met.name, unread.name || '/'))
         OR met.state = 'failed' AND met.code = 'PHOTO_NOT_FOUND')`,
    [run, set],
  );
}

/** What was kept of contents that no photo has any more, nor any run that is not over. */
export async function forgetContents(sql: Sql): Promise<void> {
  await lockContents(sql);
  await sql.run(
    `DELETE FROM facededup.contents WHERE NOT EXISTS (SELECT 1 FROM facededup.photos WHERE photos.digest = contents.digest)
       AND NOT EXISTS (SELECT 1 FROM facededup.run_photos WHERE run_photos.digest = contents.digest)`,
  );
}

/** Until the transaction ends nobody relies on a content: it may be forgotten. */
export async function lockContents(sql: Sql): Promise<void> {
  await sql.run('SELECT pg_advisory_xact_lock($1)', [contentsLock]);
}
