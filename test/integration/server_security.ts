// Attacks on the server: other hosts, other origins, wrong tokens, files outside the roots, malformed and oversized requests.

import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { ApiError, ApiSession } from '../../lib/server/index.js';
import { createServer } from '../../lib/server/index.js';
import { RootedPhotos } from '../../lib/server/rooted_photos.js';
import { ConfigFile } from '../../lib/settings/index.js';
import { FaceStore } from '../../lib/store/index.js';
import {
  askerOf,
  configIn,
  filledPlace,
  keepPhoto,
  ownOrigin,
  serverOn,
  token,
} from '../fixtures/review_server.js';

const decisions = '/api/sets/default/decisions';
const decision = { kind: 'photo', first: 'x', second: 'y', verdict: 'same' };
const refused = { status: 403, body: { error: { code: 'REQUEST_REFUSED' } } };

t.test('it listens on loopback unless told otherwise, and elsewhere only with a token', async (t) => {
  const place = await filledPlace(t);
  const server = await serverOn(t, place);
  t.match(await server.listen(), /^http:\/\/127\.0\.0\.1:\d+$/);
  const config = await configIn(place.folder);
  for (const host of ['0.0.0.0', '::', '192.168.1.5', 'example.org'])
    await t.rejects(createServer({ store: place.store, host, config }), { code: 'SERVER_UNSAFE' }, host);
  await t.rejects(createServer({ store: place.store, config, token: 'only-15-letters' }), {
    code: 'OPTION_RANGE',
  });
});

t.test('a port that is taken is told', async (t) => {
  const place = await filledPlace(t);
  const first = await serverOn(t, place);
  const { port } = new URL(await first.listen());
  const second = await serverOn(t, place, { port: Number(port) });
  await t.rejects(second.listen(), { code: 'SERVER_ADDRESS', message: /another program listens there/ });
});

t.test('only its own host names are answered to, so that no rebound name reads anything', async (t) => {
  const server = await serverOn(t, await filledPlace(t), { allowHosts: ['Faces.Example'] });
  const ask = askerOf(server, {});
  const get = (host: string) => ask('GET', '/api/sets', undefined, { host });
  for (const host of [
    'localhost',
    'localhost:8080',
    '127.0.0.1:1',
    '[::1]:8080',
    'LOCALHOST',
    'faces.example:443',
  ])
    t.match(await get(host), { status: 200 }, host);
  for (const host of [
    'evil.example',
    'evil.example:8080',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    'localhost@evil.example',
    'evil.example#localhost',
    '192.168.1.5',
    '[::1',
    'localhost:8080:80',
  ])
    t.match(await get(host), refused, host);
  t.match(await ask('GET', '/', undefined, { host: 'evil.example' }), refused, 'not even the page');
  t.match(
    await ask('GET', '/api/sets', undefined, { host: 'evil.example', 'x-forwarded-host': 'localhost' }),
    refused,
    'what a client says of proxies does not count',
  );
});

t.test('a page of others can change nothing', async (t) => {
  const server = await serverOn(t, await filledPlace(t));
  const post = (headers: Readonly<Record<string, string>>) =>
    askerOf(server, {})('POST', decisions, decision, { host: 'localhost:8080', ...headers });
  const own = 'http://localhost:8080';
  t.match(await post({ origin: own }), { status: 201 });
  t.match(await post({ 'sec-fetch-site': 'same-origin' }), { status: 201 });
  for (const headers of [
    {},
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: 'http://localhost:8081' },
    { origin: 'https://localhost:8080' },
    { origin: 'http://localhost:8080.evil.example' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'none' },
    { 'sec-fetch-site': 'cross-site', origin: own },
    { 'sec-fetch-site': 'same-origin', origin: 'https://evil.example' },
    // Without a token none can be shown.
    { authorization: 'Bearer anything-at-all-0123456789' },
  ])
    t.match(await post(headers), refused, JSON.stringify(headers));
  for (const method of ['PATCH', 'DELETE'] as const)
    t.match(
      await askerOf(server, {})(method, '/api/sets/default', undefined, { host: 'localhost' }),
      refused,
    );
});

t.test('a page of others cannot have photos or lists in it', async (t) => {
  const server = await serverOn(t, await filledPlace(t));
  const ask = askerOf(server, { host: 'localhost:8080' });
  t.match(await ask('GET', '/api/sets', undefined, { 'sec-fetch-site': 'cross-site' }), refused);
  t.match(await ask('GET', '/%61pi/sets', undefined, { 'sec-fetch-site': 'cross-site' }), refused);
  t.match(await ask('GET', '/api/sets', undefined, { origin: 'https://evil.example' }), refused);
  t.match(
    await ask('GET', '/', undefined, { 'sec-fetch-site': 'cross-site' }),
    { status: 200 },
    'a link may lead here',
  );
  const { headers } = await ask('GET', '/api/sets');
  t.notOk(headers['access-control-allow-origin']);
});

t.test('what a form can send is no body', async (t) => {
  const server = await serverOn(t, await filledPlace(t));
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp', '']) {
    const { statusCode } = await server.app.inject({
      method: 'POST',
      url: decisions,
      headers: { ...ownOrigin, 'content-type': type },
      payload: JSON.stringify(decision),
    });
    t.ok(statusCode === 400 || statusCode === 415, `${type}: ${statusCode}`);
  }
  const multipart = await server.app.inject({
    method: 'POST',
    url: decisions,
    headers: { ...ownOrigin, 'content-type': 'multipart/form-data; boundary=x' },
    payload: '--x--\r\n',
  });
  t.equal(multipart.statusCode, 415, 'multipart is for uploads alone');
});

t.test('with a token nothing is told to those who have not shown it', async (t) => {
  const server = await serverOn(t, await filledPlace(t), { token });
  const ask = askerOf(server);
  const open = [
    ['GET', '/'],
    ['GET', '/api/session'],
  ] as const;
  for (const [method, url] of open) t.equal((await ask(method, url)).status, 200, url);
  t.match((await ask<ApiSession>('GET', '/api/session')).body, { needsToken: true, set: '', roots: [] });
  const { body: document } = await ask<{ paths: Record<string, Record<string, unknown>> }>(
    'GET',
    '/api/openapi.json',
    undefined,
    { authorization: `Bearer ${token}` },
  );
  for (const [path, operations] of Object.entries(document.paths))
    for (const method of Object.keys(operations)) {
      if (path === '/api/session') continue;
      const url = path.replace('{run}', '1').replace('{job}', '1').replace('{set}', 'default');
      const answer = await ask(method.toUpperCase() as 'GET', url);
      t.match(answer, { status: 401, body: { error: { code: 'TOKEN_REQUIRED' } } }, `${method} ${url}`);
      t.equal(answer.headers['www-authenticate'], 'Bearer');
    }
  for (const authorization of [
    `Bearer ${token}x`,
    `Bearer ${token.slice(1)}`,
    `Basic ${token}`,
    'Bearer',
    token,
  ])
    t.match(await ask('GET', '/api/sets', undefined, { authorization }), { status: 401 }, authorization);
});

t.test('a program shows the token with each request, and needs no origin', async (t) => {
  const server = await serverOn(t, await filledPlace(t), { token });
  const ask = askerOf(server, { host: 'localhost', authorization: `Bearer ${token}` });
  t.match(await ask('GET', '/api/session'), { body: { needsToken: false, set: 'default' } });
  t.match(await ask('POST', decisions, decision), { status: 201 });
});

t.test(
  'a browser logs in, is known by a cookie that scripts and other sites do not get, and logs out',
  async (t) => {
    const server = await serverOn(t, await filledPlace(t), { token });
    const ask = askerOf(server);
    t.match(await ask('POST', '/api/session', { token: 'wrong-wrong-wrong' }), {
      status: 401,
      body: { error: { code: 'TOKEN_WRONG' } },
    });
    t.match(await ask('POST', '/api/session', { token }, { origin: 'https://evil.example' }), refused);
    const login = await ask<ApiSession>('POST', '/api/session', { token });
    t.match(login, { status: 200, body: { needsToken: false, set: 'default' } });
    const cookie = String(login.headers['set-cookie']);
    t.match(cookie, /; HttpOnly/);
    t.match(cookie, /; SameSite=Strict/);
    t.match(cookie, /; Path=\/api/);
    t.notMatch(cookie, /Secure/, 'loopback has no https');
    t.notMatch(cookie, token);
    const known = { cookie: cookie.split(';')[0] ?? '' };
    t.equal((await ask('GET', '/api/sets', undefined, known)).status, 200);
    t.match(
      await askerOf(server, { host: 'localhost:8080' })('POST', decisions, decision, known),
      refused,
      'CSRF',
    );
    t.equal((await ask('GET', '/api/sets', undefined, { cookie: `${known.cookie}x` })).status, 401);
    t.match(await ask('DELETE', '/api/session', undefined, known), { body: { needsToken: true } });
    t.equal((await ask('GET', '/api/sets', undefined, known)).status, 401);
  },
);

t.test('behind a proxy with https the cookie is for https alone, and the proxy’s name counts', async (t) => {
  const server = await serverOn(t, await filledPlace(t), {
    token,
    behindProxy: true,
    allowHosts: ['faces.example'],
  });
  const ask = askerOf(server, { host: 'localhost:8080', origin: 'https://faces.example' });
  const login = await ask('POST', '/api/session', { token });
  t.match(String(login.headers['set-cookie']), /; Secure/);
  const elsewhere = askerOf(server, { host: 'localhost:8080', origin: 'https://evil.example' });
  t.match(await elsewhere('POST', '/api/session', { token }), refused);
});

t.test('tokens cannot be tried one after the other', async (t) => {
  const server = await serverOn(t, await filledPlace(t), { token });
  const ask = askerOf(server);
  const statuses: number[] = [];
  for (let attempt = 0; attempt < 6; attempt++) {
    statuses.push((await ask('POST', '/api/session', { token: `wrong-${attempt}` })).status);
    statuses.push(
      (await ask('GET', '/api/sets', undefined, { authorization: `Bearer wrong-${attempt}` })).status,
    );
  }
  t.same(statuses, [...new Array<number>(10).fill(401), 429, 429]);
  t.match(
    await ask('POST', '/api/session', { token }),
    { status: 429 },
    'not even the right one, for a while',
  );
  t.match(await ask('GET', '/api/sets', undefined, { authorization: `Bearer ${token}` }), {
    status: 429,
    body: { error: { code: 'TOO_MANY_REQUESTS' } },
  });
});

/** A root with a photo, and beside it a folder with one that is nobody's business. */
async function besideRoot(t: Test) {
  const place = await filledPlace(t);
  const secrets = join(place.folder, 'secrets');
  mkdirSync(secrets);
  const secret = join(secrets, 'secret.jpg');
  copyFileSync(place.photos[0], secret);
  const store = new FaceStore(place.store);
  const keep = (name: string) => {
    keepPhoto(store.set(), name);
    return name;
  };
  t.teardown(() => store.close());
  return { ...place, secrets, secret, keep };
}

t.test('no photo outside the roots is shown, whatever it is called', async (t) => {
  const { root, secret, secrets, keep, photos, ...place } = await besideRoot(t);
  const link = keep(join(root, 'link.jpg'));
  symlinkSync(secret, link);
  symlinkSync(secrets, join(root, 'folder'));
  const throughFolder = keep(join(root, 'folder', 'secret.jpg'));
  const pipe = keep(join(root, 'pipe.jpg'));
  execFileSync('mkfifo', [pipe]);
  const directory = keep(join(root, 'directory.jpg'));
  mkdirSync(directory);
  const deviceLink = keep(join(root, 'device.jpg'));
  symlinkSync('/dev/zero', deviceLink);
  const inRootLink = join(root, 'fine.jpg');
  symlinkSync(photos[1], inRootLink);
  keep(inRootLink);
  const ask = askerOf(await serverOn(t, { root, ...place }));
  const show = (name: string) =>
    ask<ApiError>('GET', `/api/sets/default/photos/image?name=${encodeURIComponent(name)}`);
  for (const name of [
    keep(secret),
    link,
    throughFolder,
    deviceLink,
    keep('/etc/passwd'),
    keep('/dev/zero'),
    keep(join(root, '..', 'secrets', 'secret.jpg')),
    keep(`${root}/../secrets/secret.jpg`),
    keep(`${root}/x/../../secrets/secret.jpg`),
    keep(`${root}-other/a.jpg`),
    keep(`${root}/a.jpg\0.jpg`),
    keep('relative.jpg'),
    keep(`file://${secret}`),
    keep('azure:private/photo.jpg'),
  ])
    t.match(
      await show(name),
      { status: 403, body: { error: { code: 'PHOTO_OUTSIDE_ROOTS' } } },
      JSON.stringify(name),
    );
  t.match(
    await show(pipe),
    { status: 422, body: { error: { code: 'PHOTO_UNREADABLE' } } },
    'a pipe is not waited for',
  );
  t.match(await show(directory), { status: 422 });
  t.match(await show(inRootLink), { status: 200 }, 'a link that stays within is fine');
  t.match(
    await show(join(root, 'unknown.jpg')),
    { status: 404 },
    'what the set does not know is not looked for',
  );
  t.match(await show(`${root}/%2e%2e/secrets/secret.jpg`), { status: 404 }, 'names are decoded once');
  const face = `/api/sets/default/photos/face?x=1&y=1&width=9&height=9&name=${encodeURIComponent(link)}`;
  t.match(await ask('GET', face), { status: 403 });
});

t.test('paths in the address itself lead nowhere', async (t) => {
  const server = await serverOn(t, await filledPlace(t));
  const ask = askerOf(server);
  for (const url of [
    '/../../etc/passwd',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/api/sets/..%2f..%2fetc',
    '/review.js/../../x',
    '/%00',
  ])
    t.match(await ask('GET', url), { status: 404 }, url);
  t.match(await ask('GET', '/api/sets/%'), { status: 400 });
});

t.test('a photo that becomes a link between the look at it and its opening is not read', async (t) => {
  const { root, secret } = await besideRoot(t);
  const photos = await RootedPhotos.of([root]);
  const name = join(root, 'a.jpg');
  const { photo } = await photos.photo(name);
  t.ok((await photo.read()).length > 0);
  rmSync(name);
  symlinkSync(secret, name);
  await t.rejects(photo.read(), { code: 'PHOTO_OUTSIDE_ROOTS' });
  // A folder on the way, likewise.
  const folder = join(root, 'folder');
  mkdirSync(folder);
  copyFileSync(secret, join(folder, 'secret.jpg'));
  const inFolder = (await photos.photo(join(folder, 'secret.jpg'))).photo;
  t.ok((await inFolder.read()).length > 0);
  renameSync(folder, join(root, 'former'));
  symlinkSync(join(secret, '..'), folder);
  await t.rejects(inFolder.read(), { code: 'PHOTO_OUTSIDE_ROOTS' });
});

t.test('a root may be a link, and must be a folder', async (t) => {
  const { root, folder, photos: names } = await besideRoot(t);
  const link = join(folder, 'link');
  symlinkSync(root, link);
  const photos = await RootedPhotos.of([link]);
  t.ok((await (await photos.photo(join(link, 'a.jpg'))).photo.read()).length > 0);
  t.ok((await (await photos.photo(names[0])).photo.read()).length > 0, 'by its real name, too');
  for (const root of [names[0], join(folder, 'absent')])
    await t.rejects(RootedPhotos.of([root]), { code: 'ARGUMENT_INVALID' });
});

t.test('blobs are within a root only below its prefix', async (t) => {
  const photos = await RootedPhotos.of(['azure:faces/2026']);
  t.same(await photos.requireAll(['azure:faces/2026', 'azure:faces/2026/a.jpg', 'azure:///faces/2026/b']), [
    'azure:faces/2026/',
    'azure:faces/2026/a.jpg',
    'azure:faces/2026/b',
  ]);
  for (const place of [
    'azure:faces',
    'azure:faces/2025',
    'azure:faces/2026-private/a.jpg',
    'azure:other/2026/a.jpg',
    'azure:faces/2026/../2025/a.jpg',
    'azure:faces/2026/./../../other/a.jpg',
  ])
    await t.rejects(photos.requireAll([place]), { code: 'PHOTO_OUTSIDE_ROOTS' }, place);
});

t.test('a run takes nothing in from outside the roots', async (t) => {
  const { secret, root, ...place } = await besideRoot(t);
  const ask = askerOf(await serverOn(t, { root, ...place }));
  for (const places of [
    [secret],
    [join(root, '..')],
    ['/'],
    ['secrets'],
    ['azure:any/thing'],
    [root, secret],
  ])
    t.match(await ask('POST', '/api/sets/default/runs', { places }), { status: 403 }, places.join());
  t.match(await ask('POST', '/api/sets/default/runs', { places: [join(root, 'absent')] }), { status: 404 });
  t.same((await ask<unknown[]>('GET', '/api/jobs')).body, []);
});

/** Sends bytes as they are. */
function raw(address: string, text: string): Promise<string> {
  const { port, hostname } = new URL(address);
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(Number(port), hostname, () => socket.write(text));
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => (answer += chunk));
    socket.on('close', () => resolve(answer));
    socket.on('error', (error: NodeJS.ErrnoException) =>
      error.code === 'ECONNRESET' ? resolve(answer) : reject(error),
    );
  });
}

t.test('malformed and oversized requests are refused in the API’s own words', async (t) => {
  const server = await serverOn(t, await filledPlace(t));
  const address = await server.listen();
  const get = (url: string, headers = '') =>
    raw(address, `GET ${url} HTTP/1.1\r\nHost: localhost\r\n${headers}Connection: close\r\n\r\n`);
  const cases: readonly (readonly [what: string, answer: string, status: RegExp])[] = [
    ['no HTTP', await raw(address, 'hello\r\n\r\n'), /^HTTP\/1\.1 400 /],
    ['no host', await raw(address, 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n'), /^HTTP\/1\.1 400 /],
    ['no host in HTTP/1.0', await raw(address, 'GET /api/sets HTTP/1.0\r\n\r\n'), /^HTTP\/1\.1 403 /],
    [
      'two hosts',
      await raw(
        address,
        'GET /api/sets HTTP/1.1\r\nHost: evil.example\r\nHost: localhost\r\nConnection: close\r\n\r\n',
      ),
      /^HTTP\/1\.1 (400|403) /,
    ],
    ['headers of no end', await get('/', `X-Long: ${'x'.repeat(20_000)}\r\n`), /^HTTP\/1\.1 431 /],
    ['a long address', await get(`/api/sets?x=${'x'.repeat(10_000)}`), /^HTTP\/1\.1 413 /],
    ['a header with a NUL', await get('/', 'X-Nul: a\0b\r\n'), /^HTTP\/1\.1 400 /],
    ['an address elsewhere', await get('http://evil.example/api/sets'), /^HTTP\/1\.1 400 /],
    [
      'two lengths',
      await raw(
        address,
        `POST ${decisions} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      ),
      /^HTTP\/1\.1 400 /,
    ],
  ];
  for (const [what, answer, status] of cases) {
    t.match(answer, status, `${what}: ${answer.split('\r\n', 1)[0] ?? ''}`);
    t.notMatch(answer, /node_modules|\bat .+:\d+/, 'no stack');
  }
  const [, , , , long] = cases;
  t.match(long?.[1].split('\r\n\r\n')[1], /"code":"REQUEST_TOO_LARGE"/);
  t.match((cases[0]?.[1] ?? '').split('\r\n\r\n')[1], /^\{"error":\{"code":"REQUEST_INVALID"/);
});

t.test('an address with a part that is too long is not sent back', async (t) => {
  const ask = askerOf(await serverOn(t, await filledPlace(t)));
  const { status, body } = await ask<ApiError>('GET', `/api/sets/${'x'.repeat(3000)}`);
  t.ok(status >= 400 && status < 500, String(status));
  t.ok(body.error.message.length < 200, body.error.message.slice(0, 300));
});

t.test('a connection that nobody uses is closed after ten seconds', async (t) => {
  const { app } = await serverOn(t, await filledPlace(t));
  t.equal(app.server.keepAliveTimeout, 10_000);
});

t.test('bodies have an end, and are what they claim to be', async (t) => {
  const server = await serverOn(t, await filledPlace(t));
  const post = async (payload: string, type = 'application/json') => {
    const answer = await server.app.inject({
      method: 'POST',
      url: decisions,
      headers: { ...ownOrigin, 'content-type': type },
      payload,
    });
    return { status: answer.statusCode, body: JSON.parse(answer.body) as ApiError };
  };
  t.match(await post(JSON.stringify({ ...decision, reason: 'x'.repeat(300_000) })), {
    status: 413,
    body: { error: { code: 'REQUEST_TOO_LARGE' } },
  });
  for (const payload of [
    '{',
    'null',
    '[]',
    '"x"',
    '{"__proto__": {"a": 1}}',
    '{"constructor": {"prototype": {}}}',
    '',
  ])
    t.match(await post(payload), { status: 400, body: { error: { code: 'REQUEST_INVALID' } } }, payload);
});

t.test('what goes wrong inside is not told', async (t) => {
  const place = await filledPlace(t);
  const server = await serverOn(t, place);
  const ask = askerOf(server);
  await server.close();
  const { body } = await ask<ApiError>('GET', '/api/sets').catch(() => ({
    body: { error: { code: 'INTERNAL', message: 'closed' } },
  }));
  t.notMatch(JSON.stringify(body), place.folder);
  t.notMatch(JSON.stringify(body), /\bat .+:\d+|node_modules/);
});

t.test('no error message tells where things lie that are not of the roots', async (t) => {
  const place = await filledPlace(t);
  const outside = mkdtempSync(join(tmpdir(), 'facededup-test-'));
  t.teardown(() => rmSync(outside, { recursive: true, force: true }));
  const path = join(outside, 'facededup.config.json');
  writeFileSync(path, '{}');
  const config = await ConfigFile.read(path);
  const server = await serverOn(t, place, {
    config,
    models: { directory: join(outside, 'models'), store: outside },
  });
  const ask = askerOf(server);
  const answers = [
    await ask('PATCH', '/api/settings', { threshold: -1 }),
    await ask('POST', '/api/models/ssd/rollback', {}),
    await ask('POST', '/api/models/ssd/rollback', { version: 'v9' }),
    await ask('GET', '/api/sets/nowhere'),
    await ask('GET', '/api/models'),
    await ask('GET', '/api/models/ssd/history'),
    await ask('GET', '/api/settings'),
  ];
  rmSync(outside, { recursive: true });
  writeFileSync(outside, 'no folder any more');
  answers.push(
    await ask('PATCH', '/api/settings', { threshold: 0.3 }),
    await ask('GET', '/api/models/ssd/history'),
  );
  for (const { body, status } of answers) {
    t.notMatch(JSON.stringify(body), outside, `${status}: ${JSON.stringify(body).slice(0, 200)}`);
    t.notMatch(JSON.stringify(body), place.store);
  }
});
