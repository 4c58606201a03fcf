// A run: photos are encoded, compared, and every one of them accounted for.

import { resolve } from 'node:path';
import { type Calibration, encodingWayOf, expectedFalseMatches } from '../calibration/index.js';
import { thresholdOptionTable } from '../config.js';
import { largestFace } from '../detections.js';
import {
  type DuplicatePair,
  faceDistance,
  type FaceRecord,
  findDuplicates,
  groupDuplicates,
  type IgnoredPair,
} from '../duplicates/index.js';
import type { KeptFace } from '../encodings/kept_encodings.js';
import type { FaceEngine } from '../engine.js';
import { NoPhotosError } from '../errors.js';
import { readOptions } from '../options.js';
import type { NamedPhotos } from '../photos/named_photos.js';
import { DecisionIndex, pairKey, type PhotoSet } from '../store/index.js';
import { type EncodedPhoto, encodePhotos, encodeUnknownPhotos, type References } from './encode_photos.js';
import type { FacesPolicy, FailedPhoto, Findings, FoundPair, RunSummary } from './findings.js';

export interface FindProgress {
  readonly stage: 'encoding' | 'comparing';
  /** Photos encoded, or pairs compared. */
  readonly done: number;
  /** As far as it is known. */
  readonly total: number;
  readonly failed: number;
}

export interface FindOptions {
  /** Where encodings, decisions and results are kept; the run then compares all photos of the set. */
  readonly set?: PhotoSet | undefined;
  /** Above 0; default 0.4, or FACE_DISTANCE_THRESHOLD. */
  readonly threshold?: number | undefined;
  /** Default `all`. */
  readonly policy?: FacesPolicy | undefined;
  /** Pairs to leave out, each by the names of two photos or by two references. */
  readonly ignoredPairs?: readonly IgnoredPair[] | undefined;
  /** The records that photos belong to; photos of one record are no pair. */
  readonly references?: References | undefined;
  /** Whether photos of the set that are no longer in the places named are forgotten. Default false. */
  readonly dropGone?: boolean | undefined;
  /** Default the one measured on LFW. */
  readonly calibration?: Calibration | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: FindProgress) => void) | undefined;
}

/** A run's photos by what came of them; those with faces to compare are records. */
interface Gathered {
  readonly records: (FaceRecord & { readonly faces: readonly KeptFace[] })[];
  readonly withoutFace: string[];
  readonly rejected: string[];
  readonly failed: FailedPhoto[];
  references: References;
  severalFaces: number;
  newlyEncoded: number;
}

/**
 * Encodes the photos as the engine does by default, and finds those that show one person.
 *
 * @param photos undefined: those of the set alone, as they are kept.
 * @throws NoPhotosError, InvalidOptionError, InvalidEncodingsError, FaceStoreError, AzureError, AbortedError, model errors
 */
export async function findInPhotos(
  engine: FaceEngine,
  photos: NamedPhotos | undefined,
  options: FindOptions = {},
): Promise<Findings> {
  const startedAt = new Date().toISOString();
  const { threshold } = readOptions(thresholdOptionTable, { threshold: options.threshold });
  const { set, policy = 'all', signal } = options;
  const gathered = await gather(engine, photos, options);
  const decisions = set?.decisions.index() ?? new DecisionIndex([]);
  const ignoredPairs = resolveIgnored(gathered, options.ignoredPairs ?? [], decisions);
  const found = await findDuplicates(gathered.records, {
    threshold,
    ignoredPairs,
    signal,
    onProgress: ({ compared, total }) =>
      options.onProgress?.({ stage: 'comparing', done: compared, total, failed: gathered.failed.length }),
  });
  const pairs = describePairs(found, gathered, decisions, set?.runs.latestPairs() ?? new Set());
  const groups = groupDuplicates(pairs);
  const summary = summarise(gathered, pairs, groups.length);
  const findings: Findings = {
    startedAt,
    finishedAt: new Date().toISOString(),
    threshold,
    policy,
    summary,
    pairs,
    groups,
    withoutFace: gathered.withoutFace,
    rejected: gathered.rejected,
    failed: gathered.failed,
    expectedFalseMatches: expectedFalseMatches({
      threshold,
      pairs: pairsOfFaces(gathered),
      way: encodingWayOf(await engine.origin()),
      calibration: options.calibration,
    }),
  };
  return set ? { run: set.runs.keep(findings), ...findings } : findings;
}

async function gather(
  engine: FaceEngine,
  photos: NamedPhotos | undefined,
  { set, policy = 'all', references = new Map(), dropGone, signal, onProgress }: FindOptions,
): Promise<Gathered> {
  const gathered: Gathered = {
    records: [],
    withoutFace: [],
    rejected: [],
    failed: [],
    references,
    severalFaces: 0,
    newlyEncoded: 0,
  };
  const seen = new Set<string>();
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
    if (set && dropGone)
      set.photos.drop(set.photos.names().filter((name) => !seen.has(name) && photos.covers(name)));
  }
  if (set) {
    takeOthersOf(set, gathered, seen, policy);
    gathered.references = set.photos.references();
  }
  if (seen.size === 0)
    throw new NoPhotosError(
      'NO_PHOTOS',
      'There are no photos in this set yet. Name files, folders or containers to take in.',
    );
  return gathered;
}

/** The photos of the set that this run was not told to look at, as they are kept. */
function takeOthersOf(set: PhotoSet, gathered: Gathered, seen: Set<string>, policy: FacesPolicy): void {
  for (const { photo, faces, origin } of set.photos.photos()) {
    if (seen.has(photo)) continue;
    seen.add(photo);
    take(gathered, { photo, faces, isNew: false, ...(origin ? { origin } : {}) }, policy);
  }
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
    const compared = policy === 'largest' ? largest(faces) : faces;
    gathered.records.push({
      id: photo,
      encodings: compared.map(({ encoding }) => encoding),
      faces: compared,
      origin,
    });
  }
}

/** Of faces without boxes, as a file of encodings may hold them, the first counts as the largest. */
export function largest(faces: readonly KeptFace[]): readonly KeptFace[] {
  const nowhere = { x: 0, y: 0, width: 0, height: 0 };
  const face = largestFace(faces.map((each) => ({ ...each, box: each.box ?? nowhere })));
  return face ? [face] : [];
}

/** By names: those a person ruled out, in this call or earlier, and those of one record. */
function resolveIgnored(
  { records, references }: Gathered,
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

function describePairs(
  found: readonly DuplicatePair[],
  { records, references }: Gathered,
  decisions: DecisionIndex,
  before: ReadonlySet<string>,
): FoundPair[] {
  const facesOf = new Map(records.map(({ id, faces }) => [id, faces]));
  const nowhere = { x: 0, y: 0, width: 0, height: 0 };
  return found.map(({ first, second, distance }) => {
    const [a, b] = closest(facesOf.get(first) ?? [], facesOf.get(second) ?? []);
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
      firstBox: a?.box ?? nowhere,
      secondBox: b?.box ?? nowhere,
      ...(firstReference === undefined ? {} : { firstReference }),
      ...(secondReference === undefined ? {} : { secondReference }),
      isNew: !before.has(pairKey(first, second)),
      ...(decision ? { verdict: decision.verdict } : {}),
    };
  });
}

/** The matcher tells the distance of two photos, not which of their faces it lies between. */
function closest(
  first: readonly KeptFace[],
  second: readonly KeptFace[],
): readonly [KeptFace | undefined, KeptFace | undefined] {
  if (first.length <= 1 && second.length <= 1) return [first[0], second[0]];
  let least = Number.POSITIVE_INFINITY;
  let pair: readonly [KeptFace | undefined, KeptFace | undefined] = [first[0], second[0]];
  for (const a of first)
    for (const b of second) {
      const distance = faceDistance(a.encoding, b.encoding);
      if (distance < least) [least, pair] = [distance, [a, b]];
    }
  return pair;
}

function summarise(gathered: Gathered, pairs: readonly FoundPair[], groups: number): RunSummary {
  const { records, withoutFace, rejected, failed, severalFaces, newlyEncoded } = gathered;
  return {
    photos: records.length + withoutFace.length + rejected.length + failed.length,
    encoded: records.length,
    withoutFace: withoutFace.length,
    rejected: rejected.length,
    failed: failed.length,
    severalFaces,
    faces: records.reduce((sum, { faces }) => sum + faces.length, 0),
    newlyEncoded,
    pairs: pairs.length,
    newPairs: pairs.filter(({ isNew }) => isNew).length,
    groups,
  };
}

/** Faces of one photo are not compared with each other. */
function pairsOfFaces({ records }: Gathered): number {
  let faces = 0;
  let within = 0;
  for (const {
    faces: { length },
  } of records) {
    faces += length;
    within += (length * (length - 1)) / 2;
  }
  return (faces * (faces - 1)) / 2 - within;
}
