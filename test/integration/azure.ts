// Models and photos in Azure Blob Storage, against a real server of it.

import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import {
  BlobServiceClient,
  type ContainerClient,
  ContainerSASPermissions,
  generateBlobSASQueryParameters,
  StorageSharedKeyCredential,
} from '@azure/storage-blob';
import t, { type Test } from 'tap';
import { AzureContainer, type AzureLocation } from '../../lib/azure.js';
import { type AzurePhoto, azurePhotos, FaceEngine } from '../../lib/index.js';
import { photoNamed } from '../../lib/photos/azure.js';
import { type Manifest, ModelStore, type ModelSourceName } from '../../lib/models/index.js';
import { account, accountKey, cuttingProxy, startAzurite } from '../fixtures/azurite.js';
import { freePort } from '../fixtures/free_port.js';
import { facededup } from '../fixtures/command_line.js';
import { examplePhotos, skipWithout } from '../fixtures/places.js';

const { port, endpoint } = await startAzurite(t);
const credential = new StorageSharedKeyCredential(account, accountKey);
const service = new BlobServiceClient(endpoint, credential);
const connectionString = `DefaultEndpointsProtocol=http;AccountName=${account};AccountKey=${accountKey};BlobEndpoint=${endpoint};`;
const byKey = { account, accountKey, endpoint };

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
/** More than two requests of 4 MiB. */
const large = randomBytes(10 * 1024 * 1024);
const other = randomBytes(large.length);

const manifestOf = (...contents: readonly Uint8Array[]): Manifest => {
  const [first, ...rest] = contents.map((bytes) => ({ bytes: bytes.length, sha256: sha256(bytes) }));
  return {
    files: [
      {
        key: 'encoder',
        name: 'model.dat',
        purpose: 'a model',
        licence: 'CC0-1.0',
        commercialUse: true,
        versions: [first as { bytes: number; sha256: string }, ...rest],
        https: [],
      },
    ],
  };
};

function storeIn(t: Test, manifest = manifestOf(large)) {
  const folder = t.testdir({ cache: {}, store: {} });
  const before = process.env['FACEDEDUP_MODELS'];
  Reflect.deleteProperty(process.env, 'FACEDEDUP_MODELS');
  t.teardown(() => {
    if (before !== undefined) process.env['FACEDEDUP_MODELS'] = before;
  });
  const [cache, storeFolder] = [join(folder, 'cache'), join(folder, 'store')];
  return { cache, storeFolder, store: new ModelStore({ models: { cache, store: storeFolder }, manifest }) };
}

let containers = 0;
async function containerWith(blobs: Readonly<Record<string, Uint8Array>>): Promise<ContainerClient> {
  const container = service.getContainerClient(`models-${++containers}`);
  await container.create();
  for (const [name, bytes] of Object.entries(blobs))
    await container.getBlockBlobClient(name).uploadData(bytes);
  return container;
}

function sasFor(container: ContainerClient): string {
  const permissions = ContainerSASPermissions.parse('rl');
  const expiresOn = new Date(Date.now() + 3_600_000);
  const { containerName } = container;
  return generateBlobSASQueryParameters({ containerName, permissions, expiresOn }, credential).toString();
}

function setEnvironment(t: Test, variables: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(variables)) process.env[name] = value;
  t.teardown(() => Object.keys(variables).forEach((name) => Reflect.deleteProperty(process.env, name)));
}

t.test('each kind of credential, prefix and name gives the file', async (t) => {
  const container = await containerWith({ 'v1/model.dat': large });
  const name = container.containerName;
  const sasToken = sasFor(container);
  const sources: readonly [string, ModelSourceName][] = [
    ['connection string', { container: name, prefix: 'v1', connectionString }],
    ['account key, prefix with slash', { container: name, prefix: 'v1/', ...byKey }],
    ['SAS', { container: name, prefix: 'v1', account, endpoint, sasToken }],
    ['SAS with its question mark', { container: name, prefix: 'v1', endpoint, sasToken: `?${sasToken}` }],
    ['an address with a SAS', `${endpoint}/${name}/v1?${sasToken}`],
  ];
  for (const [what, source] of sources) {
    const { store, cache } = storeIn(t);
    const seen: { receivedBytes: number; totalBytes: number; source: string }[] = [];
    await store.fetch(undefined, { sources: [source], onProgress: (progress) => seen.push(progress) });
    t.ok(readFileSync(join(cache, 'model.dat')).equals(large), what);
    t.match(seen.at(-1), { receivedBytes: large.length, totalBytes: large.length });
    t.notMatch(JSON.stringify(seen), /sig=(?!<)|AccountKey/);
  }
  for (const environment of [
    { AZURE_STORAGE_CONNECTION_STRING: connectionString },
    { AZURE_STORAGE_ACCOUNT: account, AZURE_STORAGE_KEY: accountKey, AZURE_STORAGE_BLOB_ENDPOINT: endpoint },
    {
      AZURE_STORAGE_ACCOUNT: account,
      AZURE_STORAGE_SAS_TOKEN: sasToken,
      AZURE_STORAGE_BLOB_ENDPOINT: endpoint,
    },
  ])
    await t.test(Object.keys(environment).join(', '), async (t) => {
      setEnvironment(t, environment);
      const { store } = storeIn(t);
      t.equal((await store.fetch(undefined, { sources: [`azure:${name}/v1`] })).length, 1);
    });
});

t.test('an update comes from a container, and names it without its secrets', async (t) => {
  const container = await containerWith({ 'v2/model.dat': other });
  const { store, storeFolder } = storeIn(t);
  const source = { container: container.containerName, prefix: 'v2', connectionString };
  const { version } = await store.update(source, () => Promise.resolve(['tried']), { set: 'encoder' });
  t.match(version, { source: `azure:${container.containerName}/v2`, checks: ['tried'] });
  t.match(await store.read('encoder'), { state: 'approved', sha256: sha256(other) });
  const address = `${endpoint}/${container.containerName}/v2?${sasFor(container)}`;
  const digests = [sha256(other)];
  await store.update(address, () => Promise.resolve([]), { set: 'encoder', version: 'sas', digests });
  for (const name of readdirSync(storeFolder, { recursive: true }).map(String))
    if (name.endsWith('.json'))
      t.notMatch(readFileSync(join(storeFolder, name), 'utf8'), /sig=(?!<)|AccountKey/);
});

t.test('what is wrong is told by its reason, without secrets, and leaves nothing behind', async (t) => {
  const container = await containerWith({ 'model.dat': large, 'wrong/model.dat': other });
  const name = container.containerName;
  const wrongKey = Buffer.from('a key of another account').toString('base64');
  const sasToken = sasFor(container);
  const nobody = `http://127.0.0.1:${await freePort()}/${account}`;
  const always = function* () {
    for (;;) yield 1_000_000;
  };
  const cut = `http://127.0.0.1:${await cuttingProxy(t, port, always())}/${account}`;
  const failures: readonly [string, ModelSourceName, RegExp][] = [
    [
      'no such container',
      { container: 'absent', ...byKey },
      /container absent does not exist|ContainerNotFound/,
    ],
    ['no such blob', { container: name, prefix: 'absent', ...byKey }, /blob absent\/model\.dat/],
    ['wrong key', { container: name, ...byKey, accountKey: wrongKey }, /may not be read/],
    [
      'wrong SAS',
      { container: name, endpoint, sasToken: sasToken.replace(/sig=.{8}/, 'sig=AAAAAAAA') },
      /may not be read/,
    ],
    [
      'key that is none',
      { container: name, connectionString: 'AccountName=x;AccountKey=secret-of-mine' },
      /credentials/,
    ],
    ['other content', { container: name, prefix: 'wrong', ...byKey }, /what came is not the file/],
    ['no server', { container: name, ...byKey, endpoint: nobody }, /cannot be read/],
    ['always cut', { container: name, ...byKey, endpoint: cut }, /cannot be read/],
    ['address with wrong SAS', `${endpoint}/${name}?${sasToken.replace(/sig=.{8}/, 'sig=AAAAAAAA')}`, /403/],
    ['no account at all', `azure:${name}`, /AZURE_STORAGE_ACCOUNT/],
  ];
  const secrets = [accountKey, wrongKey, 'secret-of-mine', /sig=([^&]+)/.exec(sasToken)?.[1] ?? ''];
  await Promise.all(
    failures.map(async ([what, source, message]) => {
      const folder = t.testdir({ [what]: { cache: {}, store: {} } });
      const [cache, store] = [join(folder, what, 'cache'), join(folder, what, 'store')];
      const error: unknown = await new ModelStore({ models: { cache, store }, manifest: manifestOf(large) })
        .fetch(undefined, { sources: [source] })
        .catch((reason: unknown) => reason);
      t.match(error, { code: 'MODEL_FETCH_FAILED', message }, what);
      const everything = inspect(error, { depth: 10, showHidden: true });
      for (const secret of secrets) t.notOk(everything.includes(secret), `${what} hides its secrets`);
      t.notMatch(everything, /sig=(?!<)/, what);
      t.same(readdirSync(cache), [], what);
    }),
  );
});

t.test('a connection that is cut half-way is taken up again', async (t) => {
  const container = await containerWith({ 'model.dat': large });
  const wire = await cuttingProxy(t, port, [2_000_000, 3_000_000]);
  const { store, cache } = storeIn(t);
  const location = {
    container: container.containerName,
    ...byKey,
    endpoint: `http://127.0.0.1:${wire}/${account}`,
  };
  await store.fetch(undefined, { sources: [location] });
  t.ok(readFileSync(join(cache, 'model.dat')).equals(large));
});

t.test('a blob that changes during its download is begun anew, never mixed', async (t) => {
  const container = await containerWith({ 'model.dat': large });
  const blob = container.getBlockBlobClient('model.dat');
  const location: AzureLocation = { container: container.containerName, ...byKey };
  const opened = await AzureContainer.open(location);
  let changed = false;
  const bytes = await opened.download('model.dat', undefined, async (_, content) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of content) {
      chunks.push(chunk);
      if (!changed) await blob.uploadData(other);
      changed = true;
    }
    return Buffer.concat(chunks);
  });
  t.ok(bytes.equals(other));

  const restless = opened.download('model.dat', undefined, async (_, content) => {
    for await (const chunk of content) if (chunk.length > 0) await blob.uploadData(randomBytes(large.length));
  });
  await t.rejects(restless, { code: 'AZURE_CHANGED' });
});

t.test('a signal ends the download, and leaves nothing behind', async (t) => {
  const container = await containerWith({ 'model.dat': large });
  const { store, cache } = storeIn(t);
  const controller = new AbortController();
  const fetching = store.fetch(undefined, {
    sources: [{ container: container.containerName, ...byKey }],
    signal: controller.signal,
    onProgress: () => controller.abort(),
  });
  await t.rejects(fetching, { code: 'ABORTED' });
  t.same(readdirSync(cache), []);
});

t.test('locations that are none are refused', async (t) => {
  const { store } = storeIn(t);
  for (const source of [
    'azure:',
    'azure:Upper',
    { container: 'a--b' },
    { container: 'a', accountKey: 'x', sasToken: 'y' },
  ])
    await t.rejects(store.fetch(undefined, { sources: [source] }), { code: 'OPTION_RANGE' });
  await t.rejects(store.fetch(undefined, { sources: [{ container: 'a', key: 'x' } as never] }), {
    code: 'OPTION_UNKNOWN',
  });
});

const skip = skipWithout.dlib || skipWithout.examples;

t.test('photos come from a container, and only those that changed are encoded again', { skip }, async (t) => {
  const photo = (name: string) => readFileSync(join(examplePhotos ?? '', 'johns', name));
  const salley = [
    photo('John_Salley/000179_02159509.jpg'),
    photo('John_Salley/000183_02159543.jpg'),
  ] as const;
  const container = await containerWith({
    '2026/a.jpg': salley[0],
    '2026/b.JPG': salley[1],
    '2026/broken.png': Buffer.from('no photo'),
    '2026/letter.txt': Buffer.from('not asked for'),
    'elsewhere.jpg': salley[0],
  });
  const name = container.containerName;
  const listed: AzurePhoto[] = [];
  for await (const each of azurePhotos({ container: name, prefix: '2026/', ...byKey })) listed.push(each);
  t.match(
    listed.map((each) => each.name),
    ['a.jpg', 'b.JPG', 'broken.png'].map((file) => `azure:${name}/2026/${file}`),
  );
  t.ok(listed.every(({ etag, bytes }) => etag !== '' && bytes > 0));

  const engine = await FaceEngine.create({ detector: 'hog' });
  t.teardown(() => engine.close());
  await container.deleteBlob('2026/b.JPG');
  const codes: (string | undefined)[] = [];
  for await (const { error } of engine.encodeAll(listed)) codes.push(error?.code);
  t.same(codes, [undefined, 'PHOTO_NOT_FOUND', 'PHOTO_NOT_AN_IMAGE']);

  await container.getBlockBlobClient('2026/b.JPG').uploadData(salley[1]);
  const store = join(t.testdir({}), 'faces.db');
  const find = async () => {
    const flags = ['--detector', 'hog', '-t', '0.6', '--json', '--store', store];
    const environment = { AZURE_STORAGE_CONNECTION_STRING: connectionString };
    const { stdout, stderr } = await facededup(['find', `azure:${name}/2026/`, ...flags], environment);
    t.match(stderr, /1 failed/);
    return JSON.parse(stdout) as unknown;
  };
  const [first, second] = ['a.jpg', 'b.JPG'].map((file) => `azure:${name}/2026/${file}`);
  process.env['AZURE_STORAGE_CONNECTION_STRING'] = connectionString;
  t.teardown(() => delete process.env['AZURE_STORAGE_CONNECTION_STRING']);
  t.equal((await engine.detect(photoNamed(first ?? ''))).length, 1, 'a blob is found again by its name');
  await t.rejects(engine.detect(photoNamed(`azure:${name}/gone.jpg`)), { code: 'PHOTO_NOT_FOUND' });
  t.match(await find(), { summary: { photos: 3, newlyEncoded: 2 }, pairs: [{ first, second }] });
  t.match(await find(), { summary: { photos: 3, newlyEncoded: 0 }, pairs: [{ first, second }] });
  await container.getBlockBlobClient('2026/b.JPG').uploadData(photo('John_Simm/000288_00470387.jpg'));
  t.match(await find(), { summary: { photos: 3, newlyEncoded: 1 }, pairs: [] });
});
