// Pairs of photos that a run leaves out.

import { resolve } from 'node:path';
import type { IgnoredPair } from '../duplicates/index.js';
import { type DecisionIndex, pairKey } from '../store/index.js';
import type { Gathered } from './gather.js';

type Photos = Pick<Gathered, 'records' | 'references'>;

/**
 * Tells whether a pair of photos is left out: ruled out by a person, in this call or earlier, or of one record. Asked of
 * the pairs that were found: all pairs of a record with many photos would be far more.
 */
export function ruledOut(
  { references }: Pick<Gathered, 'references'>,
  given: readonly IgnoredPair[],
  decisions: DecisionIndex,
): (first: string, second: string) => boolean {
  // As they were given, and as a store names files.
  const pairs = new Set(given.flatMap(([a, b]) => [pairKey(a, b), pairKey(resolve(a), resolve(b))]));
  return (first, second) => {
    const [a, b] = [references.get(first), references.get(second)];
    if (pairs.has(pairKey(first, second))) return true;
    if (a !== undefined && b !== undefined && (a === b || pairs.has(pairKey(a, b)))) return true;
    return isDecidedDifferent(first, second, references, decisions);
  };
}

/** By names: those on which the decision that holds is `different`. */
export function pairsDecidedDifferent(gathered: Photos, decisions: DecisionIndex): IgnoredPair[] {
  const { references } = gathered;
  const byReference = photosByReference(gathered);
  const isRuledOut = ([a, b]: IgnoredPair) => isDecidedDifferent(a, b, references, decisions);
  return decisions.decisions().flatMap(({ kind, first, second, verdict }) => {
    if (verdict !== 'different') return [];
    const [firsts, seconds] =
      kind === 'photo' ? [[first], [second]] : [byReference.get(first) ?? [], byReference.get(second) ?? []];
    // A later decision on the photos, or on their records, may say otherwise.
    return between(firsts, seconds).filter(isRuledOut);
  });
}

function isDecidedDifferent(
  a: string,
  b: string,
  references: Gathered['references'],
  decisions: DecisionIndex,
): boolean {
  const decision = decisions.find(
    { name: a, reference: references.get(a) },
    { name: b, reference: references.get(b) },
  );
  return decision?.verdict === 'different';
}

function photosByReference({ records, references }: Photos): Map<string, string[]> {
  const photos = new Map<string, string[]>();
  for (const { id } of records) {
    const reference = references.get(id);
    if (reference === undefined) continue;
    const others = photos.get(reference);
    if (others) others.push(id);
    else photos.set(reference, [id]);
  }
  return photos;
}

function between(first: readonly string[], second: readonly string[]): IgnoredPair[] {
  return first.flatMap((a) => second.filter((b) => b !== a).map((b) => [a, b] as const));
}
