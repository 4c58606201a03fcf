// From what people said of pairs to distances with labels, as a calibration takes them.

import { encodingWayOf, type EncodingWay, type LabelledPair } from '../calibration/index.js';
import { sha256Of } from '../digest.js';
import { faceDistance } from '../duplicates/index.js';
import type { KeptFace } from '../encodings/kept_encodings.js';
import { type EncodingOrigin, originId } from '../encodings/origin.js';
import type { FaceEngine } from '../engine.js';
import { bytesToRead, type LazyPhoto, readPhotoFile } from '../photos/photo.js';
import { pairKey, type PhotoSet } from '../store/index.js';
import { largest } from './gather.js';
import type { FailedPhoto } from './findings.js';

/** A pair of photos as a person labelled it. */
export interface LabelledPhotos {
  readonly first: string;
  readonly second: string;
  readonly same: boolean;
  readonly groups?: Readonly<Record<string, string>>;
}

export interface MeasuredPairs {
  readonly pairs: readonly LabelledPair[];
  /** How the faces were encoded, where it is known. */
  readonly way?: EncodingWay;
  /** Of decisions on pairs that runs reported: the distance that those lie below. */
  readonly decisionsBelow?: number;
  /** Photos without a face, whose pairs are left out. */
  readonly withoutFace: readonly string[];
  /** Photos that failed, whose pairs are left out. */
  readonly failed: readonly FailedPhoto[];
  /** Pairs left out, for these and, of decisions, for want of an encoding made in the way of most. */
  readonly leftOut: number;
}

export interface MeasureOptions {
  /** Photos whose content it knows are not encoded; nothing is added to it. */
  readonly set?: PhotoSet | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: { readonly done: number; readonly total: number }) => void) | undefined;
}

/**
 * Encodes each photo once; of one with several faces the largest counts.
 *
 * @throws as FaceEngine.encodeAll
 */
export async function measurePhotos(
  engine: FaceEngine,
  labelled: readonly LabelledPhotos[],
  { set, signal, onProgress }: MeasureOptions = {},
): Promise<MeasuredPairs> {
  const origin = await engine.origin();
  const names = [...new Set(labelled.flatMap(({ first, second }) => [first, second]))];
  const encodings = new Map<string, Float32Array>();
  const withoutFace: string[] = [];
  const failed: FailedPhoto[] = [];
  const take = (name: string, faces: readonly KeptFace[]) => {
    const [face] = largest(faces);
    if (face) encodings.set(name, face.encoding);
    else withoutFace.push(name);
  };
  const unknown = async function* (): AsyncGenerator<LazyPhoto, void, undefined> {
    for (const name of names) {
      const faces = set && (await knownFaces(set, name, origin));
      if (faces) take(name, faces);
      else yield { name, bytes: await bytesToRead(name), read: () => readPhotoFile(name) };
    }
  };
  for await (const { photo, faces, error } of engine.encodeAll(unknown(), { signal })) {
    if (error) failed.push({ photo: photo.name, code: error.code, message: error.message });
    else take(photo.name, faces);
    onProgress?.({ done: encodings.size + withoutFace.length + failed.length, total: names.length });
  }
  const pairs = labelled.flatMap(({ first, second, same, groups }): LabelledPair[] => {
    const [a, b] = [encodings.get(first), encodings.get(second)];
    return a && b
      ? [{ first, second, same, distance: faceDistance(a, b), ...(groups ? { groups } : {}) }]
      : [];
  });
  return { pairs, way: encodingWayOf(origin), withoutFace, failed, leftOut: labelled.length - pairs.length };
}

async function knownFaces(
  set: PhotoSet,
  name: string,
  origin: EncodingOrigin,
): Promise<readonly KeptFace[] | undefined> {
  try {
    return set.photos.find(`sha256 ${sha256Of(await readPhotoFile(name))}`, origin);
  } catch {
    // The engine meets the same error, and reports it with the photo.
    return undefined;
  }
}

/**
 * The decisions of a set on pairs whose photos it holds encodings of, all made in one way, that of most photos. A decision
 * on two records counts for all photos of the one with all of the other; `unsure` counts for none. Of photos with several
 * faces the closest count, as a run has compared them.
 */
export function measureDecisions(set: PhotoSet): MeasuredPairs {
  const { origin, faces } = facesOfOneOrigin(set);
  const references = set.photos.references();
  const photosOf = new Map<string, string[]>();
  for (const [photo, reference] of references)
    photosOf.set(reference, [...(photosOf.get(reference) ?? []), photo]);
  const index = set.decisions.index();
  const seen = new Set<string>();
  const pairs: LabelledPair[] = [];
  for (const { kind, first, second } of index.decisions()) {
    const named = (name: string) => (kind === 'photo' ? [name] : (photosOf.get(name) ?? []));
    for (const a of named(first))
      for (const b of named(second)) {
        if (a === b || seen.has(pairKey(a, b))) continue;
        // A later decision on the photos, or on their records, may say otherwise.
        const verdict = index.find(
          { name: a, reference: references.get(a) },
          { name: b, reference: references.get(b) },
        )?.verdict;
        if (verdict === undefined || verdict === 'unsure') continue;
        seen.add(pairKey(a, b));
        const distance = closest(faces.get(a) ?? [], faces.get(b) ?? []);
        if (distance !== undefined) pairs.push({ first: a, second: b, same: verdict === 'same', distance });
      }
  }
  return {
    pairs,
    ...(origin ? { way: encodingWayOf(origin) } : {}),
    decisionsBelow: reportedBelow(set, pairs),
    withoutFace: [],
    failed: [],
    leftOut: seen.size - pairs.length,
  };
}

/** The greatest threshold of the runs that are kept; without any, the distance of the furthest pair. */
function reportedBelow({ runs }: PhotoSet, pairs: readonly LabelledPair[]): number {
  const thresholds = runs.list().map(({ threshold }) => threshold);
  return thresholds.length > 0
    ? Math.max(...thresholds)
    : pairs.reduce((most, { distance }) => Math.max(most, distance), Number.EPSILON);
}

interface FacesOfOneOrigin {
  readonly origin: EncodingOrigin | undefined;
  readonly faces: ReadonlyMap<string, readonly KeptFace[]>;
}

function facesOfOneOrigin(set: PhotoSet): FacesOfOneOrigin {
  const byOrigin = new Map<
    string,
    { origin: EncodingOrigin | undefined; faces: Map<string, readonly KeptFace[]> }
  >();
  for (const { photo, faces, origin } of set.photos.photos()) {
    const key = origin ? originId(origin) : '';
    const known = byOrigin.get(key) ?? { origin, faces: new Map<string, readonly KeptFace[]>() };
    known.faces.set(photo, faces);
    byOrigin.set(key, known);
  }
  const none = { origin: undefined, faces: new Map<string, readonly KeptFace[]>() };
  return [...byOrigin.values()].reduce(
    (most, each) => (each.faces.size > most.faces.size ? each : most),
    none,
  );
}

function closest(first: readonly KeptFace[], second: readonly KeptFace[]): number | undefined {
  const distances = first.flatMap((a) => second.map((b) => faceDistance(a.encoding, b.encoding)));
  return distances.length > 0 ? Math.min(...distances) : undefined;
}
