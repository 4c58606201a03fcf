// The first step: which photos there are, and who encodes which of them.

import { resolve } from 'node:path';
import { photosEncodedTogether } from '../../engine.js';
import { NamedPhotos } from '../../photos/named_photos.js';
import { throwIfAborted } from '../../errors.js';
import type { Sql } from '../postgres/database.js';
import { PhotoLister } from '../postgres/run_photos.js';
import { addJobs } from '../postgres/runs.js';
import { markGone, type RunOfSet, unlistedNames } from '../postgres/set_photos.js';
import type { Step } from './step.js';

const namesTogether = 5000;

/** Photos of a job: few, as those of a worker that is killed are begun anew, but enough for a job to be worth its keep. */
const [fewestPhotos, mostPhotos] = [32, 256];
const jobsOfARun = 400;
/** The last jobs take such a part of what is left: none is long under way when there are no others. */
const shareOfTheRest = 1 / 8;

/** How many photos each job has, in order. */
export function photosOfJobs(photos: number, jobPhotos?: number): number[] {
  const most = jobPhotos ?? Math.min(mostPhotos, Math.max(fewestPhotos, Math.ceil(photos / jobsOfARun)));
  const jobs: number[] = [];
  for (let left = photos; left > 0; left -= jobs.at(-1) ?? left) {
    const batches = Math.ceil((left * shareOfTheRest) / photosEncodedTogether);
    jobs.push(Math.min(left, most, jobPhotos ?? batches * photosEncodedTogether));
  }
  return jobs;
}

export const list: Step = async ({ store, job, begun, signal }) => {
  const { request } = begun.facts;
  const named = request.photos.length > 0 ? await NamedPhotos.of(request.photos) : undefined;
  // Photos may be gone through once, and a transaction may be tried twice.
  let fresh = named;
  await store.runs.complete(job, async (sql) => {
    const lister = new PhotoLister(sql, job.run);
    await lister.begin();
    if (named) {
      const photos = fresh ?? (await NamedPhotos.of(request.photos));
      fresh = undefined;
      for await (const photo of photos) {
        throwIfAborted(signal);
        if (typeof photo === 'string') await lister.add(resolve(photo));
        else await lister.add(photo.name, `etag ${photo.etag}`);
      }
    }
    const jobs = await lister.end((photos) => photosOfJobs(photos, request.jobPhotos));
    await addJobs(sql, job.run, 'encode', jobs);
    if (named) await markUnlisted(sql, { run: job.run, set: begun.setId }, named);
  });
};

/** The photos of the set that would have been listed if they were where they were. */
async function markUnlisted(sql: Sql, ofSet: RunOfSet, named: NamedPhotos): Promise<void> {
  for (let last = ''; ;) {
    const names = await unlistedNames(sql, ofSet, last, namesTogether);
    await markGone(
      sql,
      ofSet.run,
      names.filter((name) => named.covers(name)),
    );
    if (names.length < namesTogether) return;
    last = names.at(-1) ?? '';
  }
}
