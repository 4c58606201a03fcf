// The tiles' pairs put together: the answer that findDuplicates would have given.

import { mergeTilesOptionTable } from '../../config.js';
import { InvalidOptionError, throwIfAborted } from '../../errors.js';
import { readOptions } from '../../options.js';
import { answerFrom, type DuplicatePair } from '../answer.js';
import { FoundPairs, type PairColumns } from '../found_pairs.js';
import { Turns } from '../turns.js';
import type { Tile } from './plan_tiles.js';

/** What `matchTile` found in a tile. */
export interface TilePairs extends Tile {
  readonly pairs: PairColumns;
}

/** How tiles are put together. */
export interface MergeTilesOptions {
  /**
   * Whether each photo has all of its faces in one block. If not, a pair may be found several times, of which the least
   * distance counts, and a photo may be found with itself, which is no pair. Default true.
   */
  readonly isWhole?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The union of what the tiles found, each pair once, however often its tile is given.
 *
 * @param tiles in any order; their blocks are numbers of `idsOfBlocks`.
 * @param idsOfBlocks the ids of each block's photos, by number. Of all blocks together, no two may be the same.
 * @returns the pairs as `findDuplicates` has them: closest first; equal distances in order of their ids' UTF-16 code
 *   units.
 * @throws InvalidOptionError `ARGUMENT_INVALID` (a block or photo of which there is no id), AbortedError.
 */
export async function mergeTilePairs(
  tiles: Iterable<TilePairs> | AsyncIterable<TilePairs>,
  idsOfBlocks: readonly (readonly string[])[],
  options?: MergeTilesOptions,
): Promise<DuplicatePair[]> {
  const { isWhole, signal } = readOptions(mergeTilesOptionTable, options);
  throwIfAborted(signal);
  const turns = new Turns(signal);
  const ids = idsOfBlocks.flat();
  const found = new FoundPairs();
  const starts = startsOf(idsOfBlocks);
  for await (const { first, second, pairs } of tiles) {
    const [firstStart, firstEnd] = rangeOf(starts, first);
    const [secondStart, secondEnd] = rangeOf(starts, second);
    for (let i = 0; i < pairs.distances.length; i++) {
      const a = firstStart + (pairs.firsts[i] as number);
      const b = secondStart + (pairs.seconds[i] as number);
      if (!(a < firstEnd && b < secondEnd)) throw unknownPhoto(first, second);
      if (a !== b) found.add(a, b, pairs.distances[i] as number);
    }
    if (turns.isOver()) await turns.next();
  }
  const answer = await answerFrom(found, ids, isWhole ? 'at its distance' : 'at any distance', turns);
  throwIfAborted(signal);
  return answer;
}

/** Where each block's photos begin among all, and where they end. */
function startsOf(idsOfBlocks: readonly (readonly string[])[]): number[] {
  const starts = [0];
  for (const ids of idsOfBlocks) starts.push((starts.at(-1) as number) + ids.length);
  return starts;
}

function rangeOf(starts: readonly number[], block: number): [start: number, end: number] {
  const [start, end] = [starts[block], starts[block + 1]];
  if (start === undefined || end === undefined) throw unknownPhoto(block, block);
  return [start, end];
}

function unknownPhoto(first: number, second: number): InvalidOptionError {
  return new InvalidOptionError(
    'ARGUMENT_INVALID',
    `The tile of the blocks ${first} and ${second} has a pair of which a photo has no id: give the ids of every block.`,
  );
}
