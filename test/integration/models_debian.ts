// Models from a Debian source package: the machine's own apt-get, and a small archive of the test's instead of Debian's.

import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import t, { type Test } from 'tap';
import { type Manifest, ModelStore } from '../../lib/models/index.js';

const skip = existsSync('/usr/bin/apt-get') ? false : 'this machine has no apt-get';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const model = randomBytes(100_000);
const other = randomBytes(model.length);

const dsc = 'models_1.dsc';
const archive = 'models_1.orig-weights.tar.gz';

/** A source archive as Debian packs a component: a folder with the file in it. */
function packed(folder: string, content: Uint8Array): Buffer {
  const weights = join(folder, 'weights-1');
  mkdirSync(weights, { recursive: true });
  writeFileSync(join(weights, 'model.dat'), content);
  return execFileSync('tar', ['--create', '--gzip', '--directory', folder, basename(weights)]);
}

/** The files of an archive without suites, whose index names the digests of `indexed`. */
function archiveOf(indexed: Uint8Array): Map<string, Uint8Array> {
  const description = Buffer.from('Format: 3.0 (quilt)\nSource: models\nVersion: 1\n');
  const listed = [
    [dsc, description],
    [archive, indexed],
  ] as const;
  const sources = Buffer.from(
    [
      'Package: models',
      'Format: 3.0 (quilt)',
      'Version: 1',
      'Directory: .',
      'Checksums-Sha256:',
      ...listed.map(([name, bytes]) => ` ${sha256(bytes)} ${bytes.length} ${name}`),
      '',
    ].join('\n'),
  );
  const release = `SHA256:\n ${sha256(sources)} ${sources.length} Sources\n`;
  return new Map<string, Uint8Array>([['Release', Buffer.from(release)], ['Sources', sources], ...listed]);
}

async function served(t: Test, files: ReadonlyMap<string, Uint8Array>): Promise<string> {
  const server = createServer((request, response) => {
    const bytes = files.get(basename(request.url ?? ''));
    response.writeHead(bytes ? 200 : 404).end(bytes);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

function setVariable(t: Test, name: string, value: string | undefined): void {
  const before = process.env[name];
  const set = (to: string | undefined) => {
    if (to === undefined) Reflect.deleteProperty(process.env, name);
    else process.env[name] = to;
  };
  set(value);
  t.teardown(() => set(before));
}

/** A store, and apt-get by a script that lets the real one know no archive but that of the test. */
async function place(t: Test, files: ReadonlyMap<string, Uint8Array>) {
  const folder = t.testdir({ facededup: { models: {} }, bin: {} });
  const list = join(folder, 'sources.list');
  writeFileSync(list, `deb-src [trusted=yes] ${await served(t, files)} ./\n`);
  const options = [
    `Dir::Etc::SourceList=${list}`,
    'Acquire::http::Proxy::127.0.0.1=DIRECT',
    'Acquire::Retries=0',
  ];
  writeFileSync(
    join(folder, 'bin', 'apt-get'),
    `#!/bin/sh\nexec /usr/bin/apt-get ${options.map((option) => `-o '${option}'`).join(' ')} "$@" -o '${options[0]}'\n`,
    { mode: 0o755 },
  );
  setVariable(t, 'PATH', `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}`);
  setVariable(t, 'FACEDEDUP_MODELS', undefined);
  const debian = { package: 'models', component: 'weights' };
  const file = { key: 'encoder', name: 'model.dat', purpose: 'a model', licence: 'CC0-1.0' } as const;
  const version = { bytes: model.length, sha256: sha256(model) };
  const manifest: Manifest = {
    files: [{ ...file, commercialUse: true, versions: [version], https: [], debian }],
  };
  const cache = join(folder, 'facededup', 'models');
  const archives = join(folder, 'facededup', 'debian-source', 'models');
  const store = new ModelStore({ models: { cache, store: join(folder, 'store') }, manifest });
  return { folder, cache, archives, fetch: () => store.fetch(undefined, { sources: ['debian'] }) };
}

t.test('a model comes out of the component that the manifest names', { skip }, async (t) => {
  const { cache, archives, fetch } = await place(t, archiveOf(packed(t.testdir({}), model)));
  await fetch();
  t.ok(readFileSync(join(cache, 'model.dat')).equals(model));
  t.same(readdirSync(archives).sort(), [dsc, archive].sort(), 'what was unpacked besides is gone');
});

t.test('a model with another digest than the manifest’s is refused, and not kept', { skip }, async (t) => {
  const { cache, archives, fetch } = await place(t, archiveOf(packed(t.testdir({}), other)));
  await t.rejects(fetch(), {
    code: 'MODEL_FETCH_FAILED',
    message: new RegExp(
      `model\\.dat: debian: what came is not the file: 100000 bytes with the SHA-256 ${sha256(other)}`,
    ),
  });
  t.same(readdirSync(cache), []);
  t.same(readdirSync(archives).sort(), [dsc, archive].sort(), 'nothing unpacked is left');
});

t.test(
  'an archive with another digest than the index says is refused before it is opened',
  { skip },
  async (t) => {
    const folder = t.testdir({});
    const files = archiveOf(packed(folder, model));
    const right = files.get(archive) as Uint8Array;
    const changed = Buffer.from(right);
    changed.writeUInt8(changed.readUInt8(changed.length >> 1) ^ 1, changed.length >> 1);
    files.set(archive, changed);
    const { cache, archives, fetch } = await place(t, files);
    await t.rejects(fetch(), {
      code: 'MODEL_FETCH_FAILED',
      message: /model\.dat: debian: apt-get exited with 100: .*Hash Sum mismatch/,
    });
    t.same(readdirSync(cache), []);
    t.notOk(readdirSync(archives).includes(archive), 'nothing stands under the archive’s name');

    files.set(archive, right);
    await fetch();
    t.ok(readFileSync(join(cache, 'model.dat')).equals(model), 'the right one is taken afterwards');
  },
);

t.test('a component without the file is told as such', { skip }, async (t) => {
  const files = archiveOf(execFileSync('tar', ['--create', '--gzip', '--files-from', '/dev/null']));
  const { cache, fetch } = await place(t, files);
  await t.rejects(fetch(), { code: 'MODEL_FETCH_FAILED', message: /debian: tar exited with 2: .*Not found/ });
  t.same(readdirSync(cache), []);
});
