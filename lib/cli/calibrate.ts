// `facededup calibrate`: labelled pairs in, a calibration, thresholds and rates by group out.

import type { Command } from 'commander';
import {
  calibrate,
  type Calibration,
  type GroupRates,
  type LabelledPair,
  ratesByGroup,
  type SuggestedThreshold,
  suggestThreshold,
  writeCalibration,
} from '../calibration/index.js';
import { FaceEngine } from '../engine.js';
import { InvalidOptionError } from '../errors.js';
import { measureDecisions, type MeasuredPairs, measurePhotos } from '../runs/labelled_pairs.js';
import { FaceStore } from '../store/index.js';
import { calibrationInWords, groupsInWords, notesOn, suggestionsInWords } from './calibration_words.js';
import { readLabelledPairs } from './labelled_pairs.js';
import { count, printJson, printLine, printNote, printTable, visible } from './output.js';
import { exitCodeFor, noteFailures, noteUnverifiedModels } from './photo_run.js';
import { startProgress } from './progress.js';
import {
  addEncodeFlags,
  addStoreFlags,
  engineOptions,
  parseNumber,
  type StoreFlags,
} from './shared_options.js';

interface CalibrateFlags extends StoreFlags {
  readonly decisions?: boolean;
  readonly column?: readonly string[];
  readonly falseMatchRate?: readonly number[];
  readonly prior?: number;
  readonly out?: string;
  readonly json?: boolean;
}

export interface CalibrationReport {
  readonly calibration: Calibration;
  readonly thresholds: readonly SuggestedThreshold[];
  readonly groups: readonly GroupRates[];
  /** Sentences that a reader of the numbers must know. */
  readonly notes: readonly string[];
  readonly withoutFace: readonly string[];
  readonly failed: MeasuredPairs['failed'];
  readonly leftOut: number;
}

export function addCalibrateCommand(program: Command, setExitCode: (code: number) => void): void {
  const command = program
    .command('calibrate')
    .description('measure distances on pairs that somebody labelled, and suggest thresholds')
    .argument(
      '[pairs]',
      'CSV with a header: first,second,same (photos) or distance,same; same is 1, true, yes, same or 0, false, no, different',
    )
    .option('--decisions', 'with --store: take the decisions on its pairs instead of a file')
    .option(
      '--column <name>',
      'column of groups, such as age or sex: rates for each group; may be given several times, or names with commas between',
      (text: string, before: readonly string[] = []) => [...before, ...listed(text)],
    )
    .option(
      '--false-match-rate <rate>',
      'part of the pairs of different people that may pass; may be given several times, or with commas between; default 0.001',
      (text: string, before: readonly number[] = []) => [...before, ...listed(text).map(parseNumber)],
    )
    .option('--prior <part>', 'of the pairs to be judged, the part that is of one person', parseNumber)
    .option('--out <file>', 'write the calibration, for find --calibration')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  facededup calibrate pairs.csv --false-match-rate 0.001,0.0001 --out calibration.json\n' +
        '  facededup calibrate --decisions --store faces.db\n  facededup calibrate pairs.csv --column sex --column age',
    );
  addStoreFlags(addEncodeFlags(command)).action(async (file: string | undefined, flags: CalibrateFlags) => {
    const rates = flags.falseMatchRate ?? [0.001];
    const measured = await measure(file, flags);
    const calibration = calibrate(measured.pairs, {
      data: flags.decisions ? `decisions in ${flags.store} on pairs that runs reported` : file,
      way: measured.way,
      prior: flags.prior,
      decisionsBelow: measured.decisionsBelow,
    });
    const thresholds = rates.map((rate) => suggestThreshold(calibration, rate));
    const groups = groupsOf(measured.pairs, flags.column ?? [], thresholds);
    if (flags.out !== undefined) await writeCalibration(flags.out, calibration);
    print(
      {
        calibration,
        thresholds,
        groups,
        notes: notesOn(calibration, {
          thresholds,
          ofDecisions: flags.decisions === true,
          prior: flags.prior,
        }),
        withoutFace: measured.withoutFace,
        failed: measured.failed,
        leftOut: measured.leftOut,
      },
      flags,
    );
    setExitCode(exitCodeFor(measured));
  });
}

function listed(text: string): string[] {
  return text.split(',').map((each) => each.trim());
}

async function measure(file: string | undefined, flags: CalibrateFlags): Promise<MeasuredPairs> {
  if ((file === undefined) === (flags.decisions !== true))
    throw new InvalidOptionError(
      'ARGUMENT_INVALID',
      'Name either a file of labelled pairs, or --decisions with a face store.',
    );
  const store =
    flags.store === undefined ? undefined : new FaceStore(flags.store, { create: false, readOnly: true });
  try {
    const set = store?.existingSet(flags.set);
    if (file === undefined) {
      if (set) return measureDecisions(set);
      throw new InvalidOptionError(
        'ARGUMENT_INVALID',
        '--decisions needs a face store: name its file with --store.',
      );
    }
    const labelled = await readLabelledPairs(file, flags.column ?? []);
    if (labelled.kind === 'distances')
      return { pairs: labelled.pairs, withoutFace: [], failed: [], leftOut: 0 };
    const engine = await FaceEngine.create(engineOptions({ ...flags }));
    const progress = startProgress('encoding', 0, 'photos');
    try {
      const measured = await measurePhotos(engine, labelled.pairs, {
        set,
        onProgress: ({ done, total }) => progress.update(done, total),
      });
      progress.stop();
      noteUnverifiedModels(engine.info());
      return measured;
    } finally {
      progress.stop();
      await engine.close();
    }
  } finally {
    store?.close();
  }
}

function groupsOf(
  pairs: readonly LabelledPair[],
  columns: readonly string[],
  thresholds: readonly SuggestedThreshold[],
): GroupRates[] {
  if (columns.length === 0) return [];
  const found = thresholds.flatMap(({ threshold }) => (threshold === undefined ? [] : [threshold]));
  return found.length === 0 ? [] : ratesByGroup(pairs, [...new Set(found)]);
}

function print(report: CalibrationReport, { json, out }: CalibrateFlags): void {
  const { calibration, thresholds, groups, notes, withoutFace, failed, leftOut } = report;
  if (json) printJson(report);
  else {
    const { heading, table } = calibrationInWords(calibration);
    printLine(heading);
    printLine('');
    printTable(table);
    printLine('');
    printTable(suggestionsInWords(thresholds));
    for (const { title, table: rows } of groupsInWords(groups)) {
      printLine('');
      printLine(visible(title));
      printTable(rows);
    }
  }
  noteFailures(failed, calibration.photos + withoutFace.length + failed.length);
  for (const photo of withoutFace) printNote(`without a face: ${photo}`);
  if (leftOut > 0)
    printNote(
      `${count(leftOut, 'labelled pair')} could not be measured, and ${leftOut === 1 ? 'is' : 'are'} left out.`,
    );
  for (const note of json ? [] : notes) printNote(`note: ${note}`);
  if (out !== undefined) printNote(`Written to ${out}: facededup find --calibration ${out} …`);
}
