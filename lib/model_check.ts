// Tries a candidate for a model set as an engine would use it, before anybody depends on it.

import { drawCheckPhoto } from './check_photo.js';
import type { Detector } from './config.js';
import { type Box, type FaceDetection } from './detections.js';
import { type EngineOptions, FaceEngine } from './engine.js';
import { FaceDedupError, ModelRejectedError } from './errors.js';
import type { CandidateCheck, ModelsOption, ModelSetName } from './models/index.js';
import { describePhoto, type ImageInput } from './photos/photo.js';

/** A photo of the administrator's, and what a candidate must find on it. */
export interface CandidatePhoto {
  readonly photo: ImageInput;
  /** How many faces the candidate must find, no more and no less. Default: at least one. */
  readonly faces?: number | undefined;
}

/** What a candidate is tried with before it is used. */
export interface CandidateCheckOptions {
  /** Default a drawn face that comes with the library. */
  readonly photo?: CandidatePhoto | undefined;
  /** Those that the engine will have: `confidence`, `scaleFactor`, `meanValues`, `faceClass`, `backend`… */
  readonly engine?: Omit<EngineOptions, 'models' | 'lanes' | 'watchModels' | 'onModelsReload'> | undefined;
  /** Where the other sets lie. */
  readonly models?: Exclude<ModelsOption, string> | undefined;
}

/** Intersection over union of a detection with the drawn face, from which on it counts as found. */
const leastOverlap = 0.4;

/**
 * The check of ModelStore.update(). A detector must load, have an SSD's output and find the faces of the photo. A landmark
 * model must load and put the points of the face about where the face is. An encoder must load and tell the face from its
 * background.
 *
 * @returns a check that throws ModelRejectedError `MODEL_REJECTED`, or the photo's own errors.
 */
export function checkCandidate(options: CandidateCheckOptions = {}): CandidateCheck {
  return async (folder, set) => {
    const models = { ...options.models, directory: folder };
    const engine = FaceEngine.createLazily({ ...options.engine, models, lanes: 1 });
    try {
      return await trials[set](engine, options.photo);
    } catch (error) {
      throw rejected(error);
    } finally {
      await engine.close();
    }
  };
}

/** Tries the models that an engine has, as checkCandidate tries those of a candidate. @throws Error, model errors */
export function tryModels(engine: FaceEngine, set: ModelSetName): Promise<string[]> {
  return trials[set](engine, undefined);
}

/** The detector that needs no model. @throws Error */
export function tryHog(engine: FaceEngine): Promise<string> {
  return findsFaces(engine, 'hog', undefined);
}

type Trial = (engine: FaceEngine, own: CandidatePhoto | undefined) => Promise<string[]>;

const loads = 'it loads';

const trials: Readonly<Record<ModelSetName, Trial>> = {
  ssd: async (engine, own) => [
    loads,
    'its output has the shape of an SSD',
    await findsFaces(engine, 'ssd', own),
  ],
  mmod: async (engine, own) => [loads, await findsFaces(engine, 'mmod', own)],
  'landmarks-small': (engine) => locatesLandmarks(engine, 'small'),
  'landmarks-large': (engine) => locatesLandmarks(engine, 'large'),
  encoder: async (engine) => {
    const { image, faces } = drawCheckPhoto();
    const [face] = await engine.encode(image, { boxes: faces.slice(0, 1), landmarks: 'small' });
    if (!face?.encoding.every(Number.isFinite))
      throw reject('its encoding of the check photo holds no numbers');
    const length = Math.hypot(...face.encoding);
    if (length < 0.1 || length > 10)
      throw reject(`its encoding of the check photo has the length ${length}, where dlib's have about 1.4`);
    return [loads, 'it encodes the check photo'];
  },
};

async function findsFaces(
  engine: FaceEngine,
  detector: Detector,
  own: CandidatePhoto | undefined,
): Promise<string> {
  if (own) {
    const { length } = await engine.detect(own.photo, { detector });
    const wanted = own.faces === undefined ? 'at least 1' : String(own.faces);
    const isEnough = own.faces === undefined ? length > 0 : length === own.faces;
    if (!isEnough)
      throw reject(`on ${lowerFirst(describePhoto(own.photo))} it finds ${length} faces, not ${wanted}`);
    return `it finds ${length === 1 ? 'the face' : `the ${length} faces`} of ${lowerFirst(describePhoto(own.photo))}`;
  }
  const { image, faces } = drawCheckPhoto();
  const found = await engine.detect(image, { detector });
  const missed = faces.filter((face) => !found.some(({ box }) => overlap(box, face) >= leastOverlap));
  if (missed.length > 0)
    throw reject(
      `it does not find the face of the drawn check photo (${foundInWords(found)}); if it is no detector of such faces, ` +
        'give a check photo of your own',
    );
  return 'it finds the face of the drawn check photo';
}

async function locatesLandmarks(engine: FaceEngine, landmarks: 'small' | 'large'): Promise<string[]> {
  const { image, faces } = drawCheckPhoto();
  const [face] = faces as [Box];
  const [{ points } = { points: [] }] = await engine.landmarks(image, [face], { landmarks });
  // The predictors' points may lie a little outside the box, as a chin does.
  const isNear = ([x, y]: readonly [number, number]) =>
    Math.abs(x - (face.x + face.width / 2)) < face.width * 0.75 &&
    Math.abs(y - (face.y + face.height / 2)) < face.height * 0.75;
  if (!points.every(isNear)) throw reject('its landmarks lie beside the face of the drawn check photo');
  return [loads, 'it finds the landmarks of the drawn check photo'];
}

function foundInWords(found: readonly FaceDetection[]): string {
  if (found.length === 0) return 'nothing found';
  const first = found[0] as FaceDetection;
  const { x, y, width, height } = first.box;
  return `found ${width.toFixed(0)}×${height.toFixed(0)} at (${x.toFixed(0)}, ${y.toFixed(0)}) instead`;
}

function overlap(a: Box, b: Box): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  const shared = Math.max(width, 0) * Math.max(height, 0);
  return shared / (a.width * a.height + b.width * b.height - shared);
}

/** Thrown where a trial fails; becomes a ModelRejectedError with the rest of the sentence. */
function reject(reason: string): Error {
  return new Error(reason);
}

/** What is wrong with the candidate is one kind of error; what is wrong with the photo or this build stays its own. */
function rejected(error: unknown): unknown {
  const isCandidates = !(error instanceof FaceDedupError) || error.code === 'MODEL_CORRUPT';
  if (!isCandidates || !(error instanceof Error)) return error;
  return new ModelRejectedError(
    'MODEL_REJECTED',
    `The candidate was turned down: ${error.message.replace(/\.$/, '')}. The set in use is as it was.`,
    { cause: error },
  );
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
