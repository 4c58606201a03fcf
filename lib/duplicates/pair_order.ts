// The answer put in order: closest first, equal distances by their ids.

import { columns, type PairColumns } from './found_pairs.js';
import type { Turns } from './turns.js';

type Column = Float64Array | Uint32Array;

/** Up to so many pairs are sorted by insertion. */
const few = 24;

/** Ranges that a part is divided into: as many as half its pairs, within bounds. */
const mostRanges = 8192;

/** Pairs that are moved between two looks at the clock. */
const pairsAtATime = 65_536;

/**
 * The records that occur in pairs, in order of their ids' UTF-16 code units. Sorting these, and the pairs by numbers
 * alone, is what makes millions of pairs bearable.
 */
export async function recordsInOrder(
  ids: readonly string[],
  pairs: PairColumns,
  turns: Turns,
): Promise<number[]> {
  const occurs = new Uint8Array(ids.length);
  for (let i = 0; i < pairs.firsts.length; i++) {
    occurs[pairs.firsts[i] as number] = 1;
    occurs[pairs.seconds[i] as number] = 1;
    if (i % pairsAtATime === 0 && turns.isOver()) await turns.next();
  }
  const present: number[] = [];
  for (let i = 0; i < occurs.length; i++) if (occurs[i]) present.push(i);
  return mergeSorted(present, (a, b) => compare(ids[a] as string, ids[b] as string), turns);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Runs that the engine sorts in one go, merged two by two. */
async function mergeSorted<T>(
  items: readonly T[],
  order: (a: T, b: T) => number,
  turns: Turns,
): Promise<T[]> {
  const runLength = 4096;
  let from: T[] = [];
  for (let start = 0; start < items.length; start += runLength) {
    for (const item of items.slice(start, start + runLength).sort(order)) from.push(item);
    if (turns.isOver()) await turns.next();
  }
  for (let length = runLength; length < from.length; length *= 2) {
    const to: T[] = [];
    for (let start = 0; start < from.length; start += 2 * length) {
      const middle = Math.min(start + length, from.length);
      const end = Math.min(start + 2 * length, from.length);
      for (let a = start, b = middle; a < middle || b < end;) {
        const takesFirst = b >= end || (a < middle && order(from[a] as T, from[b] as T) <= 0);
        to.push(from[takesFirst ? a++ : b++] as T);
        if (to.length % runLength === 0 && turns.isOver()) await turns.next();
      }
    }
    from = to;
  }
  return from;
}

/** The columns of the pairs by which they are sorted: what the first leaves equal, the second tells apart, and so on. */
export type SortKeys = readonly [keyof PairColumns, keyof PairColumns, keyof PairColumns];

export const closestFirst: SortKeys = ['distances', 'firsts', 'seconds'];
export const byRecords: SortKeys = ['firsts', 'seconds', 'distances'];

/** Sorts the pairs where they are. */
export async function sortPairs(pairs: PairColumns, keys: SortKeys, turns: Turns): Promise<void> {
  await new Sorter(pairs, keys, turns).sortPart(0, pairs.distances.length, 0);
}

/**
 * A part is divided into ranges of equal width, each of which is a part again; where all keys are the same, the next
 * column takes over. Distances are spread evenly enough for most ranges to end up with few pairs.
 */
class Sorter {
  private readonly spare: PairColumns;
  private readonly columns: readonly [Column, Column, Column];

  constructor(
    private readonly pairs: PairColumns,
    keys: SortKeys,
    private readonly turns: Turns,
  ) {
    this.spare = columns(pairs.distances.length);
    this.columns = [pairs[keys[0]], pairs[keys[1]], pairs[keys[2]]];
  }

  /** @param column which of the columns tells the pairs of the part apart. */
  async sortPart(from: number, to: number, column: number): Promise<void> {
    if (to - from <= few) {
      this.insert(from, to);
      return;
    }
    const keys = this.columns[column];
    if (!keys) return;
    const { least, greatest } = await this.extremes(keys, from, to);
    if (least === greatest) {
      await this.sortPart(from, to, column + 1);
      return;
    }
    let start = from;
    for (const end of await this.divide(keys, from, to, least, greatest)) {
      if (end - start <= few) this.insert(start, end);
      else await this.sortPart(start, end, column);
      start = end;
      if (this.turns.isOver()) await this.turns.next();
    }
  }

  private async extremes(
    keys: Column,
    from: number,
    to: number,
  ): Promise<{ least: number; greatest: number }> {
    let least = Number.POSITIVE_INFINITY;
    let greatest = Number.NEGATIVE_INFINITY;
    await this.inTurns(from, to, (start, end) => {
      for (let i = start; i < end; i++) {
        const key = keys[i] as number;
        if (key < least) least = key;
        if (key > greatest) greatest = key;
      }
    });
    return { least, greatest };
  }

  /** Moves the pairs so that the ranges of their keys follow each other; answers with where each range ends. */
  private async divide(
    keys: Column,
    from: number,
    to: number,
    least: number,
    greatest: number,
  ): Promise<Uint32Array> {
    const { pairs, spare } = this;
    const ranges = Math.min(mostRanges, (to - from) >> 1);
    const scale = (ranges - 1) / (greatest - least);
    // Keys too close for a float64 to scale, as denormals may be, fall into two ranges: the least, and the others.
    const rangeOf = Number.isFinite(scale)
      ? (key: number) => Math.floor((key - least) * scale)
      : (key: number) => (key > least ? 1 : 0);
    const next = new Uint32Array(ranges + 1);
    await this.inTurns(from, to, (start, end) => {
      for (let i = start; i < end; i++) {
        const range = rangeOf(keys[i] as number);
        next[range + 1] = (next[range + 1] as number) + 1;
      }
    });
    next[0] = from;
    for (let range = 0; range < ranges; range++)
      next[range + 1] = (next[range + 1] as number) + (next[range] as number);
    await this.inTurns(from, to, (start, end) => {
      for (let i = start; i < end; i++) {
        const range = rangeOf(keys[i] as number);
        const at = next[range] as number;
        next[range] = at + 1;
        spare.distances[at] = pairs.distances[i] as number;
        spare.firsts[at] = pairs.firsts[i] as number;
        spare.seconds[at] = pairs.seconds[i] as number;
      }
    });
    await this.inTurns(from, to, (start, end) => {
      pairs.distances.set(spare.distances.subarray(start, end), start);
      pairs.firsts.set(spare.firsts.subarray(start, end), start);
      pairs.seconds.set(spare.seconds.subarray(start, end), start);
    });
    return next.subarray(0, ranges);
  }

  private async inTurns(from: number, to: number, work: (start: number, end: number) => void): Promise<void> {
    for (let start = from; start < to; start += pairsAtATime) {
      work(start, Math.min(start + pairsAtATime, to));
      if (this.turns.isOver()) await this.turns.next();
    }
  }

  private insert(from: number, to: number): void {
    const [primary, secondary, tertiary] = this.columns;
    for (let i = from + 1; i < to; i++) {
      const p = primary[i] as number;
      const s = secondary[i] as number;
      const t = tertiary[i] as number;
      let at = i;
      for (; at > from; at--) {
        const before = at - 1;
        const order =
          (primary[before] as number) - p ||
          (secondary[before] as number) - s ||
          (tertiary[before] as number) - t;
        if (order <= 0) break;
        primary[at] = primary[before] as number;
        secondary[at] = secondary[before] as number;
        tertiary[at] = tertiary[before] as number;
      }
      primary[at] = p;
      secondary[at] = s;
      tertiary[at] = t;
    }
  }
}
