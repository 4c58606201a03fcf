// A cluster of real parts answers as one machine does: the same photos, the same pairs, the same account of each photo.

import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BlobServiceClient } from '@azure/storage-blob';
import pg from 'pg';
import t, { type Test } from 'tap';
import { Cluster } from '../../lib/cluster/index.js';
import type { RunStatus } from '../../lib/cluster/index.js';
import type { Findings } from '../../lib/runs/findings.js';
import { FaceStore } from '../../lib/store/index.js';
import { account, accountKey, startAzurite } from '../fixtures/azurite.js';
import { freePort } from '../fixtures/free_port.js';
import { pairsByOneMachine, pairsOf, syntheticPhotos } from '../fixtures/cluster_data.js';
import { skipWithoutCluster, startCluster } from '../fixtures/cluster_parts.js';
import { startWorker } from '../fixtures/cluster_workers.js';
import { type CommandResult, facededup, run } from '../fixtures/command_line.js';
import { testImages } from '../fixtures/images.js';
import { dependencies, installInto, packInto } from '../fixtures/packed.js';
import { examplePhotos, skipWithout } from '../fixtures/places.js';

const skip = skipWithoutCluster || skipWithout.dlib;
const parts = skip ? undefined : await startCluster();
t.teardown(() => parts?.stop());

interface Addresses {
  readonly cluster: string;
  readonly store: string;
}

/** The engines, and an empty store of the test's own. */
function addresses(): Addresses {
  return { cluster: parts?.cluster ?? '', store: parts?.newStore() ?? '' };
}

async function opened(t: Test, own: Addresses): Promise<Cluster> {
  const cluster = await Cluster.open(own);
  t.teardown(() => cluster.close());
  return cluster;
}

const onCluster = ({ cluster, store }: Addresses) => ['--cluster', cluster, '--store', store];

function parsed<Answer>(t: Test, { stdout, stderr }: CommandResult): Answer {
  t.match(stdout, /^[[{]/, stderr);
  return JSON.parse(stdout) as Answer;
}

/** But for when it was, and in which order photos came. */
function timeless(findings: Findings): unknown {
  const byName = (a: string, b: string) => (a < b ? -1 : 1);
  return {
    ...findings,
    startedAt: '',
    finishedAt: '',
    withoutFace: [...findings.withoutFace].sort(byName),
    rejected: [...findings.rejected].sort(byName),
    failed: [...findings.failed].sort((a, b) => byName(a.photo, b.photo)),
  };
}

/** Three photos each of three people where there are any, a copy, a photo without a face, and a file that is no photo. */
async function photoFolder(t: Test): Promise<string> {
  const folder = join(t.testdir({}), 'photos');
  mkdirSync(folder);
  const johns = join(examplePhotos ?? '', 'johns');
  if (!skipWithout.examples)
    for (const person of readdirSync(johns).sort().slice(0, 3))
      for (const [index, name] of readdirSync(join(johns, person)).sort().slice(0, 3).entries()) {
        copyFileSync(join(johns, person, name), join(folder, `${person}${index}.jpg`));
        if (index === 2) copyFileSync(join(johns, person, name), join(folder, `copy of ${person}.jpg`));
      }
  for (const [index, { bytes }] of (await testImages()).slice(0, 4).entries())
    writeFileSync(join(folder, `drawn${index}.png`), bytes);
  writeFileSync(join(folder, 'broken.jpg'), 'no photo');
  return folder;
}

t.test('find on a cluster tells what find on one machine tells, run after run', { skip }, async (t) => {
  const own = addresses();
  await Promise.all([startWorker(t, own), startWorker(t, own)]);
  const photos = await photoFolder(t);
  const file = join(photos, '..', 'one.db');
  const both = async (what: string, ...flags: string[]): Promise<Findings> => {
    const command = ['find', photos, '--detector', 'hog', '-t', '0.6', '--json', ...flags];
    const alone = parsed<Findings>(t, await facededup([...command, '--store', file]));
    const together = parsed<Findings>(t, await facededup([...command, ...onCluster(own)]));
    t.same(timeless(together), timeless(alone), what);
    return alone;
  };
  const first = await both('everything is new');
  t.match(first.summary, {
    failed: 1,
    newlyEncoded: first.summary.photos - 1 - (skipWithout.examples ? 0 : 3),
  });
  t.match(await both('nothing is new'), { summary: { newlyEncoded: 0, newPairs: 0 } });

  const names = readdirSync(photos).sort();
  const [a = '', b = '', c = ''] = names.filter((name) => !name.startsWith('broken'));
  renameSync(join(photos, a), join(photos, `renamed ${a}`));
  rmSync(join(photos, b));
  copyFileSync(join(photos, names.at(-1) ?? ''), join(photos, c));
  const references = join(photos, '..', 'references.csv');
  writeFileSync(
    references,
    `photo,reference\n${readdirSync(photos)
      .map((name, index) => `${join(photos, name)},R${index % 7}`)
      .join('\n')}\n`,
  );
  await both('renamed, gone, changed, and of records', '--references', references);
  await both('what is gone is forgotten', '--drop-gone');
  await both('of several faces the largest', '--faces', 'largest');

  const [pair] = first.pairs.filter(({ first: one, second }) => !one.includes(a) && !second.includes(b));
  if (pair) {
    const decision = { kind: 'photo', first: pair.first, second: pair.second, verdict: 'different' } as const;
    const store = new FaceStore(file);
    store.set().decisions.decide(decision);
    store.close();
    const decide = ['decisions', 'add', pair.first, pair.second, '--store', own.store, '--json'];
    t.match(parsed(t, await facededup(decide)), [decision]);
    await both('a pair that a person ruled out');
    const decisions = await (await opened(t, own)).decisions();
    t.match(await decisions.undo(), decision);
    t.same(await decisions.list(), []);
  }
});

t.test(
  'the tiles together find what one machine finds, whatever the size of the blocks',
  { skip },
  async (t) => {
    const own = addresses();
    const cluster = await opened(t, own);
    await Promise.all([startWorker(t, own), startWorker(t, own)]);
    const photos = syntheticPhotos(1500);
    const threshold = 0.55;
    t.equal(await cluster.importPhotos(photos), 1500);
    const expected = await pairsByOneMachine(photos, threshold);
    t.ok(expected.length > 20, `${expected.length} pairs`);
    for (const blockRows of [97, 700, 5000]) {
      const number = await cluster.submit({
        engine: { detector: 'hog' },
        threshold,
        blockRows,
        jobPairs: 40_000,
      });
      const findings = await cluster.wait(number);
      t.same(pairsOf(findings), expected, `blocks of ${blockRows}`);
      t.match(findings.summary, {
        photos: 1500,
        encoded: 1500,
        faces: 1650,
        severalFaces: 150,
        newlyEncoded: 0,
      });
    }
  },
);

t.test('what has been compared is not compared again', { skip }, async (t) => {
  const own = addresses();
  const cluster = await opened(t, own);
  await startWorker(t, own);
  const photos = syntheticPhotos(1000);
  const find = async (threshold: number) => {
    const number = await cluster.submit({ engine: { detector: 'hog' }, threshold, blockRows: 100 });
    const findings = await cluster.wait(number);
    const { stages } = await cluster.status(number);
    return { findings, compared: stages.find(({ stage }) => stage === 'match')?.units ?? 0 };
  };
  const some = photos.filter((_, index) => index % 10 !== 3);
  await cluster.importPhotos(some);
  const first = await find(0.6);
  t.same(pairsOf(first.findings), await pairsByOneMachine(some, 0.6));
  await cluster.importPhotos(photos);
  const second = await find(0.6);
  t.same(pairsOf(second.findings), await pairsByOneMachine(photos, 0.6), 'old and new together');
  // 1,000 faces are old, 100 are new: 100 x 1,000 pairs, and those within the blocks of the new ones.
  t.equal(second.compared, 100 * 1000 + (100 * 99) / 2);
  t.equal(second.findings.summary.newPairs, second.findings.pairs.length - first.findings.pairs.length);
  const third = await find(0.5);
  t.same(pairsOf(third.findings), await pairsByOneMachine(photos, 0.5), 'a stricter threshold');
  t.equal(third.compared, 0);
  const fourth = await find(0.65);
  t.same(pairsOf(fourth.findings), await pairsByOneMachine(photos, 0.65), 'a less strict one');
  t.equal(fourth.compared, (1100 * 1099) / 2);
  const changed = photos.map((photo, index) =>
    index === 5 ? { ...photo, digest: 'sha256 other', faces: photos[6]?.faces ?? [] } : photo,
  );
  await cluster.importPhotos(changed);
  const fifth = await find(0.65);
  t.same(pairsOf(fifth.findings), await pairsByOneMachine(changed, 0.65), 'a photo that changed');
  t.equal(fifth.compared, 1099);
});

t.test(
  'candidates alone are compared where that is asked for, and what they miss is compared later',
  { skip },
  async (t) => {
    const own = addresses();
    const cluster = await opened(t, own);
    await Promise.all([startWorker(t, own), startWorker(t, own)]);
    const photos = syntheticPhotos(1500);
    const [threshold, reach] = [0.55, 0.12];
    const find = async (candidates?: { readonly reach: number; readonly lists?: number }) => {
      const number = await cluster.submit({
        ...{ engine: { detector: 'hog' }, threshold, candidates, blockRows: 100, jobPairs: 40_000 },
      });
      const findings = await cluster.wait(number);
      const { stages } = await cluster.status(number);
      return { findings, compared: stages.find(({ stage }) => stage === 'match')?.units ?? 0 };
    };
    const expectSome = async (findings: Findings, all: typeof photos, what: string) => {
      const exact = await pairsByOneMachine(all, threshold);
      const distances = new Map(exact.map(({ first, second, distance }) => [first + second, distance]));
      // Of two photos with several faces, the nearest faces may be what was passed over.
      for (const { first, second, distance } of findings.pairs) {
        const true_ = distances.get(first + second) ?? Number.POSITIVE_INFINITY;
        if (distance < true_ || (distance < reach && distance !== true_))
          t.fail(`${first} and ${second} are at ${true_}, not ${distance}`);
      }
      const near = (pairs: typeof exact) => pairs.filter(({ distance }) => distance < reach);
      t.same(near(pairsOf(findings)), near(exact), `${what}: all within the reach`);
      const recall = findings.pairs.length / exact.length;
      t.ok(recall > 0.6 && recall < 1, `${what}: ${recall} of all`);
      t.match(
        findings,
        { approximate: { reach, lists: 12 }, summary: { pairs: findings.pairs.length } },
        what,
      );
    };
    const some = photos.filter((_, index) => index % 5 !== 3);
    await cluster.importPhotos(some);
    const first = await find({ reach, lists: 12 });
    await expectSome(first.findings, some, 'all new');
    await cluster.importPhotos(photos);
    const second = await find({ reach, lists: 12 });
    await expectSome(second.findings, photos, 'new with old');
    t.ok(second.compared < first.compared, 'old ones are not compared with each other');
    const printed = await facededup(['results', String(second.findings.run), ...onCluster(own)]);
    t.match(printed.stderr, /APPROXIMATE: only candidates from 12 lists .*Pairs below 0\.12 are all found/);

    const third = await find();
    t.same(pairsOf(third.findings), await pairsByOneMachine(photos, threshold), 'without candidates all');
    t.equal(third.compared, (1650 * 1649) / 2, 'also of those that were compared by lists');
    t.notOk('approximate' in third.findings);
    const fourth = await find({ reach, lists: 12 });
    t.equal(fourth.compared, 0, 'what was compared exactly holds');
    t.same(pairsOf(fourth.findings), pairsOf(third.findings));
    const changed = photos.map((photo, index) =>
      index === 5 ? { ...photo, digest: 'sha256 other' } : photo,
    );
    await cluster.importPhotos(changed);
    const fifth = await find({ reach });
    t.same(pairsOf(fifth.findings), pairsOf(third.findings), 'few pairs are all compared');
    t.notOk('approximate' in fifth.findings);
  },
);

t.test('a run is submitted, looked at, and its results are fetched later', { skip }, async (t) => {
  const own = addresses();
  const photos = await photoFolder(t);
  const submitted = await facededup(['find', photos, '--detector', 'hog', '--detach', ...onCluster(own)]);
  t.match(submitted, { code: 0, stdout: '1\n', stderr: /Run 1 is submitted/ });
  t.match(parsed<RunStatus>(t, await facededup(['status', '1', '--json', ...onCluster(own)])), {
    run: 1,
    state: 'running',
    stage: 'list',
    dead: [],
  });
  const second = await facededup(['find', photos, '--detach', ...onCluster(own)]);
  t.match(second, { code: 2, stderr: /Run 1 on the set 'default' is not over.*CLUSTER_SET_BUSY/s });
  const environment = { FACEDEDUP_CLUSTER: own.cluster, FACEDEDUP_STORE: own.store };
  const worker = await startWorker(t, own);
  const results = await facededup(['results', '1', '--json'], environment);
  t.equal(results.code, 1, 'one photo failed, as with find');
  t.match(parsed<Findings>(t, results), { run: 1, summary: { failed: 1 } });
  const status = await facededup(['status'], environment);
  t.match(status.stdout, /^RUN .*\n1 +default +finished +report/);
  t.match(status.stderr, /1 worker heard of/);
  t.equal(await worker.end('SIGTERM'), 0, 'a worker ends when it is told to');
  t.match((await facededup(['status'], environment)).stderr, /0 workers heard of/);
});

t.test('runs that encode in different ways take turns on one worker', { skip }, async (t) => {
  const own = addresses();
  const cluster = await opened(t, own);
  const photos = [await photoFolder(t)];
  const ways = [{ detector: 'hog' }, { detector: 'hog', mirror: true }] as const;
  const runs = [];
  for (const [index, engine] of ways.entries())
    runs.push(await cluster.submit({ photos, set: `way ${index}`, engine, jobPhotos: 1 }));
  const worker = await startWorker(t, own);
  for (const found of await Promise.all(runs.map((run) => cluster.wait(run))))
    t.match(found.summary, { failed: 1, encoded: found.summary.photos - found.summary.withoutFace - 1 });
  t.same(
    worker.events.filter(({ kind }) => kind !== 'done' && kind !== 'ready'),
    [],
  );
});

t.test('a run that is cancelled ends, and its set is free', { skip }, async (t) => {
  const own = addresses();
  const cluster = await opened(t, own);
  const photos = await photoFolder(t);
  const number = await cluster.submit({ photos: [photos], engine: { detector: 'hog' } });
  t.match(await facededup(['cancel', String(number), ...onCluster(own)]), {
    code: 0,
    stderr: /is cancelled/,
  });
  await t.rejects(cluster.wait(number), { code: 'CLUSTER_RUN_CANCELLED' });
  t.equal((await cluster.overview()).queued, 0, 'nothing of it is left in the queue');
  const next = await cluster.submit({ photos: [photos], engine: { detector: 'hog' } });
  const worker = await startWorker(t, own);
  // The job is begun when its attempts are counted; with a photo in work or not, it ends.
  await until(async () => (await cluster.status(next)).stage === 'encode');
  await cluster.cancel(next);
  await t.rejects(cluster.wait(next), { code: 'CLUSTER_RUN_CANCELLED' });
  const last = await cluster.submit({ photos: [photos], engine: { detector: 'hog' } });
  t.match(await cluster.wait(last), { summary: { failed: 1 } });
  t.same(
    worker.events.filter(({ kind }) => kind === 'dead' || kind === 'failed'),
    [],
  );
  await t.rejects(cluster.cancel(last), { code: 'CLUSTER_RUN_OVER' });
  await t.rejects(cluster.retry(last), { code: 'CLUSTER_RUN_OVER' });
  await t.rejects(cluster.cancel(99), { code: 'CLUSTER_RUN_MISSING' });
});

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
}

t.test(
  'photos come from Azure, and those that have not changed are not fetched again',
  { skip },
  async (t) => {
    const own = addresses();
    const { endpoint } = await startAzurite(t);
    const connectionString = `DefaultEndpointsProtocol=http;AccountName=${account};AccountKey=${accountKey};BlobEndpoint=${endpoint};`;
    const service = BlobServiceClient.fromConnectionString(connectionString);
    const container = service.getContainerClient('intake');
    await container.create();
    const images = (await testImages()).slice(0, 4);
    const upload = (name: string, { bytes }: { readonly bytes: Uint8Array }) =>
      container.uploadBlockBlob(`2026/${name}.png`, bytes, bytes.length);
    for (const [index, image] of images.slice(0, 3).entries()) await upload(`photo${index}`, image);
    const environment = { AZURE_STORAGE_CONNECTION_STRING: connectionString };
    await startWorker(t, own, { environment });
    const command = ['find', 'azure:intake/2026/', '--detector', 'hog', '--json', ...onCluster(own)];
    // Who submits needs no credentials.
    const find = async () => parsed<Findings>(t, await facededup(command)).summary;
    t.match(await find(), { photos: 3, newlyEncoded: 3, failed: 0 });
    t.match(await find(), { photos: 3, newlyEncoded: 0, failed: 0 });
    if (images[3]) await upload('photo1', images[3]);
    t.match(await find(), { photos: 3, newlyEncoded: 1, failed: 0 });
  },
);

t.test('encodings are encrypted where the environment has a key', { skip }, async (t) => {
  const own = addresses();
  const key = { FACEDEDUP_STORE_KEY: 'ab'.repeat(32) };
  const environment = { ...process.env };
  t.teardown(() => (process.env = environment));
  Object.assign(process.env, key);
  const cluster = await opened(t, own);
  const photos = syntheticPhotos(60);
  await cluster.importPhotos(photos);
  await startWorker(t, own, { environment: key });
  const number = await cluster.submit({ engine: { detector: 'hog' }, threshold: 0.6 });
  t.same(pairsOf(await cluster.wait(number)), await pairsByOneMachine(photos, 0.6));
  const client = new pg.Client(own.store);
  await client.connect();
  t.teardown(() => client.end());
  const { rows } = await client.query<{ faces: Buffer }>('SELECT faces FROM facededup.contents');
  const plain = photos.map(({ faces }) =>
    Buffer.from(faces[0]?.encoding.buffer ?? new ArrayBuffer()).subarray(0, 16),
  );
  t.notOk(rows.some(({ faces }) => plain.some((bytes) => faces.includes(bytes))));
  delete process.env['FACEDEDUP_STORE_KEY'];
  await t.rejects(Cluster.open(own), { code: 'STORE_KEY_MISSING' });
  process.env['FACEDEDUP_STORE_KEY'] = 'cd'.repeat(32);
  await t.rejects(Cluster.open(own), { code: 'STORE_KEY_WRONG' });
});

t.test('what cannot be used is told, and no password with it', { skip }, async (t) => {
  const own = addresses();
  const closed = await freePort();
  const refusals: readonly (readonly [Addresses, string])[] = [
    [{ ...own, cluster: `redis://:s3cret@127.0.0.1:${closed}` }, 'CLUSTER_UNREACHABLE'],
    [{ ...own, cluster: own.cluster.replace('redis://', 'redis://someone:s3cret@') }, 'CLUSTER_REFUSED'],
    [{ ...own, cluster: '/tmp/s3cret' }, 'ARGUMENT_INVALID'],
    [{ ...own, store: `postgres://me:s3cret@127.0.0.1:${closed}/faces` }, 'CLUSTER_STORE_UNREACHABLE'],
    [{ ...own, store: own.store.replace('tester@', 'nobody:s3cret@') }, 'CLUSTER_STORE_REFUSED'],
    [{ ...own, store: own.store.replace(/faces\d+$/, 'elsewhere') }, 'CLUSTER_STORE_REFUSED'],
    [{ ...own, store: `${own.store}?sslmode=verify-full` }, 'CLUSTER_STORE_UNREACHABLE'],
    [{ ...own, store: `${own.store}?sslmode=verify-full&sslrootcert=/nowhere.pem` }, 'ARGUMENT_INVALID'],
    [{ ...own, store: 'faces.db' }, 'ARGUMENT_INVALID'],
    [{ ...own, store: own.store.replace('tester@', 'tester:x/s3cret@') }, 'ARGUMENT_INVALID'],
  ];
  await Promise.all(
    refusals.map(async ([wrong, code]) => {
      const { code: exit, stderr } = await facededup(['status', ...onCluster(wrong)]);
      t.match(stderr, new RegExp(`\\[${code}\\]\\n$`), code);
      t.equal(exit, 2);
      t.notMatch(stderr, code === 'ARGUMENT_INVALID' ? /postgres:\/\/me/ : /s3cret/);
    }),
  );
  t.match(await facededup(['status', '7', ...onCluster(own)]), { code: 2, stderr: /CLUSTER_RUN_MISSING/ });
  t.match(await facededup(['status', '--store', own.store]), { code: 2, stderr: /give --cluster/ });
  t.match(await facededup(['find', '--store', own.store]), {
    code: 2,
    stderr: /the store of a cluster/,
  });
  t.match(await facededup(['find', '.', '--detach']), { code: 2, stderr: /--detach needs a cluster/ });
  const candidates = ['find', '.', '--candidates', '0.3'];
  t.match(await facededup(candidates), { code: 2, stderr: /--candidates needs a cluster/ });
  t.match(await facededup([...candidates, '-t', '0.3', ...onCluster(own)]), {
    code: 2,
    stderr: /OPTION_RANGE/,
  });

  const client = new pg.Client(own.store);
  await client.connect();
  await client.query('INSERT INTO facededup.migrations (version) VALUES (1000)');
  await client.end();
  await t.rejects(Cluster.open(own), { code: 'CLUSTER_STORE_NEWER' });
});

t.test('one machine needs none of the packages; a cluster says which are missing', { skip }, async (t) => {
  // Not below this repository, whose packages would be found.
  const folder = mkdtempSync(join(tmpdir(), 'facededup-alone-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const installed = installInto(folder, packInto(folder), dependencies);
  const main = join(installed, 'dist', 'esm', 'cli', 'main.js');
  for (const args of [
    [main, 'config', '--json'],
    ['-e', "for (const entry of ['', '/server', '/cluster']) require('facededup' + entry)"],
    [
      '--input-type=module',
      '-e',
      "for (const entry of ['', '/server', '/cluster']) await import('facededup' + entry)",
    ],
  ]) {
    const alone = await run(process.execPath, args, { cwd: folder });
    t.equal(alone.code, 0, alone.stderr);
  }
  const { code, stderr } = await run(process.execPath, [main, 'status', ...onCluster(addresses())]);
  t.equal(code, 2);
  t.match(stderr, /run `npm install bullmq ioredis pg`\. \[CLUSTER_PACKAGE_MISSING\]/);
});
