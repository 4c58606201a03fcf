// What a cluster outlives: workers, Redis and PostgreSQL killed, jobs handed out twice, a worker cut off. The same pairs.

import { copyFileSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { Queue } from 'bullmq';
import pg from 'pg';
import t, { type Test } from 'tap';
import { Cluster, type RunStatus } from '../../lib/cluster/index.js';
import { FaceEngine, findInPhotos, NamedPhotos } from '../../lib/index.js';
import type { Findings } from '../../lib/runs/findings.js';
import { FaceStore } from '../../lib/store/index.js';
import { freePort } from '../fixtures/free_port.js';
import { pairsByOneMachine, pairsOf, syntheticPhotos } from '../fixtures/cluster_data.js';
import { type ClusterParts, skipWithoutCluster, startCluster } from '../fixtures/cluster_parts.js';
import { patience, startWorker } from '../fixtures/cluster_workers.js';
import { facededup } from '../fixtures/command_line.js';
import { networkNamespace, skipWithoutNamespaces } from '../fixtures/network_namespace.js';
import { examplePhotos, skipWithout } from '../fixtures/places.js';

const skip = skipWithoutCluster || skipWithout.dlib || skipWithout.examples;
const threshold = 0.6;
const parts = skip ? undefined : await startCluster();
t.teardown(() => parts?.stop());

/** Photos whose encoding takes some seconds, and what one machine finds among them. */
const photos = t.testdir({ photos: {} });
const alone = skip ? undefined : await byOneMachine();

async function byOneMachine(): Promise<Findings> {
  const johns = join(examplePhotos ?? '', 'johns');
  for (const person of readdirSync(johns).sort())
    for (const name of readdirSync(join(johns, person)).sort().slice(0, 6))
      copyFileSync(join(johns, person, name), join(photos, 'photos', `${person} ${name}`));
  const engine = await FaceEngine.create({ detector: 'hog' });
  const store = new FaceStore(join(photos, 'one.db'));
  try {
    const named = await NamedPhotos.of([join(photos, 'photos')]);
    return await findInPhotos(engine, named, { set: store.set(), threshold });
  } finally {
    store.close();
    await engine.close();
  }
}

/** Encodings for many tiles. */
const registry = syntheticPhotos(1500);
const registryPairs = skip ? [] : await pairsByOneMachine(registry, threshold);
const manyTiles = { blockRows: 70, jobPairs: 5000 };

interface Scene {
  readonly parts: ClusterParts;
  readonly own: { readonly cluster: string; readonly store: string };
  readonly cluster: Cluster;
}

/** An empty store of the test's own on the engines that all share. */
async function scene(t: Test): Promise<Scene> {
  if (!parts) throw new Error('There are no engines.');
  const own = { cluster: parts.cluster, store: parts.newStore() };
  const cluster = await Cluster.open(own);
  t.teardown(() => cluster.close());
  return { parts, own, cluster };
}

const ofPhotos = {
  photos: [join(photos, 'photos')],
  engine: { detector: 'hog' },
  threshold,
  jobPhotos: 8,
} as const;
const ofRegistry = { engine: { detector: 'hog' }, threshold, ...manyTiles } as const;

/** Of a stage, so many jobs. */
async function done(cluster: Cluster, run: number, stage: string, jobs: number): Promise<void> {
  for (;;) {
    const status = await cluster.status(run);
    if (status.state !== 'running') throw new Error(`It is over too early: ${status.state}.`);
    const reached = status.stages.find((each) => each.stage === stage);
    if (reached && reached.done >= jobs) return;
    await pause(10);
  }
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** The same pairs as one machine found; every photo once; nothing encoded twice; nothing left in the queue. */
async function asAlone(t: Test, { cluster }: Scene, run: number): Promise<void> {
  const findings = await cluster.wait(run);
  t.same(findings.pairs, alone?.pairs);
  t.same(findings.summary, alone?.summary);
  t.match(await cluster.status(run), { dead: [], failedPhotos: 0 });
}

t.test('workers are killed in the middle of encoding', { skip }, async (t) => {
  const here = await scene(t);
  const run = await here.cluster.submit(ofPhotos);
  const first = await startWorker(t, here.own);
  await done(here.cluster, run, 'encode', 1);
  await first.end('SIGKILL');
  const second = await startWorker(t, here.own);
  await done(here.cluster, run, 'encode', 2);
  await second.end('SIGKILL');
  await startWorker(t, here.own);
  await asAlone(t, here, run);
});

t.test(
  'workers are killed in the middle of the tiles, and every job is handed out twice',
  { skip },
  async (t) => {
    const here = await scene(t);
    await here.cluster.importPhotos(registry);
    const run = await here.cluster.submit(ofRegistry);
    const copying = new AbortController();
    const copied = handOutTwice(here, copying.signal);
    const workers = await Promise.all([startWorker(t, here.own), startWorker(t, here.own)]);
    await done(here.cluster, run, 'match', 30);
    await workers[0]?.end('SIGKILL');
    await done(here.cluster, run, 'match', 60);
    await workers[1]?.end('SIGKILL');
    await startWorker(t, here.own);
    const findings = await here.cluster.wait(run);
    copying.abort();
    t.ok((await copied) > 30, `${await copied} jobs were handed out twice`);
    t.same(pairsOf(findings), registryPairs);
  },
);

/** @returns how many. */
async function handOutTwice({ cluster, own }: Scene, signal: AbortSignal): Promise<number> {
  const { queue: name } = await cluster.overview();
  const { port } = new URL(own.cluster);
  const queue = new Queue(name, { connection: { host: '127.0.0.1', port: Number(port) } });
  const seen = new Set<string>();
  try {
    while (!signal.aborted) {
      for (const job of await queue.getJobs(['waiting']))
        if (job?.id !== undefined && !job.id.startsWith('copy-') && !seen.has(job.id)) {
          seen.add(job.id);
          await queue.add(job.name, job.data, { jobId: `copy-${job.id}`, removeOnComplete: true });
        }
      await pause(100);
    }
    return seen.size;
  } finally {
    await queue.close();
  }
}

t.test(
  'a photo that ends every worker fails alone, and the others of its job do not',
  { skip },
  async (t) => {
    const here = await scene(t);
    const run = await here.cluster.submit(ofPhotos);
    const worker = await startWorker(t, here.own);
    await done(here.cluster, run, 'list', 1);
    await worker.end('SIGKILL');
    // As if it had been so with two workers already, each of which took the photo up by itself.
    const client = new pg.Client(here.own.store);
    await client.connect();
    const { rows } = await client.query<{ name: string }>(
      `UPDATE facededup.run_photos SET tries = 2 WHERE position = (
       SELECT max(position) FROM facededup.run_photos WHERE state = 'waiting') RETURNING name`,
    );
    await client.query(
      `UPDATE facededup.run_jobs SET attempts = 3 WHERE stage = 'encode' AND number = (
       SELECT max(chunk) FROM facededup.run_photos)`,
    );
    await client.end();
    await startWorker(t, here.own);
    const { failed, summary } = await here.cluster.wait(run);
    t.match(failed, [{ photo: rows[0]?.name, code: 'CLUSTER_JOB_CRASHES' }]);
    t.equal(summary.encoded, (alone?.summary.encoded ?? 0) - 1);
  },
);

t.test('Redis is killed, and comes back with what it had', { skip }, async (t) => {
  const here = await scene(t);
  const run = await here.cluster.submit(ofPhotos);
  await Promise.all([startWorker(t, here.own), startWorker(t, here.own)]);
  await done(here.cluster, run, 'encode', 1);
  await here.parts.redis.kill();
  await pause(500);
  await here.parts.redis.start();
  await asAlone(t, here, run);
});

t.test('Redis is killed, and comes back with nothing', { skip }, async (t) => {
  const here = await scene(t);
  await here.cluster.importPhotos(registry);
  const run = await here.cluster.submit(ofRegistry);
  await Promise.all([startWorker(t, here.own), startWorker(t, here.own)]);
  await done(here.cluster, run, 'match', 20);
  await here.parts.redis.kill();
  here.parts.loseRedis();
  await here.parts.redis.start();
  t.same(pairsOf(await here.cluster.wait(run)), registryPairs);
});

t.test(
  'PostgreSQL is killed and comes back, while photos are encoded and tiles compared',
  { skip },
  async (t) => {
    const here = await scene(t);
    await Promise.all([startWorker(t, here.own), startWorker(t, here.own)]);
    const run = await here.cluster.submit(ofPhotos);
    await done(here.cluster, run, 'encode', 1);
    await here.parts.postgres.kill();
    await pause(500);
    await here.parts.postgres.start();
    await asAlone(t, here, run);
    await here.cluster.importPhotos(registry, 'registry');
    const next = await here.cluster.submit({ ...ofRegistry, set: 'registry' });
    await done(here.cluster, next, 'match', 30);
    await here.parts.postgres.kill();
    await here.parts.postgres.start();
    t.same(pairsOf(await here.cluster.wait(next)), registryPairs);
  },
);

t.test('a worker stands still until its job is another’s, and goes on then', { skip }, async (t) => {
  const here = await scene(t);
  const run = await here.cluster.submit(ofPhotos);
  const frozen = await startWorker(t, here.own);
  await done(here.cluster, run, 'encode', 1);
  frozen.signal('SIGSTOP');
  await startWorker(t, here.own);
  await pause(2.5 * patience * 1000);
  frozen.signal('SIGCONT');
  await asAlone(t, here, run);
});

t.test('a worker is cut off from both engines, and comes back', { skip }, async (t) => {
  const here = await scene(t);
  const wires = [await wireTo(t, here.parts.redis.port), await wireTo(t, here.parts.postgres.port)] as const;
  const { own } = here;
  const farAway = {
    cluster: own.cluster.replace(/:\d+$/, `:${wires[0].port}`),
    store: own.store.replace(/:\d+\//, `:${wires[1].port}/`),
  };
  const run = await here.cluster.submit(ofPhotos);
  await startWorker(t, farAway);
  await done(here.cluster, run, 'encode', 1);
  for (const wire of wires) wire.cut();
  await startWorker(t, own);
  await pause(2.5 * patience * 1000);
  for (const wire of wires) wire.mend();
  await asAlone(t, here, run);
});

t.test(
  'a worker in a network of its own loses all of it, without being told, and gets it back',
  { skip: skip || skipWithoutNamespaces },
  async (t) => {
    const here = await scene(t);
    const network = networkNamespace(t);
    const [redis, postgres] = [
      await wireTo(t, here.parts.redis.port, network.host),
      await wireTo(t, here.parts.postgres.port, network.host),
    ];
    const fromThere = {
      cluster: `redis://${network.host}:${redis.port}`,
      store: here.own.store.replace(/@[^/]*/, `@${network.host}:${postgres.port}`),
    };
    const run = await here.cluster.submit(ofPhotos);
    await startWorker(t, fromThere, { within: network.within });
    await done(here.cluster, run, 'encode', 1);
    network.cut();
    const other = await startWorker(t, here.own);
    await pause(2.5 * patience * 1000);
    network.mend();
    await asAlone(t, here, run);
    // It works again: there is nobody else for the next run.
    await other.end('SIGTERM');
    await here.cluster.importPhotos(registry, 'registry');
    const next = await here.cluster.submit({ ...ofRegistry, set: 'registry' });
    t.same(pairsOf(await here.cluster.wait(next)), registryPairs);
  },
);

/** A way to an engine that passes nothing on while it is cut, as a network does that loses all packets. */
async function wireTo(t: Test, port: number, host = '127.0.0.1') {
  const own = await freePort();
  const sockets = new Set<Socket>();
  let isCut = false;
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.pipe(to);
      from.on('error', () => to.destroy()).on('close', () => sockets.delete(from) && to.destroy());
      if (isCut) from.unpipe(to).pause();
    }
  });
  await new Promise<void>((resolve) => server.listen(own, host, resolve));
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return {
    port: own,
    cut: () => {
      isCut = true;
      for (const socket of sockets) socket.pause();
    },
    mend: () => {
      isCut = false;
      // Connections of before are as dead as those that a network forgot; new ones get through.
      for (const socket of sockets) socket.destroy();
    },
  };
}

t.test(
  'a job that fails at every attempt is put aside with its error, and tried again when told',
  { skip },
  async (t) => {
    const here = await scene(t);
    const gone = join(photos, 'gone');
    mkdirSync(gone);
    for (const name of readdirSync(join(photos, 'photos')))
      copyFileSync(join(photos, 'photos', name), join(gone, name));
    const run = await here.cluster.submit({ ...ofPhotos, photos: [gone] });
    const worker = await startWorker(t, here.own, {
      environment: { FACEDEDUP_MODELS: '/nowhere', XDG_CACHE_HOME: '/nowhere' },
    });
    await t.rejects(here.cluster.wait(run), { code: 'CLUSTER_RUN_FAILED', message: /MODEL_MISSING/ });
    const told = ['--cluster', here.own.cluster, '--store', here.own.store];
    const status = await facededup(['status', String(run), ...told]);
    t.match(status.stderr, /put aside: encode 0 after 5 attempts: .*\[MODEL_MISSING\]/);
    t.match(JSON.parse((await facededup(['status', String(run), '--json', ...told])).stdout) as RunStatus, {
      state: 'failed',
      code: 'MODEL_MISSING',
      dead: [{ stage: 'encode', attempts: 5, code: 'MODEL_MISSING' }],
    });
    await worker.end('SIGTERM');
    await startWorker(t, here.own);
    t.match(await facededup(['retry', String(run), ...told]), {
      code: 0,
      stderr: /jobs? of run \d+ (is|are) tried again/,
    });
    t.equal((await here.cluster.wait(run)).pairs.length, alone?.pairs.length);
    rmSync(gone, { recursive: true });
  },
);
