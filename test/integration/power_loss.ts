// The process is killed at every step of every command that changes the model store: the set in use is the old one or
// the new one, whole, and the command can be run again.

import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t, { type Test } from 'tap';
import type { ModelStore } from '../../lib/models/index.js';
import { packageRoot } from '../../lib/package_root.js';
import { run } from '../fixtures/command_line.js';
import { weightsName } from '../fixtures/model_folder.js';
import { versionedModels } from '../fixtures/model_versions.js';

const module = pathToFileURL(join(packageRoot, 'dist', 'esm', 'models', 'store.js')).href;
const child = join(packageRoot, 'test', 'fixtures', 'killed_store.mjs');

interface Case {
  /** Versions that are in the store before. */
  readonly before: readonly ('old' | 'new')[];
  readonly command: (folder: string) => object;
  /** The same, undisturbed. */
  readonly again: (store: ModelStore, folder: string) => Promise<unknown>;
  /** The version in use before and after. */
  readonly old: string;
  readonly new: string;
}

const cases: Readonly<Record<string, Case>> = {
  update: {
    before: ['old'],
    command: (folder) => ({ update: { folder: join(folder, 'new'), version: 'new' } }),
    again: (store, folder) =>
      store.update(join(folder, 'new'), () => Promise.resolve([]), { version: 'new' }),
    old: 'old',
    new: 'new',
  },
  rollback: {
    before: ['old', 'new'],
    command: () => ({ rollback: 'old' }),
    again: async (store) => {
      if ((await store.history('ssd')).current !== 'old') await store.rollback('ssd', 'old');
    },
    old: 'new',
    new: 'old',
  },
  prune: {
    before: ['old', 'new'],
    command: () => ({ prune: { keep: 0 } }),
    again: (store) => store.prune({ keep: 0 }),
    old: 'new',
    new: 'new',
  },
};

for (const [name, each] of Object.entries(cases))
  t.test(`${name}, killed at every step`, async (t) => {
    const { folder, models, store, use } = versionedModels(t);
    for (const version of each.before) await use(version);
    const pristine = join(folder, 'pristine');
    cpSync(models.store, pristine, { recursive: true });
    const options = JSON.stringify({ models });
    const command = JSON.stringify(each.command(folder));

    let steps = 0;
    for (let finished = false; !finished;) {
      steps++;
      rmSync(models.store, { recursive: true });
      cpSync(pristine, models.store, { recursive: true });
      const { code, stderr } = await run(process.execPath, [child, module, options, String(steps), command]);
      if (code === 0) finished = true;
      else if (code !== null) t.fail(stderr);
      await requireWhole(t, folder, store, [each.old, each.new], `killed before step ${steps}`);
      // Ten seconds later it would belong to nobody.
      rmSync(join(models.store, '.lock'), { recursive: true, force: true });
      await each.again(store, folder);
      await requireWhole(t, folder, store, [each.new], 'run again');
    }
    t.ok(steps > 2, `${steps} steps`);
    await store.prune({ keep: 0 });
    const left = readdirSync(models.store, { recursive: true }).map(String);
    t.notOk(
      left.some((path) => /\.(new|incoming|removed)-/.test(path)),
      'nothing is left behind',
    );
  });

/** The set in use is one of these versions, and both of its files are that version's. */
async function requireWhole(
  t: Test,
  folder: string,
  store: ModelStore,
  versions: readonly string[],
  when: string,
): Promise<void> {
  const { current } = await store.history('ssd');
  if (!versions.includes(current)) t.fail(`${when}: '${current}' is in use`);
  const loaded = await store.readSet('ssd');
  for (const { name, bytes, version } of loaded) {
    const isWhole = version === current && readFileSync(join(folder, current, name)).equals(bytes);
    if (!isWhole) t.fail(`${when}: ${name} is not that of ${current}`);
  }
  t.equal(loaded[1]?.name, weightsName, when);
}
