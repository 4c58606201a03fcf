// The blocks of a run in which all pairs are compared: planned as ranges of photos, and filled by the first who need them.

import { axesOfRun, packAxes, packBlock, planBlocks, planSample } from '../../duplicates/index.js';
import type { KeptFace } from '../../encodings/kept_encodings.js';
import { comparedFaces } from '../../runs/gather.js';
import type { Sql } from '../postgres/database.js';
import {
  facesOfRecords,
  facesOfSome,
  fillBlock,
  keepAxes,
  keepRanges,
  knownBlock,
} from '../postgres/tiles.js';
import type { StepContext } from './step.js';

const numbers = 128;
/**
 * Faces of a block. Larger ones are compared faster, as more of each can be passed over; of smaller ones a run of few
 * faces has enough for all workers.
 */
const [fewestRows, mostRows] = [1024, 8192];
const blocksOfASmallRun = 8;

/** Photos of a run, the old ones first, by their records. */
export interface PhotosOfRun {
  /** Faces of each. */
  readonly faces: readonly number[];
  /** How many of the first photos are old. */
  readonly old: number;
}

/** A block of photos that have been compared with each other, or of others. */
export interface PlannedBlock {
  readonly rows: number;
  readonly isOld: boolean;
}

/** Keeps which photos are in which block, and the axes that all are sketched along. */
export async function layOut(
  sql: Sql,
  { store, job, begun }: StepContext,
  { faces, old }: PhotosOfRun,
): Promise<PlannedBlock[]> {
  const { threshold, policy, blockRows } = begun.facts.request;
  const rows = faces.reduce((sum, count) => sum + count, 0);
  const most = blockRows ?? Math.min(mostRows, Math.max(fewestRows, Math.ceil(rows / blocksOfASmallRun)));
  const blocks = [
    ...planBlocks(faces.slice(0, old), most).map((block) => ({ ...block, isOld: true })),
    ...planBlocks(faces.slice(old), most).map((block) => ({
      ...{ ...block, isOld: false },
      ...{ from: block.from + old, to: block.to + old },
    })),
  ];
  await keepRanges(sql, job.run, blocks);
  const sampled = sampledFaces(faces, rows);
  if (sampled.length === 0) return blocks;
  const records = [...new Set(sampled.map(({ record }) => record))];
  const kept = await facesOfSome(sql, store.contents, job.run, records);
  const facesOf = new Map(records.map((record, index) => [record, comparedFaces(kept[index] ?? [], policy)]));
  const sample = sampled.flatMap(({ record, face }) => facesOf.get(record)?.[face]?.encoding ?? []);
  await keepAxes(sql, store.sealing, job.run, packAxes(await axesOfRun(sample, { threshold, rows })));
  return blocks;
}

/** Faces spread evenly over all of them, each by its photo and its place there. @param rows how many there are. */
function sampledFaces(
  faces: readonly number[],
  rows: number,
): { readonly record: number; readonly face: number }[] {
  let [record, start] = [0, 0];
  return (planSample([rows])[0]?.rows ?? []).map((row) => {
    while (row >= start + (faces[record] ?? Number.POSITIVE_INFINITY)) start += faces[record++] ?? 0;
    return { record, face: row - start };
  });
}

/** What is in a block, packed. @returns undefined when the run is over. @throws ClusterError */
export async function blockOfRun(
  { store, job: { run }, begun }: StepContext,
  number: number,
): Promise<Uint8Array | undefined> {
  const { database, contents, sealing } = store;
  const known = await knownBlock(database, sealing, run, number);
  if (!known || 'packed' in known) return known?.packed;
  const { range, isOfMany } = known;
  const photos: (readonly KeptFace[])[] = [];
  for await (const kept of facesOfRecords(database, contents, run, range))
    photos.push(comparedFaces(kept, begun.facts.request.policy));
  if (photos.length < range.to - range.from) return undefined;
  const packed = packedFaces(photos);
  // Of few blocks each is needed by few workers, and made anew in the time that it takes to fetch it.
  if (isOfMany) await fillBlock(database, sealing, run, number, packed);
  return packed;
}

function packedFaces(photos: readonly (readonly KeptFace[])[]): Uint8Array {
  const rows = photos.reduce((sum, { length }) => sum + length, 0);
  const encodings = new Float32Array(rows * numbers);
  const photoOfRow = new Uint32Array(rows);
  let row = 0;
  for (const [photo, faces] of photos.entries())
    for (const { encoding } of faces) {
      encodings.set(encoding, row * numbers);
      photoOfRow[row++] = photo;
    }
  return packBlock({ photos: photos.length, dimensions: rows === 0 ? 0 : numbers, photoOfRow, encodings });
}
