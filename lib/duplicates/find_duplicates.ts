// Every pair of photos that shows the same person: exact, by Euclidean distance.

import { findDuplicatesOptionTable } from '../config.js';
import { throwIfAborted } from '../errors.js';
import { readOptions } from '../options.js';
import { answerFrom, type DuplicatePair } from './answer.js';
import { type IgnoredPair, indexIgnoredPairs } from './ignored_pairs.js';
import type { KernelKind } from './kernel.js';
import { type FaceRecord, requireRecords, tabulate } from './record_table.js';
import type { Stage } from './scan.js';
import { searchPairs } from './search.js';
import { Turns } from './turns.js';

/** How far a comparison has come. */
export interface DuplicateProgress {
  /** Pairs of photos compared so far, and in all. */
  readonly compared: number;
  readonly total: number;
}

/** Of a comparison of all with all. */
export interface FindDuplicatesOptions {
  /** A pair is a duplicate when distance < threshold. Above 0; default 0.4, or FACE_DISTANCE_THRESHOLD. */
  readonly threshold?: number | undefined;
  /** Pairs to leave out, either way round. */
  readonly ignoredPairs?: readonly IgnoredPair[] | undefined;
  /** Older records: each record is compared with these too, but these not with each other. */
  readonly against?: readonly FaceRecord[] | undefined;
  /**
   * How many threads compare at once, the caller's own among them: 1…256; default: as many as there are cores, fewer
   * when there is too little to do. 1 starts no thread.
   */
  readonly threads?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called whenever the search gives its thread away, up to a hundred times a second, and at the end. */
  readonly onProgress?: ((progress: DuplicateProgress) => void) | undefined;
}

/** What tests set to see every way through the search. */
export interface SearchTuning {
  readonly kernel?: KernelKind;
  readonly fewRows?: number;
  readonly pairsWorthAThread?: number;
}

/**
 * Finds every pair of records whose distance lies below the threshold.
 *
 * The encodings are compared as float32, and not copied: they must stay as they are until the promise settles.
 *
 * @returns the pairs, closest first; equal distances in order of their ids. A `distance` is what `faceDistance` says.
 * @throws InvalidEncodingsError `ENCODINGS_INVALID` (an id twice, lengths that differ, numbers that are not finite),
 *   `ENCODINGS_INCOMPARABLE` (records whose origins name different ResNets), InvalidOptionError, AbortedError, OutOfMemoryError, InternalError (a thread that ended by itself).
 */
export function findDuplicates(
  records: readonly FaceRecord[],
  options?: FindDuplicatesOptions,
): Promise<DuplicatePair[]> {
  return findDuplicatesBy(records, options, {});
}

/** The same, with every choice that the search would make by itself open to tests. */
export async function findDuplicatesBy(
  records: readonly FaceRecord[],
  options: FindDuplicatesOptions | undefined,
  tuning: SearchTuning,
): Promise<DuplicatePair[]> {
  const { threshold, ignoredPairs, against, threads, signal, onProgress } = readOptions(
    findDuplicatesOptionTable,
    options,
  );
  throwIfAborted(signal);
  const stage: Stage = { share: 0 };
  let total = 0;
  const report = (share: number) =>
    (onProgress as FindDuplicatesOptions['onProgress'])?.({ compared: Math.floor(share * total), total });
  const turns = new Turns(signal, () => report(stage.share));

  const table = await tabulate(requireRecords(records), (against ?? []) as readonly FaceRecord[], turns);
  const { records: newer } = table.newer;
  total = newer * ((newer - 1) / 2 + (table.ids.length - newer));
  const isIgnored = await indexIgnoredPairs(ignoredPairs, table.ids, turns);
  const found = await searchPairs(table, { threshold, isIgnored, threads, ...tuning }, stage, turns);
  stage.share = 1;
  // A pair of photos with several faces was found once for each pair of near faces.
  const answer = await answerFrom(found, table.ids, table.recordOfRow ? 'at any distance' : 'none', turns);
  report(1);
  throwIfAborted(signal);
  return answer;
}
