// `facededup serve` and `facededup review`, run as a user runs them.

import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { join } from 'node:path';
import t from 'tap';
import type { ApiSession } from '../../lib/server/index.js';
import { FaceStore } from '../../lib/store/index.js';
import { facededup } from '../fixtures/command_line.js';
import { filledPlace, token } from '../fixtures/review_server.js';
import { serving } from '../fixtures/serving.js';

t.test('serve prints its address, serves, and closes on SIGINT and SIGTERM', async (t) => {
  const { folder, root } = await filledPlace(t);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    const store = join(folder, `${signal}.db`);
    const { address, stop, stderr } = await serving(t, [
      'serve',
      '--store',
      store,
      '--root',
      root,
      '--port',
      '0',
      '--json',
    ]);
    t.match(address, /^http:\/\/127\.0\.0\.1:\d+$/);
    const session = (await (await fetch(`${address}/api/session`)).json()) as ApiSession;
    t.match(session, { needsToken: false, set: 'default', roots: [root] });
    t.match(await (await fetch(`${address}/`)).text(), /<title>facededup<\/title>/);
    const decided = await fetch(`${address}/api/sets/default/decisions`, {
      method: 'POST',
      headers: { origin: address, 'content-type': 'application/json' },
      body: JSON.stringify({ kind: 'photo', first: signal, second: 'x', verdict: 'same' }),
    });
    t.equal(decided.status, 201);
    t.equal(await stop(signal), 0, stderr());
    const copy = `${store}-copy`;
    copyFileSync(store, copy);
    const kept = new FaceStore(copy);
    t.match(kept.set().decisions.list(), [{ first: signal, second: 'x' }], 'the file alone holds all');
    kept.close();
  }
});

t.test('where others can connect a token is made, and shown once', async (t) => {
  const { store, root } = await filledPlace(t);
  const args = ['serve', '--store', store, '--root', root, '--port', '0', '--host', '0.0.0.0', '--log'];
  const { address, stop, stderr } = await serving(t, args);
  const local = address.replace('0.0.0.0', '127.0.0.1');
  t.equal((await fetch(`${local}/api/sets`)).status, 401);
  const [, made = ''] = /Token, shown this once: (\S+)\n/.exec(stderr()) ?? [];
  t.ok(made.length >= 43, 'of 256 bits');
  t.match(stderr(), /listens on all addresses of this machine; open /);
  t.match(stderr(), /without https the token and the faces go unencrypted/);
  const answer = await fetch(`${local}/api/sets/default/photos?query=secret-name`, {
    headers: { authorization: `Bearer ${made}` },
  });
  t.equal(answer.status, 200);
  t.equal(await stop(), 0);
  t.match(stderr(), /"route":"\/api\/sets\/:set\/photos","status":200/);
  t.notMatch(stderr(), /secret-name|Bearer/, 'the log holds no names');
  t.equal(stderr().split(made).length, 2, 'nor the token');
});

t.test('a token comes from a file or the environment', async (t) => {
  const { folder, store } = await filledPlace(t);
  const file = join(folder, 'token');
  writeFileSync(file, `${token}\n`, { mode: 0o600 });
  const bearer = { headers: { authorization: `Bearer ${token}` } };
  for (const [flags, env] of [
    [['--token-file', file], {}],
    [[], { FACEDEDUP_TOKEN: token }],
  ] as const) {
    const { address, stop, stderr } = await serving(t, ['serve', '--store', store, '--port', '0', ...flags], {
      env,
    });
    t.equal((await fetch(`${address}/api/sets`)).status, 401);
    t.match(await (await fetch(`${address}/api/sets`, bearer)).json(), [{ name: 'default' }]);
    t.match(stderr(), /no photo can be shown/);
    t.notMatch(stderr(), token);
    await stop();
  }
});

t.test('the configuration says where, and flags go before it', async (t) => {
  const { folder, store, root } = await filledPlace(t);
  writeFileSync(
    join(folder, 'facededup.config.json'),
    JSON.stringify({ store: 'faces.db', set: 'other', roots: ['photos'] }),
  );
  const asked = async (...flags: string[]) => {
    const { address, stop } = await serving(t, ['serve', '--port', '0', ...flags], { cwd: folder });
    const session = (await (await fetch(`${address}/api/session`)).json()) as ApiSession;
    await stop();
    return session;
  };
  t.match(await asked(), { set: 'other', roots: [root] });
  t.match(await asked('--set', 'third', '--root', '.'), { set: 'third', roots: [folder] });
  t.ok(existsSync(store));
});

t.test(
  'it speaks https with a certificate',
  { skip: hasOpenssl() ? false : 'openssl is not here' },
  async (t) => {
    const { folder, store } = await filledPlace(t);
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const subject = ['-subj', '/CN=localhost', '-days', '1', '-nodes'];
    const pair = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-keyout', key, '-out', cert];
    execFileSync('openssl', ['req', '-x509', ...pair, ...subject], { stdio: 'ignore' });
    const args = ['serve', '--store', store, '--port', '0', '--tls-cert', cert, '--tls-key', key];
    const { address, stop } = await serving(t, args);
    t.match(address, /^https:/);
    const headers = await new Promise<Readonly<Record<string, unknown>>>((resolve, reject) => {
      get(`${address}/`, { rejectUnauthorized: false }, (response) => {
        response.resume();
        resolve(response.headers);
      }).on('error', reject);
    });
    t.match(headers['strict-transport-security'], /max-age/);
    t.equal(await stop(), 0);
    const wrong = await facededup(['serve', '--store', store, '--tls-cert', key, '--tls-key', cert]);
    t.match(wrong, { code: 2, stderr: /no pair in PEM/ });
  },
);

function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

t.test('what is wrong is told before anything is served', async (t) => {
  const { folder, store, photos } = await filledPlace(t);
  const short = join(folder, 'short');
  writeFileSync(short, 'short');
  const serve = (...flags: string[]) => facededup(['serve', '--store', store, '--port', '0', ...flags]);
  t.match(await facededup(['serve']), { code: 2, stderr: /--store/ });
  t.match(await serve('--token-file', short), { code: 2, stderr: /at least 16/ });
  t.match(await serve('--token-file', join(folder, 'absent')), { code: 2, stderr: /cannot be read/ });
  t.match(await serve('--root', photos[0]), { code: 2, stderr: /no folder/ });
  t.match(await serve('--tls-cert', short), { code: 2, stderr: /belong together/ });
  t.match(await serve('--host', '203.0.113.1', '--token-file', short), { code: 2 });
  t.match(await serve('--port', '99999'), { code: 2, stderr: /SERVER_ADDRESS/ });
});

t.test('review serves on a free port, and shows the photos below the current folder', async (t) => {
  const { store, root } = await filledPlace(t);
  const { address, stop, stderr } = await serving(t, ['review', '--store', store, '--no-open'], {
    cwd: root,
  });
  t.match(address, /^http:\/\/127\.0\.0\.1:\d+$/);
  const image = `${address}/api/sets/default/photos/image?name=${encodeURIComponent(join(root, 'a.jpg'))}`;
  t.equal((await fetch(image)).status, 200);
  t.match(stderr(), /Ctrl\+C/);
  t.equal(await stop('SIGINT'), 0);
});

t.test('review opens the page in the browser', { skip: process.platform !== 'linux' }, async (t) => {
  const { folder, store } = await filledPlace(t);
  const browser = join(folder, 'browser');
  const opened = join(folder, 'opened');
  writeFileSync(
    browser,
    `#!/bin/sh\nprintf %s "$1" > '${opened}.part' && mv '${opened}.part' '${opened}'\n`,
    { mode: 0o755 },
  );
  const env = { BROWSER: browser, DISPLAY: '', XDG_CURRENT_DESKTOP: '' };
  const { address, stop } = await serving(t, ['review', '--store', store], { env });
  while (!existsSync(opened)) await new Promise((resolve) => setTimeout(resolve, 50));
  t.match(readFileSync(opened, 'utf8'), address);
  t.equal(await stop(), 0);
});
