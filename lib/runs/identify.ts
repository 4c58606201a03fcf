// One set of photos against another: which known people each unknown photo shows.

import { basename, dirname, relative, resolve, sep } from 'node:path';
import { isAzureName } from '../azure.js';
import { thresholdOptionTable } from '../config.js';
import type { Box } from '../detections.js';
import { findDuplicates, type FaceRecord } from '../duplicates/index.js';
import type { FaceEngine } from '../engine.js';
import { readOptions } from '../options.js';
import type { NamedPhotos } from '../photos/named_photos.js';
import type { ReviewSet } from '../store/index.js';
import { closestFaces } from './closest_faces.js';
import type { FacesPolicy, FailedPhoto } from './findings.js';
import { gather, type Gathered, gatherKept, type GatheredRecord, type RunProgress } from './gather.js';

/** Who a known photo shows: itself, the folder it lies in, or the record it belongs to. */
export type PersonBy = 'photo' | 'folder' | 'reference';

export interface KnownPeople {
  /** Photos to encode, or those of a store as they are kept. */
  readonly photos: NamedPhotos | ReviewSet;
  /** Where the photos were looked for: a folder right below one of these may be a person's. */
  readonly roots?: readonly string[] | undefined;
  /** Default `photo`. */
  readonly by?: PersonBy | undefined;
}

export interface IdentifyOptions {
  /** Above 0; default 0.4, or FACE_DISTANCE_THRESHOLD. */
  readonly threshold?: number | undefined;
  /** Of photos with several faces, known and unknown ones. Default `all`. */
  readonly policy?: FacesPolicy | undefined;
  /** The most people told for each photo, 1 and up; default all below the threshold. */
  readonly best?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((of: 'known' | 'unknown', progress: RunProgress) => void) | undefined;
}

export interface PersonMatch {
  readonly person: string;
  /** The person's photo that is closest. */
  readonly photo: string;
  /** Euclidean, below the threshold. */
  readonly distance: number;
  /** 1 − distance. */
  readonly similarity: number;
  /** How many of the person's photos lie below the threshold. */
  readonly photos: number;
  /** The faces that are this close, in pixels of their upright photos; absent where a store does not know them. */
  readonly knownBox?: Box;
  readonly unknownBox?: Box;
}

export interface IdentifiedPhoto {
  readonly photo: string;
  /** Closest first. */
  readonly matches: readonly PersonMatch[];
}

/** What came of the photos of one side: photos = compared + withoutFace + rejected + failed. */
export interface SideSummary {
  readonly photos: number;
  readonly compared: number;
  readonly faces: number;
  readonly withoutFace: readonly string[];
  readonly rejected: readonly string[];
  readonly failed: readonly FailedPhoto[];
}

export interface Identification {
  readonly threshold: number;
  readonly by: PersonBy;
  /** How many people are known. */
  readonly people: number;
  readonly known: SideSummary;
  readonly unknown: SideSummary;
  /** In the order of the photos, as the next. */
  readonly identified: readonly IdentifiedPhoto[];
  /** Photos with faces, none of which is known. */
  readonly unmatched: readonly string[];
}

/**
 * Looks for known people on unknown photos; encodes as the engine does by default.
 *
 * @throws NoPhotosError, InvalidOptionError, InvalidEncodingsError, FaceStoreError, AzureError, AbortedError, model errors
 */
export async function identifyPhotos(
  engine: FaceEngine,
  people: KnownPeople,
  unknownPhotos: NamedPhotos,
  options: IdentifyOptions = {},
): Promise<Identification> {
  const { threshold } = readOptions(thresholdOptionTable, { threshold: options.threshold });
  const { policy, signal, best = Number.POSITIVE_INFINITY, onProgress } = options;
  const { by = 'photo', roots = [] } = people;
  const progress = (of: 'known' | 'unknown') => (now: RunProgress) => onProgress?.(of, now);
  const known = isSet(people.photos)
    ? await gatherKept(engine, people.photos, { policy, signal })
    : await gather(engine, people.photos, { policy, signal, onProgress: progress('known') });
  const unknown = await gather(engine, unknownPhotos, { policy, signal, onProgress: progress('unknown') });
  const personOf = (photo: string) => personShown(photo, by, roots, known.references);
  const near = await nearPairs(known.records, unknown.records, threshold, signal);
  const identified: IdentifiedPhoto[] = [];
  const unmatched: string[] = [];
  unknown.records.forEach((record, index) => {
    const matches = matchesOf(record, near.get(index) ?? [], known.records, personOf).slice(0, best);
    if (matches.length > 0) identified.push({ photo: record.id, matches });
    else unmatched.push(record.id);
  });
  return {
    threshold,
    by,
    people: new Set(known.records.map(({ id }) => personOf(id))).size,
    known: summaryOf(known),
    unknown: summaryOf(unknown),
    identified,
    unmatched,
  };
}

function isSet(photos: NamedPhotos | ReviewSet): photos is ReviewSet {
  return 'decisions' in photos;
}

/** A known record, and how far it is. */
interface NearRecord {
  readonly known: number;
  readonly distance: number;
}

/**
 * The known records near each unknown one. The matcher compares the newer records with each other, too, which nobody
 * asked for here: the fewer are given as those, so that it adds at most half of the work and of pairs to pass over.
 */
async function nearPairs(
  known: readonly GatheredRecord[],
  unknown: readonly GatheredRecord[],
  threshold: number,
  signal: AbortSignal | undefined,
): Promise<Map<number, NearRecord[]>> {
  // A photo may be on both sides; of the two ids the matcher names the known one first.
  const named = (side: string) => (record: GatheredRecord, index: number) =>
    ({ ...record, id: `${side} ${index}` }) satisfies FaceRecord;
  const sides = [known.map(named('known')), unknown.map(named('unknown'))] as const;
  const [newer, against] = known.length < unknown.length ? sides : [sides[1], sides[0]];
  const near = new Map<number, NearRecord[]>();
  for (const { first, second, distance } of await findDuplicates(newer, { against, threshold, signal })) {
    const [[side, one], [otherSide, other]] = [first.split(' '), second.split(' ')] as [string[], string[]];
    if (side === otherSide) continue;
    const found = near.get(Number(other));
    const record = { known: Number(one), distance };
    if (found) found.push(record);
    else near.set(Number(other), [record]);
  }
  return near;
}

/** By person. The records come closest first, and so do the people. */
function matchesOf(
  { faces: unknownFaces }: GatheredRecord,
  near: readonly NearRecord[],
  known: readonly GatheredRecord[],
  personOf: (photo: string) => string,
): PersonMatch[] {
  const matches = new Map<string, PersonMatch>();
  for (const { known: index, distance } of near) {
    const { id: photo, faces } = known[index] as GatheredRecord;
    const person = personOf(photo);
    const before = matches.get(person);
    if (before) {
      matches.set(person, { ...before, photos: before.photos + 1 });
      continue;
    }
    const closest = closestFaces(faces, unknownFaces);
    const [knownBox, unknownBox] = [closest?.first.box, closest?.second.box];
    matches.set(person, {
      person,
      photo,
      distance,
      similarity: 1 - distance,
      photos: 1,
      ...(knownBox ? { knownBox } : {}),
      ...(unknownBox ? { unknownBox } : {}),
    });
  }
  return [...matches.values()];
}

/** A photo that lies in no folder of a person, or belongs to no record, stands for itself. */
function personShown(
  photo: string,
  by: PersonBy,
  roots: readonly string[],
  references: ReadonlyMap<string, string>,
): string {
  if (by === 'photo') return photo;
  if (by === 'reference') return references.get(photo) ?? photo;
  // A store does not say which folder was named.
  if (roots.length === 0)
    return isAzureName(photo) ? (photo.split('/').at(-2) ?? photo) : basename(dirname(photo));
  for (const root of roots) {
    const [folder, ...below] = pathBelow(photo, root) ?? [];
    if (folder !== undefined && below.length > 0) return folder;
  }
  return photo;
}

function pathBelow(photo: string, root: string): string[] | undefined {
  if (isAzureName(photo) || isAzureName(root))
    return photo.startsWith(root) ? photo.slice(root.length).replace(/^\//, '').split('/') : undefined;
  const path = relative(resolve(root), resolve(photo)).split(sep);
  return path[0] === '..' || path[0] === '' ? undefined : path;
}

function summaryOf({ records, withoutFace, rejected, failed }: Gathered): SideSummary {
  return {
    photos: records.length + withoutFace.length + rejected.length + failed.length,
    compared: records.length,
    faces: records.reduce((sum, { faces }) => sum + faces.length, 0),
    withoutFace,
    rejected,
    failed,
  };
}
