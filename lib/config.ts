// Every option: its name, default, range, and the seed system's name for it as an environment variable.

import {
  aboveZero,
  anything,
  boolean,
  type Check,
  callback,
  fromEnvironment,
  instanceOf,
  integerFrom,
  isArray,
  list,
  nonEmptyString,
  numberFrom,
  oneOf,
  type OptionSpec,
  outOfRange,
  positiveNumber,
  wrongType,
} from './options.js';

/** What finds faces: OpenCV's res10 network, or dlib's HOG or MMOD detector. */
export type Detector = 'ssd' | 'hog' | 'mmod';
/** dlib's predictor of 5 landmarks, or of 68. */
export type LandmarkModelName = 'small' | 'large';
/** Whether landmarks are found once in the box, or once more in a box made of the first ones. */
export type Alignment = 'box' | 'refined';
/** Of a face that is cut out: the bytes of a file, or RGB samples. */
export type ChipFormat = 'png' | 'jpeg' | 'raw';
/** What runs the ResNet: cv::dnn, or dlib's own code. */
export type EncoderName = 'dnn' | 'dlib';
/** Taken off the pixels of a blob. */
export type MeanValues = readonly [blue: number, green: number, red: number];

const detectors: readonly Detector[] = ['ssd', 'hog', 'mmod'];
const landmarkModels: readonly LandmarkModelName[] = ['small', 'large'];
const alignments: readonly Alignment[] = ['box', 'refined'];
const encoders: readonly EncoderName[] = ['dnn', 'dlib'];
const chipFormats: readonly ChipFormat[] = ['png', 'jpeg', 'raw'];

const meanValues: Check<MeanValues> = (value, name) => {
  if (!isArray(value)) throw wrongType(name, 'an array of three numbers', value);
  if (value.length !== 3) throw outOfRange(name, 'three numbers', `${value.length}`);
  const mean = numberFrom(-255, 255);
  return [mean(value[0], `${name}[0]`), mean(value[1], `${name}[1]`), mean(value[2], `${name}[2]`)];
};

const asText = (text: string): unknown => text;
const asNumber = (text: string): unknown => (text.trim() === '' ? Number.NaN : Number(text));
const asNumbers = (text: string): unknown =>
  text
    .replaceAll(/[[\]()\s]/g, '')
    .split(',')
    .map(asNumber);

type Fallback<T> = { readonly fallback: T };

function option<T>(check: Check<T>): OptionSpec<T>;
function option<T>(check: Check<T>, fallback: T): OptionSpec<T> & Fallback<T>;
function option<T>(
  check: Check<T>,
  fallback: T,
  variable: string,
  parse: (text: string) => unknown,
): OptionSpec<T> & Fallback<T>;
function option<T>(
  check: Check<T>,
  fallback?: T,
  variable?: string,
  parse: (text: string) => unknown = asText,
): OptionSpec<T> {
  return {
    check,
    ...(fallback === undefined ? {} : { fallback }),
    ...(variable === undefined ? {} : { environment: { variable, parse } }),
  };
}

const signal = option(instanceOf(AbortSignal, 'an AbortSignal'));

/** What shapes a detection. `confidence` falls back by detector: see `defaultConfidence`. */
const detectionOptions = {
  detector: option(oneOf(detectors), 'ssd'),
  upsample: option(integerFrom(0, 4), 1),
  maxSide: option(integerFrom(40, 16_384), 2048),
  batchSize: option(integerFrom(1, 64), 1),
  confidence: option(numberFrom(0, 1)),
  nmsThreshold: option(numberFrom(0, 1), 0.4, 'NMS_THRESHOLD', asNumber),
  shrinkOnLoad: option(boolean, false),
} as const;

const landmarkOptions = {
  landmarks: option(oneOf(landmarkModels), 'small', 'FACE_ENCODINGS_MODEL', asText),
} as const;

/** Which faces of a photo, and how their landmarks are found. `align` and `mirror` fall back by detector: see `defaultRefinement`. */
const faceOptions = {
  ...detectionOptions,
  ...landmarkOptions,
  align: option(oneOf(alignments)),
} as const;

const encodingOptions = {
  ...faceOptions,
  mirror: option(boolean),
  jitters: option(integerFrom(1, 1000), 1, 'FACE_ENCODINGS_NUM_JITTERS', asNumber),
} as const;

const ssdConfidence = option(numberFrom(0, 1), 0.5, 'FACE_DETECTION_CONFIDENCE', asNumber);

/** The SSD's confidence is a probability, and the seed's setting is meant for it; dlib's scores have no upper bound and are cut at 0. */
export function defaultConfidence(detector: Detector): number {
  return detector === 'ssd' ? (fromEnvironment(ssdConfidence) ?? ssdConfidence.fallback) : 0;
}

/**
 * What LFW says (docs/accuracy.md): the SSD's boxes, unlike HOG's, are not those that the landmark models were trained
 * on, so a second look pays, and the mirrored face finds more true pairs at no more false ones. dlib's own detectors,
 * and boxes that a caller gives, answer as dlib and face_recognition do.
 */
export function defaultRefinement(
  detector: Detector,
  boxesAreGiven: boolean,
): { align: Alignment; mirror: boolean } {
  const ownWay = detector === 'ssd' && !boxesAreGiven;
  return { align: ownWay ? 'refined' : 'box', mirror: ownWay };
}

export const detectOptionTable = { ...detectionOptions, signal } as const;
export const landmarksOptionTable = { ...landmarkOptions, signal } as const;
export const extractOptionTable = {
  ...faceOptions,
  boxes: option(list),
  size: option(integerFrom(16, 2048), 150),
  padding: option(numberFrom(0, 4), 0.25),
  format: option(oneOf(chipFormats), 'png'),
  signal,
} as const;
export const thumbnailOptionTable = { maxSide: option(integerFrom(16, 8192), 640) } as const;
export const encodeOptionTable = { ...encodingOptions, boxes: option(list), signal } as const;

/** How detectAll and encodeAll go through their photos. */
export const sequenceOptionTable = { ordered: option(boolean, true), onProgress: option(callback) } as const;

export const engineOptionTable = {
  ...encodingOptions,
  backend: option(nonEmptyString, 'opencv', 'DNN_BACKEND', asText),
  target: option(nonEmptyString, 'cpu', 'DNN_TARGET', asText),
  scaleFactor: option(positiveNumber, 1, 'BLOB_FROM_IMAGE_SCALE_FACTOR', asNumber),
  faceClass: option(integerFrom(0, 1_000_000)),
  meanValues: option(meanValues, [104, 177, 123] as MeanValues, 'BLOB_FROM_IMAGE_MEAN_VALUES', asNumbers),
  encoder: option(oneOf(encoders), 'dnn'),
  models: option(anything),
  watchModels: option(boolean, false),
  onModelsReload: option(callback),
  lanes: option(integerFrom(1, 256)),
  maxPixels: option(integerFrom(1, 1_000_000_000), 100_000_000),
} as const;

/** The distance below which two faces count as the same person, unless told otherwise. */
const threshold = option(aboveZero, 0.4, 'FACE_DISTANCE_THRESHOLD', asNumber);

export const findDuplicatesOptionTable = {
  threshold,
  ignoredPairs: option(list),
  against: option(list),
  threads: option(integerFrom(1, 256)),
  signal,
  onProgress: option(callback),
} as const;

/** Of a search that is cut into tiles. */
export const runAxesOptionTable = {
  threshold,
  rows: option(integerFrom(1, Number.MAX_SAFE_INTEGER)),
  pairs: option(numberFrom(0, Number.MAX_VALUE)),
  signal,
} as const;
export const sketchBlockOptionTable = { signal } as const;
export const matchTileOptionTable = { threshold, isIgnored: option(callback), signal } as const;
export const mergeTilesOptionTable = { isWhole: option(boolean, true), signal } as const;
/** Of lists, by which a search passes pairs over. */
export const faceListsOptionTable = { lists: option(integerFrom(1, 65_536)), signal } as const;
export const matchListsOptionTable = {
  threshold,
  reach: option(aboveZero),
  isIgnored: option(callback),
  signal,
} as const;
export const keptBlocksOptionTable = { mostBytes: option(integerFrom(0, 2 ** 40), 2 ** 28) } as const;

export const thresholdOptionTable = { threshold } as const;

/** Bytes of the largest file that is read as a photo. */
export const MAX_PHOTO_BYTES = 512 * 1024 * 1024;
