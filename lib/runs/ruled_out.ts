// Pairs of photos that a run leaves out.

import { resolve } from 'node:path';
import type { IgnoredPair } from '../duplicates/index.js';
import type { DecisionIndex } from '../store/index.js';
import type { Gathered } from './gather.js';

type Photos = Pick<Gathered, 'records' | 'references'>;

/** By names: those a person ruled out, in this call or earlier, and those of one record. */
export function ruledOutPairs(
  gathered: Photos,
  given: readonly IgnoredPair[],
  decisions: DecisionIndex,
): IgnoredPair[] {
  const byReference = photosByReference(gathered);
  const pairs: IgnoredPair[] = [];
  for (const photos of byReference.values()) if (photos.length > 1) pairs.push(...between(photos, photos));
  for (const [a, b] of given) {
    // As they were given, and as a store names files; a pair of no records does no harm.
    pairs.push([a, b], [resolve(a), resolve(b)]);
    pairs.push(...between(byReference.get(a) ?? [], byReference.get(b) ?? []));
  }
  return pairs.concat(pairsDecidedDifferent(gathered, decisions));
}

/** By names: those on which the decision that holds is `different`. */
export function pairsDecidedDifferent(gathered: Photos, decisions: DecisionIndex): IgnoredPair[] {
  const { references } = gathered;
  const byReference = photosByReference(gathered);
  const isRuledOut = ([a, b]: IgnoredPair) =>
    decisions.find({ name: a, reference: references.get(a) }, { name: b, reference: references.get(b) })
      ?.verdict === 'different';
  return decisions.decisions().flatMap(({ kind, first, second, verdict }) => {
    if (verdict !== 'different') return [];
    const [firsts, seconds] =
      kind === 'photo' ? [[first], [second]] : [byReference.get(first) ?? [], byReference.get(second) ?? []];
    // A later decision on the photos, or on their records, may say otherwise.
    return between(firsts, seconds).filter(isRuledOut);
  });
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
