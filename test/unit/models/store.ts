// The model store: where it looks, what it believes, how it fetches.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { type Manifest, type ModelFile, ModelStore, officialManifest } from '../../../lib/models/index.js';
import { checkedManifest } from '../../../lib/models/manifest.js';

const content = 'the model';
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** `the model`, packed by bzip2. */
const packed = Buffer.from('QlpoOTFBWSZTWViLlXkAAAQRgEAABkaEACAAIgPUeoQwIvgTV8XckU4UJBYi5V5A', 'base64');

function fileOf(rest: Partial<ModelFile> = {}): ModelFile {
  return {
    key: 'encoder',
    name: 'model.dat',
    purpose: 'a model',
    licence: 'CC0-1.0',
    commercialUse: true,
    versions: [{ bytes: content.length, sha256: sha256(content) }],
    https: [],
    ...rest,
  };
}

const manifestOf = (rest: Partial<ModelFile> = {}): Manifest => ({ files: [fileOf(rest)] });

/** A store with an explicit folder, a mirror and a cache of its own; nothing of the user's comes in. */
function storeIn(
  t: Test,
  files: { explicit?: string; cache?: string; mirror?: string },
  rest: Partial<ModelFile> = {},
) {
  const entry = (text: string | undefined) => (text === undefined ? {} : { 'model.dat': text });
  const folder = t.testdir({
    explicit: entry(files.explicit),
    cache: entry(files.cache),
    mirror: entry(files.mirror),
    store: {},
  });
  withoutEnvironment(t);
  const [directory, cache, mirror] = ['explicit', 'cache', 'mirror'].map((each) => join(folder, each)) as [
    string,
    string,
    string,
  ];
  const store = new ModelStore({
    models: { directory, cache, store: join(folder, 'store') },
    manifest: manifestOf(rest),
  });
  return { store, directory, cache, mirror };
}

function withoutEnvironment(t: Test): void {
  const before = process.env['FACEDEDUP_MODELS'];
  Reflect.deleteProperty(process.env, 'FACEDEDUP_MODELS');
  t.teardown(() => {
    if (before !== undefined) process.env['FACEDEDUP_MODELS'] = before;
  });
}

async function serve(t: Test, answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

t.test('a file of the manifest’s digest is verified, wherever it lies', async (t) => {
  const { store, directory } = storeIn(t, { explicit: content });
  const model = await store.read('encoder');
  t.match(model, { state: 'verified', path: join(directory, 'model.dat'), sha256: sha256(content) });
  t.equal(Buffer.from(model.bytes).toString(), content);
});

t.test('the explicit folder comes before FACEDEDUP_MODELS, that before the cache', async (t) => {
  const { store, directory, cache, mirror } = storeIn(t, {
    explicit: content,
    cache: content,
    mirror: content,
  });
  t.equal((await store.read('encoder')).path, join(directory, 'model.dat'));
  process.env['FACEDEDUP_MODELS'] = mirror;
  t.teardown(() => Reflect.deleteProperty(process.env, 'FACEDEDUP_MODELS'));
  const without = new ModelStore({ models: { cache }, manifest: manifestOf() });
  t.equal((await without.read('encoder')).path, join(mirror, 'model.dat'));
  Reflect.deleteProperty(process.env, 'FACEDEDUP_MODELS');
  const last = new ModelStore({ models: { cache }, manifest: manifestOf() });
  t.equal((await last.read('encoder')).path, join(cache, 'model.dat'));
});

t.test('another model in an explicit folder is used, and reported as unverified', async (t) => {
  const { store } = storeIn(t, { explicit: 'my own model' });
  t.match(await store.read('encoder'), { state: 'unverified', sha256: sha256('my own model') });
  t.match(await store.status(), [{ state: 'unverified', licence: 'CC0-1.0' }]);
});

t.test('a file of dlib’s exact length with another digest is a damaged copy, even there', async (t) => {
  const { store } = storeIn(t, { explicit: 'the m0del' }, { lengthIdentifies: true });
  await t.rejects(store.read('encoder'), { code: 'MODEL_CORRUPT', message: new RegExp(sha256('the m0del')) });
  t.match(await store.status(), [{ state: 'corrupt' }]);
});

t.test('a file in the cache must have the manifest’s digest', async (t) => {
  const { store } = storeIn(t, { cache: 'something longer than the model' });
  await t.rejects(store.read('encoder'), { code: 'MODEL_CORRUPT', message: /models fetch encoder/ });
});

t.test('a file that is nowhere is missing, and the places are named', async (t) => {
  const { store, directory, cache } = storeIn(t, {});
  t.match(await store.status(), [{ state: 'missing' }]);
  const error: unknown = await store.read('encoder').catch((e: unknown) => e);
  t.match(error, { code: 'MODEL_MISSING' });
  for (const place of [directory, cache]) t.match(error, { message: place });
});

t.test('a mirror’s file goes into the cache when its digest is right', async (t) => {
  const { store, cache, mirror } = storeIn(t, { mirror: content });
  t.match(await store.fetch(undefined, { sources: [mirror] }), [{ key: 'encoder' }]);
  t.equal(readFileSync(join(cache, 'model.dat'), 'utf8'), content);
  t.same(await store.fetch(undefined, { sources: [mirror] }), [], 'what is there is not fetched again');
});

t.test('a corrupt file in the cache is fetched anew', async (t) => {
  const { store, mirror } = storeIn(t, { mirror: content, cache: 'damaged' });
  await store.fetch(undefined, { sources: [mirror] });
  t.match(await store.read('encoder'), { state: 'verified' });
});

t.test('a mirror’s file with another digest is refused, and leaves nothing behind', async (t) => {
  for (const wrong of ['the m0del', 'the', 'the model and more', '']) {
    const { store, cache, mirror } = storeIn(t, { mirror: wrong });
    await t.rejects(store.fetch(undefined, { sources: [mirror] }), {
      code: 'MODEL_FETCH_FAILED',
      message: /model\.dat/,
    });
    t.same(readdirSync(cache), []);
  }
});

t.test('a source named by the option is used when the file is missing', async (t) => {
  const { cache, mirror } = storeIn(t, { mirror: content });
  const store = new ModelStore({ models: { cache, source: mirror }, manifest: manifestOf() });
  t.match(await store.read('encoder'), { state: 'verified' });
  t.ok(existsSync(join(cache, 'model.dat')));
});

t.test('without a source the network is left alone', async (t) => {
  let asked = 0;
  const address = await serve(t, (_, response) => {
    asked++;
    response.end(content);
  });
  const { store } = storeIn(t, {}, { https: [address] });
  await t.rejects(store.read('encoder'), { code: 'MODEL_MISSING' });
  t.equal(asked, 0);
});

t.test('an address gives the file, plain or packed, with progress', async (t) => {
  const address = await serve(t, (request, response) => {
    const body = request.url?.endsWith('.bz2') ? packed : Buffer.from(content);
    response.writeHead(200, { 'content-length': body.length }).end(body);
  });
  for (const path of ['/model.dat', '/model.dat.bz2']) {
    const { store, cache } = storeIn(t, {}, { https: [address + path] });
    const seen: unknown[] = [];
    await store.fetch(undefined, { sources: ['https'], onProgress: (progress) => seen.push(progress) });
    t.equal(readFileSync(join(cache, 'model.dat'), 'utf8'), content, path);
    t.match(seen.at(-1), {
      file: 'model.dat',
      source: address + path,
      receivedBytes: Number,
      totalBytes: Number,
    });
  }
});

t.test('the next address is tried when the first fails', async (t) => {
  const address = await serve(t, (request, response) => {
    if (request.url === '/gone') response.writeHead(404).end();
    else response.end(content);
  });
  const { store } = storeIn(t, {}, { https: [`${address}/gone`, `${address}/there`] });
  await store.fetch(undefined, { sources: ['https'] });
  t.match(await store.read('encoder'), { state: 'verified' });
});

t.test(
  'what is wrong, too long, cut or refused fails with its reason, and leaves nothing behind',
  async (t) => {
    const answers: readonly [string, RequestListener, RegExp][] = [
      ['/wrong', (_, response) => response.end('the m0del'), /what came is not the file/],
      ['/long', (_, response) => response.end(`${content} and more`), /longer than/],
      ['/refused', (_, response) => response.writeHead(403).end(), /403/],
      [
        '/cut',
        (_, response) => {
          response.writeHead(200, { 'content-length': 100 });
          response.write('the');
          setTimeout(() => response.destroy(), 20);
        },
        /\/cut/,
      ],
      ['/cut.bz2', (_, response) => response.end(packed.subarray(0, 20)), /\/cut\.bz2/],
      [
        '/not.bz2',
        (_, response) => response.end('no bzip2 at all, but long enough to be read'),
        /\/not\.bz2/,
      ],
    ];
    for (const [path, answer, message] of answers) {
      const address = await serve(t, answer);
      const { store, cache } = storeIn(t, {}, { https: [address + path] });
      await t.rejects(
        store.fetch(undefined, { sources: ['https'] }),
        { code: 'MODEL_FETCH_FAILED', message },
        path,
      );
      t.same(readdirSync(cache), [], path);
    }
  },
);

t.test('a signal ends a download, and leaves nothing behind', async (t) => {
  const address = await serve(t, (_, response) => {
    response.writeHead(200, { 'content-length': content.length });
    response.write('the');
  });
  const { store, cache } = storeIn(t, {}, { https: [address] });
  const controller = new AbortController();
  const fetching = store.fetch(undefined, {
    sources: ['https'],
    signal: controller.signal,
    onProgress: () => controller.abort(),
  });
  await t.rejects(fetching, { code: 'ABORTED' });
  t.same(readdirSync(cache), []);
});

t.test('options and names that do not exist are refused', async (t) => {
  t.throws(() => new ModelStore({ models: { folder: 'x' } as object }), { code: 'OPTION_UNKNOWN' });
  t.throws(() => new ModelStore({ models: 5 as unknown as string }), { code: 'OPTION_TYPE' });
  t.throws(() => new ModelStore({ models: { source: [''] } }), { code: 'OPTION_RANGE' });
  const { store } = storeIn(t, {});
  await t.rejects(store.read('mmod'), { code: 'OPTION_RANGE' });
  await t.rejects(store.fetch(undefined, { sources: ['no such folder'] }), {
    code: 'OPTION_RANGE',
    message: /https nor debian/,
  });
});

t.test('a model that cannot be read is an error of ours', async (t) => {
  const { store, directory } = storeIn(t, {});
  writeFileSync(join(directory, '..', 'x'), '');
  t.testdir({ explicit: { 'model.dat': {} }, cache: {} });
  await t.rejects(store.read('encoder'), { code: 'MODEL_CORRUPT' });
});

t.test('the manifest that comes with the package is whole', async (t) => {
  const { files } = officialManifest();
  t.equal(files.length, 6);
  for (const file of files) {
    t.match(file, { key: String, name: String, purpose: String, licence: String, commercialUse: Boolean });
    t.ok(file.versions.every(({ bytes, sha256: digest }) => bytes > 0 && /^[0-9a-f]{64}$/.test(digest)));
    t.ok(file.https.length > 0 && file.https.every((address) => address.startsWith('https://')));
  }
  t.same(
    files.filter(({ commercialUse }) => !commercialUse).map(({ key }) => key),
    ['landmarks-large'],
  );
});

t.test(
  'a damaged copy in an explicit folder is reported by fetch, which downloads nothing for it',
  async (t) => {
    const rest = { lengthIdentifies: true };
    const { store, cache, mirror } = storeIn(t, { explicit: 'the m0del', mirror: content }, rest);
    await t.rejects(store.fetch(undefined, { sources: [mirror] }), { code: 'MODEL_CORRUPT' });
    t.same(readdirSync(cache), []);
  },
);

t.test('a file that cannot be read is corrupt in the list, and hides no other', async (t) => {
  const { directory, cache } = storeIn(t, {});
  mkdirSync(join(directory, 'model.dat'));
  const manifest = { files: [fileOf(), fileOf({ key: 'mmod', name: 'other.dat' })] };
  const store = new ModelStore({ models: { directory, cache }, manifest });
  t.match(await store.status(), [
    { state: 'corrupt', path: join(directory, 'model.dat') },
    { state: 'missing' },
  ]);
});

t.test('a mirror that is not there lets the next source have its turn', async (t) => {
  const { store, mirror } = storeIn(t, { mirror: content });
  t.match(await store.fetch(undefined, { sources: [join(mirror, 'absent'), mirror] }), [{ key: 'encoder' }]);
});

t.test('a mirror without the file fails with its reason, and leaves nothing behind', async (t) => {
  const { store, cache, mirror } = storeIn(t, {});
  await t.rejects(store.fetch(undefined, { sources: [mirror] }), {
    code: 'MODEL_FETCH_FAILED',
    message: /ENOENT/,
  });
  t.same(readdirSync(cache), []);
});

t.test('the cache stays the cache when FACEDEDUP_MODELS names it, however it is spelt', async (t) => {
  const { cache } = storeIn(t, { cache: 'another model' });
  process.env['FACEDEDUP_MODELS'] = `${cache}/`;
  t.teardown(() => Reflect.deleteProperty(process.env, 'FACEDEDUP_MODELS'));
  const store = new ModelStore({ models: { cache }, manifest: manifestOf() });
  t.match(await store.status(), [{ state: 'corrupt' }]);
});

t.test('a cache that cannot be written is reported before anything is downloaded', async (t) => {
  let asked = 0;
  const address = await serve(t, (_, response) => {
    asked++;
    response.end(content);
  });
  const { store, cache } = storeIn(t, {}, { https: [address] });
  rmSync(cache, { recursive: true });
  writeFileSync(cache, 'a file where the folder should be');
  await t.rejects(store.fetch(undefined, { sources: ['https'] }), {
    code: 'MODEL_FETCH_FAILED',
    message: /cache .* cannot be written/,
  });
  t.equal(asked, 0);
});

t.test('a manifest that is not whole is refused', async (t) => {
  for (const broken of [
    undefined,
    {},
    { files: [fileOf({ name: '../model.dat' })] },
    { files: [null] },
    { files: [fileOf({ name: '..' })] },
    { files: [{ ...fileOf(), key: { toString: null } }] },
    { files: [fileOf({ versions: [{ bytes: 9, sha256: 'short' }] })] },
    { files: [fileOf({ versions: [{ bytes: -9, sha256: 'f'.repeat(64) }] })] },
    { files: [{ ...fileOf(), versions: [null] }] },
    { files: [{ ...fileOf(), versions: [{ bytes: 9, sha256: ['f'.repeat(64)] }] }] },
    { files: [fileOf(), fileOf()] },
  ])
    t.throws(() => checkedManifest(broken), { code: 'INTERNAL' });
  t.same(checkedManifest(manifestOf()), manifestOf());
});
