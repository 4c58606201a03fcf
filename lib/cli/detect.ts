// `facededup detect`: the boxes of the faces on each photo.

import type { Command } from 'commander';
import type { FaceDetection } from '../detections.js';
import { FaceEngine } from '../engine.js';
import { addExamples } from './help.js';
import { count, JsonArrayPrinter, printCsvRow, printLine, visible } from './output.js';
import { NamedPhotos } from '../photos/named_photos.js';
import { exitCodeFor, noteUnverifiedModels, runOverPhotos } from './photo_run.js';
import {
  addDetectFlags,
  addOutputFlags,
  engineOptions,
  outputFormat,
  type OutputFlags,
} from './shared_options.js';

export function addDetectCommand(program: Command, setExitCode: (code: number) => void): void {
  const command = program
    .command('detect')
    .description('print the boxes of the faces on each photo')
    .argument('<photos...>', 'photo files, folders to search, and azure:CONTAINER/PREFIX');
  addOutputFlags(addDetectFlags(command)).action(async (paths: string[], flags: OutputFlags) => {
    const photos = await NamedPhotos.of(paths);
    const engine = FaceEngine.createLazily(engineOptions({ ...flags }));
    try {
      const printer = printers[outputFormat(flags)]();
      const run = await runOverPhotos(photos, 'detecting', engine.detectAll(photos), printer.print);
      printer.end();
      noteUnverifiedModels(engine.info());
      setExitCode(exitCodeFor(run));
    } finally {
      await engine.close();
    }
  });
  addExamples(command, [
    ['facededup detect photo.jpg', 'how many faces, where, and how sure'],
    ['facededup detect photos/ --detector hog --csv > faces.csv', 'by dlib\u2019s HOG, a row for each face'],
  ]);
}

interface DetectionPrinter {
  readonly print: (photo: string, faces: readonly FaceDetection[]) => void;
  readonly end: () => void;
}

const printers: Readonly<Record<'text' | 'json' | 'csv', () => DetectionPrinter>> = {
  text: () => ({
    print: (photo, faces) => {
      printLine(`${visible(photo)}: ${count(faces.length, 'face')}`);
      for (const { box, confidence } of faces) {
        const [x, y, width, height] = [box.x, box.y, box.width, box.height].map((pixels) =>
          pixels.toFixed(1),
        );
        printLine(`  ${width}×${height} at (${x}, ${y}), confidence ${confidence.toFixed(4)}`);
      }
    },
    end: () => undefined,
  }),
  json: () => {
    const array = new JsonArrayPrinter();
    return { print: (photo, faces) => array.print({ photo, faces }), end: () => array.end() };
  },
  csv: () => {
    printCsvRow(['photo', 'x', 'y', 'width', 'height', 'confidence', 'detector']);
    return {
      print: (photo, faces) => {
        for (const { box, confidence, detector } of faces) {
          printCsvRow([photo, box.x, box.y, box.width, box.height, confidence, detector]);
        }
      },
      end: () => undefined,
    };
  },
};
