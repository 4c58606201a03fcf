// A pair as a store keeps it, told as a run found it, with what people have said of it since.

import type { FoundPair } from '../runs/findings.js';
import type { DecisionIndex } from './decisions.js';

/** By the names that the photos have now; those of photos that are gone by the names they had. */
export interface KeptPair {
  readonly first: string;
  readonly second: string;
  readonly distance: number;
  /** JSON: two boxes and two references. */
  readonly boxes: string;
  readonly isNew: boolean;
  /** Whether the photo has another content by now, or is gone. */
  readonly firstChanged: boolean;
  readonly secondChanged: boolean;
}

type Boxes = [
  FoundPair['firstBox'],
  FoundPair['secondBox'],
  firstReference: string | null,
  secondReference: string | null,
];

/** As `KeptPair.boxes` has them. */
export function packBoxes({
  firstBox,
  secondBox,
  firstReference,
  secondReference,
}: Pick<FoundPair, 'firstBox' | 'secondBox' | 'firstReference' | 'secondReference'>): string {
  return JSON.stringify([
    firstBox,
    secondBox,
    firstReference ?? null,
    secondReference ?? null,
  ] satisfies Boxes);
}

/** @param decisions those that hold; default none. */
export function foundPair(kept: KeptPair, decisions?: DecisionIndex): FoundPair {
  const { first, second, distance, isNew } = kept;
  const [firstBox, secondBox, firstReference, secondReference] = JSON.parse(kept.boxes) as Boxes;
  const sides = [
    {
      name: first,
      box: firstBox,
      reference: firstReference ?? undefined,
      hasChanged: kept.firstChanged,
    },
    {
      name: second,
      box: secondBox,
      reference: secondReference ?? undefined,
      hasChanged: kept.secondChanged,
    },
  ] as const;
  // A photo that was renamed may have changed its place.
  const [a, b] = first < second ? sides : ([sides[1], sides[0]] as const);
  // What people said of the photos that have these names now is not about this pair.
  const decision = a.hasChanged || b.hasChanged ? undefined : decisions?.find(a, b);
  return {
    first: a.name,
    second: b.name,
    distance,
    similarity: 1 - distance,
    firstBox: a.box,
    secondBox: b.box,
    ...(a.reference === undefined ? {} : { firstReference: a.reference }),
    ...(b.reference === undefined ? {} : { secondReference: b.reference }),
    isNew,
    ...(decision ? { verdict: decision.verdict } : {}),
    ...(a.hasChanged ? { firstChanged: true as const } : {}),
    ...(b.hasChanged ? { secondChanged: true as const } : {}),
  };
}
