// A tile of two lists: only what lies near enough to the border between them is compared.

import { matchListsOptionTable } from '../../config.js';
import { InvalidOptionError } from '../../errors.js';
import type { PairColumns } from '../found_pairs.js';
import type { KernelKind } from '../kernel.js';
import { readOptions } from '../../options.js';
import { matchTileBy, type MatchTileOptions } from '../tiles/match_tile.js';
import type { SketchedBlock } from '../tiles/sketched_block.js';
import { centreOf, type FaceLists, requireLength } from './face_lists.js';
import { gapsOf } from './gaps.js';
import { nearRows } from './near_rows.js';

/** A block whose faces are all at home in one list. */
export interface BlockOfList {
  readonly block: SketchedBlock;
  /** The number of the list. */
  readonly list: number;
}

/** Of one tile. */
export interface MatchListsOptions extends MatchTileOptions {
  /**
   * Pairs nearer than this are all found, and of those between it and the threshold the most: above 0. Default the
   * threshold, at which, as above it, the tile is searched exactly.
   */
  readonly reach?: number | undefined;
}

/**
 * Finds pairs of photos, as `matchTile` does, of two blocks that are each of one list; each at its true distance. Of
 * blocks of the same list every pair is found.
 *
 * @throws InvalidOptionError (of options, or `ARGUMENT_INVALID`: a list that is not there, blocks that were sketched along
 *   different axes), InvalidEncodingsError `ENCODINGS_INVALID` (encodings of another length than that of the lists),
 *   AbortedError, OutOfMemoryError.
 */
export function matchLists(
  first: BlockOfList,
  second: BlockOfList,
  lists: FaceLists,
  options?: MatchListsOptions,
): Promise<PairColumns> {
  return matchListsBy(first, second, lists, options, undefined);
}

/** The same, with the choice of a kernel open to tests. */
export async function matchListsBy(
  first: BlockOfList,
  second: BlockOfList,
  lists: FaceLists,
  options: MatchListsOptions | undefined,
  kernel: KernelKind | undefined,
): Promise<PairColumns> {
  const { reach: given, ...others } = readOptions(matchListsOptionTable, options);
  const rest = others as MatchTileOptions & Required<Pick<typeof others, 'threshold'>>;
  const reach = Math.min(given ?? rest.threshold, rest.threshold);
  for (const { block, list } of [first, second]) {
    centreOf(lists, list);
    requireLength(block.axes.dimensions, lists);
  }
  if (first.list === second.list) return matchTileBy(first.block, second.block, rest, kernel);
  if (first.block === second.block)
    throw new InvalidOptionError('ARGUMENT_INVALID', 'A block is of one list, and not of two.');
  const here = gapsOf(first.block, lists, [first.list, second.list], kernel);
  const there = gapsOf(second.block, lists, [second.list, first.list], kernel);
  const limit = reach * (1 + 1e-9) + here.error + there.error;
  const near = nearRows(first.block, here, limit - there.least);
  const far = nearRows(second.block, there, limit - here.least);
  const isWanted = (a: number, b: number) => (near.least[a] as number) + (far.least[b] as number) < limit;
  return matchTileBy(near.block, far.block, rest, kernel, isWanted);
}
