// Options that several commands share, and how they become the library's options.

import { type Command, InvalidArgumentError, Option } from 'commander';
import type { EngineOptions } from '../engine.js';
import { InvalidOptionError } from '../errors.js';
import { defaultSet, FaceStore } from '../store/index.js';
import type { OutputFormat } from './output.js';

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

export function addOutputFlags(command: Command): Command {
  return command
    .addOption(new Option('--json', 'print JSON').conflicts('csv'))
    .addOption(new Option('--csv', 'print CSV with a header line'));
}

export function outputFormat({ json, csv }: OutputFlags): OutputFormat {
  if (json) return 'json';
  return csv ? 'csv' : 'text';
}

export interface StoreFlags {
  readonly store?: string;
  readonly set: string;
}

export function addStoreFlags(command: Command): Command {
  return command
    .option(
      '--store <file>',
      'face store (SQLite): keeps encodings, decisions and results; only photos that are new or changed are encoded',
    )
    .option('--set <name>', 'which of the store\u2019s sets of photos', defaultSet);
}

/** Of a command that is about what a store holds. @throws InvalidOptionError, FaceStoreError */
export function openStore({ store }: { readonly store?: string | undefined }): FaceStore {
  if (store === undefined)
    throw new InvalidOptionError('ARGUMENT_INVALID', 'This needs a face store: name its file with --store.');
  return new FaceStore(store);
}

/** Names and ranges are those of EngineOptions; the library checks them. */
export function addDetectFlags(command: Command): Command {
  return command
    .option(
      '--detector <name>',
      'ssd (OpenCV res10), hog (dlib, needs no model file) or mmod (dlib, slow); default ssd',
    )
    .option(
      '--upsample <times>',
      'hog, mmod: double the photo this often first, 0 to 4; default 1',
      parseNumber,
    )
    .option('--max-side <pixels>', 'mmod: shrink larger photos to this side first; default 2048', parseNumber)
    .option(
      '--confidence <number>',
      'least confidence, 0 to 1; default 0.5 for ssd, 0 for hog and mmod',
      parseNumber,
    )
    .option(
      '--nms-threshold <number>',
      'ssd: overlap above which the weaker box goes; default 0.4',
      parseNumber,
    )
    .option('--backend <name>', 'of cv::dnn; default opencv')
    .option('--target <name>', 'of cv::dnn; default cpu')
    .option('--scale-factor <number>', 'ssd: factor on each pixel; default 1', parseNumber)
    .option('--mean-values <b,g,r>', 'ssd: taken off each pixel; default 104,177,123', parseNumbers)
    .option('--shrink-on-load', 'ssd: decode large JPEGs at a part of their size; faster, boxes less exact')
    .option('--models <directory>', 'where model files are looked for first')
    .option('--lanes <number>', 'photos worked on at once; default the number of cores', parseNumber)
    .option('--max-pixels <number>', 'the most pixels a photo may have; default 100 million', parseNumber);
}

export function addEncodeFlags(command: Command): Command {
  return addDetectFlags(command)
    .option(
      '--landmarks <name>',
      'small (5 points) or large (68 points, not for commercial use); default small',
    )
    .option('--jitters <number>', 'average this many jittered copies of each face; default 1', parseNumber)
    .option('--mirror', 'average the mirrored face in; default for ssd')
    .option('--no-mirror', 'do not')
    .option('--encoder <name>', 'dnn (cv::dnn) or dlib (the reference, slower); default dnn')
    .option('--align <how>', 'box or refined; default refined for ssd, box for the others');
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
