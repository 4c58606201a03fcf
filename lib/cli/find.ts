// `facededup find`: photos in, pairs of photos that show the same person out.

import { readFile } from 'node:fs/promises';
import { parse } from 'csv-parse/sync';
import { type Command, Option } from 'commander';
import { thresholdOptionTable } from '../config.js';
import {
  type DuplicatePair,
  type FaceRecord,
  findDuplicates,
  groupDuplicates,
  type IgnoredPair,
} from '../duplicates/index.js';
import { largestFace } from '../detections.js';
import { EncodingsJournal, type KeptFace } from '../encodings/journal.js';
import { FaceEngine } from '../engine.js';
import { InvalidOptionError } from '../errors.js';
import { readOptions } from '../options.js';
import {
  count,
  type OutputFormat,
  printCsvRow,
  printLine,
  printNote,
  printTable,
  visible,
} from './output.js';
import {
  encodeUnknown,
  exitCodeFor,
  type FailedPhoto,
  NamedPhotos,
  noteUnverifiedModels,
  runOverPhotos,
} from './photo_run.js';
import { startProgress } from './progress.js';
import {
  addEncodeFlags,
  addOutputFlags,
  engineOptions,
  outputFormat,
  type OutputFlags,
  parseNumber,
} from './shared_options.js';

interface FindFlags extends OutputFlags {
  readonly threshold?: number;
  readonly ignore?: string;
  readonly groups?: boolean;
  readonly encodings?: string;
  readonly faces: 'all' | 'largest';
}

interface Findings {
  readonly threshold: number;
  readonly photos: number;
  readonly faces: number;
  readonly pairs: readonly DuplicatePair[];
  readonly groups: readonly (readonly string[])[];
  readonly withoutFace: readonly string[];
  readonly failed: readonly FailedPhoto[];
}

export function addFindCommand(program: Command, setExitCode: (code: number) => void): void {
  const command = program
    .command('find')
    .description('find the photos that show the same person')
    .argument('<photos...>', 'photo files, folders to search, and azure:CONTAINER/PREFIX')
    .option(
      '-t, --threshold <distance>',
      'distance below which two faces are the same person; default 0.4',
      parseNumber,
    )
    .option('--ignore <file>', 'CSV of two columns: pairs of photos to leave out, as they would be printed')
    .addOption(
      new Option('--faces <which>', 'of each photo compare all faces, or only the largest, as on portraits')
        .choices(['all', 'largest'])
        .default('all'),
    )
    .option(
      '--encodings <file>',
      'keep encodings in this file, and encode only photos that are new or changed since; begun when it is not there',
    )
    .option('--groups', 'print groups of photos of one person instead of pairs');
  addOutputFlags(addEncodeFlags(command)).action(async (paths: string[], flags: FindFlags) => {
    const findings = await find(paths, flags);
    print(findings, outputFormat(flags), flags.groups === true);
    setExitCode(exitCodeFor(findings));
  });
}

async function find(paths: readonly string[], flags: FindFlags): Promise<Findings> {
  // Checked before the photos are encoded, which may take hours.
  const { threshold } = readOptions(thresholdOptionTable, { threshold: flags.threshold });
  const ignoredPairs = flags.ignore === undefined ? [] : await readIgnoredPairs(flags.ignore);
  const photos = await NamedPhotos.of(paths);

  const engine = await FaceEngine.create(engineOptions({ ...flags }));
  try {
    const records: FaceRecord[] = [];
    const chosen = flags.faces === 'largest' ? onlyLargest : (faces: readonly KeptFace[]) => faces;
    const journal = flags.encodings === undefined ? undefined : await EncodingsJournal.open(flags.encodings);
    const results = journal ? encodeUnknown(engine, photos, journal) : engine.encodeAll(photos);
    const run = await runOverPhotos<KeptFace>(photos, 'encoding', results, (photo, faces) => {
      records.push({ id: photo, encodings: chosen(faces).map(({ encoding }) => encoding) });
    });
    noteUnverifiedModels(engine.info());
    const pairs = await compare(records, threshold, ignoredPairs);
    return {
      threshold,
      ...run,
      faces: records.reduce((sum, { encodings }) => sum + encodings.length, 0),
      pairs,
      groups: groupDuplicates(pairs),
      withoutFace: records.filter(({ encodings }) => encodings.length === 0).map(({ id }) => id),
    };
  } finally {
    await engine.close();
  }
}

function onlyLargest(faces: readonly KeptFace[]): readonly KeptFace[] {
  const largest = largestFace(faces);
  return largest ? [largest] : [];
}

async function compare(
  records: readonly FaceRecord[],
  threshold: number,
  ignoredPairs: readonly IgnoredPair[],
): Promise<DuplicatePair[]> {
  const progress = startProgress('comparing', 1, 'pairs');
  try {
    return await findDuplicates(records, {
      threshold,
      ignoredPairs,
      onProgress: ({ compared, total }) => progress.update(compared, total),
    });
  } finally {
    progress.stop();
  }
}

async function readIgnoredPairs(file: string): Promise<IgnoredPair[]> {
  try {
    const rows = parse(await readFile(file, 'utf8'), { skip_empty_lines: true, trim: true });
    return rows.map((row) => {
      const [first, second, ...rest] = row;
      if (first === undefined || second === undefined || rest.length > 0)
        throw new Error(`'${row.join(',')}' has not two columns`);
      return [first, second] as const;
    });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new InvalidOptionError(
      'ARGUMENT_INVALID',
      `The file of ignored pairs '${file}' cannot be read: ${reason}.`,
      { cause },
    );
  }
}

function print(findings: Findings, format: OutputFormat, asGroups: boolean): void {
  if (format === 'json') printLine(JSON.stringify(findings, null, 2));
  else if (format === 'csv') printAsCsv(findings, asGroups);
  else printAsText(findings, asGroups);

  const { photos, faces, pairs, groups, withoutFace, failed, threshold } = findings;
  printNote(
    `${count(photos, 'photo')}: ${count(faces, 'face')}, ${withoutFace.length} without a face, ${failed.length} failed. ` +
      `${count(pairs.length, 'pair')} below ${threshold} in ${count(groups.length, 'group')}.`,
  );
}

function printAsCsv({ pairs, groups }: Findings, asGroups: boolean): void {
  if (asGroups) {
    printCsvRow(['group', 'photo']);
    groups.forEach((group, index) => group.forEach((photo) => printCsvRow([index + 1, photo])));
    return;
  }
  printCsvRow(['first', 'second', 'distance']);
  for (const { first, second, distance } of pairs) printCsvRow([first, second, distance]);
}

function printAsText({ pairs, groups }: Findings, asGroups: boolean): void {
  if (asGroups) groups.forEach((group) => printLine(group.map(visible).join('  ')));
  else printTable(pairs.map(({ first, second, distance }) => [distance.toFixed(4), first, second]));
}
