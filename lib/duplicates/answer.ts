// The answer: pairs of ids, from the pairs of numbers that the search found.

import { byRecords, closestFirst, recordsInOrder, sortPairs } from './pair_order.js';
import type { FoundPairs, PairColumns } from './found_pairs.js';
import type { RecordTable } from './record_table.js';
import type { Turns } from './turns.js';

/** Two photos that show the same person. */
export interface DuplicatePair {
  /** The id that comes first by UTF-16 code units. */
  readonly first: string;
  readonly second: string;
  /** The least Euclidean distance between a face of the one and a face of the other. */
  readonly distance: number;
}

/** Pairs that are made between two looks at the clock. */
const pairsAtATime = 4096;

export async function answerFrom(
  found: FoundPairs,
  { ids, recordOfRow }: RecordTable,
  turns: Turns,
): Promise<DuplicatePair[]> {
  let pairs = found.take();
  const records = await recordsInOrder(ids, pairs, turns);
  await renumber(pairs, records, ids.length, turns);
  // A pair of photos with several faces was found once for each pair of near faces.
  if (recordOfRow) pairs = await leastOfEach(pairs, turns);
  await sortPairs(pairs, closestFirst, turns);

  const { distances, firsts, seconds } = pairs;
  const inOrder = records.map((record) => ids[record] as string);
  const answer: DuplicatePair[] = [];
  for (let i = 0; i < distances.length; i++) {
    const first = inOrder[firsts[i] as number] as string;
    const second = inOrder[seconds[i] as number] as string;
    answer.push({ first, second, distance: distances[i] as number });
    if (i % pairsAtATime === 0 && turns.isOver()) await turns.next();
  }
  return answer;
}

/** Records are numbered in the order of their ids, and the smaller number comes first. */
async function renumber(
  { firsts, seconds }: PairColumns,
  records: readonly number[],
  count: number,
  turns: Turns,
): Promise<void> {
  const rank = new Uint32Array(count);
  records.forEach((record, position) => (rank[record] = position));
  for (let i = 0; i < firsts.length; i++) {
    const a = rank[firsts[i] as number] as number;
    const b = rank[seconds[i] as number] as number;
    firsts[i] = Math.min(a, b);
    seconds[i] = Math.max(a, b);
    if (i % pairsAtATime === 0 && turns.isOver()) await turns.next();
  }
}

async function leastOfEach(pairs: PairColumns, turns: Turns): Promise<PairColumns> {
  await sortPairs(pairs, byRecords, turns);
  const { distances, firsts, seconds } = pairs;
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
