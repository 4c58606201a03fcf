// How the photos of a run are cut into jobs.

import fc from 'fast-check';
import t from 'tap';
import { photosOfJobs } from '../../../lib/cluster/steps/list.js';

t.test('every photo is of one job, and the last jobs are small', async (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 300_000 }), (photos) => {
      const jobs = photosOfJobs(photos);
      t.equal(
        jobs.reduce((sum, job) => sum + job, 0),
        photos,
      );
      t.ok(jobs.every((job, index) => job >= 1 && job <= (jobs[index - 1] ?? 256)));
      t.ok(photos === 0 || (jobs.at(-1) ?? 0) <= 4);
      t.ok(jobs.length <= photos / 32 + 30, 'no more of them than it takes');
    }),
  );
});

t.test('sizes', async (t) => {
  t.same(photosOfJobs(0), []);
  t.same(photosOfJobs(1), [1]);
  t.same(photosOfJobs(50), [8, 8, 8, 4, 4, 4, 4, 4, 4, 2]);
  t.equal(photosOfJobs(5000)[0], 32);
  t.equal(photosOfJobs(40_000)[0], 100);
  t.equal(photosOfJobs(1_000_000)[0], 256);
  t.same(photosOfJobs(20, 8), [8, 8, 4], 'all alike where the caller says how many');
});
