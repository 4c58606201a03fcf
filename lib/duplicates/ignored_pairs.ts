// Pairs that a person has ruled out, as numbers the matcher can look up.

import { InvalidOptionError } from '../errors.js';
import type { Turns } from './turns.js';

/** Two ids whose photos are known not to show the same person; either order. */
export type IgnoredPair = readonly [id: string, id: string];

/** Whether the records at two positions form an ignored pair. */
export type IsIgnored = (a: number, b: number) => boolean;

/** Ids and pairs that are looked at between two looks at the clock. */
const itemsAtATime = 1024;

/**
 * Ids that belong to no record are fine: decisions outlive photos.
 *
 * @throws InvalidOptionError `OPTION_TYPE`, AbortedError.
 */
export async function indexIgnoredPairs(
  pairs: readonly unknown[] | undefined,
  ids: readonly string[],
  turns: Turns,
): Promise<IsIgnored> {
  if (pairs === undefined || pairs.length === 0) return () => false;
  // The caller may change its array during the search.
  const given = [...pairs];
  const positions = new Map<string, number>();
  for (let position = 0; position < ids.length; position++) {
    positions.set(ids[position] as string, position);
    if (position % itemsAtATime === 0 && turns.isOver()) await turns.next();
  }
  // Below 2^53 for up to 94 million records.
  const key = (a: number, b: number) => Math.min(a, b) * ids.length + Math.max(a, b);
  const keys = new Set<number>();
  for (let index = 0; index < given.length; index++) {
    const pair = given[index];
    if (!Array.isArray(pair) || pair.length !== 2 || pair.some((id) => typeof id !== 'string')) {
      throw new InvalidOptionError('OPTION_TYPE', `ignoredPairs[${index}] must be [id, id], two strings.`);
    }
    const [a, b] = pair.map((id: string) => positions.get(id));
    if (a !== undefined && b !== undefined) keys.add(key(a, b));
    if (index % itemsAtATime === 0 && turns.isOver()) await turns.next();
  }
  return keys.size === 0 ? () => false : (a, b) => keys.has(key(a, b));
}
