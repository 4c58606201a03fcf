// Downloads that are cut, resumed, retried, mirrored and sent through proxies.

import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { type Manifest, type ModelKey, ModelStore } from '../../../lib/models/index.js';

const content = randomBytes(300_000);
const half = 150_000;

async function serve(t: Test, answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function setEnvironment(t: Test, variables: Readonly<Record<string, string>>): void {
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, variables);
  t.teardown(() => {
    for (const [name, value] of before)
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
  });
}

function storeIn(t: Test, https: readonly string[], keys: readonly ModelKey[] = ['encoder']) {
  const folder = t.testdir({ cache: {}, store: {} });
  setEnvironment(t, { FACEDEDUP_MODELS: '' });
  const sha256 = createHash('sha256').update(content).digest('hex');
  const manifest: Manifest = {
    files: keys.map((key) => ({
      key,
      name: `${key}.dat`,
      purpose: 'a model',
      licence: 'CC0-1.0',
      commercialUse: true,
      versions: [{ bytes: content.length, sha256 }],
      // Two files never share an address.
      https: https.map((address) => `${address}-${key}`),
    })),
  };
  const models = { cache: join(folder, 'cache'), store: join(folder, 'store') };
  const store = new ModelStore({ models, manifest });
  const isThere = () => readFileSync(join(models.cache, 'encoder.dat')).equals(content);
  return { store, models, manifest, isThere };
}

const neverCut: (request: number) => boolean = () => false;

/** Answers ranges as a file server does, and cuts each answer short that `cut` says. */
function fileServer(seen: IncomingMessage[], { etag = '"1"', cut = neverCut } = {}): RequestListener {
  return (request, response) => {
    seen.push(request);
    const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
    const from = range && request.headers['if-range'] === etag ? Number(range[1]) : 0;
    response.writeHead(from > 0 ? 206 : 200, {
      'content-length': content.length - from,
      ...(etag === '' ? {} : { etag }),
      ...(from > 0 ? { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` } : {}),
    });
    if (!cut(seen.length)) response.end(content.subarray(from));
    else response.write(content.subarray(from, half), () => response.socket?.end());
  };
}

t.test('a download that is cut goes on where it stopped', async (t) => {
  const seen: IncomingMessage[] = [];
  const address = await serve(t, fileServer(seen, { cut: (request) => request === 1 }));
  const { store, models, isThere } = storeIn(t, [`${address}/a`]);
  const progress: number[] = [];
  await store.fetch(undefined, { sources: ['https'], onProgress: (now) => progress.push(now.receivedBytes) });
  t.ok(isThere());
  t.equal(seen.length, 2);
  t.match(seen[1]?.headers.range, /^bytes=[1-9]\d+-$/);
  t.equal(progress.at(-1), content.length);
  t.same(readdirSync(models.cache), ['encoder.dat']);
});

t.test('so does the next fetch after one that failed', async (t) => {
  const seen: IncomingMessage[] = [];
  const address = await serve(t, fileServer(seen, { cut: (request) => request <= 4 }));
  const { store, models, isThere } = storeIn(t, [`${address}/a`]);
  await t.rejects(store.fetch(undefined, { sources: ['https'] }), { code: 'MODEL_FETCH_FAILED' });
  t.ok(existsSync(join(models.cache, 'partial')));
  await store.fetch(undefined, { sources: ['https'] });
  t.ok(isThere());
  t.match(seen.at(-1)?.headers.range, /^bytes=[1-9]\d+-$/);
  t.same(readdirSync(models.cache), ['encoder.dat']);
});

t.test('a file that changed on the server, or that it does not name, is begun anew', async (t) => {
  for (const etag of ['', 'W/"1"', '"changing"']) {
    const seen: IncomingMessage[] = [];
    const address = await serve(t, (request, response) =>
      fileServer(seen, {
        etag: etag === '"changing"' ? `"${seen.length}"` : etag,
        cut: (number) => number === 1,
      })(request, response),
    );
    const { store, isThere } = storeIn(t, [`${address}/a`]);
    await store.fetch(undefined, { sources: ['https'] });
    t.ok(isThere(), etag);
    t.equal(seen.length, 2, etag);
  }
});

t.test('a server that closes the connection while its answer is still being written down', async (t) => {
  // undici 7.26 to 7.30 end the process here: https://github.com/nodejs/undici/issues/5360
  const large = randomBytes(20_000_000);
  const address = await serve(t, (_, response) => {
    response.writeHead(200, { 'content-length': large.length, connection: 'close' }).end(large);
  });
  const { models, manifest } = storeIn(t, [`${address}/a`]);
  const versions = [
    { bytes: large.length, sha256: createHash('sha256').update(large).digest('hex') },
  ] as const;
  const files = manifest.files.map((file) => ({ ...file, versions }));
  await new ModelStore({ models, manifest: { files } }).fetch(undefined, { sources: ['https'] });
  t.ok(readFileSync(join(models.cache, 'encoder.dat')).equals(large));
});

t.test('an answer that may pass is waited for, one that will not is not', async (t) => {
  let asked = 0;
  const passing = await serve(t, (_, response) => {
    if (++asked <= 2) response.writeHead(503).end();
    else response.end(content);
  });
  const { store, isThere } = storeIn(t, [`${passing}/a`]);
  await store.fetch(undefined, { sources: ['https'] });
  t.ok(isThere());
  for (const status of [403, 404, 410]) {
    let times = 0;
    const address = await serve(t, (_, response) => {
      times++;
      response.writeHead(status).end();
    });
    const final = storeIn(t, [`${address}/a`]);
    await t.rejects(final.store.fetch(undefined, { sources: ['https'] }), { code: 'MODEL_FETCH_FAILED' });
    t.equal(times, 1, String(status));
  }
});

t.test('a mirror’s query and password go with every request, and into no message', async (t) => {
  const seen: IncomingMessage[] = [];
  const address = await serve(t, fileServer(seen));
  const mirror = `${address.replace('://', '://me:p%40ss@')}/models/?sig=secret`;
  const { store, isThere } = storeIn(t, []);
  const sources: string[] = [];
  await store.fetch(undefined, { sources: [mirror], onProgress: ({ source }) => sources.push(source) });
  t.ok(isThere());
  t.equal(seen[0]?.url, '/models/encoder.dat?sig=secret');
  t.equal(seen[0]?.headers.authorization, `Basic ${Buffer.from('me:p@ss').toString('base64')}`);
  t.notMatch(sources.join(), /secret|p%40ss|p@ss/);
  const { store: other } = storeIn(t, []);
  const nowhere = mirror.replace(/:\d+\//, ':1/');
  const error = (await other.fetch(undefined, { sources: [nowhere] }).catch((e: unknown) => e)) as Error;
  t.match(error, { code: 'MODEL_FETCH_FAILED' });
  t.notMatch(error.message, /secret|p%40ss|p@ss/);
});

t.test('proxies of the environment are used, but for those it excepts', async (t) => {
  const seen: IncomingMessage[] = [];
  const address = await serve(t, fileServer(seen));
  let tunnels = 0;
  const proxy = createServer();
  proxy.on('connect', (request: IncomingMessage, client: Socket) => {
    tunnels++;
    const [host = '', port = ''] = (request.url ?? '').split(':');
    const upstream = connect(Number(port), host, () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      upstream.pipe(client);
      client.pipe(upstream);
    });
    for (const socket of [client, upstream]) socket.on('error', () => undefined);
  });
  proxy.on('request', (request: IncomingMessage, response: ServerResponse) => {
    tunnels++;
    void fetch(new URL(request.url ?? '')).then(async (answer) => {
      response.writeHead(answer.status, { etag: '"1"' });
      response.end(Buffer.from(await answer.arrayBuffer()));
    });
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  t.teardown(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  const proxyAddress = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  setEnvironment(t, { http_proxy: proxyAddress, no_proxy: '' });
  const through = storeIn(t, [`${address}/a`]);
  await through.store.fetch(undefined, { sources: ['https'] });
  t.ok(through.isThere());
  t.equal(tunnels, 1);
  setEnvironment(t, { no_proxy: '127.0.0.1' });
  const around = storeIn(t, [`${address}/a`]);
  await around.store.fetch(undefined, { sources: ['https'] });
  t.ok(around.isThere());
  t.equal(tunnels, 1);
});

t.test('several files come at once, and once only', async (t) => {
  const held: ServerResponse[] = [];
  const address = await serve(t, (_, response) => {
    held.push(response);
    // Nobody is answered before both have asked.
    if (held.length === 2) for (const each of held) each.end(content);
  });
  const { models, manifest } = storeIn(t, [`${address}/a`], ['encoder', 'landmarks-small']);
  const seen: string[] = [];
  const onProgress = ({ file }: { readonly file: string }) => seen.push(file);
  // As two engines that start together.
  const stores = [0, 1].map(
    () => new ModelStore({ models: { ...models, source: 'https', onProgress }, manifest }),
  );
  await Promise.all(stores.map((store) => store.fetchMissing(['encoder', 'landmarks-small'])));
  t.equal(held.length, 2);
  t.same([...new Set(seen)].sort(), ['encoder.dat', 'landmarks-small.dat']);
  await Promise.all(stores.map((store) => store.readSet('encoder')));
  t.equal(held.length, 2, 'nothing is asked for when everything is there');
});

t.test('one download that ends leaves the others their folder', async (t) => {
  const keys: readonly ModelKey[] = ['encoder', 'landmarks-small', 'landmarks-large', 'mmod'];
  const seen: IncomingMessage[] = [];
  const address = await serve(t, fileServer(seen));
  const { store, models } = storeIn(t, [`${address}/a`], keys);
  // Often: they must end and begin at the same moment for one to harm the other.
  const rounds = 40;
  for (let round = 0; round < rounds; round++) {
    await store.fetch(undefined, { sources: ['https'] });
    for (const name of readdirSync(models.cache)) rmSync(join(models.cache, name), { recursive: true });
  }
  t.equal(seen.length, rounds * keys.length, 'none had to ask a second time');
});

t.test('offline nothing is asked for', async (t) => {
  const seen: IncomingMessage[] = [];
  const address = await serve(t, fileServer(seen));
  const { models, manifest } = storeIn(t, [`${address}/a`]);
  const store = new ModelStore({ models: { ...models, source: 'https', offline: true }, manifest });
  await t.rejects(store.readSet('encoder'), { code: 'MODEL_MISSING' });
  await t.rejects(store.fetch(), { code: 'MODEL_FETCH_FAILED', message: /offline/ });
  t.equal(seen.length, 0);
});
