// Every pair of photos that shows the same person: exact, by Euclidean distance.

import { findDuplicatesOptionTable } from '../config.js';
import { throwIfAborted } from '../errors.js';
import { readOptions } from '../options.js';
import { type IgnoredPair, indexIgnoredPairs, type IsIgnored } from './ignored_pairs.js';
import { type FaceRecord, packRecords, type RecordTable, requireRecords } from './record_table.js';

/** Two photos that show the same person. */
export interface DuplicatePair {
  /** The id that comes first by UTF-16 code units. */
  readonly first: string;
  readonly second: string;
  /** The least Euclidean distance between a face of the one and a face of the other. */
  readonly distance: number;
}

export interface DuplicateProgress {
  /** Pairs of photos compared so far, and in all. */
  readonly compared: number;
  readonly total: number;
}

export interface FindDuplicatesOptions {
  /** A pair is a duplicate when distance < threshold. Above 0; default 0.4, or FACE_DISTANCE_THRESHOLD. */
  readonly threshold?: number | undefined;
  /** Pairs to leave out, either way round. */
  readonly ignoredPairs?: readonly IgnoredPair[] | undefined;
  /** Older records: each record is compared with these too, but these not with each other. */
  readonly against?: readonly FaceRecord[] | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called a few times a second. */
  readonly onProgress?: ((progress: DuplicateProgress) => void) | undefined;
}

/** How long the loop may hold the thread before timers and input get their turn. */
const turnMilliseconds = 15;

/** How many dimensions are summed before the sum is compared with the limit. */
const stride = 16;

/**
 * Finds every pair of records whose distance lies below the threshold.
 *
 * @returns the pairs, closest first; equal distances in order of their ids.
 * @throws InvalidEncodingsError `ENCODINGS_INVALID` (an id twice, lengths that differ, numbers that are not finite),
 *   InvalidOptionError, AbortedError.
 */
export async function findDuplicates(
  records: readonly FaceRecord[],
  options?: FindDuplicatesOptions,
): Promise<DuplicatePair[]> {
  const { threshold, ignoredPairs, against, signal, onProgress } = readOptions(
    findDuplicatesOptionTable,
    options,
  );
  throwIfAborted(signal);
  const older = (against ?? []) as readonly FaceRecord[];
  // The caller may change its array during the search.
  const newer = requireRecords(records).length;
  const table = packRecords(requireRecords(records).concat(older));
  const isIgnored = indexIgnoredPairs(ignoredPairs, table.ids);
  const report = onProgress as FindDuplicatesOptions['onProgress'];

  const pairs: DuplicatePair[] = [];
  const count = table.ids.length;
  const total = (newer * (newer - 1)) / 2 + newer * (count - newer);
  let compared = 0;
  let turnEnds = performance.now() + turnMilliseconds;
  for (let a = 0; a < newer; a++) {
    collectPairs(table, a, threshold, isIgnored, pairs);
    compared += count - a - 1;
    if (performance.now() >= turnEnds) {
      report?.({ compared, total });
      await nextTurn();
      throwIfAborted(signal);
      turnEnds = performance.now() + turnMilliseconds;
    }
  }
  report?.({ compared, total });
  return pairs.sort(byDistanceThenIds);
}

/** Adds the pairs of record `a` with every record after it. */
function collectPairs(
  table: RecordTable,
  a: number,
  threshold: number,
  isIgnored: IsIgnored,
  pairs: DuplicatePair[],
): void {
  for (let b = a + 1; b < table.ids.length; b++) {
    const distance = leastDistance(table, a, b, threshold);
    if (distance >= threshold || isIgnored(a, b)) continue;
    const [first, second] = [table.ids[a] as string, table.ids[b] as string].sort() as [string, string];
    pairs.push({ first, second, distance });
  }
}

/** The least distance between the faces of two records if it lies below the threshold, else Infinity. */
function leastDistance(table: RecordTable, a: number, b: number, threshold: number): number {
  const { firstRow, values, dimensions } = table;
  let least = Number.POSITIVE_INFINITY;
  let bound = threshold;
  for (let i = firstRow[a] as number; i < (firstRow[a + 1] as number); i++) {
    for (let j = firstRow[b] as number; j < (firstRow[b + 1] as number); j++) {
      const distance = distanceBelow(values, i * dimensions, j * dimensions, dimensions, bound);
      if (distance < bound) {
        least = distance;
        bound = distance;
      }
    }
  }
  return least;
}

/** The distance between two rows, given up as Infinity once it cannot lie below `bound` any more. */
function distanceBelow(
  values: Float32Array,
  a: number,
  b: number,
  dimensions: number,
  bound: number,
): number {
  // The square of a float64 is rounded; the slack keeps pairs on the edge for the exact comparison at the end.
  const limit = bound * bound * (1 + 1e-12);
  let sum = 0;
  for (let start = 0; start < dimensions; start += stride) {
    const end = Math.min(start + stride, dimensions);
    for (let k = start; k < end; k++) {
      const difference = (values[a + k] as number) - (values[b + k] as number);
      sum += difference * difference;
    }
    if (sum > limit) return Number.POSITIVE_INFINITY;
  }
  const distance = Math.sqrt(sum);
  return distance < bound ? distance : Number.POSITIVE_INFINITY;
}

function byDistanceThenIds(a: DuplicatePair, b: DuplicatePair): number {
  return a.distance - b.distance || compare(a.first, b.first) || compare(a.second, b.second);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** A macrotask, so that timers and input are served; browsers have no setImmediate. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === 'function') setImmediate(resolve);
    else setTimeout(resolve, 0);
  });
}
