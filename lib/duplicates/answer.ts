// The answer: pairs of ids, from the pairs of numbers that the search found.

import { byRecords, closestFirst, recordsInOrder, sortPairs } from './pair_order.js';
import type { FoundPairs, PairColumns } from './found_pairs.js';
import type { Turns } from './turns.js';

/** Two photos that show the same person. */
export interface DuplicatePair {
  /** The id that comes first by UTF-16 code units. */
  readonly first: string;
  readonly second: string;
  /** The least Euclidean distance between a face of the one and a face of the other. */
  readonly distance: number;
}

/** How the same pair may have been found again. */
export type Repeats = 'none' | 'at its distance' | 'at any distance';

/** Pairs that are made between two looks at the clock. */
const pairsAtATime = 4096;

/** An array made longer than this at once would be kept as a dictionary. */
const longestMadeAtOnce = 2 ** 25;

export async function answerFrom(
  found: FoundPairs,
  ids: readonly string[],
  repeats: Repeats,
  turns: Turns,
): Promise<DuplicatePair[]> {
  const records = await recordsInOrder(ids, await found.present(ids.length, turns), turns);
  const rank = new Uint32Array(ids.length);
  records.forEach((record, position) => (rank[record] = position));
  let pairs = await found.take(rank, turns);
  if (repeats === 'at any distance') pairs = await leastOfEach(pairs, turns);
  await sortPairs(pairs, closestFirst, turns);
  if (repeats === 'at its distance') pairs = await firstOfEach(pairs, turns);

  const inOrder = records.map((record) => ids[record] as string);
  const count = pairs.distances.length;
  const answer = new Array<DuplicatePair>(count <= longestMadeAtOnce ? count : 0);
  for (let start = 0; start < count; start += pairsAtATime) {
    writePairs(answer, pairs, inOrder, start, Math.min(start + pairsAtATime, count));
    if (turns.isOver()) await turns.next();
  }
  return answer;
}

/** A function of its own, for the engine to see early that these objects live on, and make them where they stay. */
function writePairs(
  answer: DuplicatePair[],
  { distances, firsts, seconds }: PairColumns,
  ids: readonly string[],
  from: number,
  to: number,
): void {
  for (let i = from; i < to; i++) {
    answer[i] = {
      first: ids[firsts[i] as number] as string,
      second: ids[seconds[i] as number] as string,
      distance: distances[i] as number,
    };
  }
}

/** Each pair of records once, at its least distance, in order of the records; what `pairs` held is changed. */
export async function leastOfEach(pairs: PairColumns, turns: Turns): Promise<PairColumns> {
  await sortPairs(pairs, byRecords, turns);
  return firstOfEach(pairs, turns);
}

/** The first of pairs of the same records that follow each other. */
async function firstOfEach({ distances, firsts, seconds }: PairColumns, turns: Turns): Promise<PairColumns> {
  let kept = 0;
  for (let i = 0; i < distances.length; i++) {
    if (i % pairsAtATime === 0 && turns.isOver()) await turns.next();
    if (kept > 0 && firsts[i] === firsts[kept - 1] && seconds[i] === seconds[kept - 1]) continue;
    distances[kept] = distances[i] as number;
    firsts[kept] = firsts[i] as number;
    seconds[kept] = seconds[i] as number;
    kept++;
  }
  return {
    distances: distances.subarray(0, kept),
    firsts: firsts.subarray(0, kept),
    seconds: seconds.subarray(0, kept),
  };
}
