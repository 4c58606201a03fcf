// `facededup identify`: which known people the photos of another folder show.

import { type Command, Option } from 'commander';
import { thresholdOptionTable } from '../config.js';
import { FaceEngine } from '../engine.js';
import { InvalidOptionError } from '../errors.js';
import { readOptions } from '../options.js';
import { NamedPhotos } from '../photos/named_photos.js';
import type { FacesPolicy } from '../runs/findings.js';
import {
  type Identification,
  identifyPhotos,
  type KnownPeople,
  type PersonBy,
  type SideSummary,
} from '../runs/identify.js';
import { defaultSet } from '../store/index.js';
import { openAnyStore } from './any_store.js';
import { faint, inBold } from './colours.js';
import { addExamples } from './help.js';
import { type Cell, count, printCsvRow, printJson, printNote, printTable } from './output.js';
import { exitCodeFor, noteFailures, noteUnverifiedModels } from './photo_run.js';
import { StageProgress } from './progress.js';
import {
  addEncodeFlags,
  addFacesFlag,
  addOutputFlags,
  addThresholdFlag,
  engineOptions,
  outputFormat,
  type OutputFlags,
  parseNumber,
} from './shared_options.js';

interface IdentifyFlags extends OutputFlags {
  readonly threshold?: number;
  readonly faces: FacesPolicy;
  readonly by: PersonBy;
  readonly best?: number;
  readonly knownStore?: string;
  readonly knownSet: string;
}

export function addIdentifyCommand(program: Command, setExitCode: (code: number) => void): void {
  const command = program
    .command('identify')
    .description('tell which known people are on unknown photos')
    .argument('<known>', 'folder (file, azure:CONTAINER/PREFIX) of known people; left out with --known-store')
    .argument('[unknown...]', 'photo files, folders to search, and azure:CONTAINER/PREFIX')
    .addOption(
      new Option(
        '--by <what>',
        'who a known photo shows: itself, the folder right below KNOWN that it lies in, or its record in the store',
      )
        .choices(['photo', 'folder', 'reference'])
        .default('photo'),
    )
    .option('--best <number>', 'the most people to tell for each photo; default all', parseNumber)
    .option(
      '--known-store <file>',
      'face store, or postgres://…, whose photos are the known people, as they are kept',
    )
    .option('--known-set <name>', 'which of that store\u2019s sets', defaultSet);
  addFacesFlag(addThresholdFlag(command));
  addOutputFlags(addEncodeFlags(command)).action(
    async (known: string, unknown: string[], flags: IdentifyFlags) => {
      const identification = await identify(known, unknown, flags);
      print(identification, flags);
      const failed = [...identification.known.failed, ...identification.unknown.failed];
      setExitCode(exitCodeFor({ failed }));
    },
  );
  addExamples(command, [
    ['facededup identify members/ door/', 'the members\u2019 photos that each photo of door/ is like'],
    [
      'facededup identify members/ door/ --by folder --best 1',
      'where members/ has a folder for each person: the one that is closest',
    ],
    [
      'facededup identify --known-store faces.db --by reference new/ --csv',
      'against what `find --store` has encoded already, by record',
    ],
  ]);
}

async function identify(
  knownPlace: string,
  unknownPlaces: readonly string[],
  flags: IdentifyFlags,
): Promise<Identification> {
  const { threshold } = readOptions(thresholdOptionTable, { threshold: flags.threshold });
  const { best, faces: policy, knownStore, by } = flags;
  if (best !== undefined && !(Number.isInteger(best) && best >= 1))
    throw new InvalidOptionError('OPTION_RANGE', `--best must be a whole number from 1 on, not ${best}.`);
  if (knownStore === undefined && by === 'reference')
    throw wrong('Records are known to a store alone: name it with --known-store.');
  const unknown = knownStore === undefined ? unknownPlaces : [knownPlace, ...unknownPlaces];
  if (unknown.length === 0)
    throw wrong(
      'Name unknown photos behind the known ones, or the known ones\u2019 store with --known-store.',
    );
  const unknownPhotos = await NamedPhotos.of(unknown);
  const store =
    knownStore === undefined ? undefined : await openAnyStore({ store: knownStore }, { readOnly: true });
  const progress = { known: new StageProgress('known: '), unknown: new StageProgress('unknown: ') };
  try {
    const people: KnownPeople = store
      ? { photos: await store.existingSet(flags.knownSet), by }
      : { photos: await NamedPhotos.of([knownPlace]), roots: [knownPlace], by };
    const engine = await FaceEngine.create(engineOptions({ ...flags }));
    try {
      const identification = await identifyPhotos(engine, people, unknownPhotos, {
        threshold,
        policy,
        best,
        onProgress: (of, now) => {
          if (of === 'unknown') progress.known.stop();
          progress[of].update(now);
        },
      });
      progress.unknown.stop();
      noteUnverifiedModels(engine.info());
      return identification;
    } finally {
      await engine.close();
    }
  } finally {
    progress.known.stop();
    progress.unknown.stop();
    await store?.close();
  }
}

function wrong(message: string): InvalidOptionError {
  return new InvalidOptionError('ARGUMENT_INVALID', message);
}

function print(identification: Identification, flags: IdentifyFlags): void {
  const format = outputFormat(flags);
  if (format === 'json') printJson(identification);
  else if (format === 'csv') printAsCsv(identification);
  else printAsText(identification);
  const { known, unknown, people, identified, unmatched, threshold } = identification;
  noteFailures([...known.failed, ...unknown.failed], known.photos + unknown.photos);
  printNote(sideInWords(`Known: ${count(people, 'person', 'people')} on`, known));
  printNote(sideInWords('Unknown:', unknown));
  printNote(`${identified.length} identified below ${threshold}, ${unmatched.length} not.`);
}

function sideInWords(begin: string, side: SideSummary): string {
  const { photos, compared, faces, withoutFace, rejected, failed } = side;
  const leftOut = rejected.length === 0 ? '' : `${rejected.length} rejected for several faces, `;
  return (
    `${begin} ${count(photos, 'photo')}: ${compared} compared with ${count(faces, 'face')}, ` +
    `${withoutFace.length} without a face, ${leftOut}${failed.length} failed.`
  );
}

function printAsText({ identified, unmatched }: Identification): void {
  const rows: Cell[][] = identified.flatMap(({ photo, matches }) =>
    matches.map(({ person, photo: known, distance }): Cell[] => [
      { text: distance.toFixed(4), colour: inBold },
      photo,
      person,
      person === known ? '' : { text: known, colour: faint },
    ]),
  );
  printTable([...rows, ...unmatched.map((photo): Cell[] => [{ text: '-', colour: faint }, photo])]);
}

/** A row for each match, and one without a person for each photo that has none. */
function printAsCsv({ identified, unmatched }: Identification): void {
  const boxes = ['known', 'unknown'].flatMap((photo) =>
    ['x', 'y', 'width', 'height'].map((column) => `${photo}_${column}`),
  );
  const columns = ['photo', 'person', 'distance', 'similarity', 'known_photo', 'photos', ...boxes];
  printCsvRow(columns);
  for (const { photo, matches } of identified)
    for (const match of matches) {
      const { person, distance, similarity, photo: known, photos, knownBox, unknownBox } = match;
      const cells = [knownBox, unknownBox].flatMap((box): (number | string)[] =>
        box ? [box.x, box.y, box.width, box.height] : ['', '', '', ''],
      );
      printCsvRow([photo, person, distance, similarity, known, photos, ...cells]);
    }
  for (const photo of unmatched) printCsvRow([photo, ...columns.slice(1).map(() => '')]);
}
