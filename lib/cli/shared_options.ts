// Options that several commands share, and how they become the library's options.

import { type Command, InvalidArgumentError, Option } from 'commander';
import { readCalibration, type Calibration } from '../calibration/index.js';
import type { ClusterAddresses } from '../cluster/addresses.js';
import type { EngineOptions } from '../engine.js';
import { InvalidOptionError } from '../errors.js';
import { defaultSet, FaceStore } from '../store/index.js';
import type { OutputFormat } from './output.js';

/** An option that the configuration file sets where nobody else does: the setting has the option's name in camel case. */
export class SettingOption extends Option {
  /** What a shell may complete; the library checks the value, and says what is wrong with it better. */
  suggestions: readonly string[] = [];

  suggesting(...values: readonly string[]): this {
    this.suggestions = values;
    return this;
  }
}

export interface OutputFlags {
  readonly json?: boolean;
  readonly csv?: boolean;
}

export function parseNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || Number.isNaN(value)) throw new InvalidArgumentError('It must be a number.');
  return value;
}

function parseNumbers(text: string): number[] {
  return text.split(',').map(parseNumber);
}

function addAll(command: Command, heading: string, options: readonly Option[]): Command {
  for (const option of options) command.addOption(option.helpGroup(heading));
  return command;
}

const outputHeading = 'Output:';

export function addOutputFlags(command: Command): Command {
  return addAll(command, outputHeading, [
    new Option('--json', 'print JSON').conflicts('csv'),
    new Option('--csv', 'print CSV with a header line'),
  ]);
}

/** Of a command that has no rows to print as CSV. */
export function addJsonFlag(command: Command): Command {
  return addAll(command, outputHeading, [new Option('--json', 'print JSON')]);
}

export function outputFormat({ json, csv }: OutputFlags): OutputFormat {
  if (json) return 'json';
  return csv ? 'csv' : 'text';
}

export interface StoreFlags {
  readonly store?: string;
  readonly set: string;
}

const storeHeading = 'Face store:';

export function addStoreFlags(command: Command): Command {
  return addAll(command, storeHeading, [
    new SettingOption(
      '--store <file>',
      'face store (SQLite), or postgres://… of a cluster: keeps encodings, decisions and results; only photos that are new or changed are encoded',
    ).env('FACEDEDUP_STORE'),
    new SettingOption('--set <name>', 'which of the store\u2019s sets of photos').default(defaultSet),
  ]);
}

/** Of a command that is about a store as a whole. */
export function addStoreFileFlag(command: Command): Command {
  return addAll(command, storeHeading, [
    new SettingOption('--store <file>', 'the face store: a file (SQLite), or postgres://… of a cluster').env(
      'FACEDEDUP_STORE',
    ),
  ]);
}

export interface ClusterFlags {
  readonly cluster?: string | undefined;
  readonly store?: string | undefined;
}

const clusterHeading = 'Cluster:';

export function clusterOption(): Option {
  return new SettingOption(
    '--cluster <address>',
    'Redis that hands the work to workers: redis://HOST:6379; with a --store of postgres://USER@HOST/DATABASE',
  ).env('FACEDEDUP_CLUSTER');
}

/** Of a command that is about a cluster. */
export function addClusterFlags(command: Command): Command {
  return addAll(command, clusterHeading, [
    new SettingOption(
      '--cluster <address>',
      'Redis: redis://[USER:PASSWORD@]HOST[:PORT], or rediss:// with TLS',
    ).env('FACEDEDUP_CLUSTER'),
    new SettingOption('--store <address>', 'PostgreSQL: postgres://[USER:PASSWORD@]HOST[:PORT]/DATABASE').env(
      'FACEDEDUP_STORE',
    ),
  ]);
}

/** @throws InvalidOptionError `ARGUMENT_INVALID` */
export function clusterAddresses({ cluster, store }: ClusterFlags): ClusterAddresses {
  const missing = (what: string) =>
    new InvalidOptionError(
      'ARGUMENT_INVALID',
      `This needs the address of ${what}, or the environment variable that the help names.`,
    );
  if (cluster === undefined) throw missing('Redis: give --cluster redis://HOST:6379');
  if (store === undefined) throw missing('PostgreSQL: give --store postgres://USER@HOST/DATABASE');
  return { cluster, store };
}

/** @throws InvalidOptionError */
export function storeFile({ store }: { readonly store?: string | undefined }): string {
  if (store !== undefined) return store;
  throw new InvalidOptionError('ARGUMENT_INVALID', 'This needs a face store: name its file with --store.');
}

/**
 * Of a command that is about what a store holds.
 *
 * @param create whether it is begun where it is not there; default false: a name that is mistyped shall not begin one.
 * @param readOnly whether one that cannot be written to will do; default false.
 * @throws InvalidOptionError, FaceStoreError
 */
export function openStore(
  { store }: { readonly store?: string | undefined },
  { create = false, readOnly }: { readonly create?: boolean; readonly readOnly?: boolean | undefined } = {},
): FaceStore {
  return new FaceStore(storeFile({ store }), { create, readOnly });
}

const comparisonHeading = 'Comparison:';

export function addThresholdFlag(command: Command): Command {
  return addAll(command, comparisonHeading, [
    new SettingOption(
      '-t, --threshold <distance>',
      'distance below which two faces are the same person; default 0.4',
    ).argParser(parseNumber),
  ]);
}

export function addFacesFlag(command: Command): Command {
  return addAll(command, comparisonHeading, [
    new SettingOption(
      '--faces <which>',
      'of a photo with several faces compare all, the largest, or reject the photo',
    )
      .choices(['all', 'largest', 'reject'])
      .default('all'),
  ]);
}

export function addCalibrationFlag(command: Command): Command {
  return addAll(command, comparisonHeading, [
    new SettingOption(
      '--calibration <file>',
      'written by `facededup calibrate`: what false matches are expected by; default measured on LFW',
    ),
  ]);
}

/** Of the commands that work long; main.ts sees to it. */
export function addTelemetryFlag(command: Command): Command {
  return addAll(command, 'Telemetry:', [
    new SettingOption(
      '--telemetry <address>',
      'OpenTelemetry collector (OTLP): http://HOST:4318; what it is told names no photo',
    ).env('OTEL_EXPORTER_OTLP_ENDPOINT'),
  ]);
}

export async function calibrationOf({
  calibration,
}: {
  readonly calibration?: string | undefined;
}): Promise<Calibration | undefined> {
  return calibration === undefined ? undefined : readCalibration(calibration);
}

export function modelsOption(): Option {
  return new SettingOption('--models <directory>', 'where model files are looked for first');
}

/** Names and ranges are those of EngineOptions; the library checks them. */
export function addDetectFlags(command: Command): Command {
  const option = (flags: string, description: string) => new SettingOption(flags, description);
  return addAll(command, 'How faces are found:', [
    option(
      '--detector <name>',
      'ssd (OpenCV res10), hog (dlib, needs no model file) or mmod (dlib, slow); default ssd',
    ).suggesting('ssd', 'hog', 'mmod'),
    option('--upsample <times>', 'hog, mmod: double the photo this often first, 0 to 4; default 1').argParser(
      parseNumber,
    ),
    option('--max-side <pixels>', 'mmod: shrink larger photos to this side first; default 2048').argParser(
      parseNumber,
    ),
    option(
      '--confidence <number>',
      'least confidence, 0 to 1; default 0.5 for ssd, 0 for hog and mmod',
    ).argParser(parseNumber),
    option('--nms-threshold <number>', 'ssd: overlap above which the weaker box goes; default 0.4').argParser(
      parseNumber,
    ),
    option('--backend <name>', 'of cv::dnn; default opencv').suggesting(
      'opencv',
      'cuda',
      'openvino',
      'vulkan',
    ),
    option('--target <name>', 'of cv::dnn; default cpu').suggesting(
      'cpu',
      'opencl',
      'opencl-fp16',
      'cuda',
      'cuda-fp16',
    ),
    option('--scale-factor <number>', 'ssd: factor on each pixel; default 1').argParser(parseNumber),
    option('--mean-values <b,g,r>', 'ssd: taken off each pixel; default 104,177,123').argParser(parseNumbers),
    option('--shrink-on-load', 'ssd: decode large JPEGs at a part of their size; faster, boxes less exact'),
    option('--no-shrink-on-load', 'do not'),
    modelsOption(),
    option('--lanes <number>', 'photos worked on at once; default the number of cores').argParser(
      parseNumber,
    ),
    option('--max-pixels <number>', 'the most pixels a photo may have; default 100 million').argParser(
      parseNumber,
    ),
  ]);
}

export function addEncodeFlags(command: Command): Command {
  return addAll(addDetectFlags(command), 'How faces are encoded:', [
    new SettingOption(
      '--landmarks <name>',
      'small (5 points) or large (68 points, not for commercial use); default small',
    ).suggesting('small', 'large'),
    new SettingOption(
      '--jitters <number>',
      'average this many jittered copies of each face; default 1',
    ).argParser(parseNumber),
    new SettingOption('--mirror', 'average the mirrored face in; default for ssd'),
    new SettingOption('--no-mirror', 'do not'),
    new SettingOption(
      '--encoder <name>',
      'dnn (cv::dnn) or dlib (the reference, slower); default dnn',
    ).suggesting('dnn', 'dlib'),
    new SettingOption('--align <how>', 'default refined for ssd, box for the others').suggesting(
      'box',
      'refined',
    ),
  ]);
}

const engineFlags = [
  'detector',
  'upsample',
  'maxSide',
  'align',
  'mirror',
  'confidence',
  'nmsThreshold',
  'backend',
  'target',
  'scaleFactor',
  'meanValues',
  'models',
  'lanes',
  'maxPixels',
  'landmarks',
  'jitters',
  'encoder',
  'shrinkOnLoad',
] as const;

export function engineOptions(flags: Readonly<Record<string, unknown>>): EngineOptions {
  return Object.fromEntries(engineFlags.map((name) => [name, flags[name]]));
}
