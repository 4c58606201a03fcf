// `facededup encodings`: what a face store holds, and its encodings out of files and into files.

import { statSync } from 'node:fs';
import { type Command, Option } from 'commander';
import {
  encodingsFormats,
  type EncodingsFormat,
  readKeptPhotos,
  writeKeptPhotos,
} from '../encodings/kept_files.js';
import type { KeptPhoto } from '../encodings/kept_encodings.js';
import { isPostgresAddress } from '../cluster/addresses.js';
import { clusterStoreState } from '../cluster/postgres/store_state.js';
import type { PhotoTableFacts, ReviewStore } from '../store/index.js';
import { openAnyStore } from './any_store.js';
import { addExamples, type Example } from './help.js';
import {
  count,
  jsonText,
  printCsvRow,
  printJson,
  printLine,
  printNote,
  printTable,
  visible,
} from './output.js';
import { photoName } from './pair_files.js';
import {
  addOutputFlags,
  addStoreFlags,
  outputFormat,
  storeFile,
  type OutputFlags,
  type StoreFlags,
} from './shared_options.js';

interface FileFlags extends OutputFlags, StoreFlags {
  readonly format?: EncodingsFormat;
}

export function addEncodingsCommand(program: Command): void {
  const encodings = withFlags(
    program.command('encodings').description('list what a face store holds: sets, photos, faces, origins'),
  ).action(async (flags: FileFlags) => {
    const store = await openAnyStore(flags, { readOnly: true });
    try {
      print(await factsOf(store, flags), flags);
    } finally {
      await store.close();
    }
  });

  withFileFlags(
    encodings
      .command('export')
      .description(
        'write the encodings of a set into a file, or a folder of .npy files: plain, also those of an encrypted store',
      )
      .argument('<path>', 'FILE.jsonl, FILE.csv, FILE.parquet, or a folder'),
  ).action(async (path: string, _flags: FileFlags, command: Command) => {
    const flags = command.optsWithGlobals<FileFlags>();
    const store = await openAnyStore(flags, { readOnly: true });
    try {
      const photos = (await store.existingSet(flags.set)).photos.photos();
      report('written to', path, await writeKeptPhotos(path, photos, flags), flags);
      if (store.isEncrypted)
        printNote(`warning: the encodings in ${path} are plain: keep it as the photos themselves.`);
    } finally {
      await store.close();
    }
  });

  withFileFlags(
    encodings
      .command('import')
      .description(
        'take encodings over from a file: those exported, those of `encode`, and folders of .npy files; names of photos are paths',
      )
      .argument('<path>', 'FILE.jsonl, FILE.json, FILE.csv, FILE.parquet, or a folder'),
  ).action(async (path: string, _flags: FileFlags, command: Command) => {
    const flags = command.optsWithGlobals<FileFlags>();
    const store = await openAnyStore(flags, { create: true });
    try {
      const photos = named(readKeptPhotos(path, flags));
      const set = await store.set(flags.set);
      report('taken from', path, await set.photos.import(photos), flags);
    } finally {
      await store.close();
    }
  });
  addEncodingsExamples(encodings);
}

function addEncodingsExamples(encodings: Command): void {
  addExamples(encodings, [
    ['facededup encodings --store faces.db', 'what is in it: sets, photos, faces, and what made them'],
  ]);
  const examples: Readonly<Record<string, readonly Example[]>> = {
    export: [
      ['facededup encodings export faces.parquet --store faces.db', 'a set as one file'],
      ['facededup encodings export npy/ --store faces.db', 'as a folder of .npy files'],
      ['facededup encodings export faces.parquet --store postgres://faces@db/faces', 'of a cluster'],
    ],
    import: [
      [
        'facededup encodings import faces.jsonl --store faces.db --set old',
        'from elsewhere, into a set of their own',
      ],
    ],
  };
  for (const command of encodings.commands) addExamples(command, examples[command.name()] ?? []);
}

/** The commands below `encodings` have flags of the same names, and commander gives them to it wherever they stand. */
function withFlags(command: Command): Command {
  return addOutputFlags(addStoreFlags(command));
}

function withFileFlags(command: Command): Command {
  return withFlags(command).addOption(
    new Option('--format <name>', 'default by the file\u2019s extension; without one npy').choices(
      encodingsFormats,
    ),
  );
}

/** As `find` names files: by their absolute paths, so that both speak of the same photos. */
async function* named(photos: AsyncIterable<KeptPhoto>): AsyncGenerator<KeptPhoto, void, undefined> {
  for await (const photo of photos) yield { ...photo, photo: photoName(photo.photo) };
}

function report(done: string, path: string, photos: number, flags: OutputFlags): void {
  if (outputFormat(flags) === 'json') printLine(jsonText({ path, photos }));
  else printNote(`${count(photos, 'photo')} ${done} ${path}.`);
}

interface SetFacts extends PhotoTableFacts {
  readonly set: string;
  readonly runs: number;
  readonly decisions: number;
}

interface StoreFacts {
  readonly store: string;
  readonly bytes: number;
  readonly sets: readonly SetFacts[];
}

async function factsOf(store: ReviewStore, flags: StoreFlags): Promise<StoreFacts> {
  const sets: SetFacts[] = [];
  for (const { name, runs } of await store.sets()) {
    const { photos, decisions } = await store.existingSet(name);
    sets.push({ set: name, runs, decisions: (await decisions.list()).length, ...(await photos.facts()) });
  }
  return { store: store.path, bytes: await bytesOf(storeFile(flags)), sets };
}

async function bytesOf(store: string): Promise<number> {
  if (isPostgresAddress(store)) return (await clusterStoreState(store)).bytes;
  // What a process that was killed has written lies in the log beside the file.
  return [store, `${store}-wal`]
    .map((file) => statSync(file, { throwIfNoEntry: false })?.size ?? 0)
    .reduce((sum, size) => sum + size);
}

function print(facts: StoreFacts, flags: OutputFlags): void {
  const format = outputFormat(flags);
  const { store, bytes, sets } = facts;
  const rows = sets.map(({ set, photos, faces, runs, decisions }) => [set, photos, faces, runs, decisions]);
  const columns = ['set', 'photos', 'faces', 'runs', 'decisions'];
  if (format === 'json') printJson(facts);
  else if (format === 'csv') [columns, ...rows].forEach(printCsvRow);
  else {
    printTable([columns, ...rows.map((row) => row.map(String))]);
    for (const { set, origins } of sets)
      for (const { origin, photos } of origins) {
        const { encoder = 'unknown' } = origin?.models ?? {};
        const options = Object.entries(origin?.options ?? {}).map(
          ([name, value]) => `${name} ${String(value)}`,
        );
        printLine(
          visible(
            `${set}: ${count(photos, 'photo')} by ResNet ${encoder.slice(0, 12)}, ${options.join(', ')}`,
          ),
        );
      }
    printNote(`${store}: ${(bytes / 1e6).toFixed(1)} MB.`);
  }
}
