// A step of many: one tile, which is the faces of one block compared with those of another, or of its own.

import { keepPairs, tileOf } from '../postgres/tiles.js';
import { matchTile } from '../tiles.js';
import type { Step } from './step.js';

export const match: Step = async ({ store, job, begun, signal, block }) => {
  const tile = await tileOf(store.database, job.run, job.number);
  const first = tile && (await block(tile.first));
  const second = tile && (tile.second === tile.first ? undefined : await block(tile.second));
  // Gone with a run that is over; whether it is, the transaction looks at.
  const pairs = first
    ? await matchTile(first, second, { threshold: begun.facts.request.threshold, signal })
    : [];
  await store.runs.complete(job, (sql) => keepPairs(sql, store.sealing, job.run, job.number, pairs));
};
