// Commands that are about what a store holds, over the store of a cluster: they say what they say of a file.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import t from 'tap';
import { Cluster } from '../../lib/cluster/index.js';
import { bothStores, photosOfRecords } from '../fixtures/both_stores.js';
import { skipWithoutCluster, startCluster } from '../fixtures/cluster_parts.js';
import { startWorker } from '../fixtures/cluster_workers.js';
import { facededup } from '../fixtures/command_line.js';
import { testImages } from '../fixtures/images.js';
import { skipWithout } from '../fixtures/places.js';

const skip = skipWithoutCluster || skipWithout.dlib;
const parts = skip ? undefined : await startCluster();
t.teardown(() => parts?.stop());

const addresses = () => ({ cluster: parts?.cluster ?? '', store: parts?.newStore() ?? '' });

t.test('encodings are listed, written and read alike', { skip }, async (t) => {
  const { file, store, onEach } = await bothStores(t, addresses(), { photos: photosOfRecords(), runs: 1 });
  await onEach(async (each) =>
    (await each.set()).decisions.decide({ kind: 'photo', first: 'a', second: 'b', verdict: 'same' }),
  );
  const listed = await Promise.all(
    [file, store].map(async (at) => {
      const { code, stdout, stderr } = await facededup(['encodings', '--store', at, '--json']);
      t.equal(code, 0, stderr);
      const { bytes, store: name, ...told } = JSON.parse(stdout) as Record<string, unknown>;
      t.ok(Number(bytes) > 10_000 && name);
      return told;
    }),
  );
  t.same(listed[1], listed[0]);
  t.match(listed[1], { sets: [{ set: 'default', photos: 405, faces: 440, runs: 1, decisions: 1 }] });

  const folder = join(file, '..', 'written');
  mkdirSync(folder);
  for (const name of ['faces.jsonl', 'faces.csv', 'npy']) {
    const written = await Promise.all(
      [file, store].map(async (at, index) => {
        const path = join(folder, `${index} ${name}`);
        const { code, stderr } = await facededup(['encodings', 'export', path, '--store', at]);
        t.equal(code, 0, stderr);
        return path;
      }),
    );
    const [fromFile = '', fromStore = ''] = written;
    const contents = (path: string) =>
      name === 'npy'
        ? readdirSync(path)
            .sort()
            .map((each) => readFileSync(join(path, each)).toString('base64'))
        : readFileSync(path, 'utf8');
    t.same(contents(fromStore), contents(fromFile), name);
    if (name === 'npy') continue;
    const again = addresses().store;
    const { code, stdout, stderr } = await facededup([
      'encodings',
      'import',
      fromStore,
      '--store',
      again,
      '--set',
      'old',
      '--json',
    ]);
    t.equal(code, 0, stderr);
    t.match(JSON.parse(stdout), { photos: 405 });
    const copy = join(folder, `again ${name}`);
    t.equal((await facededup(['encodings', 'export', copy, '--store', again, '--set', 'old'])).code, 0);
    t.equal(contents(copy), contents(fromStore), `${name} there and back`);
  }
  t.match(
    await facededup(['encodings', 'export', join(folder, 'x.csv'), '--store', store, '--set', 'none']),
    {
      code: 2,
      stderr: /FACE_STORE_MISSING/,
    },
  );
});

t.test('doctor reads all of a store, and tells what is damaged', { skip }, async (t) => {
  const own = addresses();
  const cluster = await Cluster.open(own);
  t.teardown(() => cluster.close());
  await cluster.importPhotos(photosOfRecords());
  const doctor = async () => {
    const { stdout } = await facededup(['doctor', '--store', own.store, '--json']);
    const { findings } = JSON.parse(stdout) as {
      findings: { area: string; state: string; detail: string }[];
    };
    return findings.filter(({ area }) => area === 'store');
  };
  t.match(await doctor(), [
    { state: 'ok', detail: /1 set, 405 photos, 440 faces, 0 decisions, 0 runs in postgres:/ },
  ]);
  const client = new pg.Client({ connectionString: own.store });
  await client.connect();
  await client.query(
    `UPDATE facededup.contents SET faces = set_byte(faces, 99, 255 - get_byte(faces, 99)) WHERE digest LIKE '%a77'`,
  );
  await client.end();
  t.match(await doctor(), [{ state: 'broken', detail: /are not what was kept there/ }]);
  t.match(await facededup(['doctor', '--store', 'postgres://127.0.0.1:1/none', '--json']), {
    code: 1,
    stdout: /The store postgres:\/\/127\.0\.0\.1:1\/none cannot be reached/,
  });
});

t.test('known people may be those of a cluster', { skip }, async (t) => {
  const own = addresses();
  const folder = t.testdir({});
  const photos = join(folder, 'photos');
  mkdirSync(photos);
  for (const [index, { bytes }] of (await testImages()).slice(0, 3).entries())
    writeFileSync(join(photos, `${index}.png`), bytes);
  const file = join(folder, 'faces.db');
  const detect = ['--detector', 'hog'];
  const references = join(folder, 'references.csv');
  writeFileSync(references, `photo,reference\n${join(photos, '0.png')},R-0\n${join(photos, '1.png')},R-1\n`);
  const find = ['find', photos, ...detect, '--references', references, '--json'];
  await startWorker(t, own);
  const report = join(folder, 'found.html');
  const onCluster = ['--cluster', own.cluster, '--store', own.store];
  t.match(await facededup([...find, '--store', file]), { code: 0 });
  const found = await facededup([...find, ...onCluster, '--report', report]);
  t.match(found, { code: 0, stderr: /Report: .*found\.html/ });
  t.match(readFileSync(report, 'utf8'), /^<!doctype html>/);
  const identify = (at: string, by: string) =>
    facededup(['identify', '--known-store', at, '--by', by, photos, ...detect, '--json', '-t', '0.9']);
  for (const by of ['photo', 'reference']) {
    const [alone, together] = [await identify(file, by), await identify(own.store, by)];
    t.equal(together.code, alone.code, together.stderr);
    t.same(JSON.parse(together.stdout), JSON.parse(alone.stdout), by);
  }
});

t.test('what needs a file says so of an address', { skip }, async (t) => {
  const { store } = addresses();
  for (const command of [
    ['unique', '--out', join(t.testdir({}), 'people'), '--store', store],
    ['find', '--store', store],
  ])
    t.match(await facededup(command), { code: 2, stderr: /the store of a cluster/ });
});
