// Pairs of photos that a run leaves out.

import { resolve } from 'node:path';
import type { IgnoredPair } from '../duplicates/index.js';
import type { DecisionIndex } from '../store/index.js';
import type { Gathered } from './gather.js';

/** By names: those a person ruled out, in this call or earlier, and those of one record. */
export function ruledOutPairs(
  { records, references }: Pick<Gathered, 'records' | 'references'>,
  given: readonly IgnoredPair[],
  decisions: DecisionIndex,
): IgnoredPair[] {
  const byReference = new Map<string, string[]>();
  for (const { id } of records) {
    const reference = references.get(id);
    if (reference === undefined) continue;
    const others = byReference.get(reference);
    if (others) others.push(id);
    else byReference.set(reference, [id]);
  }
  const pairs: IgnoredPair[] = [];
  const addAll = (first: readonly string[], second: readonly string[]) => {
    for (const a of first) for (const b of second) if (a !== b) pairs.push([a, b]);
  };
  for (const photos of byReference.values()) if (photos.length > 1) addAll(photos, photos);
  for (const [a, b] of given) {
    // As they were given, and as a store names files; a pair of no records does no harm.
    pairs.push([a, b], [resolve(a), resolve(b)]);
    addAll(byReference.get(a) ?? [], byReference.get(b) ?? []);
  }
  const isRuledOut = (a: string, b: string) =>
    decisions.find({ name: a, reference: references.get(a) }, { name: b, reference: references.get(b) })
      ?.verdict === 'different';
  for (const { kind, first, second, verdict } of decisions.decisions()) {
    if (verdict !== 'different') continue;
    const [firsts, seconds] =
      kind === 'photo' ? [[first], [second]] : [byReference.get(first) ?? [], byReference.get(second) ?? []];
    // A later decision on the photos, or on their records, may say otherwise.
    for (const a of firsts) for (const b of seconds) if (isRuledOut(a, b)) pairs.push([a, b]);
  }
  return pairs;
}
