// The pairs that runs on a set have found before anybody ruled them out: photos once compared are not compared again.
//
// Photos of one epoch have all been compared with each other, in one way and up to one threshold, or by lists: then pairs
// nearer than the epoch's reach are all known. A run compares what is new with them and with itself, and takes what is
// new into the epoch.

import type { FacesPolicy } from '../../runs/findings.js';
import type { Tile, TilePairs } from '../../duplicates/index.js';
import { partsOf } from '../parts.js';
import type { Sql } from './database.js';
import type { RunOfSet } from './set_photos.js';

/** How photos are compared. */
export interface Comparison {
  readonly threshold: number;
  readonly policy: FacesPolicy;
  readonly candidates?: { readonly reach: number };
}

/** Below what distance all pairs are wanted. */
export function wantedReach({ candidates, threshold }: Comparison): number {
  return candidates?.reach ?? threshold;
}

/** A near pair of a run, by the photos' rows. */
export interface NearPair {
  readonly firstId: number;
  readonly secondId: number;
  readonly distance: number;
}

const pairsTogether = 5000;

/**
 * The near pairs of photos that the run does not compare again.
 *
 * @param photosOfBlocks how many photos each block has.
 */
export async function* knownPairs(
  sql: Sql,
  { run, set }: RunOfSet,
  threshold: number,
  photosOfBlocks: readonly number[],
): AsyncGenerator<TilePairs, void, undefined> {
  const places = new Places(photosOfBlocks);
  for (let last: readonly unknown[] = [0, 0]; ;) {
    const rows = await sql.rows(
      `SELECT first_id, second_id, a.record AS first, b.record AS second, distance FROM facededup.set_pairs
       JOIN facededup.run_photos AS a ON a.run_id = $1 AND a.photo_id = first_id AND a.is_old
       JOIN facededup.run_photos AS b ON b.run_id = $1 AND b.photo_id = second_id AND b.is_old
       WHERE set_id = $2 AND distance < $3 AND (first_id, second_id) > ($4::bigint, $5::bigint)
       ORDER BY first_id, second_id LIMIT ${pairsTogether}`,
      [run, set, threshold, ...last],
    );
    for (const row of rows)
      yield places.pairAt(Number(row['first']), Number(row['second']), Number(row['distance']));
    if (rows.length < pairsTogether) return;
    last = [rows.at(-1)?.['first_id'], rows.at(-1)?.['second_id']];
  }
}

/** Where a photo lies, by its number among all. */
class Places {
  readonly #starts: number[] = [0];

  constructor(photosOfBlocks: readonly number[]) {
    for (const photos of photosOfBlocks) this.#starts.push((this.#starts.at(-1) ?? 0) + photos);
  }

  pairAt(a: number, b: number, distance: number): TilePairs {
    const [low, high] = [Math.min(a, b), Math.max(a, b)];
    const tile: Tile = { first: this.#blockOf(low), second: this.#blockOf(high) };
    const within = (record: number, block: number) => Uint32Array.of(record - (this.#starts[block] ?? 0));
    return {
      ...tile,
      pairs: {
        firsts: within(low, tile.first),
        seconds: within(high, tile.second),
        distances: Float64Array.of(distance),
      },
    };
  }

  #blockOf(record: number): number {
    let [low, high] = [0, this.#starts.length - 1];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.#starts[middle] ?? 0) <= record) low = middle;
      else high = middle;
    }
    return low;
  }
}

/**
 * Takes the photos of a run into the set's epoch, or into a new one where they were compared in another way.
 *
 * @param found those of the run's near pairs that are not of two old photos.
 * @param byLists whether the run passed pairs over.
 */
export async function keepKnown(
  sql: Sql,
  { run, set }: RunOfSet,
  comparison: Comparison,
  found: readonly NearPair[],
  byLists: boolean,
): Promise<void> {
  const { threshold, policy } = comparison;
  const values = [run, set];
  const wanted = wantedReach(comparison);
  const row = await sql.row(
    `UPDATE facededup.sets SET
       epoch = CASE WHEN goes_on THEN sets.epoch ELSE $1 END, epoch_policy = $3, epoch_threshold = $4,
       epoch_reach = nullif(least(CASE WHEN goes_on THEN reach END, $6::float8, $4::float8), $4::float8)
     FROM (SELECT id, coalesce(epoch_reach, epoch_threshold) AS reach,
         coalesce(epoch_policy = $3 AND epoch_threshold >= $4
           AND coalesce(epoch_reach, epoch_threshold) >= $5::float8, FALSE) AS goes_on
       FROM facededup.sets) AS before
     WHERE sets.id = $2 AND before.id = sets.id RETURNING sets.epoch`,
    [run, set, policy, threshold, wanted, byLists ? wanted : threshold],
  );
  const epoch = Number(row?.['epoch']);
  if (epoch === run) await sql.run('DELETE FROM facededup.set_pairs WHERE set_id = $1', [set]);
  // Of a photo that is compared anew, as one that was encoded in another way, nothing of before holds.
  await sql.run(
    `DELETE FROM facededup.set_pairs USING facededup.run_photos AS met
     WHERE set_id = $2 AND run_id = $1 AND outcome = 'compared' AND NOT is_old AND photo_id IN (first_id, second_id)`,
    values,
  );
  for (const some of partsOf(found, pairsTogether)) {
    await sql.run(
      `INSERT INTO facededup.set_pairs (set_id, first_id, second_id, distance)
       SELECT $1, first_id, second_id, distance FROM unnest($2::bigint[], $3::bigint[], $4::float8[])
         AS given (first_id, second_id, distance)`,
      [
        set,
        some.map(({ firstId }) => firstId),
        some.map(({ secondId }) => secondId),
        some.map(({ distance }) => distance),
      ],
    );
  }
  await sql.run(
    `UPDATE facededup.photos SET epoch = $2, compared_origin = met.origin_id FROM facededup.run_photos AS met
     WHERE met.run_id = $1 AND met.outcome = 'compared' AND NOT met.is_old AND photos.id = met.photo_id`,
    [run, epoch],
  );
  // Those that this run could not compare: nobody has compared them with what is new in it.
  await sql.run(
    `UPDATE facededup.photos SET epoch = NULL WHERE set_id = $2 AND epoch = $3 AND NOT EXISTS (
       SELECT 1 FROM facededup.run_photos AS met
       WHERE met.run_id = $1 AND met.photo_id = photos.id AND met.outcome = 'compared')`,
    [run, set, epoch],
  );
}
