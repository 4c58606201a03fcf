// The step between encoding and matching: the set brought up to date, its faces laid out in blocks, and tiles planned.

import { existsSync } from 'node:fs';
import { isAzureName } from '../../azure.js';
import { NoPhotosError } from '../../errors.js';
import { largest } from '../../runs/gather.js';
import type { Sql } from '../postgres/database.js';
import { sortByPolicy } from '../postgres/run_photos.js';
import { addJobs } from '../postgres/runs.js';
import {
  addOthers,
  forgetGone,
  perhapsMoved,
  rename,
  type RunOfSet,
  takeIn,
} from '../postgres/set_photos.js';
import { facesOfRecords, keepBlock, keepTiles, numberRecords } from '../postgres/tiles.js';
import { mostRows, packBlock, planTiles } from '../tiles.js';
import type { Step, StepContext } from './step.js';

export const plan: Step = async (context) => {
  const { store, job, begun } = context;
  const { request } = begun.facts;
  const ofSet = { run: job.run, set: begun.setId };
  // A run of the set alone: no worker has said yet how it encodes.
  if (request.photos.length === 0) await chooseOrigin(context);
  await store.runs.complete(job, async (sql) => {
    await followMoved(sql, ofSet);
    await takeIn(sql, ofSet);
    if (request.dropGone) await forgetGone(sql, ofSet);
    await addOthers(sql, ofSet);
    await requirePhotos(sql, job.run);
    await sortByPolicy(sql, job.run, request.policy);
    await numberRecords(sql, job.run);
    const tiles = planTiles(await layOut(sql, context));
    await keepTiles(sql, job.run, tiles);
    await addJobs(
      sql,
      job.run,
      'match',
      tiles.map(({ pairs }) => pairs),
    );
  });
};

async function chooseOrigin({ store, job, begun, engine, signal }: StepContext): Promise<void> {
  const { origin } = await engine(begun.facts.request.engine).then(async (made) => ({
    origin: await made.origin({ signal }),
  }));
  const { id } = await store.contents.keepOrigin(store.database, origin);
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

/** Photos in order, all faces of a photo in one block. @returns the faces in each block. */
async function layOut(sql: Sql, { store, job, begun }: StepContext): Promise<number[]> {
  await sql.run('DELETE FROM facededup.run_blocks WHERE run_id = $1', [job.run]);
  const rows: number[] = [];
  let photos: (readonly Float32Array[])[] = [];
  let inBlock = 0;
  let firstRecord = 0;
  const end = async () => {
    if (photos.length === 0) return;
    await keepBlock(sql, store.sealing, job.run, rows.length, { bytes: packBlock(photos), firstRecord });
    rows.push(inBlock);
    firstRecord += photos.length;
    [photos, inBlock] = [[], 0];
  };
  for await (const faces of facesOfRecords(sql, store.contents, job.run)) {
    const compared = begun.facts.request.policy === 'largest' ? largest(faces) : faces;
    if (inBlock + compared.length > mostRows) await end();
    photos.push(compared.map(({ encoding }) => encoding));
    inBlock += compared.length;
  }
  await end();
  return rows;
}
