// The step after matching: the pairs of all tiles as pairs of photos, without those that are ruled out, closest first.

import type { KeptFace } from '../../encodings/kept_encodings.js';
import { describedPairs } from '../../runs/described_pairs.js';
import { largest } from '../../runs/gather.js';
import { ruledOut } from '../../runs/ruled_out.js';
import { pairKey } from '../../store/run_table.js';
import type { Sql } from '../postgres/database.js';
import { decisionIndex } from '../postgres/decisions.js';
import { keepFoundPairs, pairsBefore } from '../postgres/results.js';
import { pairsOfTiles } from '../postgres/tiles.js';
import type { RecordPair } from '../tiles.js';
import type { Step, StepContext } from './step.js';

const photosTogether = 1000;

/** A photo that is in a pair. */
interface PairedPhoto {
  readonly name: string;
  readonly reference: string | undefined;
  readonly id: number | undefined;
}

export const merge: Step = async ({ store, job, begun }) => {
  const { run } = job;
  const { request } = begun.facts;
  await store.runs.complete(job, async (sql) => {
    const close = leastOfEach(await allPairs(sql, store, run));
    const photos = await photosOf(sql, run, close);
    const references = new Map(
      [...photos.values()].flatMap(({ name, reference }) =>
        reference === undefined ? [] : [[name, reference]],
      ),
    );
    const decisions = await decisionIndex(sql, begun.setId);
    const isRuledOut = ruledOut({ references }, request.ignoredPairs, decisions);
    const found = close
      .map(({ first, second, distance }) => {
        const [a, b] = [photos.get(first)?.name ?? '', photos.get(second)?.name ?? ''];
        return { first: a < b ? a : b, second: a < b ? b : a, distance };
      })
      .filter(({ first, second }) => !isRuledOut(first, second))
      .sort(closestFirst);
    const names = new Set(found.flatMap(({ first, second }) => [first, second]));
    const before = await pairsBefore(sql, begun.setId, run);
    const pairs = describedPairs(found, {
      facesOf: await facesOf(sql, store, run, names, request.policy === 'largest'),
      references,
      decisions,
      isNew: ({ first, second }) => !before.has(pairKey(first, second)),
    });
    const idOf = new Map([...photos.values()].map(({ name, id }) => [name, id]));
    await keepFoundPairs(sql, run, pairs, (photo) => idOf.get(photo));
  });
};

async function allPairs(sql: Sql, { sealing }: StepContext['store'], run: number): Promise<RecordPair[]> {
  const pairs: RecordPair[] = [];
  for await (const some of pairsOfTiles(sql, sealing, run)) for (const pair of some) pairs.push(pair);
  return pairs;
}

/** Photos with several faces are found once for each pair of near faces. */
function leastOfEach(pairs: readonly RecordPair[]): RecordPair[] {
  const least = new Map<string, RecordPair>();
  for (const pair of pairs) {
    const key = `${Math.min(pair.first, pair.second)} ${Math.max(pair.first, pair.second)}`;
    const known = least.get(key);
    if (!known || pair.distance < known.distance) least.set(key, pair);
  }
  return [...least.values()];
}

/** As the matcher has it: equal distances in order of their names. */
function closestFirst(a: Named, b: Named): number {
  return a.distance - b.distance || byText(a.first, b.first) || byText(a.second, b.second);
}

interface Named {
  readonly first: string;
  readonly second: string;
  readonly distance: number;
}

const byText = (a: string, b: string) => (a < b ? -1 : Number(a > b));

async function photosOf(
  sql: Sql,
  run: number,
  pairs: readonly RecordPair[],
): Promise<ReadonlyMap<number, PairedPhoto>> {
  const records = [...new Set(pairs.flatMap(({ first, second }) => [first, second]))];
  const photos = new Map<number, PairedPhoto>();
  for (let from = 0; from < records.length; from += photosTogether) {
    const rows = await sql.rows(
      `SELECT record, name, reference, photo_id FROM facededup.run_photos
       WHERE run_id = $1 AND record = ANY ($2::integer[])`,
      [run, records.slice(from, from + photosTogether)],
    );
    for (const row of rows)
      photos.set(Number(row['record']), {
        name: String(row['name']),
        reference: row['reference'] === null ? undefined : String(row['reference']),
        id: row['photo_id'] === null ? undefined : Number(row['photo_id']),
      });
  }
  return photos;
}

async function facesOf(
  sql: Sql,
  { contents }: StepContext['store'],
  run: number,
  names: ReadonlySet<string>,
  onlyLargest: boolean,
): Promise<ReadonlyMap<string, readonly KeptFace[]>> {
  const all = [...names];
  const faces = new Map<string, readonly KeptFace[]>();
  for (let from = 0; from < all.length; from += photosTogether) {
    const rows = await sql.rows(
      `SELECT run_photos.name, contents.digest, origins.digest AS origin, contents.faces
       FROM facededup.run_photos JOIN facededup.contents USING (digest, origin_id)
         JOIN facededup.origins ON origins.id = contents.origin_id
       WHERE run_id = $1 AND run_photos.name = ANY ($2::text[])`,
      [run, all.slice(from, from + photosTogether)],
    );
    for (const row of rows) {
      const kept = contents.facesOf(row);
      faces.set(String(row['name']), onlyLargest ? largest(kept) : kept);
    }
  }
  return faces;
}
