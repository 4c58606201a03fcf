// From a pair that the matcher found to what is told of it: faces, references, what is known of it already.

import type { DuplicatePair } from '../duplicates/index.js';
import type { KeptFace } from '../encodings/kept_encodings.js';
import type { DecisionIndex } from '../store/index.js';
import { closestFaces } from './closest_faces.js';
import type { References } from './encode_photos.js';
import type { FoundPair } from './findings.js';

/** What is known of the photos in pairs. */
export interface KnownOfPairs {
  /** Those that were compared. */
  readonly facesOf: ReadonlyMap<string, readonly KeptFace[]>;
  readonly references: References;
  readonly decisions: DecisionIndex;
  /** Whether the run before did not have a pair. */
  readonly isNew: (pair: DuplicatePair) => boolean;
}

export function describedPairs(
  found: readonly DuplicatePair[],
  { facesOf, references, decisions, isNew }: KnownOfPairs,
): FoundPair[] {
  const nowhere = { x: 0, y: 0, width: 0, height: 0 };
  return found.map((pair) => {
    const { first, second, distance } = pair;
    const faces = closestFaces(facesOf.get(first) ?? [], facesOf.get(second) ?? []);
    const [firstReference, secondReference] = [references.get(first), references.get(second)];
    const decision = decisions.find(
      { name: first, reference: firstReference },
      { name: second, reference: secondReference },
    );
    return {
      first,
      second,
      distance,
      similarity: 1 - distance,
      firstBox: faces?.first.box ?? nowhere,
      secondBox: faces?.second.box ?? nowhere,
      ...(firstReference === undefined ? {} : { firstReference }),
      ...(secondReference === undefined ? {} : { secondReference }),
      isNew: isNew(pair),
      ...(decision ? { verdict: decision.verdict } : {}),
    };
  });
}
