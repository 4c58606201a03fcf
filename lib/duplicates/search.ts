// The search: the sketch rules most pairs out, on every thread; what is left is measured exactly, on the caller's.

import { axesOf } from './axes.js';
import { ExactDistances } from './exact.js';
import { FoundPairs } from './found_pairs.js';
import { frameOf } from './frame.js';
import type { IsIgnored } from './ignored_pairs.js';
import {
  giveBack,
  isKernelShared,
  type Kernel,
  type KernelKind,
  makeKernel,
  type SharedKernel,
} from './kernel.js';
import {
  blockRows,
  candidateBytes,
  headAxes,
  header,
  type Layout,
  layOut,
  scratch,
  squareBlocks,
} from './layout.js';
import type { RecordTable } from './record_table.js';
import { fillSketch } from './sketch.js';
import { type Grid, type Square, squareAt, squareCount } from './squares.js';
import { availableThreads, Helpers } from './threads.js';
import type { Turns } from './turns.js';

export interface SearchOptions {
  readonly threshold: number;
  readonly isIgnored: IsIgnored;
  readonly threads: number | undefined;
  /** Which kernel; the fastest there is unless told otherwise. */
  readonly kernel?: KernelKind | undefined;
  /** So few rows are compared without a sketch. */
  readonly fewRows?: number | undefined;
  /** So many pairs to compare for each thread that is started. */
  readonly pairsWorthAThread?: number | undefined;
}

/** Up to so many rows, every pair is measured in less time than a sketch takes. */
const fewRows = 128;

/** A thread takes some 20 ms to start, in which the caller's own compares so many pairs. */
const pairsWorthAThread = 10_000_000;

/** How far the search has come, as a share of all. */
export interface Stage {
  share: number;
}

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
  const axes = await axesOf(rows, frame, sampleSize, { threshold, pairs }, kind, turns);
  const layout = layOut(axes.count - headAxes, newer.rows, rows.length - newer.rows, 1 + 2 * helpers.count);
  const kernel = makeKernel(layout.bytes, kind);
  await fillSketch(rows, newer.rows, threshold, frame, axes, kernel, layout, kind, turns);
  const grid: Grid = {
    newerRows: newer.rows,
    newerBlocks: layout.newerBlocks,
    blocks: layout.blocks,
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

/** The caller's own thread at work among the others. */
class Scan {
  private readonly numbers: Int32Array;
  private readonly squares: number;

  constructor(
    private readonly kernel: Kernel | SharedKernel,
    private readonly layout: Layout,
    private readonly grid: Grid,
    private readonly helpers: Helpers,
    private readonly collector: Collector,
    private readonly stage: Stage,
    private readonly turns: Turns,
  ) {
    this.numbers = new Int32Array(kernel.buffer, 0, layout.bytes >> 2);
    this.squares = squareCount(grid);
  }

  async run(part: number): Promise<void> {
    const { helpers, turns } = this;
    for (;;) {
      await this.emptyParts();
      const number = Atomics.add(this.numbers, header.nextSquare / 4, 1);
      if (number >= this.squares) break;
      this.stage.share = number / this.squares;
      await this.scanSquare(squareAt(this.grid, number), part);
      await this.empty(part);
      if (turns.isOver()) await turns.next();
    }
    // The threads' last squares are still on their way.
    for (let ended = false; !ended;) {
      ended = helpers.areDone();
      await this.emptyParts();
      await helpers.news();
      if (turns.isOver()) await turns.next();
    }
  }

  private async scanSquare({ firstRow, endRow, first, end }: Square, part: number): Promise<void> {
    for (let row = firstRow; row < endRow; row++)
      for (let block = Math.max(row, first); block < end; block++) await this.scanTile(row, block, part);
  }

  private async scanTile(rowBlock: number, block: number, part: number): Promise<void> {
    const to = Math.min((rowBlock + 1) * blockRows, this.grid.newerRows);
    for (let at = rowBlock * blockRows; at < to;) {
      at = this.kernel.scan(at, to, block, part, this.layout.room);
      if (at < to || this.isHalfFull(part)) await this.empty(part);
      if (this.turns.isOver()) await this.turns.next();
    }
  }

  private isHalfFull(part: number): boolean {
    return (this.numbers[(part + scratch.count) / 4] as number) > this.layout.room / 2;
  }

  private async emptyParts(): Promise<void> {
    for (let part = this.helpers.takePart(); part !== undefined; part = this.helpers.takePart()) {
      await this.empty(part);
      this.helpers.release(part);
    }
  }

  private async empty(part: number): Promise<void> {
    const { numbers, collector, turns } = this;
    const count = numbers[(part + scratch.count) / 4] as number;
    for (let start = 0; start < count; start += candidatesAtATime) {
      collector.collect(
        (part + scratch.candidates + start * candidateBytes) / 4,
        Math.min(candidatesAtATime, count - start),
      );
      if (turns.isOver()) await turns.next();
    }
    numbers[(part + scratch.count) / 4] = 0;
  }
}

/** Candidates that are measured between two looks at the clock. */
const candidatesAtATime = 4096;

/** Measures candidates, and keeps the pairs. */
class Collector {
  readonly found = new FoundPairs();
  private readonly exact: ExactDistances;
  private numbers: Int32Array = new Int32Array();
  private order: Uint32Array = new Uint32Array();

  constructor(
    private readonly table: RecordTable,
    private readonly options: SearchOptions,
  ) {
    const keep = this.keep.bind(this);
    this.exact = new ExactDistances(table.rows, table.dimensions, options.kernel, keep);
  }

  readFrom({ buffer }: Kernel, layout: Layout): void {
    this.numbers = new Int32Array(buffer, 0, layout.bytes >> 2);
    this.order = new Uint32Array(buffer, layout.order, layout.blocks * blockRows);
  }

  /** So many candidates, from an index into the kernel's memory on. */
  collect(at: number, count: number): void {
    const { numbers, order, exact } = this;
    for (let i = at; i < at + 2 * count; i += 2) {
      const a = numbers[i] as number;
      const b = numbers[i + 1] as number;
      exact.add(a, b, order[a] as number, order[b] as number);
    }
    exact.finish();
  }

  compareAll(newerRows: number): void {
    for (let a = 0; a < newerRows; a++)
      for (let b = a + 1; b < this.table.rows.length; b++) this.exact.add(a, b, a, b);
    this.exact.finish();
  }

  /** Nothing is measured any more. */
  giveBack(): void {
    giveBack(this.exact.kernel);
  }

  private keep(count: number, rows: Uint32Array, distances: Float64Array): void {
    const { recordOfRow } = this.table;
    const { threshold, isIgnored } = this.options;
    for (let i = 0; i < count; i++) {
      const distance = distances[i] as number;
      if (!(distance < threshold)) continue;
      const [rowA, rowB] = [rows[2 * i] as number, rows[2 * i + 1] as number];
      const a = recordOfRow ? (recordOfRow[rowA] as number) : rowA;
      const b = recordOfRow ? (recordOfRow[rowB] as number) : rowB;
      if (a !== b && !isIgnored(a, b)) this.found.add(a, b, distance);
    }
  }
}
