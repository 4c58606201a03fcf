// `facededup report`: what a run found, as one HTML file to look at.

import { type Command, InvalidArgumentError, Option } from 'commander';
import { FaceEngine } from '../engine.js';
import {
  type PhotosInReport,
  photosInReport,
  requireWritable,
  writeReport,
  type WrittenReport,
} from '../report/index.js';
import type { Findings } from '../runs/findings.js';
import type { ReviewSet } from '../store/index.js';
import { openAnyStore } from './any_store.js';
import { addExamples } from './help.js';
import { count, printJson, printNote } from './output.js';
import { startProgress } from './progress.js';
import { addStoreFlags, modelsOption, parseNumber, type StoreFlags } from './shared_options.js';

interface ReportFlags extends StoreFlags {
  readonly run?: number;
  readonly out: string;
  readonly title?: string;
  readonly photos: PhotosInReport;
  readonly json?: boolean;
  readonly models?: string;
  readonly lanes?: number;
}

export function addReportCommand(program: Command): void {
  const command = program
    .command('report')
    .description('write what a run found as one HTML file: faces side by side, search, filters, print')
    .requiredOption('--out <file>', 'the HTML file to write; it holds faces, and only you may read it')
    .option('--run <number>', 'which run; default the latest', parseRun)
    .option('--title <text>', 'the heading; default how many pairs there are')
    .addOption(photosOption())
    .addOption(modelsOption())
    .option('--lanes <number>', 'photos worked on at once; default the number of cores', parseNumber)
    .option('--json', 'print JSON');
  addExamples(command, [
    ['facededup report --store faces.db --out found.html', 'the latest run, as a page that opens from disk'],
    [
      'facededup report --store faces.db --run 3 --photos none --out small.html',
      'an earlier run, faces alone',
    ],
  ]);
  addStoreFlags(command).action(async (flags: ReportFlags) => {
    await requireWritable(flags.out);
    const store = await openAnyStore(flags, { readOnly: true });
    try {
      const set = await store.existingSet(flags.set);
      const findings = await set.runs.findings(flags.run, await set.decisions.index());
      // Nothing is detected or encoded here: of the models only that of the landmarks is needed.
      const engine = FaceEngine.createLazily({ models: flags.models, lanes: flags.lanes });
      try {
        const written = await reportWithProgress(flags.out, findings, { ...flags, engine, set });
        if (flags.json) printJson(written);
        noteReport(written);
      } finally {
        await engine.close();
      }
    } finally {
      await store.close();
    }
  });
}

export function photosOption(): Option {
  return new Option(
    '--photos <how>',
    'whole photos: embed in the file, link to where they lie, none, or auto: embed up to 64 MiB, link the rest',
  )
    .choices(photosInReport)
    .default('auto');
}

export interface ReportRun {
  readonly engine: FaceEngine;
  /** Tells which photos have changed since. */
  readonly set?: Pick<ReviewSet, 'photos'> | undefined;
  readonly photos?: PhotosInReport | undefined;
  readonly title?: string | undefined;
}

/** With a bar on a terminal. */
export async function reportWithProgress(
  path: string,
  findings: Findings,
  { engine, set, photos, title }: ReportRun,
): Promise<WrittenReport> {
  const progress = startProgress('report', 0, 'photos');
  try {
    return await writeReport(path, findings, {
      engine,
      photos,
      title,
      digestOf: set && (async (name) => (await set.photos.seen(name))?.digest),
      onProgress: ({ done, total }) => progress.update(done, total),
    });
  } finally {
    progress.stop();
  }
}

export function noteReport({ path, bytes, crops, wholePhotos, missing }: WrittenReport): void {
  const lost = missing === 0 ? '' : `, ${count(missing, 'photo')} without an image`;
  const size = (bytes / 1e6).toFixed(1);
  printNote(
    `Report: ${path} (${size} MB: ${count(crops, 'face')}, ${count(wholePhotos, 'whole photo')}${lost}).`,
  );
}

function parseRun(text: string): number {
  const run = parseNumber(text);
  if (!Number.isSafeInteger(run) || run < 1)
    throw new InvalidArgumentError('It must be the number of a run.');
  return run;
}
