// `facededup find`: photos in, pairs of photos that show the same person out.

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
import { mixtureInWords } from '../runs/words.js';
import { FaceStore } from '../store/index.js';
import { openAnyStore } from './any_store.js';
import { findOnCluster } from './cluster.js';
import { type FindingsFlags, printFindings } from './findings_output.js';
import { addExamples } from './help.js';
import { printNote } from './output.js';
import { readIgnoredPairs, readReferences } from './pair_files.js';
import { exitCodeFor, exitCodes, noteUnverifiedModels } from './photo_run.js';
import { StageProgress } from './progress.js';
import { noteReport, reportWithProgress } from './report.js';
import {
  addCalibrationFlag,
  addEncodeFlags,
  addFacesFlag,
  addOutputFlags,
  addStoreFlags,
  addTelemetryFlag,
  addThresholdFlag,
  calibrationOf,
  engineOptions,
  clusterOption,
  parseNumber,
  type StoreFlags,
} from './shared_options.js';

interface FindFlags extends FindingsFlags, StoreFlags {
  readonly cluster?: string;
  readonly detach?: boolean;
  readonly candidates?: number;
  readonly threshold?: number;
  readonly ignore?: string;
  readonly references?: string;
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
    .option('--report <file>', 'also write the result as one HTML file with the faces side by side')
    .addOption(clusterOption())
    .option('--detach', 'with --cluster: print the number of the run, and do not wait for it')
    .option(
      '--candidates <reach>',
      'with --cluster, from a million faces on: find all pairs below this distance, and of those up to the threshold the most, in a fraction of the time',
      parseNumber,
    );
  addCalibrationFlag(addFacesFlag(addThresholdFlag(command)));
  addTelemetryFlag(addOutputFlags(addStoreFlags(addEncodeFlags(command))));
  command.action(async (paths: string[], flags: FindFlags) => {
    const { findings, ways } = await (flags.cluster === undefined ? find : findElsewhere)(paths, flags);
    if (!findings) return setExitCode(exitCodes.done);
    printFindings(findings, flags);
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
    [
      'facededup find /share/photos --cluster redis://queue --store postgres://faces@db/faces',
      'the same on many machines, each of which runs `facededup worker` and has /share/photos',
    ],
  ]);
}

interface Found {
  /** Absent where nobody waits for them. */
  readonly findings: Findings | undefined;
  readonly ways: WaysCompared | undefined;
}

async function find(paths: readonly string[], flags: FindFlags): Promise<Found> {
  // Checked before the photos are encoded, which may take hours.
  const { threshold } = readOptions(thresholdOptionTable, { threshold: flags.threshold });
  requireStoreOr(paths, flags);
  for (const [flag, value] of [
    ['--detach', flags.detach],
    ['--candidates', flags.candidates],
  ] as const)
    if (value !== undefined)
      throw new InvalidOptionError(
        'ARGUMENT_INVALID',
        `${flag} needs a cluster: name its Redis with --cluster.`,
      );
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

/** By the workers of a cluster, under the same options. */
async function findElsewhere(paths: readonly string[], flags: FindFlags): Promise<Found> {
  const { threshold, ignore, references, report, candidates } = flags;
  if (report !== undefined) await requireWritable(report);
  const findings = await findOnCluster(flags, {
    set: flags.set,
    photos: paths,
    engine: engineOptions({ ...flags }),
    threshold,
    policy: flags.faces,
    ignoredPairs: ignore === undefined ? [] : await readIgnoredPairs(ignore),
    references: references === undefined ? undefined : await readReferences(references),
    dropGone: flags.dropGone,
    calibration: await calibrationOf(flags),
    candidates: candidates === undefined ? undefined : { reach: candidates },
  });
  if (findings && report !== undefined) {
    const store = await openAnyStore(flags);
    const engine = FaceEngine.createLazily(engineOptions({ ...flags }));
    try {
      const set = await store.existingSet(flags.set);
      noteReport(await reportWithProgress(report, findings, { engine, set }));
    } finally {
      await engine.close();
      await store.close();
    }
  }
  return { findings, ways: undefined };
}

function requireStoreOr(paths: readonly string[], flags: FindFlags): void {
  if (flags.store !== undefined) return;
  const needs = (what: string) =>
    new InvalidOptionError('ARGUMENT_INVALID', `${what} a face store: name its file with --store.`);
  if (paths.length === 0) throw needs('Name photos, or');
  if (flags.dropGone) throw needs('--drop-gone needs');
  if (flags.new) throw needs('--new needs');
}
