// Azure Blob Storage that goes away in the middle of the work, and comes back, or not: nothing is lost, nothing is mixed.

import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BlobServiceClient, type ContainerClient, StorageSharedKeyCredential } from '@azure/storage-blob';
import t, { type Test } from 'tap';
import { FaceEngine, FaceStore, findInPhotos, NamedPhotos } from '../../lib/index.js';
import { type Manifest, ModelStore } from '../../lib/models/index.js';
import { account, accountKey, type Azurite, cuttableWire, startAzurite } from '../fixtures/azurite.js';
import { examplePhotos, skipWithout } from '../fixtures/places.js';

/** Three requests of 4 MiB at most. */
const model = randomBytes(10 * 1024 * 1024);

async function containerWith(
  { endpoint }: Azurite,
  blobs: Readonly<Record<string, Uint8Array>>,
): Promise<ContainerClient> {
  const service = new BlobServiceClient(endpoint, new StorageSharedKeyCredential(account, accountKey));
  const container = service.getContainerClient('outage');
  await container.create();
  for (const [name, bytes] of Object.entries(blobs))
    await container.getBlockBlobClient(name).uploadData(bytes);
  return container;
}

function modelStore(t: Test): { readonly store: ModelStore; readonly cache: string } {
  const cache = join(t.testdir({ cache: {} }), 'cache');
  const before = process.env['FACEDEDUP_MODELS'];
  Reflect.deleteProperty(process.env, 'FACEDEDUP_MODELS');
  t.teardown(() => {
    if (before !== undefined) process.env['FACEDEDUP_MODELS'] = before;
  });
  const version = { bytes: model.length, sha256: createHash('sha256').update(model).digest('hex') };
  const file = { key: 'encoder', name: 'model.dat', purpose: 'a model', licence: 'CC0-1.0' } as const;
  const manifest: Manifest = { files: [{ ...file, commercialUse: true, versions: [version], https: [] }] };
  return { cache, store: new ModelStore({ models: { cache, store: join(cache, '..', 'store') }, manifest }) };
}

const sourceIn = ({ endpoint }: Pick<Azurite, 'endpoint'>) => ({
  container: 'outage',
  account,
  accountKey,
  endpoint,
});

t.test('a model is fetched whole although the service is away for a second', async (t) => {
  const azurite = await startAzurite(t);
  await containerWith(azurite, { 'model.dat': model });
  const wire = await cuttableWire(t, azurite.port);
  const { store, cache } = modelStore(t);
  let isCut = false;
  await store.fetch(undefined, {
    sources: [sourceIn({ endpoint: `http://127.0.0.1:${wire.port}/${account}` })],
    onProgress: ({ receivedBytes }) => {
      if (receivedBytes === 0 || isCut) return;
      isCut = true;
      wire.cut();
      setTimeout(wire.mend, 1000);
    },
  });
  t.ok(isCut);
  t.ok(readFileSync(join(cache, 'model.dat')).equals(model));
});

t.test('a service that does not come back is told as one, and the next fetch goes well', async (t) => {
  const azurite = await startAzurite(t);
  await containerWith(azurite, { 'model.dat': model });
  const { store, cache } = modelStore(t);
  let stopped: Promise<void> | undefined;
  const fetching = store.fetch(undefined, {
    sources: [sourceIn(azurite)],
    onProgress: ({ receivedBytes }) => {
      if (receivedBytes > 0) stopped ??= azurite.stop();
    },
  });
  await t.rejects(fetching, {
    code: 'MODEL_FETCH_FAILED',
    message: /cannot be read: .*Check the connection/,
  });
  await stopped;
  t.same(readdirSync(cache), [], 'no half of a model is left');
  await azurite.start();
  await store.fetch(undefined, { sources: [sourceIn(azurite)] });
  t.ok(readFileSync(join(cache, 'model.dat')).equals(model));
});

const skip = skipWithout.dlib || skipWithout.examples;

t.test(
  'of photos that could not be had each is named, and the next run has them all',
  { skip },
  async (t) => {
    const azurite = await startAzurite(t);
    const folder = join(examplePhotos ?? '', 'johns', 'John_Salley');
    const names = readdirSync(folder).slice(0, 6);
    await containerWith(
      azurite,
      Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name))])),
    );
    const environment = {
      AZURE_STORAGE_ACCOUNT: account,
      AZURE_STORAGE_KEY: accountKey,
      AZURE_STORAGE_BLOB_ENDPOINT: azurite.endpoint,
    };
    Object.assign(process.env, environment);
    t.teardown(() => Object.keys(environment).forEach((name) => Reflect.deleteProperty(process.env, name)));
    const store = new FaceStore(join(t.testdir({}), 'faces.db'));
    t.teardown(() => store.close());
    const engine = await FaceEngine.create({ detector: 'hog', lanes: 1 });
    t.teardown(() => engine.close());
    let stopped: Promise<void> | undefined;
    const find = async (onEncoded?: () => void) =>
      findInPhotos(engine, await NamedPhotos.of(['azure:outage']), {
        set: store.set(),
        threshold: 0.6,
        dropGone: true,
        onProgress: ({ done }) => {
          if (done === 1) onEncoded?.();
        },
      });

    const interrupted = await find(() => {
      stopped ??= azurite.stop();
    });
    await stopped;
    const { encoded, failed, photos } = interrupted.summary;
    t.equal(photos, 6, 'every photo is accounted for');
    t.equal(encoded + failed, 6);
    t.ok(encoded >= 1 && failed >= 1, `${encoded} encoded, ${failed} failed`);
    for (const each of interrupted.failed)
      t.match(each, { code: 'PHOTO_UNREADABLE', message: /Check the connection/ });

    await t.rejects(find(), { code: 'AZURE_UNREACHABLE' }, 'a container that cannot be listed ends the run');
    t.equal(store.set().photos.size, encoded, 'and forgets nothing, not even with --drop-gone');

    await azurite.start();
    t.match(await find(), {
      summary: { photos: 6, encoded: 6, failed: 0, newlyEncoded: 6 - encoded, pairs: 15 },
    });
  },
);
