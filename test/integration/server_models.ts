// Caffe models over HTTP: uploaded, checked, in use, rolled back; and uploads that are no models.

import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import t, { type Test } from 'tap';
import type { ApiError, ApiModel, ApiModelHistory, FaceServer } from '../../lib/server/index.js';
import { cellPhoto, versionedModels } from '../fixtures/model_versions.js';
import { askerOf, configIn, filledPlace, ownOrigin, serverOn } from '../fixtures/review_server.js';
import { type CaffeNetwork, notAnSsd, syntheticSsd } from '../fixtures/synthetic_ssd.js';

const versions = '/api/models/ssd/versions';
const old = syntheticSsd({ width: 64, height: 48, boxSize: 16 });
const other = syntheticSsd({ width: 64, height: 48, boxSize: 12 });

type Parts = Readonly<Record<string, string | Uint8Array>>;

async function checkPhoto(): Promise<Uint8Array> {
  const { data, width, height } = cellPhoto;
  return sharp(data, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
}

/** A server with a model store of its own, and engine settings that suit the tests' networks. */
async function modelServer(t: Test, options: { readonly uploadLimit?: number } = {}) {
  const { folder, models } = versionedModels(t);
  const place = await filledPlace(t, folder);
  const config = await configIn(place.folder, { meanValues: [0, 0, 0] });
  return serverOn(t, place, { config, models, ...options });
}

/** As a browser sends a form; text is a field, bytes are a file of any name. */
async function upload<Body>(server: FaceServer, parts: Parts, fileName = 'C:\\models\\..\\..\\x.bin') {
  const boundary = 'the-boundary';
  const chunks = Object.entries(parts).flatMap(([name, content]) => {
    const file =
      typeof content === 'string' ? '' : `; filename="${fileName}"\r\nContent-Type: application/octet-stream`;
    return [
      Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="${name}"${file}\r\n\r\n`),
      Buffer.from(content),
      Buffer.from('\r\n'),
    ];
  });
  const answer = await server.app.inject({
    method: 'POST',
    url: versions,
    headers: { ...ownOrigin, 'content-type': `multipart/form-data; boundary=${boundary}` },
    payload: Buffer.concat([...chunks, Buffer.from(`--${boundary}--\r\n`)]),
  });
  return { status: answer.statusCode, body: JSON.parse(answer.body) as Body };
}

const filesOf = ({ prototxt, weights }: CaffeNetwork) => ({
  prototxt: Buffer.from(prototxt),
  caffemodel: weights,
});

function uploadFolders(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith('facededup-upload-'));
}

t.test('an uploaded model is checked, comes into use, and goes again', async (t) => {
  const server = await modelServer(t);
  const ask = askerOf(server);
  const photo = await checkPhoto();
  t.match(await upload<ApiModelHistory>(server, { version: 'v1', faces: '1', ...filesOf(old), photo }), {
    status: 201,
    body: {
      set: 'ssd',
      current: 'v1',
      changes: [{ action: 'update', version: 'v1' }],
      versions: [{ version: 'v1', source: 'an upload', checks: ['it loads', /SSD/, /finds the face/] }],
    },
  });
  t.match(await upload(server, { version: 'v2', faces: '1', ...filesOf(other), photo }), {
    body: { current: 'v2' },
  });
  t.match(
    (await ask<ApiModel[]>('GET', '/api/models')).body.find(({ key }) => key === 'ssd-weights'),
    { state: 'approved', version: 'v2', sha256: /^[0-9a-f]{64}$/ },
  );
  t.match(await ask('POST', '/api/models/ssd/rollback', {}), { status: 200, body: { current: 'v1' } });
  t.match(await ask('POST', '/api/models/ssd/rollback', { version: 'v2' }), { body: { current: 'v2' } });
  t.match(await ask('POST', '/api/models/ssd/rollback', { version: 'v9' }), {
    status: 404,
    body: { error: { code: 'MODEL_VERSION_MISSING' } },
  });
  t.equal((await ask('POST', '/api/models/magic/rollback', {})).status, 400);
  t.equal((await ask('POST', '/api/models/ssd/rollback', { version: '../../etc' })).status, 400);
  t.match(await upload(server, { version: 'v1', faces: '1', ...filesOf(other), photo }), {
    status: 409,
    body: { error: { code: 'MODEL_VERSION_EXISTS' } },
  });
  t.same(uploadFolders(), [], 'nothing of an upload is left');
});

t.test('a version that a named folder hides is told as such, after an upload and a rollback', async (t) => {
  const { folder, models } = versionedModels(t);
  const place = await filledPlace(t, folder);
  const config = await configIn(folder, { meanValues: [0, 0, 0] });
  const server = await serverOn(t, place, {
    config,
    models: { ...models, directory: join(folder, 'old') },
  });
  const ask = askerOf(server);
  const photo = await checkPhoto();
  const hidden = { hiddenBy: 'old' };
  t.match(await upload(server, { version: 'v1', faces: '1', ...filesOf(old), photo }), {
    status: 201,
    body: hidden,
  });
  await upload(server, { version: 'v2', faces: '1', ...filesOf(other), photo });
  t.match(await ask('POST', '/api/models/ssd/rollback', {}), {
    status: 200,
    body: { current: 'v1', ...hidden },
  });
  t.match(await ask('GET', '/api/models/ssd/history'), { body: hidden });
});

t.test('a rollback to official files that are not there is refused with a sentence', async (t) => {
  const server = await modelServer(t);
  const photo = await checkPhoto();
  t.match(await upload(server, { version: 'v1', faces: '1', ...filesOf(old), photo }), {
    body: { current: 'v1', hiddenBy: null },
  });
  t.match(await askerOf(server)('POST', '/api/models/ssd/rollback', { version: 'official' }), {
    status: 409,
    body: {
      error: {
        code: 'MODEL_VERSION_INCOMPLETE',
        message: /'official' are not all on this server.*models fetch/,
      },
    },
  });
});

t.test('a model that fails its checks changes nothing', async (t) => {
  const server = await modelServer(t);
  const photo = await checkPhoto();
  const rejected = { status: 422, body: { error: { code: 'MODEL_REJECTED' } } };
  t.match(
    await upload(server, { faces: '2', ...filesOf(old), photo }),
    rejected,
    'other faces than it should find',
  );
  t.match(await upload(server, filesOf(notAnSsd({ width: 64, height: 48 }))), rejected, 'no SSD');
  const garbage = { prototxt: Buffer.from('no network {'), caffemodel: Buffer.from('nor weights') };
  t.match(await upload(server, garbage), rejected, 'no model at all');
  const { body } = await upload<ApiError>(server, garbage);
  t.notMatch(body.error.message, tmpdir());
  t.match((await askerOf(server)('GET', '/api/models/ssd/history')).body, {
    current: 'official',
    versions: [],
  });
  t.same(uploadFolders(), []);
});

t.test('an upload that is none is refused, and leaves nothing', async (t) => {
  const server = await modelServer(t, { uploadLimit: 100_000 });
  const { prototxt, caffemodel } = filesOf(old);
  const invalid = { status: 400, body: { error: { code: 'REQUEST_INVALID' } } };
  t.match(await upload(server, { prototxt }), invalid, 'a file is missing');
  t.match(await upload(server, {}), invalid, 'nothing in it');
  t.match(
    await upload(server, { prototxt, caffemodel, surprise: Buffer.from('x') }),
    invalid,
    'a file too many',
  );
  t.match(await upload(server, { prototxt, caffemodel, surprise: 'x' }), invalid, 'a field too many');
  t.match(await upload(server, { faces: 'many', prototxt, caffemodel }), invalid);
  t.match(await upload(server, { version: '../x', prototxt, caffemodel }), { status: 400 });
  t.match(await upload(server, { prototxt: 'as a field', caffemodel }), invalid);
  const large = { status: 413, body: { error: { code: 'REQUEST_TOO_LARGE' } } };
  t.match(await upload(server, { prototxt, caffemodel: Buffer.alloc(200_000) }), large);
  t.match(await upload(server, { prototxt: Buffer.alloc(2_000_000), caffemodel }), large);
  const { statusCode } = await server.app.inject({
    method: 'POST',
    url: versions,
    headers: { ...ownOrigin, 'content-type': 'application/json' },
    payload: '{}',
  });
  t.equal(statusCode, 400, 'JSON is no upload');
  const cut = await server.app.inject({
    method: 'POST',
    url: versions,
    headers: { ...ownOrigin, 'content-type': 'multipart/form-data; boundary=x' },
    payload: '--x\r\nContent-Disposition: form-data; name="prototxt"; filename="a"\r\n\r\nabc',
  });
  t.ok(cut.statusCode >= 400 && cut.statusCode < 500, `one that is cut off: ${cut.statusCode}`);
  t.same(uploadFolders(), []);
  t.match(
    (await upload(server, { ...filesOf(old), photo: await checkPhoto() })).status,
    201,
    'and the next is taken',
  );
});

t.test('of two uploads at once one waits outside', async (t) => {
  const server = await modelServer(t);
  const parts = { ...filesOf(old), photo: await checkPhoto() };
  const statuses = (await Promise.all([upload(server, parts), upload(server, parts)])).map(
    ({ status }) => status,
  );
  t.same(statuses.sort(), [201, 409]);
});

t.test('a temporary folder that cannot be written is told as such, and blocks no later upload', async (t) => {
  const server = await modelServer(t);
  const before = process.env['TMPDIR'];
  process.env['TMPDIR'] = join(t.testdirName, 'nowhere');
  const restore = () => {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
  };
  t.teardown(restore);
  const parts = { version: 'v1', faces: '1', ...filesOf(old), photo: await checkPhoto() };
  const refused = {
    status: 503,
    body: { error: { code: 'TEMP_FOLDER_UNWRITABLE', message: /ENOENT.*TMPDIR/ } },
  };
  t.match(await upload(server, parts), refused);
  t.match(await upload(server, parts), refused, 'the second is told the same');
  restore();
  t.match(await upload(server, parts), { status: 201 });
});

t.test('a page of others uploads nothing', async (t) => {
  const server = await modelServer(t);
  const answer = await server.app.inject({
    method: 'POST',
    url: versions,
    headers: {
      host: 'localhost:8080',
      origin: 'https://evil.example',
      'content-type': 'multipart/form-data; boundary=x',
    },
    payload: '--x--\r\n',
  });
  t.equal(answer.statusCode, 403);
  t.same(uploadFolders(), []);
});
