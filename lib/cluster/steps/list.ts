// The first step: which photos there are, and who encodes which of them.

import { resolve } from 'node:path';
import { NamedPhotos } from '../../photos/named_photos.js';
import { throwIfAborted } from '../../errors.js';
import type { Sql } from '../postgres/database.js';
import { PhotoLister } from '../postgres/run_photos.js';
import { addJobs } from '../postgres/runs.js';
import { markGone, type RunOfSet, unlistedNames } from '../postgres/set_photos.js';
import type { Step } from './step.js';

const namesTogether = 5000;

/**
 * Many jobs, so that all workers have something to do until the end and little is lost with one that is killed; not
 * more than that, for each has to be begun and ended.
 */
function photosOfAJob(photos: number): number {
  return Math.min(256, Math.max(32, Math.ceil(photos / 400)));
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
    await addJobs(
      sql,
      job.run,
      'encode',
      await lister.end((photos) => request.jobPhotos ?? photosOfAJob(photos)),
    );
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
