// Where candidates alone are compared: the faces of a run dealt to lists, which become its blocks.

import {
  axesOfRun,
  Dealer,
  type DealtBlock,
  joinDealt,
  listsOf,
  type NumberedPhoto,
  packAxes,
  packBlock,
  packLists,
  sampleRowsOfList,
} from '../../duplicates/index.js';
import type { KeptFace } from '../../encodings/kept_encodings.js';
import { comparedFaces } from '../../runs/gather.js';
import type { Sql } from '../postgres/database.js';
import { keepFragment, keepLists, takeFragments } from '../postgres/lists.js';
import { facesOfRecords, facesOfSome, keepAxes, keepBlock } from '../postgres/tiles.js';
import type { PhotosOfRun, PlannedBlock } from './blocks.js';
import type { StepContext } from './step.js';

/** Pairs that are compared in so little time that all of them are: those of a million faces. */
const pairsWorthLists = 5e11;
/** Faces of a list, about, and of a block of one at most: rows are put in order once for each tile. */
const [facesOfList, mostRows] = [12_288, 24_576];
/** With fewer, putting the old ones in order for each tile takes as long as comparing them with the new ones. */
const fewestNewOfList = 5000;
/** With more, dealing a face takes longer than passing pairs over saves. */
const mostLists = 4096;
/** Faces in memory at a time: a gigabyte of them. */
const mostHeld = 2_000_000;
const photosTogether = 1000;
const axesRows = 2048;

/** @returns to how many lists the faces are to be dealt; undefined where all pairs are to be compared. */
export function listsFor(
  { faces, old }: PhotosOfRun,
  candidates: { readonly lists?: number } | undefined,
): number | undefined {
  if (!candidates) return undefined;
  const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);
  const [older, newer] = [sum(faces.slice(0, old)), sum(faces.slice(old))];
  if (newer === 0) return undefined;
  if (candidates.lists !== undefined) return candidates.lists;
  const pairs = newer * (older + newer / 2);
  const lists = Math.min(mostLists, Math.ceil((older + newer) / facesOfList));
  return pairs < pairsWorthLists || newer < lists * fewestNewOfList ? undefined : lists;
}

/** Keeps lists, axes and blocks. */
export async function dealToLists(
  sql: Sql,
  { store, job, begun, signal }: StepContext,
  { faces, old }: PhotosOfRun,
  wantedLists: number,
): Promise<PlannedBlock[]> {
  const { run } = job;
  const { threshold, policy, blockRows = mostRows } = begun.facts.request;
  const compared = (kept: readonly KeptFace[]) => comparedFaces(kept, policy).map(({ encoding }) => encoding);
  const sampled = (await facesOfSome(sql, store.contents, run, spread(faces.length, wantedLists))).flatMap(
    compared,
  );
  const lists = await listsOf(sampled, { lists: wantedLists, signal });
  await keepLists(sql, store.sealing, run, lists.count, packLists(lists));
  const rows = faces.reduce((sum, count) => sum + count, 0);
  const step = Math.max(1, Math.floor(sampled.length / axesRows));
  const axes = await axesOfRun(
    sampled.filter((_, index) => index % step === 0),
    { threshold, rows, signal },
  );
  await keepAxes(sql, store.sealing, run, packAxes(axes));

  const dealer = new Dealer(lists, { mostRows: Number.POSITIVE_INFINITY, mostHeld });
  const photos = facesOfRecords(sql, store.contents, run, { from: 0, to: faces.length });
  const blocks: PlannedBlock[] = [];
  let fragments = 0;
  const keep = async (dealt: readonly DealtBlock[]) => {
    for (const each of dealt) await keepFragment(sql, store.sealing, run, fragments++, each);
  };
  for (const [isOld, from, to] of [
    [true, 0, old],
    [false, old, faces.length],
  ] as const) {
    for (let record = from; record < to; record += photosTogether) {
      const some: NumberedPhoto[] = [];
      for (let at = record; at < Math.min(record + photosTogether, to); at++)
        some.push({ record: at, encodings: compared((await photos.next()).value ?? []) });
      await keep(await dealer.deal(some, signal));
    }
    await keep(dealer.end());
    for (let list = 0; list < lists.count; list++) {
      const parts = await takeFragments(sql, store.sealing, run, list);
      for (const { block, records } of joinDealt(parts, blockRows)) {
        const packed = packBlock(block);
        await keepBlock(sql, store.sealing, run, blocks.length, packed, block.photos, { list, records });
        blocks.push({ rows: block.photoOfRow.length, isOld });
      }
    }
  }
  return blocks;
}

/** Photos of whose faces the lists are made, evenly among all, by their records. */
function spread(photos: number, lists: number): number[] {
  const count = Math.min(photos, Math.max(axesRows, lists * sampleRowsOfList));
  return Array.from({ length: count }, (_, i) => Math.floor((i * photos) / count));
}
