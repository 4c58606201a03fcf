// The photos of a run: encoded or taken from a set, and sorted by what came of them.

import { existsSync } from 'node:fs';
import { sep } from 'node:path';
import { isAzureName } from '../azure.js';
import { largestFace } from '../detections.js';
import type { FaceRecord } from '../duplicates/index.js';
import type { KeptFace } from '../encodings/kept_encodings.js';
import type { EncodingOrigin } from '../encodings/origin.js';
import type { FaceEngine } from '../engine.js';
import { NoPhotosError } from '../errors.js';
import type { NamedPhotos } from '../photos/named_photos.js';
import type { PhotoSet, ReviewSet } from '../store/index.js';
import { type EncodedPhoto, encodePhotos, encodeUnknownPhotos, type References } from './encode_photos.js';
import type { FacesPolicy, FailedPhoto } from './findings.js';

/** How far a stage of a run has come. */
export interface RunProgress {
  readonly stage: 'encoding' | 'comparing';
  /** Photos encoded, or pairs compared. */
  readonly done: number;
  /** As far as it is known. */
  readonly total: number;
  readonly failed: number;
}

export interface GatherOptions {
  /** Where encodings are kept; all photos of the set are then taken, also those that are not named. */
  readonly set?: PhotoSet | undefined;
  /** Default `all`. */
  readonly policy?: FacesPolicy | undefined;
  /** The records that photos belong to. */
  readonly references?: References | undefined;
  /** Whether photos of the set that are no longer in the places named are forgotten. Default false. */
  readonly dropGone?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called as photos are encoded and pairs compared. */
  readonly onProgress?: ((progress: RunProgress) => void) | undefined;
}

export type GatheredRecord = FaceRecord & {
  readonly faces: readonly KeptFace[];
  readonly origin?: EncodingOrigin | undefined;
};

/** A run's photos by what came of them; those with faces to compare are records. */
export interface Gathered {
  readonly records: GatheredRecord[];
  readonly withoutFace: string[];
  readonly rejected: string[];
  readonly failed: FailedPhoto[];
  references: References;
  severalFaces: number;
  newlyEncoded: number;
}

/**
 * Encodes photos, or takes them from a set.
 *
 * @param photos undefined: those of the set alone, as they are kept.
 * @throws NoPhotosError, FaceStoreError, AzureError, AbortedError, model errors
 */
export async function gather(
  engine: FaceEngine,
  photos: NamedPhotos | undefined,
  { set, policy = 'all', references = new Map(), dropGone, signal, onProgress }: GatherOptions,
): Promise<Gathered> {
  const gathered = nothingYet(references);
  const seen = new Set<string>();
  // What a damaged index hides would be missing in the answer, and nobody would know.
  set?.photos.requireSound();
  if (photos) {
    const results = set
      ? encodeUnknownPhotos(engine, photos, set.photos, references, signal)
      : encodePhotos(engine, photos, signal);
    for await (const result of results) {
      seen.add(result.photo);
      take(gathered, result, policy);
      onProgress?.({
        stage: 'encoding',
        done: seen.size,
        total: photos.total,
        failed: gathered.failed.length,
      });
    }
    if (set) set.photos.drop(movedWithin(photos, set, seen));
    if (set && dropGone) set.photos.drop(goneFrom(photos, set, gathered.failed, seen));
  }
  if (set) {
    set.photos.tidy();
    await takeOthersOf(set, await engine.origin({ signal }), gathered, seen, policy);
    gathered.references = set.photos.references();
  }
  if (seen.size === 0) throw noPhotos();
  return gathered;
}

/**
 * The photos of a set as they are kept, in a file or on a server; nothing is written.
 *
 * @throws NoPhotosError, FaceStoreError, ClusterError, AbortedError, model errors
 */
export async function gatherKept(
  engine: FaceEngine,
  set: Pick<ReviewSet, 'photos'>,
  { policy = 'all', signal }: Pick<GatherOptions, 'policy' | 'signal'>,
): Promise<Gathered> {
  const references = new Map<string, string>();
  const gathered = nothingYet(references);
  const seen = new Set<string>();
  await set.photos.requireSound();
  const current = await engine.origin({ signal });
  await takeOthersOf(set, current, gathered, seen, policy, (photo, reference) =>
    references.set(photo, reference),
  );
  if (seen.size === 0) throw noPhotos();
  return gathered;
}

function nothingYet(references: References): Gathered {
  return {
    records: [],
    withoutFace: [],
    rejected: [],
    failed: [],
    references,
    severalFaces: 0,
    newlyEncoded: 0,
  };
}

function noPhotos(): NoPhotosError {
  return new NoPhotosError(
    'NO_PHOTOS',
    'There are no photos in this set yet. Name files, folders or containers to take in.',
  );
}

/** The names of files whose contents this run has met under other names, and that are no longer there themselves. */
function movedWithin(photos: NamedPhotos, set: PhotoSet, seen: ReadonlySet<string>): string[] {
  return set.photos.names().filter((name) => {
    if (seen.has(name) || isAzureName(name) || !photos.covers(name) || existsSync(name)) return false;
    const digest = set.photos.seen(name)?.digest;
    return digest !== undefined && set.photos.namesOf(digest).some((other) => seen.has(other));
  });
}

/**
 * The photos of the set that are no longer where they were. A folder that cannot be read, or is not there itself, tells
 * nothing of the photos in it: its disk may be elsewhere today.
 */
function goneFrom(
  photos: NamedPhotos,
  set: PhotoSet,
  failed: readonly FailedPhoto[],
  seen: ReadonlySet<string>,
): string[] {
  const unread = failed.map(({ photo }) => `${photo}${sep}`);
  const missing = new Set(failed.filter(({ code }) => code === 'PHOTO_NOT_FOUND').map(({ photo }) => photo));
  return set.photos
    .names()
    .filter((name) =>
      seen.has(name)
        ? missing.has(name)
        : photos.covers(name) && !unread.some((folder) => name.startsWith(folder)),
    );
}

/** The photos of the set that this run was not told to look at, as they are kept. */
async function takeOthersOf(
  set: Pick<ReviewSet, 'photos'>,
  current: EncodingOrigin,
  gathered: Gathered,
  seen: Set<string>,
  policy: FacesPolicy,
  onReference?: (photo: string, reference: string) => void,
): Promise<void> {
  for await (const { photo, faces, origin, reference } of set.photos.photos(current)) {
    if (seen.has(photo)) continue;
    seen.add(photo);
    if (reference !== undefined) onReference?.(photo, reference);
    if (origin && !isComparable(origin, current))
      gathered.failed.push({
        photo,
        code: 'ENCODINGS_INCOMPARABLE',
        message:
          `The photo '${photo}' was encoded by another ResNet than the one in use, and distances between the two mean ` +
          'nothing. Name it, or its folder, so that it is encoded again.',
      });
    else take(gathered, { photo, faces, isNew: false, ...(origin ? { origin } : {}) }, policy);
  }
}

/** By the ResNets: other options make encodings that are less alike, but still of one space. */
function isComparable(a: EncodingOrigin, b: EncodingOrigin): boolean {
  const [first, second] = [a.models['encoder'], b.models['encoder']];
  return first === undefined || second === undefined || first === second;
}

function take(
  gathered: Gathered,
  { photo, faces, error, origin, isNew }: EncodedPhoto,
  policy: FacesPolicy,
): void {
  if (error) {
    gathered.failed.push({ photo, code: error.code, message: error.message });
    return;
  }
  if (isNew) gathered.newlyEncoded++;
  if (faces.length === 0) gathered.withoutFace.push(photo);
  else if (faces.length > 1 && policy === 'reject') gathered.rejected.push(photo);
  else {
    if (faces.length > 1) gathered.severalFaces++;
    const compared = comparedFaces(faces, policy);
    gathered.records.push({
      id: photo,
      encodings: compared.map(({ encoding }) => encoding),
      faces: compared,
      origin,
    });
  }
}

/** Of the faces of a photo. */
export function comparedFaces(faces: readonly KeptFace[], policy: FacesPolicy): readonly KeptFace[] {
  return policy === 'largest' ? largest(faces) : faces;
}

/** Of faces without boxes, as a file of encodings may hold them, the first counts as the largest. */
export function largest(faces: readonly KeptFace[]): readonly KeptFace[] {
  const nowhere = { x: 0, y: 0, width: 0, height: 0 };
  const face = largestFace(faces.map((each) => ({ ...each, box: each.box ?? nowhere })));
  return face ? [face] : [];
}
