// Azure Blob Storage that goes away in the middle of the work, and comes back, or not: nothing is lost, nothing is mixed.

import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { BlobServiceClient, StorageSharedKeyCredential } from '@azure/storage-blob';
import t, { type Test } from 'tap';
import { AzureContainer } from '../../lib/azure.js';
import { FaceEngine, FaceStore, findInPhotos, type Findings, NamedPhotos } from '../../lib/index.js';
import { type Manifest, ModelStore } from '../../lib/models/index.js';
import { account, accountKey, startAzurite } from '../fixtures/azurite.js';
import { examplePhotos, skipWithout } from '../fixtures/places.js';

/** Three requests of 4 MiB at most. */
const model = randomBytes(10 * 1024 * 1024);
const folder = join(examplePhotos ?? '', 'johns', 'John_Salley');
const skip = skipWithout.dlib || skipWithout.examples;
const photos = skip ? [] : readdirSync(folder).slice(0, 11);

const azurite = await startAzurite(t);
await upload('models', { 'model.dat': model });
await upload('photos', Object.fromEntries(photos.map((name) => [name, readFileSync(join(folder, name))])));
// Only what it has written in its own time outlives it.
await azurite.stop();
await azurite.start();

async function upload(name: string, blobs: Readonly<Record<string, Uint8Array>>): Promise<void> {
  const service = new BlobServiceClient(
    azurite.endpoint,
    new StorageSharedKeyCredential(account, accountKey),
  );
  const container = service.getContainerClient(name);
  await container.create();
  for (const [blob, bytes] of Object.entries(blobs))
    await container.getBlockBlobClient(blob).uploadData(bytes);
}

const source = { container: 'models', account, accountKey, endpoint: azurite.endpoint };

function modelStore(t: Test): { readonly store: ModelStore; readonly cache: string } {
  const folder = t.testdir({ cache: {} });
  const before = process.env['FACEDEDUP_MODELS'];
  Reflect.deleteProperty(process.env, 'FACEDEDUP_MODELS');
  t.teardown(() => {
    if (before !== undefined) process.env['FACEDEDUP_MODELS'] = before;
  });
  const version = { bytes: model.length, sha256: createHash('sha256').update(model).digest('hex') };
  const file = { key: 'encoder', name: 'model.dat', purpose: 'a model', licence: 'CC0-1.0' } as const;
  const manifest: Manifest = { files: [{ ...file, commercialUse: true, versions: [version], https: [] }] };
  const cache = join(folder, 'cache');
  return { cache, store: new ModelStore({ models: { cache, store: join(folder, 'store') }, manifest }) };
}

t.test('a model is fetched whole although the service is stopped and started meanwhile', async (t) => {
  const { store, cache } = modelStore(t);
  let outage: Promise<void> | undefined;
  await store.fetch(undefined, {
    sources: [source],
    onProgress: ({ receivedBytes }) => {
      if (receivedBytes > 0) outage ??= azurite.stop('SIGKILL').then(azurite.start);
    },
  });
  t.ok(outage, 'it was stopped before all of it had come');
  await outage;
  t.ok(readFileSync(join(cache, 'model.dat')).equals(model));
  t.same(readdirSync(cache), ['model.dat']);
});

t.test('a service that does not come back is told as one, and the next fetch goes well', async (t) => {
  const { store, cache } = modelStore(t);
  let stopped: Promise<void> | undefined;
  const fetching = store.fetch(undefined, {
    sources: [source],
    onProgress: ({ receivedBytes }) => {
      if (receivedBytes > 0) stopped ??= azurite.stop('SIGKILL');
    },
  });
  await t.rejects(fetching, {
    code: 'MODEL_FETCH_FAILED',
    message:
      /The blob model\.dat of the container models cannot be read: .*ECONNREFUSED.*Check the connection/,
  });
  await stopped;
  t.same(readdirSync(cache), [], 'no half of a model is left');
  await azurite.start();
  await store.fetch(undefined, { sources: [source] });
  t.ok(readFileSync(join(cache, 'model.dat')).equals(model));
});

t.test('a run over the photos of a container', { skip }, async (t) => {
  const environment = {
    AZURE_STORAGE_ACCOUNT: account,
    AZURE_STORAGE_KEY: accountKey,
    AZURE_STORAGE_BLOB_ENDPOINT: azurite.endpoint,
  };
  Object.assign(process.env, environment);
  t.teardown(() => Object.keys(environment).forEach((name) => Reflect.deleteProperty(process.env, name)));
  const folder = t.testdir({});
  const engine = await FaceEngine.create({ detector: 'hog', lanes: 1 });
  t.teardown(() => engine.close());
  const storeNamed = (name: string) => {
    const store = new FaceStore(join(folder, name));
    t.teardown(() => store.close());
    return store;
  };
  const find = async (store: FaceStore, onFirstEncoded: () => void = () => undefined) =>
    findInPhotos(engine, await NamedPhotos.of(['azure:photos']), {
      set: store.set(),
      threshold: 0.6,
      dropGone: true,
      onProgress: ({ done }) => {
        if (done === 1) onFirstEncoded();
      },
    });
  const told = ({ pairs, groups, summary }: Findings) => ({ pairs, groups, summary });
  /** Without what tells those that the run before did not find. */
  const pairsOf = ({ pairs }: Pick<Findings, 'pairs'>) =>
    pairs.map(({ first, second, distance }) => ({ first, second, distance }));
  const undisturbed = told(await find(storeNamed('undisturbed.db')));
  t.match(undisturbed.summary, { photos: 11, encoded: 11, failed: 0 });

  await t.test('is that of an undisturbed one, although the service is stopped and started', async (t) => {
    let outage: Promise<void> | undefined;
    const disturbed = await find(storeNamed('disturbed.db'), () => {
      outage ??= azurite.stop('SIGKILL').then(azurite.start);
    });
    await outage;
    t.ok(outage);
    t.same(told(disturbed), undisturbed);
  });

  await t.test('names each photo that could not be had, and the next run has them all', async (t) => {
    const store = storeNamed('interrupted.db');
    let stopped: Promise<void> | undefined;
    const interrupted = await find(store, () => {
      stopped ??= azurite.stop('SIGKILL');
    });
    await stopped;
    const { encoded, failed, photos } = interrupted.summary;
    t.equal(photos, 11, 'every photo is accounted for');
    t.equal(encoded + failed, 11);
    t.ok(encoded >= 1 && failed >= 1, `${encoded} encoded, ${failed} failed`);
    for (const each of interrupted.failed)
      t.match(each, { code: 'PHOTO_UNREADABLE', message: /cannot be read: .+Check the connection/ });

    await t.rejects(
      find(store),
      { code: 'AZURE_UNREACHABLE', message: /cannot be read: .+Check the connection/ },
      'a container that cannot be listed ends the run',
    );
    t.equal(store.set().photos.size, encoded, 'and forgets nothing, not even with --drop-gone');

    await azurite.start();
    const completed = told(await find(store));
    t.match(completed.summary, { photos: 11, encoded: 11, failed: 0, newlyEncoded: 11 - encoded });
    t.same([pairsOf(completed), completed.groups], [pairsOf(undisturbed), undisturbed.groups]);
  });
});

type Fault = 'says nothing' | 'breaks off' | 'says 500';

/** A service that answers each request with a text, but for those that it is told a fault for, in their order. */
async function faultyService(
  t: Test,
  stallMilliseconds: number,
  faults: readonly (Fault | undefined)[],
  answerTo: (query: URLSearchParams) => string,
) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '', 'http://service');
    const fault = faults[asked.length];
    const marker = searchParams.get('marker');
    asked.push(marker === null ? (request.method ?? '') : `${request.method ?? ''} ${marker}`);
    if (fault === 'says nothing') return;
    if (fault === 'says 500') return void response.writeHead(500).end();
    const text = answerTo(searchParams);
    const status = request.headers['x-ms-range'] === undefined ? 200 : 206;
    response.writeHead(status, {
      etag: '"one"',
      'content-length': text.length,
      'content-type': 'application/xml',
    });
    if (fault === undefined) return void response.end(request.method === 'HEAD' ? '' : text);
    response.write(text.slice(0, text.length / 2), () => response.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const endpoint = `http://127.0.0.1:${port}/${account}`;
  const location = { container: 'photos', account, accountKey, endpoint };
  return { container: await AzureContainer.open(location, stallMilliseconds), asked };
}

function contentOf(container: AzureContainer): Promise<string> {
  return container.download('photo', undefined, async (_blob, content) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of content) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  });
}

t.test('a connection that brings nothing any more is given up, and the blob asked for again', async (t) => {
  const faults = [undefined, 'says nothing', 'breaks off'] as const;
  const { container, asked } = await faultyService(t, 200, faults, () => 'photo');
  t.equal(await contentOf(container), 'photo');
  t.same(asked, ['HEAD', 'GET', 'GET', 'GET']);
});

t.test('a list that breaks off goes on with the page that is missing', async (t) => {
  const pageOf = (name: string, next: string) =>
    `<?xml version="1.0"?><EnumerationResults ContainerName="photos"><Blobs><Blob><Name>${name}</Name><Properties>` +
    `<Etag>0x1</Etag><Content-Length>5</Content-Length><BlobType>BlockBlob</BlobType></Properties></Blob></Blobs>` +
    `<NextMarker>${next}</NextMarker></EnumerationResults>`;
  const pages: Readonly<Record<string, string>> = {
    first: pageOf('a.jpg', 'second'),
    second: pageOf('b.jpg', 'third'),
    third: pageOf('c.jpg', ''),
  };
  const faults = [undefined, 'breaks off', undefined, 'breaks off'] as const;
  const { container, asked } = await faultyService(
    t,
    30_000,
    faults,
    (query) => pages[query.get('marker') ?? 'first'] ?? '',
  );
  const names: string[] = [];
  for await (const { name } of container.blobs()) names.push(name);
  t.same(names, ['a.jpg', 'b.jpg', 'c.jpg']);
  t.same(asked, ['GET', 'GET second', 'GET second', 'GET third', 'GET third']);
});

t.test('a service that never answers is not waited for as one that has', async (t) => {
  const { container, asked } = await faultyService(t, 200, ['says nothing'], () => 'photo');
  await t.rejects(contentOf(container), {
    code: 'AZURE_UNREACHABLE',
    message: /cannot be read: nothing came for 0\.2 s/,
  });
  t.same(asked, ['HEAD']);
});

t.test('an answer without a word is told by its status', async (t) => {
  const faults = Array.from({ length: 4 }, () => 'says 500' as const);
  const { container } = await faultyService(t, 30_000, faults, () => 'photo');
  await t.rejects(contentOf(container), {
    code: 'AZURE_UNREACHABLE',
    message: /cannot be read: the service answered 500/,
  });
});
