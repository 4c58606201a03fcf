// A tile: every photo of one block compared with every photo of another, or of the same.

import { matchTileOptionTable } from '../../config.js';
import { InvalidOptionError, throwIfAborted } from '../../errors.js';
import { readOptions } from '../../options.js';
import { leastOfEach } from '../answer.js';
import { Collector, type Rows } from '../collector.js';
import { type PairColumns, columns } from '../found_pairs.js';
import type { IsIgnored } from '../ignored_pairs.js';
import { giveBack, type KernelKind, makeKernel } from '../kernel.js';
import { blockRows, layOut, squareBlocks } from '../layout.js';
import { Scan } from '../scan.js';
import { type Residuals, writeHeader } from '../sketch.js';
import { Helpers } from '../threads.js';
import { Turns } from '../turns.js';
import { layInto, mostIdleTileBytes, type SketchedBlock, tailAxesOf } from './sketched_block.js';

/** Of one tile. */
export interface MatchTileOptions {
  /** A pair is a duplicate when distance < threshold. Above 0; default 0.4, or FACE_DISTANCE_THRESHOLD. */
  readonly threshold?: number | undefined;
  /**
   * Whether a pair is to be left out: of the photo of a number in the first block and that of a number in the second; of
   * two photos of the same block, the smaller number comes first. Default none. Asked for near pairs alone.
   */
  readonly isIgnored?: ((first: number, second: number) => boolean) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Finds every pair of a photo of the first block and one of the second whose distance lies below the threshold; of a
 * block with itself, which is to be given as the same object, every pair of two of its photos. One thread does it all,
 * which other work gets its turns on every 10 ms.
 *
 * @returns the pairs, each once and in no order that means anything: `firsts` are numbers of photos in the first block,
 *   `seconds` in the second, or in the same and then larger; `distances` those that `findDuplicates` reports.
 * @throws InvalidOptionError (of options, or `ARGUMENT_INVALID`: blocks that were sketched along different axes),
 *   AbortedError, OutOfMemoryError.
 */
export function matchTile(
  first: SketchedBlock,
  second: SketchedBlock,
  options?: MatchTileOptions,
): Promise<PairColumns> {
  return matchTileBy(first, second, options, undefined);
}

/**
 * The same, with the choice of a kernel open to tests.
 *
 * @param isWanted whether rows of the first block are to be compared with rows of the second: 128 of each, in the order
 *   of their sketches. Default all are.
 */
export async function matchTileBy(
  first: SketchedBlock,
  second: SketchedBlock,
  options: MatchTileOptions | undefined,
  kernel: KernelKind | undefined,
  isWanted?: (first: number, second: number) => boolean,
): Promise<PairColumns> {
  const { threshold, isIgnored, signal } = readOptions(matchTileOptionTable, options);
  throwIfAborted(signal);
  if (first.axes !== second.axes)
    throw new InvalidOptionError(
      'ARGUMENT_INVALID',
      'The two blocks were sketched along different axes: give `sketchBlock` the same ones, read once.',
    );
  if (first.rows.length === 0 || second.rows.length === 0) return columns(0);
  const turns = new Turns(signal);
  const rows = rowsOf(first, second);
  const collector = new Collector(rows, {
    threshold,
    isIgnored: isIgnoredIn(first, second, isIgnored as MatchTileOptions['isIgnored']),
    kernel,
  });
  await search(first, second, threshold, collector, kernel, turns, isWanted);
  const offset = offsetOf(first, second);
  const ownNumbers = new Uint32Array(offset + second.photos);
  for (let photo = 0; photo < ownNumbers.length; photo++) ownNumbers[photo] = photo;
  let pairs = await collector.found.take(ownNumbers, turns);
  if (rows.recordOfRow) pairs = await leastOfEach(pairs, turns);
  pairs.seconds.forEach((photo, i) => (pairs.seconds[i] = photo - offset));
  throwIfAborted(signal);
  return pairs;
}

/** The photos of a second block are numbered on after those of the first. */
function rowsOf(first: SketchedBlock, second: SketchedBlock): Rows {
  const { dimensions } = first.axes;
  const isPlain = hasOneFaceEach(first) && hasOneFaceEach(second);
  if (first === second)
    return { rows: first.rows, recordOfRow: isPlain ? undefined : first.photoOfRow, dimensions };
  const rows = first.rows.concat(second.rows);
  if (isPlain) return { rows, recordOfRow: undefined, dimensions };
  const recordOfRow = new Uint32Array(rows.length);
  recordOfRow.set(first.photoOfRow);
  second.photoOfRow.forEach((photo, row) => (recordOfRow[first.rows.length + row] = first.photos + photo));
  return { rows, recordOfRow, dimensions };
}

/** Whether a row's number is that of its photo. */
function hasOneFaceEach({ photos, rows, photoOfRow }: SketchedBlock): boolean {
  if (photos !== rows.length) return false;
  for (let row = 0; row < photos; row++) if (photoOfRow[row] !== row) return false;
  return true;
}

function isIgnoredIn(
  first: SketchedBlock,
  second: SketchedBlock,
  isIgnored: MatchTileOptions['isIgnored'],
): IsIgnored {
  if (!isIgnored) return () => false;
  const offset = offsetOf(first, second);
  return (a, b) => isIgnored(Math.min(a, b), Math.max(a, b) - offset);
}

/** By how much the numbers of the second block's photos are larger than in their block. */
function offsetOf(first: SketchedBlock, second: SketchedBlock): number {
  return first === second ? 0 : first.photos;
}

async function search(
  first: SketchedBlock,
  second: SketchedBlock,
  threshold: number,
  collector: Collector,
  kind: KernelKind | undefined,
  turns: Turns,
  isWanted: ((first: number, second: number) => boolean) | undefined,
): Promise<void> {
  const isDiagonal = first === second;
  const { frame, axes } = first.axes;
  const layout = layOut(tailAxesOf(first.axes), first.rows.length, isDiagonal ? 0 : second.rows.length, 1);
  const kernel = makeKernel(layout.bytes, kind);
  layInto(kernel, layout, first, 0, 0);
  if (!isDiagonal) layInto(kernel, layout, second, layout.newerBlocks, first.rows.length);
  writeHeader(kernel, layout, threshold, frame, axes, greatest(first.residuals, second.residuals));
  collector.readFrom(kernel, layout);
  const grid = {
    newerRows: first.rows.length,
    newerBlocks: layout.newerBlocks,
    blocks: layout.blocks,
    from: isDiagonal ? 0 : layout.newerBlocks,
    blockRows,
    side: squareBlocks,
  };
  const alone = new Helpers(0);
  const isWantedHere = isWanted && ((a: number, b: number) => isWanted(a, b - grid.from));
  const scan = new Scan(kernel, layout, grid, alone, collector, { share: 0 }, turns, isWantedHere);
  await scan.run(layout.parts);
  giveBack(kernel, mostIdleTileBytes);
  collector.giveBack();
}

function greatest(a: Readonly<Residuals>, b: Readonly<Residuals>): Residuals {
  return { lead: Math.max(a.lead, b.lead), head: Math.max(a.head, b.head), all: Math.max(a.all, b.all) };
}
