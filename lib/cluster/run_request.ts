// What a run on a cluster is asked for: plain data, so that any worker can take it up.

import { resolve } from 'node:path';
import { isAzureName, parseAzureName } from '../azure.js';
import type { Calibration } from '../calibration/index.js';
import { defaultConfidence, engineOptionTable, thresholdOptionTable } from '../config.js';
import type { IgnoredPair } from '../duplicates/index.js';
import type { EngineOptions } from '../engine.js';
import { InvalidOptionError } from '../errors.js';
import { integerFrom, positiveNumber, readOptions } from '../options.js';
import type { FacesPolicy } from '../runs/findings.js';
import type { References } from '../runs/encode_photos.js';
import type { TraceCarrier } from '../telemetry/index.js';

const shapingOptions = [
  'detector',
  'upsample',
  'maxSide',
  'confidence',
  'nmsThreshold',
  'shrinkOnLoad',
  'landmarks',
  'align',
  'mirror',
  'jitters',
  'scaleFactor',
  'faceClass',
  'meanValues',
  'encoder',
  'maxPixels',
] as const satisfies readonly (keyof ShapingOptions)[];

/** What of an engine shapes its encodings; lanes, backend and places of models are each worker's own. */
export type ShapingOptions = Omit<
  EngineOptions,
  'batchSize' | 'backend' | 'target' | 'models' | 'watchModels' | 'onModelsReload' | 'lanes'
>;

/** Candidates alone are compared: see docs/scale.md. */
export interface CandidateOptions {
  /** Pairs nearer than this are all found, of those between it and the threshold the most: above 0, below the threshold. */
  readonly reach: number;
  /**
   * Lists that the faces are dealt to: 2…65,536. Default one for each 12,288, at most 4,096; a run in which that would not
   * pay compares all pairs and is exact: one of less than a million faces, or with fewer than 5,000 new ones for a list.
   */
  readonly lists?: number | undefined;
}

/** Of a run that is to be submitted. */
export interface RunOptions {
  /** Default `default`. */
  readonly set?: string | undefined;
  /**
   * Photo files, folders to search, and `azure:CONTAINER/PREFIX`, as the workers see them: every worker must reach a file
   * or folder under the same path. Relative ones are taken from the current folder. Default none: those of the set alone.
   */
  readonly photos?: readonly string[] | undefined;
  /** How faces are found and encoded; what is not said is as in this process's environment. */
  readonly engine?: ShapingOptions | undefined;
  /** Above 0; default 0.4, or FACE_DISTANCE_THRESHOLD. */
  readonly threshold?: number | undefined;
  /** Default `all`. */
  readonly policy?: FacesPolicy | undefined;
  /** Pairs to leave out, each by the names of two photos or by two references. */
  readonly ignoredPairs?: readonly IgnoredPair[] | undefined;
  /** The records that photos belong to. */
  readonly references?: References | undefined;
  /** Whether photos of the set that are no longer in the places named are forgotten. Default false. */
  readonly dropGone?: boolean | undefined;
  /** Default the one measured on LFW. */
  readonly calibration?: Calibration | undefined;
  /** Default none: every pair is compared. */
  readonly candidates?: CandidateOptions | undefined;
  /** Photos that one job encodes: 1…100,000; default 32 to 256, so that all workers have jobs. */
  readonly jobPhotos?: number | undefined;
  /** Faces of a block, 1 and up; default 1,024 to 8,192, so that a run has enough of them. */
  readonly blockRows?: number | undefined;
  /** Pairs of faces that one job compares, about; default 1 to 20 billion, ten times that by lists, so that all workers have jobs. */
  readonly jobPairs?: number | undefined;
}

/** As it is kept with the run. */
export interface RunRequest {
  readonly photos: readonly string[];
  readonly engine: ShapingOptions;
  readonly threshold: number;
  readonly policy: FacesPolicy;
  readonly ignoredPairs: readonly IgnoredPair[];
  readonly dropGone: boolean;
  readonly calibration?: Calibration;
  readonly candidates?: { readonly reach: number; readonly lists?: number };
  readonly jobPhotos?: number;
  readonly blockRows?: number;
  readonly jobPairs?: number;
  /** Of whoever submitted it: the jobs are told of in the same trace. */
  readonly trace?: TraceCarrier;
}

const sizeOptions = {
  blockRows: { check: integerFrom(1, 1_000_000) },
  jobPairs: { check: integerFrom(1, Number.MAX_SAFE_INTEGER) },
  jobPhotos: { check: integerFrom(1, 100_000) },
} as const;

const candidateOptions = {
  reach: { check: positiveNumber },
  lists: { check: integerFrom(2, 65_536) },
} as const;

/** Checks what is asked for, before anybody waits for it. @throws InvalidOptionError */
export function requestOf(options: RunOptions): RunRequest {
  const { photos = [], policy = 'all', ignoredPairs = [], dropGone = false } = options;
  const { calibration } = options;
  const { jobPhotos, blockRows, jobPairs } = readOptions(sizeOptions, {
    jobPhotos: options.jobPhotos,
    blockRows: options.blockRows,
    jobPairs: options.jobPairs,
  });
  photos.filter(isAzureName).forEach(parseAzureName);
  const { threshold } = readOptions(thresholdOptionTable, { threshold: options.threshold });
  const candidates = options.candidates && candidatesOf(options.candidates, threshold);
  return {
    photos: photos.map(absoluteName),
    engine: shapedBy(options.engine),
    threshold,
    policy,
    ignoredPairs,
    dropGone,
    ...(calibration ? { calibration } : {}),
    ...(candidates ? { candidates } : {}),
    ...(blockRows === undefined ? {} : { blockRows }),
    ...(jobPairs === undefined ? {} : { jobPairs }),
    ...(jobPhotos === undefined ? {} : { jobPhotos }),
  };
}

function candidatesOf(given: CandidateOptions, threshold: number): NonNullable<RunRequest['candidates']> {
  const { reach, lists } = readOptions(candidateOptions, given);
  if (reach === undefined || reach >= threshold)
    throw new InvalidOptionError(
      'OPTION_RANGE',
      `The reach of candidates must be a number above 0 and below the threshold of ${threshold}, not ${reach ?? 'none'}: ` +
        'with the threshold itself every pair is found, as it is without candidates.',
    );
  return { reach, ...(lists === undefined ? {} : { lists }) };
}

/** As a face store names photos. */
export function absoluteName(photo: string): string {
  return isAzureName(photo) ? photo : resolve(photo);
}

/** Defaults that depend on the detector stay open: each worker fills them in alike. */
function shapedBy(given: ShapingOptions | undefined): ShapingOptions {
  const names: ReadonlySet<string> = new Set(shapingOptions);
  const asked = Object.entries(given ?? {}).filter(([name, value]) => names.has(name) && value !== undefined);
  const read = readOptions(engineOptionTable, Object.fromEntries(asked));
  const values = Object.fromEntries(
    Object.entries(read).filter(([name, value]) => names.has(name) && value !== undefined),
  );
  // Of the SSD alone, and not in the table.
  const { detector } = read;
  return values['confidence'] === undefined ? { ...values, confidence: defaultConfidence(detector) } : values;
}
