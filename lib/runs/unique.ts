// The best face of each person, written out: one file a person, and a manifest that tells where each came from.

import { mkdir, readdir, rm } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import pLimit from 'p-limit';
import { type Alignment, thresholdOptionTable } from '../config.js';
import type { Box } from '../detections.js';
import { findDuplicates, groupDuplicates, type IgnoredPair } from '../duplicates/index.js';
import type { KeptFace } from '../encodings/kept_encodings.js';
import type { FaceEngine } from '../engine.js';
import { FaceDedupError, InternalError, OutputError, messageOf } from '../errors.js';
import { textIfThere, writeWhole } from '../models/files.js';
import { readOptions } from '../options.js';
import { photoNamed } from '../photos/azure.js';
import type { NamedPhotos } from '../photos/named_photos.js';
import { readPhotoFile } from '../photos/photo.js';
import { DecisionIndex } from '../store/index.js';
import { candidates, type FaceQuality, judge, judgedSide, qualityRule, sharpnessOf } from './best_face.js';
import type { FailedPhoto } from './findings.js';
import { gather, type Gathered, type GatherOptions, type RunProgress } from './gather.js';
import { pairsDecidedDifferent } from './ruled_out.js';

export interface UniqueProgress extends Omit<RunProgress, 'stage'> {
  /** `choosing`: people whose best face is looked for and written. */
  readonly stage: RunProgress['stage'] | 'choosing';
}

export interface UniqueOptions extends Omit<GatherOptions, 'onProgress'> {
  /** Above 0; default 0.4, or FACE_DISTANCE_THRESHOLD. */
  readonly threshold?: number | undefined;
  /** `face`: cut out and upright; `photo`: the whole photo as it is. Default `face`. */
  readonly write?: 'face' | 'photo' | undefined;
  /** Of a face, in pixels, 16 to 2048. Default 150. */
  readonly size?: number | undefined;
  /** Of a face. Default `png`. */
  readonly format?: 'png' | 'jpeg' | undefined;
  /** Whether what an earlier run wrote to the folder is replaced. Default false. */
  readonly replace?: boolean | undefined;
  readonly onProgress?: ((progress: UniqueProgress) => void) | undefined;
}

export interface FaceOnPhoto {
  readonly photo: string;
  /** Pixels of the upright photo; absent where a store does not know it. */
  readonly box?: Box;
}

export interface UniquePerson {
  /** In the folder. */
  readonly file: string;
  /** Where the best face is. */
  readonly photo: string;
  readonly box: Box;
  readonly quality: FaceQuality;
  /** All faces of the person, that one among them. */
  readonly faces: readonly FaceOnPhoto[];
}

/** As written to `manifest.json`. */
export interface UniqueManifest {
  readonly format: 1;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly threshold: number;
  /** How the best face was chosen. */
  readonly rule: string;
  readonly people: readonly UniquePerson[];
  /** People of whom no face could be cut out or read again. */
  readonly unwritten: readonly (readonly FaceOnPhoto[])[];
  readonly withoutFace: readonly string[];
  readonly rejected: readonly string[];
  readonly failed: readonly FailedPhoto[];
}

const manifestName = 'manifest.json';
const longestFile = 1 << 30;
/** Faces are biometric data. */
const ownerOnly = 0o600;

/** One face of the run. */
interface Face extends KeptFace {
  readonly photo: string;
  /** How its encoder looked for its landmarks. */
  readonly align: Alignment | undefined;
}

type LocatedFace = Face & { readonly box: Box };

/**
 * Encodes the photos as the engine does by default, groups their faces by person, and writes the best of each to a folder.
 *
 * @param photos undefined: those of the set alone, as they are kept.
 * @throws OutputError, NoPhotosError, InvalidOptionError, InvalidEncodingsError, FaceStoreError, AzureError, AbortedError,
 *   model errors
 */
export async function writeUniquePeople(
  engine: FaceEngine,
  photos: NamedPhotos | undefined,
  folder: string,
  options: UniqueOptions = {},
): Promise<UniqueManifest> {
  const { threshold } = readOptions(thresholdOptionTable, { threshold: options.threshold });
  // Looked at before the photos are encoded, which may take hours.
  const before = await prepare(folder, options.replace ?? false);
  const gathered = await gather(engine, photos, options);
  const groups = await facesByPerson(gathered, threshold, options);
  const failed = [...gathered.failed];
  const digits = Math.max(4, String(groups.length).length);
  const atOnce = pLimit(engine.info().lanes);
  let done = 0;
  const written = await Promise.all(
    groups.map((faces, index) =>
      atOnce(async (): Promise<UniquePerson | undefined> => {
        const best = await chooseFace(engine, faces, failed, options);
        options.onProgress?.({
          stage: 'choosing',
          done: ++done,
          total: groups.length,
          failed: failed.length,
        });
        if (!best) return undefined;
        const { face, quality, bytes, extension } = best;
        const file = fileName(String(index + 1).padStart(digits, '0'), face.photo, extension);
        await write(join(folder, file), bytes);
        return { file, photo: face.photo, box: face.box, quality, faces: faces.map(placeOf) };
      }),
    ),
  );
  const people = written.filter((person) => person !== undefined);
  const manifest: UniqueManifest = {
    format: 1,
    createdAt: new Date().toISOString(),
    threshold,
    rule: qualityRule,
    people,
    unwritten: groups.filter((_, index) => !written[index]).map((faces) => faces.map(placeOf)),
    withoutFace: gathered.withoutFace,
    rejected: gathered.rejected,
    failed,
  };
  await write(join(folder, manifestName), Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`));
  const files = new Set(people.map(({ file }) => file));
  await Promise.all(
    before.filter((file) => !files.has(file)).map((file) => rm(join(folder, file), { force: true })),
  );
  return manifest;
}

/** Makes the folder. @returns the files of an earlier run that are to be replaced. */
async function prepare(folder: string, replace: boolean): Promise<string[]> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    if ((await readdir(folder)).length === 0) return [];
    if (!replace)
      throw new OutputError(
        'OUTPUT_EXISTS',
        `The folder '${folder}' is not empty. Name another one, or replace what an earlier run wrote with --force.`,
      );
    const text = await textIfThere(join(folder, manifestName));
    return text === undefined ? [] : filesOf(text);
  } catch (error) {
    throw asOutputError(folder, error);
  }
}

/** Whatever somebody wrote into the manifest, nothing but a file of that folder is ever removed. */
function filesOf(manifest: string): string[] {
  try {
    const { people } = JSON.parse(manifest) as Partial<UniqueManifest>;
    return (people ?? []).map(({ file }) => file).filter((file) => /^\d+-[^/\\]+$/.test(file));
  } catch {
    return [];
  }
}

/** People, by their first photo. A person may be on many photos, and a photo show many. */
async function facesByPerson(
  gathered: Gathered,
  threshold: number,
  { set, signal, onProgress }: UniqueOptions,
): Promise<Face[][]> {
  const faces: Face[] = [];
  const ids = new Map<string, string[]>();
  const records = gathered.records.flatMap(({ id: photo, faces: own, origin }) => {
    const align = origin?.options['align'] as Alignment | undefined;
    return own.map((face) => {
      const id = String(faces.length);
      faces.push({ ...face, photo, align });
      const others = ids.get(photo);
      if (others) others.push(id);
      else ids.set(photo, [id]);
      return { id, encodings: [face.encoding], origin };
    });
  });
  const idsOf = (photo: string) => ids.get(photo) ?? [];
  const decisions = set?.decisions.index() ?? new DecisionIndex([]);
  const ignoredPairs: IgnoredPair[] = pairsDecidedDifferent(gathered, decisions).flatMap(([a, b]) =>
    idsOf(a).flatMap((first) => idsOf(b).map((second) => [first, second] as const)),
  );
  // Two faces of one photo are two people.
  for (const own of ids.values())
    for (const a of own) for (const b of own) if (a < b) ignoredPairs.push([a, b]);
  const pairs = await findDuplicates(records, {
    threshold,
    ignoredPairs,
    signal,
    onProgress: ({ compared, total }) =>
      onProgress?.({ stage: 'comparing', done: compared, total, failed: gathered.failed.length }),
  });
  const groups = groupDuplicates(pairs).map((group) => group.map(Number).sort((a, b) => a - b));
  const alone = new Set(faces.keys());
  for (const group of groups) for (const face of group) alone.delete(face);
  return [...groups, ...[...alone].map((face) => [face])]
    .sort(([a = 0], [b = 0]) => a - b)
    .map((group) => group.map((face) => faces[face] as Face));
}

interface ChosenFace {
  readonly face: LocatedFace;
  readonly quality: FaceQuality;
  readonly bytes: Uint8Array;
  readonly extension: string;
}

/** Photos that cannot be read again are noted, and the person's other faces stand in for them. */
async function chooseFace(
  engine: FaceEngine,
  faces: readonly Face[],
  failed: FailedPhoto[],
  options: UniqueOptions,
): Promise<ChosenFace | undefined> {
  const note = async <T>(photo: string, work: Promise<T>): Promise<T | undefined> => {
    try {
      return await work;
    } catch (error) {
      if (!(error instanceof FaceDedupError) || error.code === 'ABORTED') throw error;
      if (!failed.some((other) => other.photo === photo && other.code === error.code))
        failed.push({ photo, code: error.code, message: error.message });
      return undefined;
    }
  };
  const judged: (LocatedFace & { readonly sharpness: number })[] = [];
  for (const face of candidates(faces.filter((each): each is LocatedFace => each.box !== undefined))) {
    const rgb = await note(face.photo, cutOut(engine, face, judgedSide, 'raw', options.signal));
    if (rgb) judged.push({ ...face, sharpness: sharpnessOf(rgb, judgedSide) });
  }
  if (judged.length === 0) return undefined;
  const { qualities, best } = judge(judged);
  const [face, quality] = [judged[best], qualities[best]];
  if (!face || !quality) return undefined;
  const { write: what = 'face', size = 150, format = 'png' } = options;
  const bytes = await note(
    face.photo,
    what === 'photo' ? wholePhoto(face.photo) : cutOut(engine, face, size, format, options.signal),
  );
  const extension =
    what === 'photo' ? extname(face.photo).toLowerCase() : { png: '.png', jpeg: '.jpg' }[format];
  return bytes && { face, quality, bytes, extension };
}

async function cutOut(
  engine: FaceEngine,
  { photo, box, align }: LocatedFace,
  size: number,
  format: 'png' | 'jpeg' | 'raw',
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const [face] = await engine.extract(photoNamed(photo), { boxes: [box], size, format, align, signal });
  if (!face) throw new InternalError('INTERNAL', `The face of '${photo}' could not be cut out.`);
  return face.chip instanceof Uint8Array ? face.chip : Uint8Array.from(face.chip.data);
}

async function wholePhoto(photo: string): Promise<Uint8Array> {
  const named = photoNamed(photo);
  return typeof named === 'string' ? readPhotoFile(named) : named.read();
}

/** Its number, which no two people share, and what is harmless of the photo's name, for people to know it by. */
export function fileName(number: string, photo: string, extension: string): string {
  const stem = basename(photo, extname(photo));
  const harmless = stem.replaceAll(/[^\p{L}\p{N}_-]+/gu, '_').slice(0, 60) || 'photo';
  const safeExtension = /^\.[a-z0-9]{1,5}$/.test(extension) ? extension : '';
  return `${number}-${harmless}${safeExtension}`;
}

function placeOf({ photo, box }: Face): FaceOnPhoto {
  return box ? { photo, box } : { photo };
}

async function write(path: string, bytes: Uint8Array): Promise<void> {
  try {
    await writeWhole(path, [bytes], { maxBytes: longestFile, mode: ownerOnly });
  } catch (error) {
    throw asOutputError(path, error);
  }
}

function asOutputError(path: string, error: unknown): FaceDedupError {
  if (error instanceof FaceDedupError) return error;
  const reason = messageOf(error);
  return new OutputError('OUTPUT_UNWRITABLE', `'${path}' cannot be written: ${reason}.`, { cause: error });
}
