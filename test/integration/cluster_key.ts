// The key of a cluster's store, changed: in batches, taken up again after a kill, and told to those who have the old one.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import t from 'tap';
import { Cluster } from '../../lib/cluster/index.js';
import { packageRoot } from '../../lib/package_root.js';
import { bytesOf, tablesNaming } from '../fixtures/both_stores.js';
import { syntheticPhotos } from '../fixtures/cluster_data.js';
import { skipWithoutCluster, startCluster } from '../fixtures/cluster_parts.js';
import { startWorker } from '../fixtures/cluster_workers.js';
import { facededup } from '../fixtures/command_line.js';
import { skipWithout } from '../fixtures/places.js';

const skip = skipWithoutCluster || skipWithout.dlib;
const parts = skip ? undefined : await startCluster();
t.teardown(() => parts?.stop());

const main = join(packageRoot, 'dist', 'esm', 'cli', 'main.js');
const [oldKey, newKey] = ['1'.repeat(64), '2'.repeat(64)];
const photos = syntheticPhotos(1600);
const encoding = bytesOf(photos[7]?.faces[0]?.encoding ?? new Float32Array());

const withKey = (key?: string, next?: string) => ({
  FACEDEDUP_STORE_KEY: key ?? '',
  FACEDEDUP_STORE_NEW_KEY: next ?? '',
});

t.test('a store is encrypted, encrypted anew and decrypted, and holds the same', { skip }, async (t) => {
  const own = { cluster: parts?.cluster ?? '', store: parts?.newStore() ?? '' };
  const cluster = await Cluster.open(own);
  t.teardown(() => cluster.close());
  await cluster.importPhotos(photos);
  const folder = t.testdir({});
  const held = async (key?: string) => {
    const out = join(folder, `${Date.now()}.jsonl`);
    const { code, stderr } = await facededup(
      ['encodings', 'export', out, '--store', own.store],
      withKey(key),
    );
    t.equal(code, 0, stderr);
    return readFileSync(out, 'utf8');
  };
  const change = (what: string, key?: string, next?: string) =>
    facededup(['store', what, '--store', own.store, '--json'], withKey(key, next));
  const before = await held();
  t.same(await tablesNaming(own.store, encoding), ['facededup.contents']);
  t.match(await change('rekey', oldKey, newKey), { code: 2, stderr: /STORE_NOT_ENCRYPTED/ });
  t.match(await change('decrypt', oldKey), { code: 2, stderr: /STORE_NOT_ENCRYPTED/ });
  t.match(await change('encrypt'), { code: 2, stderr: /STORE_KEY_MISSING/ });
  const encrypted = await change('encrypt', oldKey);
  t.match(encrypted, { code: 0, stderr: /The encodings of 1,?600 photo contents were encrypted/ });
  t.match(JSON.parse(encrypted.stdout), { isEncrypted: true });
  t.same(await tablesNaming(own.store, encoding), []);
  t.same(parts?.tablesWith(encoding), [], 'and in no file of the tables');
  t.equal(await held(oldKey), before);
  t.match(await facededup(['encodings', '--store', own.store], withKey()), {
    stderr: /STORE_KEY_MISSING/,
  });
  t.match(await change('encrypt', newKey), { code: 2, stderr: /STORE_KEY_WRONG/ });
  await t.rejects(cluster.importPhotos(photos.slice(0, 1)), { code: 'STORE_KEY_MISSING' });
  await t.rejects(cluster.submit({}), { code: 'STORE_KEY_MISSING' });

  const rekeyed = await change('rekey', oldKey, newKey);
  t.match(rekeyed, { code: 0, stderr: /encrypted anew/ });
  t.equal(await held(newKey), before);
  t.match(await change('rekey', oldKey, newKey), { code: 2, stderr: /STORE_KEY_WRONG/ });
  t.match(await change('decrypt', newKey), { code: 0, stderr: /made plain/ });
  t.equal(await held(), before);
  t.equal(await cluster.importPhotos(photos.slice(0, 1)), 1, 'who opened it plain goes on');
});

t.test('killed on the way, nobody uses it until it is taken up again', { skip }, async (t) => {
  const own = { cluster: parts?.cluster ?? '', store: parts?.newStore() ?? '' };
  const cluster = await Cluster.open(own);
  t.teardown(() => cluster.close());
  await cluster.importPhotos(photos);
  const number = await cluster.submit({ engine: { detector: 'hog' }, threshold: 0.55 });
  const encrypt = ['store', 'encrypt', '--store', own.store, '--json'];
  t.match(await facededup(encrypt, withKey(oldKey)), {
    code: 2,
    stderr: /Run 1 goes on .*CLUSTER_SET_BUSY/,
  });
  const plain = await startWorker(t, own);
  const expected = await cluster.wait(number);

  // A value of the third batch is held, so that two are written when it is killed.
  const holder = new pg.Client({ connectionString: own.store });
  await holder.connect();
  await holder.query('BEGIN');
  await holder.query(
    `SELECT 1 FROM facededup.contents WHERE digest = (
       SELECT digest FROM facededup.contents ORDER BY digest OFFSET 1100 LIMIT 1) FOR UPDATE`,
  );
  const child = spawn(process.execPath, [main, ...encrypt], {
    env: { ...process.env, ...withKey(oldKey) },
    stdio: 'ignore',
  });
  const ended = once(child, 'exit');
  const looker = new pg.Client({ connectionString: own.store });
  await looker.connect();
  t.teardown(() => looker.end());
  const sealed = async () => {
    const { rows } = await looker.query<{ sealed: string }>(
      `SELECT count(*) AS sealed FROM facededup.contents, facededup.store WHERE digest <= changed_digest`,
    );
    return Number(rows[0]?.sealed);
  };
  while ((await sealed()) < 1000) await new Promise((resolve) => setTimeout(resolve, 50));
  child.kill('SIGKILL');
  await ended;
  await holder.query('ROLLBACK');
  await holder.end();

  for (const key of [undefined, oldKey])
    t.match(await facededup(['encodings', '--store', own.store], withKey(key)), {
      code: 2,
      stderr: /facededup store encrypt.*STORE_KEY_CHANGING/s,
    });
  await t.rejects(cluster.submit({}), { code: 'STORE_KEY_CHANGING' });
  await t.rejects(cluster.importPhotos(photos.slice(0, 1)), { code: 'STORE_KEY_CHANGING' });
  t.match(await facededup(['store', 'rekey', '--store', own.store], withKey(oldKey, newKey)), {
    code: 2,
    stderr: /STORE_KEY_CHANGING|STORE_NOT_ENCRYPTED/,
  });
  t.match(await facededup(encrypt, withKey(newKey)), { code: 2, stderr: /STORE_KEY_WRONG/ });
  t.match(await facededup(encrypt, withKey(oldKey)), {
    code: 0,
    stderr: /The encodings of 600 photo contents/,
  });
  t.same(await tablesNaming(own.store, encoding), []);

  // The worker that began before it is told with its next job, ends, and leaves the job to one that has the key.
  process.env['FACEDEDUP_STORE_KEY'] = oldKey;
  t.teardown(() => delete process.env['FACEDEDUP_STORE_KEY']);
  const opened = await Cluster.open(own);
  t.teardown(() => opened.close());
  const next = await opened.submit({ engine: { detector: 'hog' }, threshold: 0.55 });
  const events = async () => {
    while (!plain.events.some(({ message }) => message?.includes('STORE_KEY_MISSING')))
      await new Promise((resolve) => setTimeout(resolve, 50));
  };
  await events();
  await startWorker(t, own, { environment: withKey(oldKey) });
  const found = await opened.wait(next);
  t.same(
    found.pairs.map(({ first, second, distance }) => [first, second, distance]),
    expected.pairs.map(({ first, second, distance }) => [first, second, distance]),
  );
  t.equal(await plain.end('SIGTERM'), 2, 'it ended by itself, with the error');
});
