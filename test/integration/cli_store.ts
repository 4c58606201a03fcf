// `facededup store` and `facededup erase`, as an administrator uses them.

import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { FaceStore } from '../../lib/store/index.js';
import { facededup } from '../fixtures/command_line.js';

const key = '1'.repeat(64);
const newKey = Buffer.alloc(32, 9).toString('base64');
const origin = { models: { encoder: 'a'.repeat(64) }, options: {} };
const encoding = Float32Array.from({ length: 128 }, (_, index) => index / 7);
const bytes = Buffer.from(encoding.buffer);
const none = { FACEDEDUP_STORE_KEY: '', FACEDEDUP_STORE_KEY_FILE: '' };

function storeIn(t: Test): { readonly folder: string; readonly store: string } {
  const folder = t.testdir({ 'old.key': `${key}\n`, 'new.key': newKey });
  const store = join(folder, 'faces.db');
  const opened = new FaceStore(store);
  const { photos, decisions } = opened.set();
  for (const name of ['anna', 'ben', 'ben-too'])
    photos.keep(
      {
        name: join(folder, `${name}.jpg`),
        digest: `sha256 ${name}`,
        reference: name === 'anna' ? 'R-1' : 'R-2',
      },
      origin,
      [{ encoding }],
    );
  decisions.decide({ kind: 'reference', first: 'R-1', second: 'R-2', verdict: 'different' });
  opened.close();
  return { folder, store };
}

t.test('a store is encrypted, used, rekeyed and decrypted', async (t) => {
  const { folder, store } = storeIn(t);
  const old = { ...none, FACEDEDUP_STORE_KEY_FILE: join(folder, 'old.key') };
  const run = async (args: readonly string[], environment: NodeJS.ProcessEnv) =>
    facededup([...args, '--store', store], environment);

  t.match(JSON.parse((await run(['store', '--json'], none)).stdout), { isEncrypted: false, mode: '600' });
  t.match(await run(['store', 'encrypt'], none), { code: 2, stdout: '', stderr: /STORE_KEY_MISSING/ });
  t.match(await run(['store', 'encrypt'], { ...none, FACEDEDUP_STORE_KEY: key.slice(2) }), {
    code: 2,
    stderr: /STORE_KEY_INVALID/,
  });
  t.match(await run(['encodings'], old), { code: 2, stderr: /STORE_NOT_ENCRYPTED/ });
  t.ok(readFileSync(store).includes(bytes));

  t.match(await run(['store', 'encrypt', '--json'], old), {
    code: 0,
    stdout: /"isEncrypted": true/,
    stderr: /3 photo contents were encrypted/,
  });
  t.notOk(readFileSync(store).includes(bytes));
  t.match(await run(['store'], none), { code: 0, stdout: /AES-256-GCM/ }, 'that needs no key');
  t.match(await run(['encodings'], none), { code: 2, stderr: /STORE_KEY_MISSING/ });
  t.match(await run(['encodings'], { ...none, FACEDEDUP_STORE_KEY: newKey }), {
    code: 2,
    stderr: /STORE_KEY_WRONG/,
  });
  t.match(await run(['encodings', '--csv'], old), { code: 0, stdout: /\ndefault,3,3,0,1\n/ });
  const exported = join(folder, 'out.jsonl');
  t.match(await run(['encodings', 'export', exported], old), { code: 0, stderr: /warning: .* are plain/ });
  t.equal(statSync(exported).mode & 0o777, 0o600);

  const both = { ...old, FACEDEDUP_STORE_NEW_KEY_FILE: join(folder, 'new.key') };
  t.match(await run(['store', 'rekey'], old), { code: 2, stderr: /FACEDEDUP_STORE_NEW_KEY/ });
  t.match(await run(['store', 'rekey'], both), { code: 0, stderr: /encrypted anew/ });
  t.match(await run(['encodings'], old), { code: 2, stderr: /STORE_KEY_WRONG/ });
  t.match(await run(['store', 'compact'], { ...none, FACEDEDUP_STORE_KEY: newKey }), { code: 0 });
  t.match(await run(['store', 'decrypt'], { ...none, FACEDEDUP_STORE_KEY: newKey }), {
    code: 0,
    stdout: /plain/,
    stderr: /made plain/,
  });
  t.match(await run(['encodings', '--csv'], none), { code: 0, stdout: /\ndefault,3,3,0,1\n/ });
});

t.test('a store is named, and there', async (t) => {
  const folder = t.testdir({});
  t.match(await facededup(['store']), { code: 2, stderr: /--store/ });
  t.match(await facededup(['store', '--store', join(folder, 'none.db')]), {
    code: 2,
    stderr: /FACE_STORE_MISSING/,
  });
  t.match(await facededup(['erase', 'x', '--store', join(folder, 'none.db')]), {
    code: 2,
    stderr: /FACE_STORE_MISSING/,
  });
});

t.test('a dry run lists what would go, and without yes nothing does', async (t) => {
  const { folder, store } = storeIn(t);
  const dry = await facededup(['erase', 'R-2', '--store', store, '--dry-run', '--json'], none);
  t.equal(dry.code, 0, dry.stderr);
  t.same(JSON.parse(dry.stdout), {
    id: 'R-2',
    by: 'reference',
    sets: [
      {
        set: 'default',
        photos: ['ben-too.jpg', 'ben.jpg'].map((name) => join(folder, name)),
        decisions: 1,
        pairs: 0,
        listed: 0,
      },
    ],
    copies: [],
    isErased: false,
  });
  t.match(dry.stderr, /Nothing was changed/);
  t.match(await facededup(['erase', 'R-2', '--store', store], none), {
    code: 2,
    stdout: /ben-too\.jpg/,
    stderr: /Nothing was erased: nobody is there to be asked\. --yes/,
  });
  t.match(await facededup(['erase', 'R-3', '--store', store, '--yes'], none), {
    code: 2,
    stdout: '',
    stderr: /knows nothing of .*'R-3'.*FACE_STORE_MISSING/,
  });
  t.ok(readFileSync(store).includes('ben-too.jpg'));
});

t.test('a record is erased, whatever set the configuration names', async (t) => {
  const { folder, store } = storeIn(t);
  const config = join(folder, 'facededup.config.json');
  writeFileSync(config, JSON.stringify({ store: 'faces.db', set: 'another' }));
  const { code, stdout, stderr } = await facededup(
    ['erase', 'R-2', '--yes', '--json', '--config', config],
    none,
  );
  t.equal(code, 0, stderr);
  t.match(JSON.parse(stdout), { isErased: true, sets: [{ decisions: 1 }] });
  t.match(stderr, /reports, exports and backups are files of their own/);
  for (const text of ['R-2', 'ben.jpg', 'ben-too.jpg', 'sha256 ben'])
    t.notOk(readFileSync(store).includes(text), text);
  t.ok(readFileSync(store).includes('anna.jpg'));
});

t.test('a photo is erased by its path', async (t) => {
  const { folder, store } = storeIn(t);
  const path = join(folder, '..', folder.split('/').at(-1) ?? '', 'anna.jpg');
  t.match(await facededup(['erase', path, '--yes', '--store', store], none), {
    code: 0,
    stdout: /default +1 +0 +0 +0\n/,
  });
  t.notOk(readFileSync(store).includes('anna.jpg'));
});
