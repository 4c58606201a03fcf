// The exact distance of two rows, in float64 over their float32 numbers, as faceDistance has it.

import type { EncodingLike } from './encoding.js';
import { type Kernel, type KernelKind, makeKernel } from './kernel.js';
import { blockRows, squareBlocks } from './layout.js';

/** Pairs that are measured at a time. */
const batchPairs = 256;

/** Copies of rows that are kept for either side of a pair: those of a square of tiles, unless they are very long. */
const mostKeptBytes = 1 << 20;

/** Told of so many pairs of rows, a and b in turn, and their distances. */
export type OnDistances = (count: number, pairs: Uint32Array, distances: Float64Array) => void;

/**
 * Measures pairs of rows in batches. The rows stay where the caller has them; those of the pairs at hand are copied to
 * where the kernel can read them, and the copies used again as long as the pairs come from the same blocks.
 */
export class ExactDistances {
  readonly kernel: Kernel;
  private readonly rowBytes: number;
  private readonly numbers: Float32Array;
  private readonly pairs: Int32Array;
  private readonly distances: Float64Array;
  private readonly sides: readonly [KeptRows, KeptRows];
  private readonly waiting = new Uint32Array(2 * batchPairs);
  private count = 0;
  private batch = 1;

  constructor(
    private readonly rows: readonly EncodingLike[],
    dimensions: number,
    kind: KernelKind | undefined,
    private readonly onDistances: OnDistances,
  ) {
    this.rowBytes = Math.ceil(dimensions / 8) * 32;
    const slots = blockRows * (this.rowBytes * blockRows * squareBlocks > mostKeptBytes ? 1 : squareBlocks);
    const pairsAt = 2 * slots * this.rowBytes;
    const distancesAt = pairsAt + batchPairs * 8;
    this.kernel = makeKernel(distancesAt + batchPairs * 8, kind);
    const { buffer } = this.kernel;
    this.numbers = new Float32Array(buffer, 0, pairsAt / 4);
    this.pairs = new Int32Array(buffer, pairsAt, 2 * batchPairs);
    this.distances = new Float64Array(buffer, distancesAt, batchPairs);
    this.sides = [keptRows(slots, 0), keptRows(slots, slots * this.rowBytes)];
  }

  /** A pair of rows, at positions by which neighbours are known. */
  add(positionOfA: number, positionOfB: number, a: number, b: number): void {
    const { batch } = this;
    const atA = this.fetch(this.sides[0], positionOfA, a);
    const atB = this.fetch(this.sides[1], positionOfB, b);
    // Where b took the place of a row that waited, a new batch has begun, and needs a too.
    if (this.batch !== batch) this.fetch(this.sides[0], positionOfA, a);
    const at = 2 * this.count++;
    this.pairs[at] = atA;
    this.pairs[at + 1] = atB;
    this.waiting[at] = a;
    this.waiting[at + 1] = b;
    if (this.count === batchPairs) this.finish();
  }

  /** Measures what still waits for its batch to fill up. */
  finish(): void {
    const { count, pairs, waiting, distances } = this;
    if (count === 0) return;
    // Up to three places more than there are pairs: what lies there, of a batch before or zeros, leads to rows as well.
    this.kernel.measure(pairs.byteOffset, distances.byteOffset, Math.ceil(count / 4) * 4, this.rowBytes);
    this.onDistances(count, waiting, distances);
    this.count = 0;
    this.batch++;
  }

  /** The address of the row's copy, which stays until the batch is measured. */
  private fetch(side: KeptRows, position: number, row: number): number {
    const slot = position & (side.rows.length - 1);
    const address = side.address + slot * this.rowBytes;
    if (side.rows[slot] !== row) {
      if (side.usedIn[slot] === this.batch) this.finish();
      this.numbers.set(this.rows[row] as EncodingLike, address / 4);
      side.rows[slot] = row;
    }
    side.usedIn[slot] = this.batch;
    return address;
  }
}

interface KeptRows {
  readonly address: number;
  /** Which row lies in each slot, and the last batch that needed it. */
  readonly rows: Int32Array;
  readonly usedIn: Uint32Array;
}

function keptRows(slots: number, address: number): KeptRows {
  return { address, rows: new Int32Array(slots).fill(-1), usedIn: new Uint32Array(slots) };
}
