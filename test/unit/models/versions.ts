// Versions of model sets: brought in, put in use, put back, pruned.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { type Manifest, ModelStore } from '../../../lib/models/index.js';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const fine = () => Promise.resolve(['tried']);

const file = { purpose: 'a model', licence: 'CC0-1.0', commercialUse: true, https: [], set: 'ssd' } as const;
const official = (text: string) => [{ bytes: text.length, sha256: sha256(text) }] as const;
const manifest: Manifest = {
  files: [
    { ...file, key: 'ssd-prototxt', name: 'a.prototxt', versions: [...official('a0')] },
    { ...file, key: 'ssd-weights', name: 'a.caffemodel', versions: [...official('w0')] },
  ],
};

function storeIn(t: Test, more: { readonly directory?: string } = {}) {
  const set = (n: number | string) => ({ 'a.prototxt': `a${n}`, 'a.caffemodel': `w${n}` });
  const folder = t.testdir({ v1: set(1), v2: set(2), v3: set(3), cache: set(0), part: {}, store: {} });
  const before = process.env['FACEDEDUP_MODELS'];
  Reflect.deleteProperty(process.env, 'FACEDEDUP_MODELS');
  t.teardown(() => {
    if (before !== undefined) process.env['FACEDEDUP_MODELS'] = before;
  });
  const models = { cache: join(folder, 'cache'), store: join(folder, 'store'), ...more };
  const store = new ModelStore({ models, manifest });
  const texts = async () => (await store.readSet('ssd')).map(({ bytes }) => Buffer.from(bytes).toString());
  const add = (version: string, check = fine) => store.update(join(folder, version), check, { version });
  const leftBehind = () =>
    readdirSync(models.store, { recursive: true })
      .map(String)
      .filter((path) => /\/\.|^\./.test(path));
  return { folder, models, store, texts, add, leftBehind };
}

t.test('updates, rollbacks and a history of them', async (t) => {
  const { store, texts, add, leftBehind } = storeIn(t);
  t.same(await texts(), ['a0', 'w0']);
  t.match(await store.history(), { current: 'official', changes: [], versions: [] });
  await t.rejects(store.rollback(), { code: 'MODEL_VERSION_MISSING', message: /nothing to roll back to/ });

  const { version, changed } = await add('v1');
  t.match(version, { set: 'ssd', version: 'v1', checks: ['tried'] });
  t.same(
    version.files.map((each) => each.sha256),
    [sha256('a1'), sha256('w1')],
  );
  t.equal(changed, true);
  t.same(await texts(), ['a1', 'w1']);
  t.match(await store.status(), [
    { state: 'approved', version: 'v1' },
    { state: 'approved', version: 'v1' },
  ]);
  t.equal((await add('v1')).changed, false, 'it was in use already');
  await add('v2');
  await add('v3');
  t.equal(await store.rollback(), 'v2');
  t.equal(await store.rollback(), 'v1');
  t.same(await texts(), ['a1', 'w1']);
  t.equal(await store.rollback('ssd', 'v3'), 'v3', 'forward again, by its name');
  t.equal(await store.rollback(), 'v1');
  t.equal(await store.rollback(), 'official');
  t.same(await texts(), ['a0', 'w0']);
  await t.rejects(store.rollback('ssd', 'official'), { code: 'MODEL_VERSION_MISSING', message: /already/ });
  await t.rejects(store.rollback('ssd', 'v9'), { code: 'MODEL_VERSION_MISSING', message: /history/ });
  const { changes } = await store.history();
  t.same(
    changes.map((change) => `${change.action} ${change.version}`),
    [
      'update v1',
      'update v2',
      'update v3',
      ...['v2', 'v1', 'v3', 'v1', 'official'].map((to) => `rollback ${to}`),
    ],
  );
  t.same(leftBehind(), []);
});

t.test('a candidate that fails changes nothing', async (t) => {
  const { folder, store, texts, add, leftBehind } = storeIn(t);
  await add('v1');
  const fails = () => Promise.reject(new Error('no face found'));
  await t.rejects(add('v2', fails), { message: 'no face found' });
  const source = join(folder, 'v2');
  await t.rejects(store.update(source, fine, { digests: [sha256('a2'), sha256('w1')] }), {
    code: 'MODEL_REJECTED',
    message: /a\.caffemodel/,
  });
  for (const wrong of [
    { digests: ['abc', 'def'] },
    { digests: [sha256('a2')] },
    { version: '../x' },
    { version: 'official' },
  ])
    await t.rejects(store.update(source, fine, wrong), { code: 'OPTION_RANGE' });
  await t.rejects(store.update(source, fine, { set: 'mmod' }), {
    code: 'OPTION_RANGE',
    message: /there are ssd/,
  });
  await t.rejects(store.update(source, fine, { version: 'v1' }), { code: 'MODEL_VERSION_EXISTS' });
  rmSync(join(source, 'a.caffemodel'));
  await t.rejects(add('v2'), { code: 'MODEL_FETCH_FAILED', message: /a\.caffemodel: .*It must hold/ });
  t.same(await texts(), ['a1', 'w1']);
  t.match(await store.history(), {
    current: 'v1',
    changes: [{ version: 'v1' }],
    versions: [{ version: 'v1' }],
  });
  t.same(leftBehind(), []);
});

t.test('a candidate without a name is called after its digests', async (t) => {
  const { folder, store } = storeIn(t);
  const digests = [sha256('w1'), sha256('a1').toUpperCase()];
  const { version } = await store.update(join(folder, 'v1'), fine, { digests });
  t.match(version.version, /^[0-9a-f]{12}$/);
  t.match(version.checks, ['the digests are those given', 'tried']);
  t.match(await store.update(join(folder, 'v1'), fine), {
    changed: false,
    version: { version: version.version },
  });
});

t.test('over http a candidate must have its digests', async (t) => {
  const { folder, store, texts } = storeIn(t);
  const server = createServer(({ url = '' }, response) =>
    response.end(readFileSync(join(folder, url))),
  ).listen(0);
  await once(server, 'listening');
  t.teardown(() => server.close());
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  await t.rejects(store.update(address, fine), { code: 'OPTION_RANGE', message: /digests/ });
  await store.update(address, fine, { digests: [sha256('a1'), sha256('w1')] });
  t.same(await texts(), ['a1', 'w1']);
});

t.test('prune keeps what is in use and what rollbacks reach first', async (t) => {
  for (const [keep, left] of [
    [0, ['v3']],
    [1, ['v2', 'v3']],
    [2, ['v1', 'v2', 'v3']],
  ] as const) {
    const { store, models, add } = storeIn(t);
    for (const version of ['v1', 'v2', 'v3']) await add(version);
    writeFileSync(join(models.store, 'versions', 'ssd', '.new-left-behind'), '');
    const removed = await store.prune({ keep });
    t.equal(removed.length, 3 - left.length);
    t.ok(removed.every(({ bytes }) => bytes === 4));
    t.same(readdirSync(join(models.store, 'versions', 'ssd')).sort(), left);
  }
  const { store, add } = storeIn(t);
  for (const version of ['v1', 'v2']) await add(version);
  await store.prune({ keep: 0 });
  await t.rejects(store.rollback(), { code: 'MODEL_VERSION_MISSING', message: /pruned/ });
  await t.rejects(store.prune({ keep: -1 }), { code: 'OPTION_RANGE' });
});

t.test('a damaged store is told, and nothing else used in its place', async (t) => {
  const { store, models, add, texts } = storeIn(t);
  await add('v1');
  await add('v2');
  const weights = join(models.store, 'versions', 'ssd', 'v2', 'a.caffemodel');
  writeFileSync(weights, 'w!');
  await t.rejects(texts(), { code: 'MODEL_CORRUPT', message: /rollback --set ssd/ });
  t.match(await store.status(), [{ state: 'approved' }, { state: 'corrupt' }]);
  rmSync(weights);
  await t.rejects(texts(), { code: 'MODEL_MISSING', message: /'v2' in use/ });
  writeFileSync(join(models.store, 'versions', 'ssd', 'v1', 'a.caffemodel'), 'w!');
  await t.rejects(store.rollback(), { code: 'MODEL_CORRUPT' }, 'a version is checked before it is put back');
  t.equal((await store.history()).current, 'v2');
  for (const broken of [
    '',
    '{',
    '{"format":2,"sets":{}}',
    '{"format":1,"sets":{"ssd":[{"version":"../x"}]}}',
  ]) {
    writeFileSync(join(models.store, 'current.json'), broken);
    await t.rejects(texts(), { code: 'MODEL_STORE_UNUSABLE', message: /current\.json/ }, broken);
  }
});

t.test('a rollback to official files that are not there changes nothing', async (t) => {
  const { store, models, add } = storeIn(t);
  await add('v1');
  rmSync(join(models.cache, 'a.caffemodel'));
  await t.rejects(store.rollback(), { code: 'MODEL_MISSING' });
  t.equal((await store.history()).current, 'v1');
});

t.test('the files of a set come from one place', async (t) => {
  const folder = t.testdir({ explicit: { 'a.prototxt': 'mine' } });
  const explicit = join(folder, 'explicit');
  await t.test('a folder with a part of the set', async (t) => {
    const { store } = storeIn(t, { directory: explicit });
    await t.rejects(store.readSet('ssd'), { code: 'MODEL_MISSING', message: /belongs together/ });
    writeFileSync(join(explicit, 'a.caffemodel'), 'my weights');
    t.match(await store.readSet('ssd'), [{ state: 'unverified' }, { state: 'unverified' }]);
    const { hiddenBy } = await store.update(join(explicit, '..', 'explicit'), fine, { version: 'mine' });
    t.equal(hiddenBy, explicit, 'an update says that it is hidden');
  });
});

t.test('a store that cannot be used', async (t) => {
  const { folder, models } = storeIn(t);
  rmSync(models.store, { recursive: true });
  writeFileSync(models.store, 'a file where the folder should be');
  const store = new ModelStore({ models, manifest });
  await t.rejects(store.update(join(folder, 'v1'), fine), { code: 'MODEL_STORE_UNUSABLE' });
  t.ok(existsSync(models.store));
});
