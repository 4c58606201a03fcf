// `facededup find`: photos in, pairs of photos that show the same person out.

import { relative } from 'node:path';
import type { Command } from 'commander';
import { thresholdOptionTable } from '../config.js';
import { FaceEngine } from '../engine.js';
import { InvalidOptionError } from '../errors.js';
import { readOptions } from '../options.js';
import { requireWritable } from '../report/index.js';
import { NamedPhotos } from '../photos/named_photos.js';
import { findInPhotos } from '../runs/find.js';
import type { FacesPolicy, Findings } from '../runs/findings.js';
import type { WaysCompared } from '../runs/ways_compared.js';
import { estimateInWords, mixtureInWords, summaryInWords } from '../runs/words.js';
import { FaceStore } from '../store/index.js';
import { inBold } from './colours.js';
import { addExamples } from './help.js';
import {
  type OutputFormat,
  printCsvRow,
  printJson,
  printLine,
  printNote,
  printTable,
  verdictCell,
  visible,
} from './output.js';
import { readIgnoredPairs, readReferences } from './pair_files.js';
import { exitCodeFor, noteFailures, noteUnverifiedModels } from './photo_run.js';
import { StageProgress } from './progress.js';
import { noteReport, reportWithProgress } from './report.js';
import {
  addCalibrationFlag,
  addEncodeFlags,
  addFacesFlag,
  addOutputFlags,
  addStoreFlags,
  addThresholdFlag,
  calibrationOf,
  engineOptions,
  outputFormat,
  type OutputFlags,
  type StoreFlags,
} from './shared_options.js';

interface FindFlags extends OutputFlags, StoreFlags {
  readonly threshold?: number;
  readonly ignore?: string;
  readonly references?: string;
  readonly groups?: boolean;
  readonly new?: boolean;
  readonly dropGone?: boolean;
  readonly report?: string;
  readonly faces: FacesPolicy;
  readonly calibration?: string;
}

export function addFindCommand(program: Command, setExitCode: (code: number) => void): void {
  const command = program
    .command('find')
    .description('find the photos that show the same person')
    .argument('[photos...]', 'photo files, folders to search, and azure:CONTAINER/PREFIX')
    .option('--ignore <file>', 'CSV of two columns: pairs of photos, or of references, to leave out')
    .option('--references <file>', 'CSV with the columns photo,reference: the record each photo belongs to')
    .option('--drop-gone', 'with --store: forget photos that are no longer in the places named')
    .option('--groups', 'print groups of photos of one person instead of pairs')
    .option('--new', 'with --store: print only pairs that the run before did not have')
    .option('--report <file>', 'also write the result as one HTML file with the faces side by side');
  addCalibrationFlag(addFacesFlag(addThresholdFlag(command)));
  addOutputFlags(addStoreFlags(addEncodeFlags(command))).action(async (paths: string[], flags: FindFlags) => {
    const { findings, ways } = await find(paths, flags);
    print(findings, outputFormat(flags), flags);
    const mixture = ways && mixtureInWords(ways);
    if (mixture !== undefined) printNote(`note: ${mixture}`);
    setExitCode(exitCodeFor(findings));
  });
  addExamples(command, [
    ['facededup find photos/', 'the pairs of photos that show one person, closest first'],
    ['facededup find photos/ --threshold 0.5 --groups', 'less strict, as groups of photos'],
    [
      'facededup find photos/ --store faces.db --new --csv > new.csv',
      'every night: only new photos are encoded, only new pairs are written',
    ],
    ['facededup find azure:intake/2026/ --json > pairs.json', 'photos in Azure Blob Storage'],
  ]);
}

interface Found {
  readonly findings: Findings;
  readonly ways: WaysCompared | undefined;
}

async function find(paths: readonly string[], flags: FindFlags): Promise<Found> {
  // Checked before the photos are encoded, which may take hours.
  const { threshold } = readOptions(thresholdOptionTable, { threshold: flags.threshold });
  requireStoreOr(paths, flags);
  if (flags.report !== undefined) await requireWritable(flags.report);
  const ignoredPairs = flags.ignore === undefined ? [] : await readIgnoredPairs(flags.ignore);
  const references = flags.references === undefined ? undefined : await readReferences(flags.references);
  const calibration = await calibrationOf(flags);
  const photos = paths.length > 0 ? await NamedPhotos.of(paths) : undefined;
  // Without photos there is nothing that a new store could hold.
  const store =
    flags.store === undefined ? undefined : new FaceStore(flags.store, { create: paths.length > 0 });
  const progress = new StageProgress();
  try {
    const set = store?.set(flags.set);
    const engine = await FaceEngine.create(engineOptions({ ...flags }));
    let ways: WaysCompared | undefined;
    try {
      const findings = await findInPhotos(engine, photos, {
        set,
        threshold,
        policy: flags.faces,
        ignoredPairs,
        references,
        dropGone: flags.dropGone,
        calibration,
        onProgress: progress.update,
        onWays: (compared) => (ways = compared),
      });
      progress.stop();
      noteUnverifiedModels(engine.info());
      if (flags.report !== undefined)
        noteReport(await reportWithProgress(flags.report, findings, { engine, set }));
      return { findings, ways };
    } finally {
      await engine.close();
    }
  } finally {
    progress.stop();
    store?.close();
  }
}

function requireStoreOr(paths: readonly string[], flags: FindFlags): void {
  if (flags.store !== undefined) return;
  const needs = (what: string) =>
    new InvalidOptionError('ARGUMENT_INVALID', `${what} a face store: name its file with --store.`);
  if (paths.length === 0) throw needs('Name photos, or');
  if (flags.dropGone) throw needs('--drop-gone needs');
  if (flags.new) throw needs('--new needs');
}

/** Of groups those that a new pair is in. */
function onlyNew(findings: Findings): Findings {
  const pairs = findings.pairs.filter(({ isNew }) => isNew);
  const photos = new Set(pairs.flatMap(({ first, second }) => [first, second]));
  const groups = findings.groups.filter((group) => group.some((photo) => photos.has(photo)));
  return { ...findings, pairs, groups };
}

function print(findings: Findings, format: OutputFormat, flags: FindFlags): void {
  const shown = flags.new ? onlyNew(findings) : findings;
  if (format === 'json') printJson(shown);
  else if (format === 'csv') printAsCsv(shown, flags.groups === true);
  else printAsText(shown, flags.groups === true);
  noteFailures(findings.failed, findings.summary.photos);
  printNote(summaryInWords(findings));
  printNote(estimateInWords(findings.expectedFalseMatches));
}

function printAsCsv({ pairs, groups }: Findings, asGroups: boolean): void {
  if (asGroups) {
    printCsvRow(['group', 'photo']);
    groups.forEach((group, index) => group.forEach((photo) => printCsvRow([index + 1, photo])));
    return;
  }
  const boxColumns = ['x', 'y', 'width', 'height'] as const;
  printCsvRow([
    ...['first', 'second', 'distance', 'similarity', 'first_reference', 'second_reference', 'new', 'verdict'],
    ...boxColumns.map((column) => `first_${column}`),
    ...boxColumns.map((column) => `second_${column}`),
  ]);
  for (const pair of pairs)
    printCsvRow([
      ...[pair.first, pair.second, pair.distance, pair.similarity],
      ...[pair.firstReference ?? '', pair.secondReference ?? '', pair.isNew ? 1 : 0, pair.verdict ?? ''],
      ...boxColumns.map((column) => pair.firstBox[column]),
      ...boxColumns.map((column) => pair.secondBox[column]),
    ]);
}

function printAsText({ pairs, groups, run }: Findings, asGroups: boolean): void {
  const nameOf = run === undefined ? (photo: string) => photo : shortName;
  if (asGroups) groups.forEach((group) => printLine(group.map((photo) => visible(nameOf(photo))).join('  ')));
  else
    printTable(
      pairs.map(({ first, second, distance, verdict }) => [
        { text: distance.toFixed(4), colour: inBold },
        nameOf(first),
        nameOf(second),
        ...(verdict === undefined ? [] : [verdictCell(verdict)]),
      ]),
    );
}

/** A store names files by their absolute paths; a person who stands near them need not read all of that. */
function shortName(photo: string): string {
  if (!photo.startsWith('/')) return photo;
  const near = relative(process.cwd(), photo);
  return near.startsWith('..') ? photo : near;
}
