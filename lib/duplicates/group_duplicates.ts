// Pairs joined into groups: the connected components of the graph whose edges are the pairs.

import { InvalidOptionError } from '../errors.js';
import { isArray } from '../options.js';
import type { DuplicatePair } from './answer.js';

/**
 * Joins pairs that share a photo, directly or through others.
 *
 * A group can hold two photos that are no pair themselves: A with B and B with C puts A and C together.
 *
 * @throws InvalidOptionError `ARGUMENT_INVALID`
 * @returns the groups, each of two or more ids in order of UTF-16 code units, by their first id.
 */
export function groupDuplicates(pairs: readonly Pick<DuplicatePair, 'first' | 'second'>[]): string[][] {
  requirePairs(pairs);
  const parent = new Map<string, string>();

  const rootOf = (id: string): string => {
    let root = id;
    for (let up = parent.get(root); up !== undefined && up !== root; up = parent.get(root)) root = up;
    // Path compression keeps later walks short.
    for (let at = id; at !== root;) {
      const up = parent.get(at) ?? root;
      parent.set(at, root);
      at = up;
    }
    return root;
  };

  for (const { first, second } of pairs) {
    parent.set(rootOf(first), rootOf(second));
    parent.set(rootOf(second), rootOf(second));
  }

  const groups = new Map<string, string[]>();
  for (const id of [...parent.keys()].sort()) {
    const root = rootOf(id);
    const group = groups.get(root);
    if (group) group.push(id);
    else groups.set(root, [id]);
  }
  return [...groups.values()];
}

function requirePairs(pairs: unknown): void {
  const isPair = (pair: unknown) => {
    const { first, second } = (pair ?? {}) as { first?: unknown; second?: unknown };
    return typeof first === 'string' && typeof second === 'string';
  };
  if (!isArray(pairs) || !pairs.every(isPair)) {
    throw new InvalidOptionError(
      'ARGUMENT_INVALID',
      'The pairs must be an array of { first, second }, two ids each.',
    );
  }
}
