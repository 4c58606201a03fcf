// `facededup store`: whether the encodings of a face store are encrypted; encrypt, rekey, decrypt, compact.

import { statSync } from 'node:fs';
import type { Command } from 'commander';
import {
  decryptStore,
  type EncryptionChange,
  encryptStore,
  isEncryptedStore,
  rekeyStore,
} from '../store/index.js';
import { isPostgresAddress } from '../cluster/addresses.js';
import {
  decryptClusterStore,
  encryptClusterStore,
  rekeyClusterStore,
} from '../cluster/postgres/key_change.js';
import { clusterStoreState } from '../cluster/postgres/store_state.js';
import { openAnyStore } from './any_store.js';
import { addExamples, type Example } from './help.js';
import { count, printJson, printNote, printTable } from './output.js';
import { addJsonFlag, addStoreFileFlag, storeFile } from './shared_options.js';

interface Flags {
  readonly store?: string;
  readonly json?: boolean;
}

/** What is told of a store after each of the commands. */
interface StoreState {
  readonly store: string;
  readonly isEncrypted: boolean;
  /** Of the file, or of the database. */
  readonly bytes: number;
  /** Of the file, in octal digits: 600 is for its owner alone. */
  readonly mode?: string;
}

const keys =
  'The key is that of FACEDEDUP_STORE_KEY, or of the file that FACEDEDUP_STORE_KEY_FILE names: 32 bytes,\n' +
  'as `openssl rand -base64 32` makes them. Keep it apart from the store: without it the encodings are lost.';

export function addStoreCommand(program: Command): void {
  const store = withFlags(
    program.command('store').description('tell whether the encodings of a face store are encrypted'),
  ).action((flags: Flags) => print(flags));

  withFlags(
    store
      .command('encrypt')
      .description('encrypt the encodings of a plain store, and leave nothing of them in its file'),
  )
    .addHelpText('after', `\n${keys}`)
    .action(change('encrypted', encryptStore, encryptClusterStore));
  withFlags(
    store
      .command('rekey')
      .description('change the key: all is encrypted anew with that of FACEDEDUP_STORE_NEW_KEY (or …_FILE)'),
  )
    .addHelpText('after', `\n${keys}`)
    .action(change('encrypted anew', rekeyStore, rekeyClusterStore));
  withFlags(store.command('decrypt').description('make the encodings of an encrypted store plain')).action(
    change('made plain', decryptStore, decryptClusterStore),
  );
  withFlags(
    store
      .command('compact')
      .description(
        'write the file anew without what was deleted, and empty the log beside it; the tables of a cluster\u2019s store, ' +
          'which are locked meanwhile',
      ),
  ).action(async (_flags: Flags, command: Command) => {
    const flags = command.optsWithGlobals<Flags>();
    const opened = await openAnyStore(flags);
    try {
      await opened.compact();
    } finally {
      await opened.close();
    }
    await print(flags);
  });
  addStoreExamples(store);
}

function addStoreExamples(store: Command): void {
  addExamples(store, [['facededup store --store faces.db', 'encrypted or plain, its size, who may read it']]);
  const examples: Readonly<Record<string, readonly Example[]>> = {
    encrypt: [
      [
        'FACEDEDUP_STORE_KEY_FILE=/run/secrets/faces.key facededup store encrypt --store faces.db',
        'once; every later command needs the key, too',
      ],
    ],
    rekey: [
      [
        'FACEDEDUP_STORE_KEY_FILE=old.key FACEDEDUP_STORE_NEW_KEY_FILE=new.key facededup store rekey --store faces.db',
        'backups made before still open with the old key',
      ],
    ],
    decrypt: [
      ['FACEDEDUP_STORE_KEY_FILE=faces.key facededup store decrypt --store faces.db', 'the way back'],
    ],
    compact: [
      ['facededup store compact --store faces.db', 'after much was deleted'],
      ['facededup store compact --store postgres://faces@db/faces', 'in a quiet hour: workers wait'],
    ],
  };
  for (const command of store.commands) addExamples(command, examples[command.name()] ?? []);
}

/** The commands below `store` have flags of the same names, and commander gives them to it wherever they stand. */
function withFlags(command: Command): Command {
  return addJsonFlag(addStoreFileFlag(command));
}

function change(
  done: string,
  ofFile: (path: string) => EncryptionChange,
  ofCluster: (address: string) => Promise<EncryptionChange>,
) {
  return async (_flags: Flags, command: Command): Promise<void> => {
    const flags = command.optsWithGlobals<Flags>();
    const store = storeFile(flags);
    const { values } = isPostgresAddress(store) ? await ofCluster(store) : ofFile(store);
    await print(flags);
    printNote(`The encodings of ${count(values, 'photo content')} were ${done}.`);
  };
}

async function print(flags: Flags): Promise<void> {
  const state = await stateOf(storeFile(flags));
  if (flags.json) return printJson(state);
  printTable([
    ['encodings', state.isEncrypted ? 'encrypted (AES-256-GCM)' : 'plain'],
    ['size', `${(state.bytes / 1e6).toFixed(1)} MB`],
    ...(state.mode === undefined ? [] : [['mode', state.mode]]),
  ]);
}

async function stateOf(store: string): Promise<StoreState> {
  if (isPostgresAddress(store)) return clusterStoreState(store);
  const { size, mode } = statOf(store);
  return { store, isEncrypted: isEncryptedStore(store), bytes: size, mode: (mode & 0o777).toString(8) };
}

/** What is not there is told when it is opened. */
function statOf(path: string): { readonly size: number; readonly mode: number } {
  return statSync(path, { throwIfNoEntry: false }) ?? { size: 0, mode: 0 };
}
