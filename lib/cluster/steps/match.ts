// A step of many: some tiles, each of them the faces of one block compared with those of another, or of its own.

import type { Tile } from '../../duplicates/index.js';
import { cancelled } from '../postgres/runs.js';
import { packedLists } from '../postgres/lists.js';
import { keepPairs, listsOfBlocks, packedAxes, tilesOf } from '../postgres/tiles.js';
import { count } from '../../telemetry/index.js';
import { blockOfRun } from './blocks.js';
import type { Step } from './step.js';

export const match: Step = async (context) => {
  const { store, job, begun, signal, threads, shared } = context;
  const { run } = job;
  const { threshold, candidates } = begun.facts.request;
  const { database, sealing } = store;
  const there = <Found>(found: Found | undefined): Found => {
    // Gone with a run that is over.
    if (found === undefined) throw cancelled(run);
    return found;
  };
  const axes = () => shared.get(`${run}`, async () => there(await packedAxes(database, sealing, run)));
  const block = (number: number) =>
    shared.get(`${run} ${number}`, async () => there(await blockOfRun(context, number)));
  const tiles = await tilesOf(database, run, job.number);
  const listOf = candidates
    ? await listsOfBlocks(database, run, [...new Set(tiles.flatMap(({ first, second }) => [first, second]))])
    : new Map<number, number>();
  const between = async ({ first, second }: Tile) => {
    const [a, b] = [listOf.get(first), listOf.get(second)];
    if (!candidates || a === undefined || b === undefined) return {};
    const lists = await shared.get(`${run} lists`, async () =>
      there(await packedLists(database, sealing, run)),
    );
    return { between: { lists, first: a, second: b, reach: candidates.reach } };
  };
  const taskOf = async ({ first, second }: Tile) => ({
    threshold,
    axes: await axes(),
    first: await block(first),
    second: await block(second),
    ...(await between({ first, second })),
  });
  const pairs = await threads.pairsOf(tiles, taskOf, signal);
  count('facededup.pairs.compared', begun.units);
  count(
    'facededup.pairs.found',
    pairs.reduce((sum, { distances }) => sum + distances.length, 0),
  );
  await store.runs.complete(job, async (sql) => {
    for (const [index, tile] of tiles.entries())
      await keepPairs(sql, sealing, run, { ...tile, pairs: there(pairs[index]) });
  });
};
