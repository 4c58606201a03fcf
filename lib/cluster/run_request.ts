// What a run on a cluster is asked for: plain data, so that any worker can take it up.

import { resolve } from 'node:path';
import { isAzureName, parseAzureName } from '../azure.js';
import type { Calibration } from '../calibration/index.js';
import { defaultConfidence, engineOptionTable, thresholdOptionTable } from '../config.js';
import type { IgnoredPair } from '../duplicates/index.js';
import type { EngineOptions } from '../engine.js';
import { integerFrom, readOptions } from '../options.js';
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
  /** Faces of a block, 1 and up; default 1,024 to 8,192, so that a run has enough of them. */
  readonly blockRows?: number | undefined;
  /** Pairs of faces that one job compares, about; default 20 million to 2 billion, so that all workers have jobs. */
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
  readonly blockRows?: number;
  readonly jobPairs?: number;
  /** Of whoever submitted it: the jobs are told of in the same trace. */
  readonly trace?: TraceCarrier;
}

const sizeOptions = {
  blockRows: { check: integerFrom(1, 1_000_000) },
  jobPairs: { check: integerFrom(1, Number.MAX_SAFE_INTEGER) },
} as const;

/** Checks what is asked for, before anybody waits for it. @throws InvalidOptionError */
export function requestOf(options: RunOptions): RunRequest {
  const { photos = [], policy = 'all', ignoredPairs = [], dropGone = false } = options;
  const { calibration } = options;
  const { blockRows, jobPairs } = readOptions(sizeOptions, {
    blockRows: options.blockRows,
    jobPairs: options.jobPairs,
  });
  photos.filter(isAzureName).forEach(parseAzureName);
  const { threshold } = readOptions(thresholdOptionTable, { threshold: options.threshold });
  return {
    photos: photos.map(absoluteName),
    engine: shapedBy(options.engine),
    threshold,
    policy,
    ignoredPairs,
    dropGone,
    ...(calibration ? { calibration } : {}),
    ...(blockRows === undefined ? {} : { blockRows }),
    ...(jobPairs === undefined ? {} : { jobPairs }),
  };
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
