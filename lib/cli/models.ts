// `facededup models`: the model files, their state, and how to get those that are missing.

import { type Command } from 'commander';
import { type FetchProgress, type ModelKey, ModelStore, type ModelStatus } from '../models/index.js';
import { count, printLine, printNote, printTable } from './output.js';
import { startProgress } from './progress.js';

interface ModelsFlags {
  readonly models?: string;
  readonly json?: boolean;
}

interface FetchFlags {
  readonly source?: readonly string[];
}

const shownDigits = 12;

export function addModelsCommand(program: Command): void {
  const models = program
    .command('models')
    .description('list the model files: state, digest, licence')
    .option('--models <directory>', 'where model files are looked for first')
    .option('--json', 'print JSON')
    .action(async (flags: ModelsFlags) => {
      const states = await new ModelStore({ models: flags.models }).status();
      if (flags.json) printLine(JSON.stringify(states, null, 2));
      else printStates(states);
    });

  models
    .command('fetch')
    .description('fetch the model files that are missing, and check them')
    .argument('[models...]', 'which, by the names that `models` prints first; default all')
    .option(
      '--source <name>',
      'https, debian, or a folder with copies; may be given several times, and is tried in that order; ' +
        'default https, then debian on a Debian machine',
      (name: string, before: readonly string[] = []) => [...before, name],
    )
    .action((keys: ModelKey[], flags: FetchFlags) => fetchModels(keys, flags));
}

function printStates(states: readonly ModelStatus[]): void {
  printTable([
    ['MODEL', 'FILE', 'STATE', 'SHA-256', 'LICENCE', 'PATH'],
    ...states.map((status) => [
      status.key,
      status.name,
      status.state,
      status.sha256?.slice(0, shownDigits) ?? '',
      status.licence,
      status.path ?? '',
    ]),
  ]);
}

async function fetchModels(keys: readonly ModelKey[], { source }: FetchFlags): Promise<void> {
  const store = new ModelStore();
  const showProgress = progressPrinter();
  try {
    const fetched = await store.fetch(keys.length > 0 ? keys : undefined, {
      sources: source,
      onProgress: showProgress.update,
    });
    showProgress.stop();
    for (const { name, licence } of fetched) printNote(`${name} fetched (licence: ${licence})`);
    printNote(
      fetched.length === 0
        ? 'Nothing is missing.'
        : `${count(fetched.length, 'file')} put into ${store.cache}.`,
    );
  } finally {
    showProgress.stop();
  }
}

/** A bar for each download on a terminal; in a pipe one line when a download begins. */
function progressPrinter(): {
  readonly update: (progress: FetchProgress) => void;
  readonly stop: () => void;
} {
  let label = '';
  let bar = startProgress('', 0, 'bytes');
  return {
    update: ({ file, source, receivedBytes, totalBytes }) => {
      const next = `${file} from ${source}`;
      if (next !== label) {
        bar.stop();
        label = next;
        printNote(`${label} …`);
        bar = startProgress(file, totalBytes, 'bytes');
      }
      bar.update(receivedBytes, totalBytes);
    },
    stop: () => bar.stop(),
  };
}
