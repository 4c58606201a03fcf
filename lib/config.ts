// Every option: its name, default, range, and the seed system's name for it as an environment variable.

import {
  anything,
  type Check,
  callback,
  fromEnvironment,
  instanceOf,
  integerFrom,
  list,
  nonEmptyString,
  numberFrom,
  oneOf,
  type OptionSpec,
  positiveNumber,
  wrongType,
} from './options.js';

export type Detector = 'ssd' | 'hog';
export type LandmarkModelName = 'small' | 'large';
export type MeanValues = readonly [blue: number, green: number, red: number];

const detectors: readonly Detector[] = ['ssd', 'hog'];
const landmarkModels: readonly LandmarkModelName[] = ['small', 'large'];

const meanValues: Check<MeanValues> = (value, name) => {
  if (!Array.isArray(value) || value.length !== 3) throw wrongType(name, 'an array of three numbers', value);
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
  confidence: option(numberFrom(0, 1)),
  nmsThreshold: option(numberFrom(0, 1), 0.4, 'NMS_THRESHOLD', asNumber),
} as const;

const landmarkOptions = {
  landmarks: option(oneOf(landmarkModels), 'small', 'FACE_ENCODINGS_MODEL', asText),
} as const;

const encodingOptions = {
  ...detectionOptions,
  ...landmarkOptions,
  jitters: option(integerFrom(1, 1000), 1, 'FACE_ENCODINGS_NUM_JITTERS', asNumber),
} as const;

const ssdConfidence = option(numberFrom(0, 1), 0.5, 'FACE_DETECTION_CONFIDENCE', asNumber);

/** The SSD's confidence is a probability, and the seed's setting is meant for it; HOG's is a score that dlib cuts at 0. */
export function defaultConfidence(detector: Detector): number {
  return detector === 'ssd' ? (fromEnvironment(ssdConfidence) ?? ssdConfidence.fallback) : 0;
}

export const detectOptionTable = { ...detectionOptions, signal } as const;
export const landmarksOptionTable = { ...landmarkOptions, signal } as const;
export const encodeOptionTable = { ...encodingOptions, boxes: option(list), signal } as const;

export const engineOptionTable = {
  ...encodingOptions,
  backend: option(nonEmptyString, 'opencv', 'DNN_BACKEND', asText),
  target: option(nonEmptyString, 'cpu', 'DNN_TARGET', asText),
  scaleFactor: option(positiveNumber, 1, 'BLOB_FROM_IMAGE_SCALE_FACTOR', asNumber),
  meanValues: option(meanValues, [104, 177, 123] as MeanValues, 'BLOB_FROM_IMAGE_MEAN_VALUES', asNumbers),
  models: option(anything),
  lanes: option(integerFrom(1, 256)),
  maxPixels: option(integerFrom(1, 1_000_000_000), 100_000_000),
} as const;

/** The distance below which two faces count as the same person, unless told otherwise. */
const threshold = option(positiveNumber, 0.4, 'FACE_DISTANCE_THRESHOLD', asNumber);

export const findDuplicatesOptionTable = {
  threshold,
  ignoredPairs: option(list),
  against: option(list),
  signal,
  onProgress: option(callback),
} as const;

export const thresholdOptionTable = { threshold } as const;

/** Bytes of the largest file that is read as a photo. */
export const MAX_PHOTO_BYTES = 512 * 1024 * 1024;
