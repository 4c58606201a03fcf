// The settings that the configuration file, the command line and the admin page share: what each means and its range.

import { type EncodeOptions, type EngineOptions } from '../engine.js';

/** The part of JSON Schema (https://json-schema.org/draft/2020-12) that settings need. */
export interface SettingSchema {
  readonly type: 'string' | 'number' | 'integer' | 'boolean' | 'array';
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly minLength?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly items?: SettingSchema;
  readonly minItems?: number;
  readonly maxItems?: number;
}

/** A setting: what it means, what it may be, and where else it may be set. */
export interface SettingSpec {
  /** One sentence, for a person who sets it. */
  readonly description: string;
  readonly schema: SettingSchema;
  /** In words, where it is not the same for all; absent: there is none. */
  readonly default?: number | string | boolean | readonly number[];
  /** The environment variable that may set it, too; it goes before the file. */
  readonly variable?: string;
}

const text = { type: 'string', minLength: 1 } as const;
const unit = { type: 'number', minimum: 0, maximum: 1 } as const;

/** Of the engine, by the names of its options. Ranges are those of `lib/config.ts`: a test holds the two together. */
export const engineSettings = {
  detector: {
    description: 'What finds faces: ssd (OpenCV res10), hog or mmod (dlib).',
    schema: { type: 'string', enum: ['ssd', 'hog', 'mmod'] },
    default: 'ssd',
  },
  backend: {
    description: 'What runs the networks, of those that this build has on this machine.',
    schema: text,
    default: 'opencv',
    variable: 'DNN_BACKEND',
  },
  target: {
    description: 'Where the backend runs them.',
    schema: text,
    default: 'cpu',
    variable: 'DNN_TARGET',
  },
  scaleFactor: {
    description: 'ssd: multiplies each pixel after the means are taken off.',
    schema: { type: 'number', exclusiveMinimum: 0 },
    default: 1,
    variable: 'BLOB_FROM_IMAGE_SCALE_FACTOR',
  },
  meanValues: {
    description: 'ssd: taken off each pixel; blue, green, red.',
    schema: {
      type: 'array',
      items: { type: 'number', minimum: -255, maximum: 255 },
      minItems: 3,
      maxItems: 3,
    },
    default: [104, 177, 123],
    variable: 'BLOB_FROM_IMAGE_MEAN_VALUES',
  },
  confidence: {
    description: 'Least confidence of a detection; without it 0.5 for ssd and 0 for hog and mmod.',
    schema: unit,
    variable: 'FACE_DETECTION_CONFIDENCE',
  },
  nmsThreshold: {
    description: 'ssd: intersection over union above which the weaker of two boxes goes.',
    schema: unit,
    default: 0.4,
    variable: 'NMS_THRESHOLD',
  },
  upsample: {
    description: 'hog, mmod: how often the photo is doubled first.',
    schema: { type: 'integer', minimum: 0, maximum: 4 },
    default: 1,
  },
  landmarks: {
    description: 'small (5 points) or large (68 points, model not for commercial use).',
    schema: { type: 'string', enum: ['small', 'large'] },
    default: 'small',
    variable: 'FACE_ENCODINGS_MODEL',
  },
  jitters: {
    description: 'How many jittered copies of a face are averaged.',
    schema: { type: 'integer', minimum: 1, maximum: 1000 },
    default: 1,
    variable: 'FACE_ENCODINGS_NUM_JITTERS',
  },
  align: {
    description:
      'Landmarks from the box as it is, or looked for twice; without it refined for ssd and box for the others.',
    schema: { type: 'string', enum: ['box', 'refined'] },
  },
  mirror: {
    description:
      'Whether the mirrored face is averaged in; without it true for ssd and false for the others.',
    schema: { type: 'boolean' },
  },
  encoder: {
    description: 'What runs the ResNet: dnn (cv::dnn) or dlib (the reference, slower).',
    schema: { type: 'string', enum: ['dnn', 'dlib'] },
    default: 'dnn',
  },
  shrinkOnLoad: {
    description: 'ssd: decode large JPEGs at a part of their size.',
    schema: { type: 'boolean' },
    default: false,
  },
  lanes: {
    description: 'Photos worked on at once; without it the number of cores.',
    schema: { type: 'integer', minimum: 1, maximum: 256 },
  },
  maxPixels: {
    description: 'The most pixels a photo may have.',
    schema: { type: 'integer', minimum: 1, maximum: 1_000_000_000 },
    default: 100_000_000,
  },
  models: {
    description: 'Folder in which model files are looked for first.',
    schema: text,
    variable: 'FACEDEDUP_MODELS',
  },
} as const satisfies Readonly<Partial<Record<keyof EngineOptions, SettingSpec>>>;

/** Of a run. */
export const runSettings = {
  threshold: {
    description: 'Distance below which two faces are the same person.',
    // Distances between two encodings do not pass 2.
    schema: { type: 'number', exclusiveMinimum: 0, maximum: 2 },
    default: 0.4,
    variable: 'FACE_DISTANCE_THRESHOLD',
  },
  faces: {
    description: 'Of a photo with several faces: compare all, compare the largest, or reject the photo.',
    schema: { type: 'string', enum: ['all', 'largest', 'reject'] },
    default: 'all',
  },
  calibration: {
    description: 'File that `facededup calibrate` wrote; without it the calibration measured on LFW.',
    schema: text,
  },
} as const satisfies Readonly<Record<string, SettingSpec>>;

/** Of places. Relative paths are taken from the folder of the configuration file. */
export const placeSettings = {
  store: {
    description:
      'File of the face store; of a cluster the address of PostgreSQL, postgres://USER@HOST/DATABASE, with its password better in the variable.',
    schema: text,
    variable: 'FACEDEDUP_STORE',
  },
  cluster: {
    description:
      'Address of Redis, redis://HOST:6379, where runs are handed to a cluster of workers; without it this machine does them.',
    schema: text,
    variable: 'FACEDEDUP_CLUSTER',
  },
  set: {
    description: 'Which of the store\u2019s sets of photos.',
    schema: text,
    default: 'default',
  },
  roots: {
    description:
      'serve: folders, and azure:CONTAINER/PREFIX, whose photos may be read and shown; nothing outside them is.',
    schema: { type: 'array', items: text },
  },
  telemetry: {
    description:
      'Address of an OpenTelemetry collector, http://HOST:4318, that find, encode, serve and worker tell what they do; without it nobody is told.',
    schema: text,
    variable: 'OTEL_EXPORTER_OTLP_ENDPOINT',
  },
} as const satisfies Readonly<Record<string, SettingSpec>>;

export const settingsTable: Readonly<Record<string, SettingSpec>> = {
  ...engineSettings,
  ...runSettings,
  ...placeSettings,
};

/** As the file holds them: all may be left out. */
export type Settings = {
  readonly [Name in Exclude<keyof typeof engineSettings, 'models'>]?: Exclude<
    (EngineOptions & EncodeOptions)[Name],
    undefined
  >;
} & {
  readonly models?: string;
  readonly threshold?: number;
  readonly faces?: 'all' | 'largest' | 'reject';
  readonly calibration?: string;
  readonly store?: string;
  readonly cluster?: string;
  readonly set?: string;
  readonly roots?: readonly string[];
  readonly telemetry?: string;
};
