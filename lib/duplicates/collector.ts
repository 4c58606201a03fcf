// Candidates become pairs: their rows are measured, and those nearer than the threshold kept as pairs of records.

import { ExactDistances } from './exact.js';
import { FoundPairs } from './found_pairs.js';
import type { IsIgnored } from './ignored_pairs.js';
import { giveBack, type Kernel, type KernelKind } from './kernel.js';
import { blockRows, type Layout } from './layout.js';
import type { RecordTable } from './record_table.js';

/** What is compared. */
export type Rows = Pick<RecordTable, 'rows' | 'recordOfRow' | 'dimensions'>;

/** Which pairs of it are kept. */
export interface Wanted {
  readonly threshold: number;
  readonly isIgnored: IsIgnored;
  /** Which kernel; the fastest there is unless told otherwise. */
  readonly kernel?: KernelKind | undefined;
}

/** Measures candidates, and keeps the pairs. */
export class Collector {
  readonly found = new FoundPairs();
  private readonly exact: ExactDistances;
  private numbers: Int32Array = new Int32Array();
  private order: Uint32Array = new Uint32Array();

  constructor(
    private readonly table: Rows,
    private readonly options: Wanted,
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
