// The two faces of two photos that are most alike.

import { faceDistance } from '../duplicates/index.js';

interface Encoded {
  readonly encoding: Float32Array;
}

export interface ClosestFaces<First extends Encoded, Second extends Encoded> {
  readonly first: First;
  readonly second: Second;
  readonly distance: number;
}

/**
 * The matcher tells the distance of two photos, not which of their faces it lies between.
 *
 * @returns undefined where one of them has no face.
 */
export function closestFaces<First extends Encoded, Second extends Encoded>(
  first: readonly First[],
  second: readonly Second[],
): ClosestFaces<First, Second> | undefined {
  let closest: ClosestFaces<First, Second> | undefined;
  for (const a of first)
    for (const b of second) {
      const distance = faceDistance(a.encoding, b.encoding);
      if (!closest || distance < closest.distance) closest = { first: a, second: b, distance };
    }
  return closest;
}
