// A step of many: some tiles, each of them the faces of one block compared with those of another, or of its own.

import { matchTile, type TilePairs } from '../../duplicates/index.js';
import { keepPairs, tilesOf } from '../postgres/tiles.js';
import type { Step } from './step.js';

export const match: Step = async ({ store, job, begun, signal, block }) => {
  const { threshold } = begun.facts.request;
  const found: TilePairs[] = [];
  for (const { first, second } of await tilesOf(store.database, job.run, job.number)) {
    const [a, b] = await Promise.all([block(first), block(second)]);
    found.push({ first, second, pairs: await matchTile(a, b, { threshold, signal }) });
  }
  await store.runs.complete(job, async (sql) => {
    for (const tile of found) await keepPairs(sql, store.sealing, job.run, tile);
  });
};
