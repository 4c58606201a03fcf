// `facededup erase`: what a store knows of a photo or of a person's record, removed for good.

import { createInterface } from 'node:readline/promises';
import { type Command, Option } from 'commander';
import { FaceDedupError, InvalidOptionError } from '../errors.js';
import type { Erasure, ReviewStore, SubjectKind } from '../store/index.js';
import { addExamples } from './help.js';
import { count, headings, printJson, printNote, printTable } from './output.js';
import { photoName } from './pair_files.js';
import { openAnyStore } from './any_store.js';
import { addJsonFlag, addStoreFileFlag } from './shared_options.js';

interface Flags {
  readonly store?: string;
  readonly set?: string;
  readonly by?: SubjectKind;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

export function addEraseCommand(program: Command): void {
  const command = program
    .command('erase')
    .description('remove what a store knows of a photo, or of a record with all its photos, for good')
    .argument('<photo>', 'a photo, or the reference of a record')
    .addOption(
      new Option(
        '--by <kind>',
        'what the name stands for; default whichever of the two the store knows',
      ).choices(['photo', 'reference']),
    )
    // Not taken from the configuration: who asks to be forgotten does not mean one set.
    .option('--set <name>', 'only in this set of the store; default all sets')
    .option('--dry-run', 'print what would go, and change nothing')
    .option('--yes', 'do not ask');
  addJsonFlag(addStoreFileFlag(command)).action(async (id: string, flags: Flags) => {
    const store = await openAnyStore(flags);
    try {
      await run(store, id, flags);
    } finally {
      await store.close();
    }
  });
  addExamples(command, [
    ['facededup erase IND-17 --store faces.db --dry-run', 'what is known of a person\u2019s record'],
    ['facededup erase IND-17 --store faces.db --yes', 'remove it: encodings, decisions, pairs of all runs'],
    ['facededup erase photos/anna.jpg --by photo --store faces.db', 'one photo; asks first'],
    ['facededup erase IND-17 --store postgres://faces@db/faces --yes', 'from the store of a cluster'],
  ]).addHelpText(
    'after',
    '\nPhotos themselves, and reports, exports and backups that were written, are files of their own that nobody keeps\n' +
      'a list of: delete those, too. A photo that still lies in its folder is encoded again by the next find.',
  );
}

async function run(store: ReviewStore, id: string, flags: Flags): Promise<void> {
  const { set, json } = flags;
  const planned = await plan(store, id, flags);
  if (flags.dryRun) {
    if (json) printJson(planned);
    else print(planned);
    printNote('Nothing was changed: this is what would go.');
    return;
  }
  if (!flags.yes) {
    if (!json) print(planned);
    await confirm(planned);
  }
  const erased = await store.erase(planned.id, { by: planned.by, set });
  if (json) printJson(erased);
  else if (flags.yes) print(erased);
  printNote(
    `Erased from ${store.path}. Photos, reports, exports and backups are files of their own: delete them, too.`,
  );
}

/** By the name as it was given, else as the store names files. */
async function plan(store: ReviewStore, id: string, { by, set }: Flags): Promise<Erasure> {
  try {
    return await store.erase(id, { by, set, dryRun: true });
  } catch (error) {
    const isUnknown = error instanceof FaceDedupError && error.code === 'FACE_STORE_MISSING';
    if (!isUnknown || by === 'reference' || photoName(id) === id) throw error;
    try {
      return await store.erase(photoName(id), { by: 'photo', set, dryRun: true });
    } catch {
      throw error;
    }
  }
}

async function confirm({ id, by }: Erasure): Promise<void> {
  const refused = (reason: string) =>
    new InvalidOptionError(
      'ARGUMENT_INVALID',
      `Nothing was erased: ${reason}. --yes erases without a question.`,
    );
  if (!process.stdin.isTTY) throw refused('nobody is there to be asked');
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const what = by === 'photo' ? 'photo' : 'record';
    const answer = await asking.question(
      `Erase all that is known of the ${what} ${JSON.stringify(id)}? (yes/no) `,
    );
    if (answer.trim().toLowerCase() !== 'yes') throw refused('the answer was not yes');
  } finally {
    asking.close();
  }
}

function print({ sets, copies, cancelledRuns = [] }: Erasure): void {
  printTable([
    headings('set', 'photos', 'decisions', 'pairs', 'listed in runs'),
    ...sets.map(({ set, photos, decisions, pairs, listed }) => [
      set,
      ...[photos.length, decisions, pairs, listed].map(String),
    ]),
    ...sets.flatMap(({ set, photos }) => photos.map((photo) => [set, photo])),
  ]);
  if (cancelledRuns.length > 0)
    printNote(
      `note: ${count(cancelledRuns.length, 'run')} that had failed cannot be tried again: ${cancelledRuns.join(', ')}.`,
    );
  if (copies.length === 0) return;
  printNote(
    `note: ${count(copies.length, 'other photo')} with the same content stay, and their encodings with them: ` +
      `${copies.map(({ photo, reference, set }) => `${photo}${reference === undefined ? '' : ` (${reference})`} in ${set}`).join(', ')}.`,
  );
}
