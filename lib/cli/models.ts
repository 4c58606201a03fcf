// `facededup models`: the model files and their state, how to get those that are missing, and how to replace them.

import { type Command, Option } from 'commander';
import { checkCandidate } from '../model_check.js';
import {
  type ModelChange,
  type ModelKey,
  type ModelSetName,
  type ModelsOption,
  type ModelState,
  type ModelStatus,
  ModelStore,
} from '../models/index.js';
import { bad, type Colour, doubtful, good } from './colours.js';
import { addExamples, type Example } from './help.js';
import { count, headings, printJson, printLine, printNote, printTable, visible } from './output.js';
import { startDownloads } from './progress.js';
import { modelsOption, parseNumber } from './shared_options.js';

interface StoreFlags {
  readonly models?: string;
  readonly store?: string;
  readonly json?: boolean;
}

interface SetFlags extends StoreFlags {
  readonly set: ModelSetName;
}

interface FetchFlags extends StoreFlags {
  readonly source?: readonly string[];
}

interface UpdateFlags extends SetFlags {
  readonly name?: string;
  readonly sha256?: readonly string[];
  readonly photo?: string;
  readonly faces?: number;
}

interface RollbackFlags extends SetFlags {
  readonly to?: string;
}

interface PruneFlags extends StoreFlags {
  readonly keep?: number;
}

const shownDigits = 12;

const colourOfState: Readonly<Record<ModelState, Colour>> = {
  verified: good,
  approved: good,
  unverified: doubtful,
  missing: doubtful,
  corrupt: bad,
};

export function addModelsCommand(program: Command): void {
  const models = withStoreFlags(
    program.command('models').description('list the model files: state, version, digest, licence'),
  ).action(async (flags: StoreFlags) => {
    const states = await storeOf(flags).status();
    printAnswer(flags, states, () => printStates(states));
  });

  withStoreFlags(
    models
      .command('fetch')
      .description('fetch the model files that are missing, and check them')
      .argument('[models...]', 'which, by the names that `models` prints first; default all')
      .option(
        '--source <name>',
        'https (the official addresses), debian, an https:// address, azure:CONTAINER/PREFIX, or a folder with copies; ' +
          'may be given several times, and is tried in that order; default https, then debian on a Debian machine',
        collect,
      ),
  ).action((keys: ModelKey[], _flags: FetchFlags, command: Command) =>
    fetchModels(keys, flagsOf<FetchFlags>(command)),
  );

  withSetFlag(
    models
      .command('update')
      .description('bring a candidate into the store, check it, and put it in use')
      .argument(
        '<source>',
        'folder, https:// address or azure:CONTAINER/PREFIX that holds the files of the set',
      )
      .option('--name <version>', 'the name it will have; default made of its digests')
      .option('--sha256 <digest>', 'digest of one of its files; give one for each', collect)
      .option('--photo <file>', 'photo on which the candidate must find faces; default a drawn face')
      .option('--faces <number>', 'how many faces are on that photo; default at least one', parseNumber),
  ).action((source: string, _flags: UpdateFlags, command: Command) =>
    updateModels(source, flagsOf<UpdateFlags>(command)),
  );

  withSetFlag(
    models
      .command('rollback')
      .description('put an earlier version back in use')
      .option('--to <version>', '`official` or a name that `models history` prints; default the one before'),
  ).action((_flags: RollbackFlags, command: Command) => rollBack(flagsOf<RollbackFlags>(command)));

  withSetFlag(
    models.command('history').description('list the versions of a set, and when each came into use'),
  ).action((_flags: SetFlags, command: Command) => printHistory(flagsOf<SetFlags>(command)));

  withStoreFlags(
    models
      .command('prune')
      .description('delete versions that are neither in use nor wanted for rollbacks')
      .option('--keep <number>', 'how many rollbacks must stay possible; default 1', parseNumber),
  ).action((_flags: PruneFlags, command: Command) => prune(flagsOf<PruneFlags>(command)));
  addExamplesTo(models);
}

const examplesOf: Readonly<Record<string, readonly Example[]>> = {
  models: [['facededup models', 'which are here, from where, and whether they are the official ones']],
  fetch: [
    ['facededup models fetch', 'all that are missing, from their official addresses'],
    ['facededup models fetch encoder landmarks-small', 'only these two'],
    ['facededup models fetch --source /mnt/usb/models', 'on a machine without a network'],
  ],
  update: [
    [
      'facededup models update new-ssd/ --name 2026-11',
      'a detector of your own: tried on a photo first, and in use only if it finds its face',
    ],
  ],
  rollback: [
    ['facededup models rollback', 'the SSD that was in use before'],
    ['facededup models rollback --to official', 'the one that facededup was made with'],
  ],
  history: [['facededup models history --set ssd', 'which versions there are, and when each came into use']],
  prune: [['facededup models prune --keep 2', 'two rollbacks stay possible']],
};

function addExamplesTo(command: Command): void {
  addExamples(command, examplesOf[command.name()] ?? []);
  command.commands.forEach(addExamplesTo);
}

function withStoreFlags(command: Command): Command {
  return command
    .addOption(modelsOption())
    .option('--store <directory>', 'where versions brought in by updates are kept')
    .option('--json', 'print JSON');
}

function withSetFlag(command: Command): Command {
  return withStoreFlags(command).addOption(
    new Option('--set <name>', 'which set of files')
      .choices(['ssd', 'landmarks-small', 'landmarks-large', 'encoder', 'mmod'])
      .default('ssd'),
  );
}

/** `models` has flags of the same names, and commander gives them to it wherever they stand. */
function flagsOf<Flags extends StoreFlags>(command: Command): Flags {
  return command.optsWithGlobals<Flags>();
}

function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}

function locationsOf({ models, store }: StoreFlags): Exclude<ModelsOption, string> {
  return { directory: models, store };
}

function storeOf(flags: StoreFlags): ModelStore {
  return new ModelStore({ models: locationsOf(flags) });
}

function printAnswer({ json }: StoreFlags, answer: unknown, asText: () => void): void {
  if (json) printJson(answer);
  else asText();
}

function printStates(states: readonly ModelStatus[]): void {
  printTable([
    headings('MODEL', 'FILE', 'STATE', 'VERSION', 'SHA-256', 'LICENCE', 'PATH'),
    ...states.map((status) => [
      status.key,
      status.name,
      { text: status.state, colour: colourOfState[status.state] },
      status.version ?? '',
      status.sha256?.slice(0, shownDigits) ?? '',
      status.licence,
      status.path ?? '',
    ]),
  ]);
}

async function fetchModels(keys: readonly ModelKey[], flags: FetchFlags): Promise<void> {
  const store = storeOf(flags);
  const downloads = startDownloads();
  try {
    const fetched = await store.fetch(keys.length > 0 ? keys : undefined, {
      sources: flags.source,
      onProgress: downloads.update,
    });
    downloads.stop();
    printAnswer(
      flags,
      fetched.map(({ key, name, licence }) => ({ key, name, licence })),
      () => undefined,
    );
    for (const { name, licence } of fetched) printNote(`${name} fetched (licence: ${licence})`);
    printNote(
      fetched.length === 0
        ? 'Nothing is missing.'
        : `${count(fetched.length, 'file')} put into ${store.cache}.`,
    );
  } finally {
    downloads.stop();
  }
}

async function updateModels(source: string, flags: UpdateFlags): Promise<void> {
  const { photo, faces, set, name: version, sha256 } = flags;
  const check = checkCandidate({
    photo: photo === undefined ? undefined : { photo, faces },
    models: locationsOf(flags),
  });
  const downloads = startDownloads();
  try {
    const onProgress = downloads.update;
    const update = await storeOf(flags).update(source, check, { set, version, digests: sha256, onProgress });
    downloads.stop();
    printAnswer(flags, update, () => {
      for (const { name, sha256: digest } of update.version.files) printLine(visible(`${name}  ${digest}`));
      for (const found of update.version.checks) printLine(visible(`checked: ${found}`));
    });
    printNote(
      update.changed
        ? `The version '${update.version.version}' of ${set} is in use now.`
        : `The version '${update.version.version}' of ${set} was in use already.`,
    );
    if (update.hiddenBy !== undefined)
      printNote(`note: ${update.hiddenBy} holds ${set} too, and comes first wherever that folder is named.`);
  } finally {
    downloads.stop();
  }
}

async function rollBack(flags: RollbackFlags): Promise<void> {
  const version = await storeOf(flags).rollback(flags.set, flags.to);
  printAnswer(flags, { set: flags.set, version }, () => undefined);
  printNote(`The version '${version}' of ${flags.set} is in use again.`);
}

async function printHistory(flags: SetFlags): Promise<void> {
  const history = await storeOf(flags).history(flags.set);
  printAnswer(flags, history, () => {
    const { changes, versions, current } = history;
    printTable([
      headings('WHEN', 'ACTION', 'VERSION'),
      ...changes.map(({ at, action, version }: ModelChange) => [at, action, version]),
    ]);
    printLine('');
    printTable([
      headings('VERSION', 'IN USE', 'ADDED', 'SHA-256', 'SOURCE'),
      ['official', current === 'official' ? 'yes' : '', '', '', ''],
      ...versions.map(({ version, addedAt, files, source }) => [
        version,
        version === current ? 'yes' : '',
        addedAt,
        files.map(({ sha256 }) => sha256.slice(0, shownDigits)).join(' '),
        source,
      ]),
    ]);
  });
}

async function prune(flags: PruneFlags): Promise<void> {
  const removed = await storeOf(flags).prune({ keep: flags.keep });
  printAnswer(flags, removed, () => {
    for (const { set, version, bytes } of removed) printLine(`${set}  ${version}  ${bytes} bytes`);
  });
  printNote(`${count(removed.length, 'version')} deleted.`);
}
