// What runs found, as it is kept: pairs, groups, the account of every photo.

import type { Findings, FoundPair } from '../../runs/findings.js';
import { packBoxes } from '../../store/kept_pair.js';
import { keptRuns, pairKey } from '../../store/run_table.js';
import { partsOf } from '../parts.js';
import type { Sql } from './database.js';

/** A run's findings without pairs and groups, as they are kept. */
export type KeptFacts = Omit<Findings, 'run' | 'pairs' | 'groups'>;

const pairsTogether = 5000;

/**
 * The pairs of the set's latest run that ended before this one, by the names that their photos have now, without those
 * whose photos have another content since.
 */
export async function pairsBefore(sql: Sql, set: number, run: number): Promise<ReadonlySet<string>> {
  const rows = await sql.rows(
    `SELECT a.name AS first, b.name AS second FROM facededup.run_pairs
     JOIN facededup.photos AS a ON a.id = first_id JOIN facededup.photos AS b ON b.id = second_id
     WHERE run_id = (SELECT max(id) FROM facededup.runs WHERE set_id = $1 AND id < $2 AND state = 'finished')`,
    [set, run],
  );
  return new Set(rows.map((row) => pairKey(String(row['first']), String(row['second']))));
}

/** Closest first. @param idOf of a photo. */
export async function keepFoundPairs(
  sql: Sql,
  run: number,
  pairs: readonly FoundPair[],
  idOf: (photo: string) => number | undefined,
): Promise<void> {
  for (let from = 0; from < pairs.length; from += pairsTogether) {
    const some = pairs.slice(from, from + pairsTogether);
    const column = (value: (pair: FoundPair) => unknown) => some.map(value);
    await sql.run(
      `INSERT INTO facededup.run_pairs
         (run_id, position, first_id, second_id, first, second, distance, boxes, is_new)
       SELECT $1, $2 + ordinality - 1, first_id, second_id, first, second, distance, boxes, is_new
       FROM unnest($3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::float8[], $8::text[], $9::boolean[])
         WITH ORDINALITY AS given (first_id, second_id, first, second, distance, boxes, is_new, ordinality)`,
      [
        run,
        from,
        column(({ first }) => idOf(first) ?? null),
        column(({ second }) => idOf(second) ?? null),
        column(({ first }) => first),
        column(({ second }) => second),
        column(({ distance }) => distance),
        column(packBoxes),
        column(({ isNew }) => isNew),
      ],
    );
  }
}

export async function keepGroups(
  sql: Sql,
  run: number,
  groups: readonly (readonly string[])[],
): Promise<void> {
  const members = groups.flatMap((group, position) =>
    group.map((photo, place) => ({ position, place, photo })),
  );
  for (const some of partsOf(members, pairsTogether)) {
    await sql.run(
      `INSERT INTO facededup.run_groups (run_id, position, place, photo, photo_id)
       SELECT $1, given.position, place, photo, photo_id
       FROM unnest($2::integer[], $3::integer[], $4::text[]) AS given (position, place, photo)
         LEFT JOIN facededup.run_photos AS met ON met.run_id = $1 AND met.name = photo`,
      [
        run,
        some.map(({ position }) => position),
        some.map(({ place }) => place),
        some.map(({ photo }) => photo),
      ],
    );
  }
}

/** Keeps the account of a run, and forgets the oldest runs of its set. */
export async function keepFacts(sql: Sql, set: number, run: number, facts: KeptFacts): Promise<void> {
  await sql.run('UPDATE facededup.runs SET facts = $2 WHERE id = $1', [run, JSON.stringify(facts)]);
  await sql.run(
    `DELETE FROM facededup.runs WHERE set_id = $1 AND state <> 'running' AND id NOT IN (
       SELECT id FROM facededup.runs WHERE set_id = $1 ORDER BY id DESC LIMIT ${keptRuns})`,
    [set],
  );
}
