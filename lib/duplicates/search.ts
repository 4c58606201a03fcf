// The search: the sketch rules most pairs out, on every thread; what is left is measured exactly, on the caller's.

import { axesOf, frameOf } from './axes.js';
import { ExactDistances } from './exact.js';
import { FoundPairs } from './found_pairs.js';
import type { IsIgnored } from './ignored_pairs.js';
import { type Kernel, type KernelKind, makeKernel, type SharedKernel } from './kernel.js';
import { blockRows, candidateBytes, header, type Layout, layOut, scratch } from './layout.js';
import type { RecordTable } from './record_table.js';
import { fillSketch } from './sketch.js';
import { type Strip, stripAt, type Strips } from './strips.js';
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

/** How many blocks a strip has: much work for one look at the clock, little for the last thread to end. */
const stripLength = 8;

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
  const helpers = new Helpers(options.kernel === 'scalar' ? 0 : wanted - 1);
  try {
    await searchSketches(table, options, helpers, collector, stage, turns);
  } finally {
    await helpers.stop();
  }
  return collector.found;
}

async function searchSketches(
  table: RecordTable,
  { threshold, kernel: kind }: SearchOptions,
  helpers: Helpers,
  collector: Collector,
  stage: Stage,
  turns: Turns,
): Promise<void> {
  const { rows, newer, dimensions } = table;
  const layout = layOut(dimensions, newer.rows, rows.length - newer.rows, 1 + 2 * helpers.count);
  const kernel = makeKernel(layout.bytes, kind);
  const frame = frameOf(rows, dimensions);
  const sampleSize = Math.min(2048, Math.max(256, rows.length >> 3));
  const axes = await axesOf(rows, frame, layout.axes, sampleSize, kind, turns);
  await fillSketch(rows, newer.rows, threshold, frame, axes, kernel, layout, kind, turns);
  const strips: Strips = {
    newerRows: newer.rows,
    newerBlocks: layout.newerBlocks,
    blocks: layout.blocks,
    blockRows,
    length: stripLength,
  };
  const partAt = (i: number) => layout.parts + i * layout.partBytes;
  if ('memory' in kernel) {
    const parts = Array.from({ length: 2 * helpers.count }, (_, i) => partAt(1 + i));
    helpers.begin(kernel, strips, parts, layout.room);
  }
  collector.readFrom(kernel, layout);
  await new Scan(kernel, layout, strips, helpers, collector, stage, turns).run(partAt(0));
}

/** The caller's own thread at work among the others. */
class Scan {
  private readonly numbers: Int32Array;
  private readonly stripCount: number;

  constructor(
    private readonly kernel: Kernel | SharedKernel,
    private readonly layout: Layout,
    private readonly strips: Strips,
    private readonly helpers: Helpers,
    private readonly collector: Collector,
    private readonly stage: Stage,
    private readonly turns: Turns,
  ) {
    this.numbers = new Int32Array(kernel.buffer, 0, layout.bytes >> 2);
    this.stripCount = strips.newerBlocks * Math.ceil(strips.blocks / strips.length);
  }

  async run(part: number): Promise<void> {
    const { helpers, turns } = this;
    for (;;) {
      await this.emptyParts();
      const strip = stripAt(this.strips, this.takeStrip());
      if (!strip) break;
      await this.scanStrip(strip, part);
      if (turns.isOver()) await turns.next();
    }
    // The threads' last strips are still on their way.
    for (let ended = false; !ended;) {
      ended = helpers.areDone();
      await this.emptyParts();
      await helpers.news();
      if (turns.isOver()) await turns.next();
    }
  }

  private takeStrip(): number {
    const number = Atomics.add(this.numbers, header.nextStrip / 4, 1);
    this.stage.share = Math.min(1, number / this.stripCount);
    return number;
  }

  private async scanStrip({ from, to, firstBlock, endBlock }: Strip, part: number): Promise<void> {
    const { kernel, layout } = this;
    for (let block = firstBlock; block < endBlock; block++) {
      for (let at = from; at < to;) {
        at = kernel.scan(at, to, block, part, layout.room);
        await this.empty(part);
        if (this.turns.isOver()) await this.turns.next();
      }
    }
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
  private readonly pairs = new Uint32Array(8);
  private numbers: Int32Array = new Int32Array();
  private order: Uint32Array = new Uint32Array();
  private waiting = 0;

  constructor(
    private readonly table: RecordTable,
    private readonly options: SearchOptions,
  ) {
    this.exact = new ExactDistances(table.rows, table.dimensions);
  }

  readFrom({ buffer }: Kernel, layout: Layout): void {
    this.numbers = new Int32Array(buffer, 0, layout.bytes >> 2);
    this.order = new Uint32Array(buffer, layout.order, layout.blocks * blockRows);
  }

  /** So many candidates, from an index into the kernel's memory on. */
  collect(at: number, count: number): void {
    const { numbers, order } = this;
    for (let i = at; i < at + 2 * count; i += 2)
      this.measure(order[numbers[i] as number] as number, order[numbers[i + 1] as number] as number);
    this.finish();
  }

  compareAll(newerRows: number): void {
    for (let a = 0; a < newerRows; a++)
      for (let b = a + 1; b < this.table.rows.length; b++) this.measure(a, b);
    this.finish();
  }

  private measure(a: number, b: number): void {
    this.pairs[2 * this.waiting] = a;
    this.pairs[2 * this.waiting + 1] = b;
    if (++this.waiting === 4) this.flush();
  }

  /** What waits for company is measured without. */
  private finish(): void {
    if (this.waiting > 0) this.flush();
  }

  private flush(): void {
    const { exact, pairs, options } = this;
    exact.measure(pairs);
    for (let i = 0; i < this.waiting; i++) {
      const distance = exact.distances[i] as number;
      if (!(distance < options.threshold)) continue;
      const [a, b] = [this.recordOf(pairs[2 * i] as number), this.recordOf(pairs[2 * i + 1] as number)];
      if (a === b || options.isIgnored(a, b)) continue;
      this.found.add(a, b, distance);
    }
    this.waiting = 0;
  }

  private recordOf(row: number): number {
    const { recordOfRow } = this.table;
    return recordOfRow ? (recordOfRow[row] as number) : row;
  }
}
