// The step between encoding and matching: the set brought up to date, its faces laid out in blocks, and tiles planned.

import { existsSync } from 'node:fs';
import { isAzureName } from '../../azure.js';
import { planTiles } from '../../duplicates/index.js';
import { NoPhotosError } from '../../errors.js';
import type { Sql } from '../postgres/database.js';
import { addJobs } from '../postgres/runs.js';
import { forgetGone, perhapsMoved, rename, type RunOfSet, takeIn } from '../postgres/set_photos.js';
import { sortPhotos } from '../postgres/sorted_photos.js';
import { faceCounts, keepTiles, type PlannedTile } from '../postgres/tiles.js';
import { layOut, type PlannedBlock } from './blocks.js';
import { dealToLists, listsFor } from './deal.js';
import type { Step, StepContext } from './step.js';

/** Pairs of faces that one job compares: a second of work, and at most some twenty. */
const [fewestPairs, mostPairs] = [1e9, 2e10];
/** Of which the most are passed over. */
const mostPairsByLists = 10 * mostPairs;
const jobsOfARun = 256;

export const plan: Step = async (context) => {
  const { store, job, begun } = context;
  const { request } = begun.facts;
  const ofSet = { run: job.run, set: begun.setId };
  // A run of the set alone: no worker has said yet how it encodes.
  if (request.photos.length === 0) await chooseOrigin(context);
  await store.runs.complete(job, async (sql) => {
    await analyze(sql, ['photos', 'run_photos', 'contents']);
    await followMoved(sql, ofSet);
    await takeIn(sql, ofSet);
    if (request.dropGone) await forgetGone(sql, ofSet);
    await analyze(sql, ['photos', 'run_photos']);
    const old = await sortPhotos(sql, ofSet, request);
    await requirePhotos(sql, job.run);
    await analyze(sql, ['run_photos']);
    const photos = { faces: await faceCounts(sql, job.run), old };
    const lists = listsFor(photos, request.candidates);
    const blocks =
      lists === undefined
        ? await layOut(sql, context, photos)
        : await dealToLists(sql, context, photos, lists);
    const tiles = plannedTiles(blocks, request.jobPairs, lists === undefined ? mostPairs : mostPairsByLists);
    await keepTiles(sql, job.run, tiles);
    await addJobs(sql, job.run, 'match', pairsOfJobs(tiles));
  });
};

/** Of rows that it has not been told of PostgreSQL takes there to be one, and looks through all of a table for each. */
async function analyze(sql: Sql, tables: readonly string[]): Promise<void> {
  for (const table of tables) await sql.run(`ANALYZE facededup.${table}`);
}

async function chooseOrigin({ store, job, begun, engine, signal }: StepContext): Promise<void> {
  const made = await engine(begun.facts.request.engine);
  const { id } = await store.contents.keepOrigin(store.database, await made.origin({ signal }));
  await store.database.run('UPDATE facededup.runs SET origin_id = $2 WHERE id = $1 AND origin_id IS NULL', [
    job.run,
    id,
  ]);
}

async function followMoved(sql: Sql, ofSet: RunOfSet): Promise<void> {
  for (const moved of await perhapsMoved(sql, ofSet)) {
    if ([moved.from, moved.to].some(isAzureName) || existsSync(moved.from)) continue;
    await rename(sql, ofSet.set, moved);
  }
}

async function requirePhotos(sql: Sql, run: number): Promise<void> {
  if (await sql.row('SELECT 1 FROM facededup.run_photos WHERE run_id = $1 LIMIT 1', [run])) return;
  throw new NoPhotosError(
    'NO_PHOTOS',
    'There are no photos in this set yet. Name files, folders or containers to take in.',
  );
}

/** One after the other as they share blocks, cut into jobs of about as many pairs. */
function plannedTiles(
  blocks: readonly PlannedBlock[],
  jobPairs: number | undefined,
  mostPairs: number,
): PlannedTile[] {
  const rows = blocks.map((block) => block.rows);
  const newBlocks = [...blocks.keys()].filter((block) => !blocks[block]?.isOld);
  const tiles = [...planTiles(blocks.length, { newBlocks })].map(({ first, second }) => {
    const [a, b] = [rows[first] ?? 0, rows[second] ?? 0];
    return { first, second, pairs: first === second ? (a * (a - 1)) / 2 : a * b };
  });
  const all = tiles.reduce((sum, { pairs }) => sum + pairs, 0);
  const most = jobPairs ?? Math.min(mostPairs, Math.max(fewestPairs, all / jobsOfARun));
  let [job, inJob] = [0, 0];
  return tiles.map((tile) => {
    if (inJob > 0 && inJob + tile.pairs > most) [job, inJob] = [job + 1, 0];
    inJob += tile.pairs;
    return { ...tile, job };
  });
}

function pairsOfJobs(tiles: readonly PlannedTile[]): number[] {
  const pairs: number[] = [];
  for (const { job, pairs: count } of tiles) pairs[job] = (pairs[job] ?? 0) + count;
  return pairs;
}
