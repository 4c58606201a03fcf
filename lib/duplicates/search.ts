// The search: the sketch rules most pairs out, on every thread; what is left is measured exactly, on the caller's.

import { axesOf } from './axes.js';
import { Collector, type Wanted } from './collector.js';
import type { FoundPairs } from './found_pairs.js';
import { frameOf } from './frame.js';
import { giveBack, isKernelShared, makeKernel } from './kernel.js';
import { blockRows, headAxes, layOut, squareBlocks } from './layout.js';
import type { RecordTable } from './record_table.js';
import { Scan, type Stage } from './scan.js';
import { fillSketch } from './sketch.js';
import type { Grid } from './squares.js';
import { availableThreads, Helpers } from './threads.js';
import type { Turns } from './turns.js';

export interface SearchOptions extends Wanted {
  readonly threads: number | undefined;
  /** So few rows are compared without a sketch. */
  readonly fewRows?: number | undefined;
  /** So many pairs to compare for each thread that is started. */
  readonly pairsWorthAThread?: number | undefined;
}

/** Up to so many rows, every pair is measured in less time than a sketch takes. */
const fewRows = 128;

/** A thread takes some 20 ms to start, in which the caller's own compares so many pairs. */
const pairsWorthAThread = 10_000_000;

/** Every pair of records with two rows nearer than the threshold; several times where several rows are. */
export async function searchPairs(
  table: RecordTable,
  options: SearchOptions,
  stage: Stage,
  turns: Turns,
): Promise<FoundPairs> {
  const collector = new Collector(table, options);
  const newerRows = table.newer.rows;
  const pairs = newerRows * ((newerRows - 1) / 2 + (table.rows.length - newerRows));
  if (table.rows.length <= (options.fewRows ?? fewRows)) {
    collector.compareAll(newerRows);
    return collector.found;
  }
  const wanted = Math.min(
    options.threads ?? availableThreads(),
    1 + Math.floor(pairs / (options.pairsWorthAThread ?? pairsWorthAThread)),
  );
  const helpers = new Helpers(isKernelShared(options.kernel) ? wanted - 1 : 0);
  try {
    await searchSketches(table, options, pairs, helpers, collector, stage, turns);
  } finally {
    await helpers.stop();
  }
  return collector.found;
}

async function searchSketches(
  table: RecordTable,
  { threshold, kernel: kind }: SearchOptions,
  pairs: number,
  helpers: Helpers,
  collector: Collector,
  stage: Stage,
  turns: Turns,
): Promise<void> {
  const { rows, newer, dimensions } = table;
  const frame = frameOf(rows, dimensions);
  const sampleSize = Math.min(2048, Math.max(256, rows.length >> 3));
  const axes = await axesOf(rows, frame, sampleSize, { threshold, rows: rows.length, pairs }, kind, turns);
  const layout = layOut(axes.count - headAxes, newer.rows, rows.length - newer.rows, 1 + 2 * helpers.count);
  const kernel = makeKernel(layout.bytes, kind);
  await fillSketch(rows, newer.rows, threshold, frame, axes, kernel, layout, kind, turns);
  const grid: Grid = {
    newerRows: newer.rows,
    newerBlocks: layout.newerBlocks,
    blocks: layout.blocks,
    from: 0,
    blockRows,
    side: squareBlocks,
  };
  const partAt = (i: number) => layout.parts + i * layout.partBytes;
  if ('memory' in kernel) {
    const parts = Array.from({ length: 2 * helpers.count }, (_, i) => partAt(1 + i));
    helpers.begin(kernel, grid, parts, layout.room);
  }
  collector.readFrom(kernel, layout);
  await new Scan(kernel, layout, grid, helpers, collector, stage, turns).run(partAt(0));
  // What a search that fails leaves behind is left to the engine: a thread may be writing there.
  giveBack(kernel);
  collector.giveBack();
}
