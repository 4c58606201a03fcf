// `facededup unique`: the best face of each person, written to a folder.

import { type Command, Option } from 'commander';
import { extractOptionTable, thresholdOptionTable } from '../config.js';
import { FaceEngine } from '../engine.js';
import { InvalidOptionError } from '../errors.js';
import { readOptions } from '../options.js';
import { NamedPhotos } from '../photos/named_photos.js';
import type { FacesPolicy } from '../runs/findings.js';
import { type UniqueManifest, writeUniquePeople } from '../runs/unique.js';
import { FaceStore } from '../store/index.js';
import { addExamples } from './help.js';
import { count, printCsvRow, printJson, printNote, printTable } from './output.js';
import { exitCodeFor, noteFailures, noteUnverifiedModels } from './photo_run.js';
import { StageProgress } from './progress.js';
import {
  addEncodeFlags,
  addFacesFlag,
  addOutputFlags,
  addStoreFlags,
  addThresholdFlag,
  engineOptions,
  outputFormat,
  type OutputFlags,
  parseNumber,
  type StoreFlags,
} from './shared_options.js';

interface UniqueFlags extends OutputFlags, StoreFlags {
  readonly out: string;
  readonly threshold?: number;
  readonly faces: FacesPolicy;
  readonly whole?: boolean;
  readonly size?: number;
  readonly format: 'png' | 'jpeg';
  readonly force?: boolean;
}

export function addUniqueCommand(program: Command, setExitCode: (code: number) => void): void {
  const command = program
    .command('unique')
    .description('write out the best face of each person')
    .argument('[photos...]', 'photo files, folders to search, and azure:CONTAINER/PREFIX')
    .requiredOption('--out <directory>', 'where a file for each person and manifest.json are written')
    .addOption(new Option('--whole', 'write whole photos as they are').conflicts(['size', 'format']))
    .option('--size <pixels>', 'side of the faces written, 16 to 2048; default 150', parseNumber)
    .addOption(new Option('--format <name>', 'of the faces written').choices(['png', 'jpeg']).default('png'))
    .option('--force', 'replace what an earlier run wrote to that directory');
  addFacesFlag(addThresholdFlag(command));
  addOutputFlags(addStoreFlags(addEncodeFlags(command))).action(
    async (paths: string[], flags: UniqueFlags) => {
      const manifest = await writeUnique(paths, flags);
      print(manifest, flags);
      setExitCode(exitCodeFor(manifest));
    },
  );
  addExamples(command, [
    ['facededup unique photos/ --out people/', 'a PNG of 150×150 pixels for each person, and manifest.json'],
    ['facededup unique photos/ --out people/ --whole', 'the photos themselves, as they are'],
    [
      'facededup unique --store faces.db --out people/ --size 300 --format jpeg --force',
      'of photos that are encoded already, in place of what was there',
    ],
  ]).addHelpText(
    'after',
    '\nThe best face is the one with the highest product of confidence, size (up to 150 pixels)\n' +
      'and sharpness; manifest.json has these numbers, and the faces each was chosen from.',
  );
}

async function writeUnique(paths: readonly string[], flags: UniqueFlags): Promise<UniqueManifest> {
  // Checked before the photos are encoded, which may take hours.
  const { threshold } = readOptions(thresholdOptionTable, { threshold: flags.threshold });
  const { size } = readOptions(extractOptionTable, { size: flags.size });
  if (paths.length === 0 && flags.store === undefined)
    throw new InvalidOptionError('ARGUMENT_INVALID', 'Name photos, or a face store with --store.');
  const photos = paths.length > 0 ? await NamedPhotos.of(paths) : undefined;
  const store = flags.store === undefined ? undefined : new FaceStore(flags.store);
  const progress = new StageProgress();
  try {
    const engine = await FaceEngine.create(engineOptions({ ...flags }));
    try {
      const manifest = await writeUniquePeople(engine, photos, flags.out, {
        set: store?.set(flags.set),
        threshold,
        policy: flags.faces,
        write: flags.whole ? 'photo' : 'face',
        size,
        format: flags.format,
        replace: flags.force,
        onProgress: progress.update,
      });
      progress.stop();
      noteUnverifiedModels(engine.info());
      return manifest;
    } finally {
      await engine.close();
    }
  } finally {
    progress.stop();
    store?.close();
  }
}

function print(manifest: UniqueManifest, flags: UniqueFlags): void {
  const { people, unwritten, withoutFace, rejected, failed } = manifest;
  switch (outputFormat(flags)) {
    case 'json':
      printJson(manifest);
      break;
    case 'csv':
      printCsvRow(['file', 'photo', 'x', 'y', 'width', 'height', 'confidence', 'size', 'sharpness', 'faces']);
      for (const { file, photo, box, quality, faces } of people) {
        const place = [box.x, box.y, box.width, box.height];
        const { confidence, size, sharpness } = quality;
        printCsvRow([file, photo, ...place, confidence, size, sharpness, faces.length]);
      }
      break;
    case 'text':
      printTable(
        people.map(({ file, photo, faces }) => [file, `the best of ${count(faces.length, 'face')}`, photo]),
      );
  }
  noteFailures(failed, photosOf(manifest));
  if (unwritten.length > 0)
    printNote(
      `${count(unwritten.length, 'person', 'people')} could not be written: no photo to read, or no box known.`,
    );
  const leftOut = rejected.length === 0 ? '' : `${rejected.length} rejected for several faces, `;
  printNote(
    `${count(people.length, 'person', 'people')} written to ${flags.out}; ${count(withoutFace.length, 'photo')} without a face, ` +
      `${leftOut}${failed.length} failed.`,
  );
}

function photosOf({ people, unwritten, withoutFace, rejected, failed }: UniqueManifest): number {
  const faces = [...people.flatMap((person) => person.faces), ...unwritten.flat()];
  const names = [...faces.map(({ photo }) => photo), ...failed.map(({ photo }) => photo)];
  return new Set([...names, ...withoutFace, ...rejected]).size;
}
