// `facededup encode`: 128 numbers for each face on each photo.

import type { Command } from 'commander';
import type { FaceEncoding } from '../detections.js';
import { FaceEngine } from '../engine.js';
import { traced } from '../telemetry/index.js';
import { addExamples } from './help.js';
import { JsonArrayPrinter, printCsvRow } from './output.js';
import { NamedPhotos } from '../photos/named_photos.js';
import { exitCodeFor, noteUnverifiedModels, runOverPhotos } from './photo_run.js';
import {
  addEncodeFlags,
  addOutputFlags,
  addTelemetryFlag,
  engineOptions,
  outputFormat,
  type OutputFlags,
} from './shared_options.js';

const encodingSize = 128;

export function addEncodeCommand(program: Command, setExitCode: (code: number) => void): void {
  const command = program
    .command('encode')
    .description('print the encoding of each face on each photo, as JSON or CSV (default JSON)')
    .argument('<photos...>', 'photo files, folders to search, and azure:CONTAINER/PREFIX');
  addTelemetryFlag(addOutputFlags(addEncodeFlags(command))).action(
    async (paths: string[], flags: OutputFlags) => {
      const photos = await NamedPhotos.of(paths);
      const engine = await FaceEngine.create(engineOptions({ ...flags }));
      try {
        const printer = outputFormat(flags) === 'csv' ? csvPrinter() : jsonPrinter();
        const run = await traced('facededup.run', {}, async (tell) => {
          const done = await runOverPhotos(photos, 'encoding', engine.encodeAll(photos), printer.print);
          tell({ 'facededup.photos': done.photos, 'facededup.failed': done.failed.length });
          return done;
        });
        printer.end();
        noteUnverifiedModels(engine.info());
        setExitCode(exitCodeFor(run));
      } finally {
        await engine.close();
      }
    },
  );
  addExamples(command, [
    ['facededup encode photo.jpg', 'box, landmarks and encoding of each face, as JSON'],
    ['facededup encode photos/ --csv > encodings.csv', 'a row of 128 numbers for each face'],
  ]);
}

interface EncodingPrinter {
  readonly print: (photo: string, faces: readonly FaceEncoding[]) => void;
  readonly end: () => void;
}

function jsonPrinter(): EncodingPrinter {
  const array = new JsonArrayPrinter();
  return { print: (photo, faces) => array.print({ photo, faces }), end: () => array.end() };
}

function csvPrinter(): EncodingPrinter {
  const numbers = Array.from({ length: encodingSize }, (_, index) => `e${index}`);
  printCsvRow(['photo', 'x', 'y', 'width', 'height', 'confidence', 'detector', ...numbers]);
  return {
    print: (photo, faces) => {
      for (const { box, confidence, detector, encoding } of faces) {
        printCsvRow([photo, box.x, box.y, box.width, box.height, confidence, detector, ...encoding]);
      }
    },
    end: () => undefined,
  };
}
