// The step after the pairs are known: photos of one person, joined by their pairs.

import { groupDuplicates } from '../../duplicates/index.js';
import { keepGroups } from '../postgres/results.js';
import { foundPairs } from '../postgres/set_runs.js';
import type { Step } from './step.js';

export const group: Step = async ({ store, job }) => {
  await store.runs.complete(job, async (sql) =>
    keepGroups(sql, job.run, groupDuplicates(await foundPairs(sql, job.run))),
  );
};
