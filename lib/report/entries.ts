// The photos and faces that the pairs of a run name, each once.

import type { Box } from '../detections.js';
import type { Findings } from '../runs/findings.js';
import type { ReportFace, ReportPair } from './data.js';

/** A photo whose images the report shows. */
export interface PhotoEntry {
  readonly name: string;
  readonly reference: string | undefined;
  /** Whether it has changed since the run, as far as the store knows. */
  hasChanged: boolean;
  /** Boxes of its faces, and their places among all faces. */
  readonly faces: { readonly box: Box; readonly place: number }[];
}

export interface Entries {
  /** Those of the closest pairs first. */
  readonly photos: readonly PhotoEntry[];
  readonly faces: readonly ReportFace[];
  readonly pairs: readonly ReportPair[];
  readonly groups: readonly (readonly number[])[];
}

export function entriesOf({ pairs, groups }: Pick<Findings, 'pairs' | 'groups'>): Entries {
  const photos: PhotoEntry[] = [];
  const faces: ReportFace[] = [];
  const places = new Map<string, number>();

  const placeOf = (name: string, reference: string | undefined): number => {
    const known = places.get(name);
    if (known !== undefined) return known;
    places.set(name, photos.length);
    return photos.push({ name, reference, hasChanged: false, faces: [] }) - 1;
  };
  const faceOf = (name: string, reference: string | undefined, box: Box, hasChanged = false): number => {
    const photo = placeOf(name, reference);
    const entry = photos[photo] as PhotoEntry;
    entry.hasChanged ||= hasChanged;
    const known = entry.faces.find((face) => isSame(face.box, box));
    if (known) return known.place;
    const place = faces.push({ photo, box: [box.x, box.y, box.width, box.height] }) - 1;
    entry.faces.push({ box, place });
    return place;
  };

  const described = pairs.map((pair): ReportPair => {
    const first = faceOf(pair.first, pair.firstReference, pair.firstBox, pair.firstChanged);
    const second = faceOf(pair.second, pair.secondReference, pair.secondBox, pair.secondChanged);
    const isNew = pair.isNew ? 1 : 0;
    // Beyond single precision, in which encodings are kept, digits mean nothing.
    const distance = Number(pair.distance.toPrecision(7));
    return pair.verdict === undefined
      ? [first, second, distance, isNew]
      : [first, second, distance, isNew, pair.verdict];
  });
  return {
    photos,
    faces,
    pairs: described,
    groups: groups.map((group) => group.map((name) => placeOf(name, undefined))),
  };
}

function isSame(a: Box, b: Box): boolean {
  return a.x === b.x && a.y === b.y && a.width === b.width && a.height === b.height;
}
