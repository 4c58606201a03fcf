// The answer put in order: closest first, equal distances by their ids.

import { columns, type PairColumns } from './found_pairs.js';
import type { Turns } from './turns.js';

type Column = Float64Array | Uint32Array;

/** Up to so many pairs are sorted by insertion. */
const few = 24;

/** Ranges that a large part is divided into: no more than half its pairs. */
const mostRanges = 8192;

/** Pairs that are moved between two looks at the clock; a part of so many is sorted without any. */
const pairsAtATime = 32_768;

/**
 * The records that occur in pairs, in order of their ids' UTF-16 code units. Sorting these, and the pairs by numbers
 * alone, is what makes millions of pairs bearable.
 */
export async function recordsInOrder(
  ids: readonly string[],
  occurs: Uint8Array,
  turns: Turns,
): Promise<number[]> {
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
  private readonly next: Uint32Array;

  constructor(
    private readonly pairs: PairColumns,
    private readonly keys: SortKeys,
    private readonly turns: Turns,
  ) {
    const count = pairs.distances.length;
    this.spare = columns(count);
    this.columns = [pairs[keys[0]], pairs[keys[1]], pairs[keys[2]]];
    this.next = new Uint32Array(Math.min(count, pairsAtATime) + 1);
  }

  /** @param column which of the columns tells the pairs of the part apart. */
  async sortPart(from: number, to: number, column: number): Promise<void> {
    if (to - from <= pairsAtATime) {
      this.sortFew(from, to, column);
      return;
    }
    const key = this.keys[column];
    if (key === undefined) return;
    const keys = this.pairs[key];
    const range = { least: Number.POSITIVE_INFINITY, greatest: Number.NEGATIVE_INFINITY };
    await this.inTurns(from, to, (start, end) => widen(range, keys, start, end));
    if (range.least === range.greatest) {
      await this.sortPart(from, to, column + 1);
      return;
    }
    const ranges = new Ranges(range, mostRanges);
    const next = new Uint32Array(mostRanges + 1);
    await this.inTurns(from, to, (start, end) => count(keys, ranges, start, end, next));
    addUp(next, from, mostRanges);
    await this.inTurns(from, to, (start, end) =>
      move(this.pairs, this.spare, keys, ranges, start, end, next),
    );
    await this.inTurns(from, to, (start, end) => copy(this.spare, this.pairs, start, end));
    let start = from;
    for (let i = 0; i < mostRanges; i++) {
      const end = next[i] as number;
      if (end - start <= pairsAtATime) this.sortFew(start, end, column);
      else await this.sortPart(start, end, column);
      start = end;
      if (this.turns.isOver()) await this.turns.next();
    }
  }

  /** The same without a pause. */
  private sortFew(from: number, to: number, column: number): void {
    const { pairs, spare, next } = this;
    const key = this.keys[column];
    if (to - from <= few || key === undefined) {
      this.insert(from, to);
      return;
    }
    const keys = pairs[key];
    const range = { least: Number.POSITIVE_INFINITY, greatest: Number.NEGATIVE_INFINITY };
    widen(range, keys, from, to);
    if (range.least === range.greatest) {
      this.sortFew(from, to, column + 1);
      return;
    }
    const size = to - from;
    const ranges = new Ranges(range, size);
    next.fill(0, 0, size + 1);
    const most = count(keys, ranges, from, to, next);
    addUp(next, from, size);
    move(pairs, spare, keys, ranges, from, to, next);
    copy(spare, pairs, from, to);
    if (most <= few) {
      this.insert(from, to);
      return;
    }
    // Sorting a range makes use of the same list.
    const ends = next.slice(0, size);
    let start = from;
    for (const end of ends) {
      if (end - start > few) this.sortFew(start, end, column);
      else this.insert(start, end);
      start = end;
    }
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

interface Extremes {
  least: number;
  greatest: number;
}

function widen(range: Extremes, keys: Column, from: number, to: number): void {
  let { least, greatest } = range;
  for (let i = from; i < to; i++) {
    const key = keys[i] as number;
    if (key < least) least = key;
    if (key > greatest) greatest = key;
  }
  range.least = least;
  range.greatest = greatest;
}

/** Divides the keys between two extremes, which differ, into ranges of equal width. */
class Ranges {
  readonly least: number;
  readonly scale: number;

  constructor({ least, greatest }: Extremes, ranges: number) {
    const scale = (ranges - 1) / (greatest - least);
    this.least = least;
    // Keys too close for a float64 to scale, as denormals may be, fall into two ranges: the least, and the others.
    this.scale = Number.isFinite(scale) ? scale : 0;
  }

  of(key: number): number {
    return this.scale > 0 ? ((key - this.least) * this.scale) >>> 0 : key > this.least ? 1 : 0;
  }
}

/** Adds the number of pairs of each range to the entry after its own; answers with the largest entry. */
function count(keys: Column, ranges: Ranges, from: number, to: number, next: Uint32Array): number {
  let most = 0;
  for (let i = from; i < to; i++) {
    const at = ranges.of(keys[i] as number) + 1;
    const pairs = (next[at] as number) + 1;
    next[at] = pairs;
    if (pairs > most) most = pairs;
  }
  return most;
}

/** From how many pairs there are in each range to where each begins. */
function addUp(next: Uint32Array, from: number, ranges: number): void {
  next[0] = from;
  for (let i = 0; i < ranges; i++) next[i + 1] = (next[i + 1] as number) + (next[i] as number);
}

/** Moves pairs to their ranges, and what `next` says of these to their ends. */
function move(
  pairs: PairColumns,
  to: PairColumns,
  keys: Column,
  ranges: Ranges,
  start: number,
  end: number,
  next: Uint32Array,
): void {
  const { distances, firsts, seconds } = pairs;
  for (let i = start; i < end; i++) {
    const range = ranges.of(keys[i] as number);
    const at = next[range] as number;
    next[range] = at + 1;
    to.distances[at] = distances[i] as number;
    to.firsts[at] = firsts[i] as number;
    to.seconds[at] = seconds[i] as number;
  }
}

function copy(from: PairColumns, to: PairColumns, start: number, end: number): void {
  to.distances.set(from.distances.subarray(start, end), start);
  to.firsts.set(from.firsts.subarray(start, end), start);
  to.seconds.set(from.seconds.subarray(start, end), start);
}
