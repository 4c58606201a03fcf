// `facededup compare`: two photos, one person or not.

import type { Command } from 'commander';
import { thresholdOptionTable } from '../config.js';
import { FaceEngine } from '../engine.js';
import { readOptions } from '../options.js';
import { photoNamed } from '../photos/azure.js';
import { type ComparedPhoto, comparePhotos, type Comparison } from '../runs/compare.js';
import { inBold } from './colours.js';
import { addExamples } from './help.js';
import { count, printCsvRow, printJson, printTable, verdictCell } from './output.js';
import { exitCodes, noteUnverifiedModels } from './photo_run.js';
import {
  addEncodeFlags,
  addOutputFlags,
  addThresholdFlag,
  engineOptions,
  outputFormat,
  type OutputFlags,
} from './shared_options.js';

interface CompareFlags extends OutputFlags {
  readonly threshold?: number;
}

type Names = readonly [first: string, second: string];

export function addCompareCommand(program: Command, setExitCode: (code: number) => void): void {
  const command = program
    .command('compare')
    .description('tell whether two photos show one person')
    .argument('<first>', 'photo file, or azure:CONTAINER/BLOB')
    .argument('<second>', 'the other');
  addOutputFlags(addThresholdFlag(addEncodeFlags(command))).action(
    async (first: string, second: string, flags: CompareFlags) => {
      const comparison = await compare([first, second], flags);
      print([first, second], comparison, flags);
      setExitCode(comparison.verdict === 'same' ? exitCodes.done : exitCodes.different);
    },
  );
  addExamples(command, [
    ['facededup compare id_card.jpg selfie.jpg', 'distance, verdict, and where the faces are'],
    ['facededup compare a.jpg b.jpg > /dev/null && echo same', 'in a script, by the exit code'],
    ['facededup compare a.jpg b.jpg --threshold 0.5 --json', 'for a program'],
  ]).addHelpText(
    'after',
    '\nOf photos with several faces the closest two are compared.\n' +
      'Exit codes, as of cmp and diff: 0 one person, 1 different people, 2 it cannot be told.',
  );
}

async function compare([first, second]: Names, flags: CompareFlags): Promise<Comparison> {
  const { threshold } = readOptions(thresholdOptionTable, { threshold: flags.threshold });
  const engine = await FaceEngine.create(engineOptions({ ...flags }));
  try {
    const comparison = await comparePhotos(engine, photoNamed(first), photoNamed(second), { threshold });
    noteUnverifiedModels(engine.info());
    return comparison;
  } finally {
    await engine.close();
  }
}

function print(names: Names, comparison: Comparison, flags: CompareFlags): void {
  const { first, second, distance, similarity, threshold, verdict } = comparison;
  const photos = [first, second].map((photo, index) => ({ photo: names[index] ?? '', ...photo }));
  switch (outputFormat(flags)) {
    case 'json':
      printJson({ verdict, distance, similarity, threshold, first: photos[0], second: photos[1] });
      return;
    case 'csv':
      printCsvRow(['first', 'second', 'verdict', 'distance', 'similarity', 'threshold', ...boxColumns]);
      printCsvRow([...names, verdict, distance, similarity, threshold, ...photos.flatMap(boxCells)]);
      return;
    case 'text':
      printTable([
        [{ ...verdictCell(verdict), text: words[verdict] }],
        ['distance', { text: distance.toFixed(4), colour: inBold }, `threshold ${threshold}`],
        ['similarity', similarity.toFixed(4)],
      ]);
      printTable(
        photos.map(({ photo, faces, box }) => [
          photo,
          `face of ${Math.round(box.width)}×${Math.round(box.height)} at (${Math.round(box.x)}, ${Math.round(box.y)})`,
          faces > 1 ? `the closest of ${count(faces, 'face')}` : '',
        ]),
      );
  }
}

const words = { same: 'one person', different: 'different people' } as const;

const boxColumns = ['first', 'second'].flatMap((photo) =>
  ['faces', 'x', 'y', 'width', 'height'].map((column) => `${photo}_${column}`),
);

function boxCells({ faces, box }: ComparedPhoto): number[] {
  return [faces, box.x, box.y, box.width, box.height];
}
