// What the file holds, made ready for the page: pairs with their faces, groups with their pairs, images on demand.

import type { Box } from '../../lib/detections.js';
import { elementIds, type ReportData, type ReportPhoto } from '../../lib/report/data.js';
import type { Verdict } from '../../lib/runs/findings.js';
import { byId } from '../shared/dom.js';
import { commonFolder, nameParts, visible } from '../shared/names.js';
import { ImageBlocks } from './image_blocks.js';

export interface Face {
  readonly photo: ReportPhoto;
  readonly box: Box;
  readonly crop: number | undefined;
}

export interface Pair {
  /** Its place among all pairs by distance: 1 is the closest. */
  readonly number: number;
  readonly first: Face;
  readonly second: Face;
  readonly distance: number;
  readonly isNew: boolean;
  readonly verdict: Verdict | undefined;
  /** What a search looks through. */
  readonly searched: string;
}

export interface Group {
  readonly number: number;
  /** One for each photo: that of the closest of its pairs. */
  readonly faces: readonly Face[];
  /** Closest first. */
  readonly pairs: readonly Pair[];
}

export interface Report {
  readonly data: ReportData;
  readonly pairs: readonly Pair[];
  readonly groups: readonly Group[];
  /** Whether some pairs are new and others are not: where all are, it sets none apart. */
  readonly tellsNew: boolean;
  /** What all photos' names begin with, made visible. */
  readonly commonFolder: string;
  /** The address of a crop, or undefined where there is none. */
  readonly cropOf: (face: Face) => string | undefined;
  readonly wholeOf: (photo: ReportPhoto) => string | undefined;
}

export function readReport(): Report {
  const data = JSON.parse(byId(elementIds.data).textContent) as ReportData;
  const [crops, wholes] = [new ImageBlocks(elementIds.crops), new ImageBlocks(elementIds.wholes)];
  const pairs = pairsOf(data);
  return {
    data,
    pairs,
    groups: groupsOf(data, pairs),
    tellsNew: pairs.some(({ isNew }) => !isNew) && pairs.some(({ isNew }) => isNew),
    commonFolder: commonFolder(data.photos.map(({ name }) => name)),
    cropOf: ({ crop }) => (crop === undefined ? undefined : crops.addressOf(crop)),
    wholeOf: ({ whole }) => (whole === undefined ? undefined : wholes.addressOf(whole)),
  };
}

function pairsOf({ photos, faces, pairs }: ReportData): Pair[] {
  const searched = photos.map(({ name, reference = '' }) =>
    `${name} ${visible(name)} ${reference}`.toLowerCase(),
  );
  const described = faces.map(({ photo, box: [x, y, width, height], crop }): Face & { place: number } => ({
    place: photo,
    photo: photos[photo] as ReportPhoto,
    box: { x, y, width, height },
    crop,
  }));
  return pairs.map(([a, b, distance, isNew, verdict], index) => {
    const [first, second] = [described[a], described[b]] as [
      Face & { place: number },
      Face & { place: number },
    ];
    return {
      number: index + 1,
      first,
      second,
      distance,
      isNew: isNew === 1,
      verdict,
      searched: `${searched[first.place] ?? ''} ${searched[second.place] ?? ''}`,
    };
  });
}

function groupsOf({ photos, groups }: ReportData, pairs: readonly Pair[]): Group[] {
  const groupOf = new Map<ReportPhoto, number>();
  groups.forEach((group, index) =>
    group.forEach((photo) => groupOf.set(photos[photo] as ReportPhoto, index)),
  );
  const parts = groups.map(() => ({ pairs: [] as Pair[], faces: new Map<ReportPhoto, Face>() }));
  // Closest first, so the first face met of a photo is that of its closest pair.
  for (const pair of pairs) {
    const part = parts[groupOf.get(pair.first.photo) ?? -1];
    if (!part) continue;
    part.pairs.push(pair);
    for (const face of [pair.first, pair.second])
      if (!part.faces.has(face.photo)) part.faces.set(face.photo, face);
  }
  return parts.map((part, index) => ({
    number: index + 1,
    pairs: part.pairs,
    faces: [...part.faces.values()],
  }));
}

/** How a sentence or an alternative text names a photo. */
export function fileOf({ photo }: Face): string {
  return nameParts(photo.name).file;
}
