// Pairs that a person has ruled out, as numbers the matcher can look up.

import { InvalidOptionError } from '../errors.js';

/** Two ids whose photos are known not to show the same person; either order. */
export type IgnoredPair = readonly [id: string, id: string];

/** Whether the records at two positions form an ignored pair. */
export type IsIgnored = (a: number, b: number) => boolean;

/** Ids that belong to no record are fine: decisions outlive photos. */
export function indexIgnoredPairs(pairs: readonly unknown[] | undefined, ids: readonly string[]): IsIgnored {
  if (pairs === undefined) return () => false;
  const positions = new Map(ids.map((id, position) => [id, position]));
  // Below 2^53 for up to 94 million records.
  const key = (a: number, b: number) => Math.min(a, b) * ids.length + Math.max(a, b);
  const keys = new Set<number>();
  pairs.forEach((pair: unknown, index) => {
    if (!Array.isArray(pair) || pair.length !== 2 || pair.some((id) => typeof id !== 'string')) {
      throw new InvalidOptionError('OPTION_TYPE', `ignoredPairs[${index}] must be [id, id], two strings.`);
    }
    const [a, b] = pair.map((id: string) => positions.get(id));
    if (a !== undefined && b !== undefined) keys.add(key(a, b));
  });
  return keys.size === 0 ? () => false : (a, b) => keys.has(key(a, b));
}
