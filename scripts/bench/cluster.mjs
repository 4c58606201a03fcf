// npm run bench:cluster [-- --encodings 20000] [--photos DIR] [--count 1000] [--workers 1,2,4] [--rounds 3]
// The same find by one process on a file, and by workers on a queue and a database: what the cluster costs. Both get the
// same photos; what they find must be the same. Redis and PostgreSQL are started here, on loopback, with empty folders.

import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { Cluster } from '../../dist/esm/cluster/index.js';
import { FaceEngine, FaceStore, findInPhotos, NamedPhotos } from '../../dist/esm/index.js';
import { clusterParts } from './cluster_parts.mjs';
import { median } from './measure.mjs';
import { drawEncodings } from './synthetic.mjs';
import { printTable } from './table.mjs';

const { values } = parseArgs({
  options: {
    encodings: { type: 'string', default: '20000' },
    photos: { type: 'string' },
    count: { type: 'string', default: '1000' },
    workers: { type: 'string', default: '1,2,4' },
    rounds: { type: 'string', default: '3' },
  },
});
const rounds = Number(values.rounds);
const workerCounts = values.workers.split(',').map(Number);
const main = fileURLToPath(new URL('../../dist/esm/cli/main.js', import.meta.url));
const clockTicks = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
const folder = mkdtempSync(join(tmpdir(), 'facededup-bench-'));
const parts = await clusterParts();

try {
  const kept = keptPhotos(Number(values.encodings));
  const photos = values.photos ? photosIn(values.photos).slice(0, Number(values.count)) : undefined;
  const [known, unknown] = [
    `${values.encodings} photos that are encoded already`,
    `${values.count} that are not`,
  ];
  await compared(known, await sceneOf({ kept }));
  if (photos) {
    await compared(unknown, await sceneOf({ photos }));
    await compared(`${known} and ${unknown}`, await sceneOf({ kept, photos }));
  }
} finally {
  await parts.stop();
  rmSync(folder, { recursive: true });
}

/**
 * One process and some workers in turn, and each of the two first in turn, so that a busy machine slows both alike. They
 * stay from round to round, the first of which does not count: it has the models loaded and the code compiled.
 */
async function compared(title, scene) {
  const rows = [];
  for (const count of workerCounts) {
    const workers = await team(count);
    const ways = [() => scene.alone(), () => byWorkers(scene, workers)];
    const results = [];
    for (let round = -1; round < rounds; round++) {
      const both = [];
      for (const way of round % 2 === 0 ? [0, 1] : [1, 0]) both[way] = await ways[way]();
      const [alone, together] = both;
      if (JSON.stringify(alone.pairs) !== JSON.stringify(together.pairs))
        throw new Error(`Other pairs by ${count} workers.`);
      if (round >= 0) results.push({ alone, together });
    }
    await workers.end();
    rows.push(rowOf(count, results));
  }
  await scene.end();
  console.log(
    `\n${title}, ${availableParallelism()} cores, the median of ${rounds} (ratio: lowest–highest):\n`,
  );
  printTable(
    ['workers', 'alone', 'seconds', 'ratio', 'CPU alone', 'CPU', 'ratio', 'of it engines', 'stages of one'],
    rows,
  );
}

function rowOf(count, results) {
  const middle = (of) => median(results.map(of)).toFixed(2);
  const ratioOf = (name) => {
    const ratios = results.map(({ alone, together }) => together[name] / alone[name]);
    return [median(ratios), Math.min(...ratios), Math.max(...ratios)].map((ratio) => ratio.toFixed(2));
  };
  const inWords = ([ratio, lowest, highest]) => `${ratio} (${lowest}–${highest})`;
  return [
    String(count),
    middle(({ alone }) => alone.seconds),
    middle(({ together }) => together.seconds),
    inWords(ratioOf('seconds')),
    middle(({ alone }) => alone.processor),
    middle(({ together }) => together.processor),
    inWords(ratioOf('processor')),
    middle(({ together }) => together.engines),
    results[0]?.together.stages ?? '',
  ];
}

/** Photos as a store knows them. */
function keptPhotos(count) {
  const origin = { models: { 'landmarks-small': 'a'.repeat(64) }, options: { detector: 'hog' } };
  return drawEncodings({ count }).encodings.map((encoding, i) => ({
    photo: `/photos/of a programme/2026/${String(i).padStart(8, '0')}.jpg`,
    digest: `sha256 ${i.toString(16).padStart(64, '0')}`,
    origin,
    faces: [{ box: { x: i, y: 40.5, width: 90, height: 120 }, confidence: 0.99, encoding }],
  }));
}

/** A run on photos that are kept before it begins, on photos that it encodes, or on both. */
async function sceneOf({ kept = [], photos }) {
  const engine = await FaceEngine.create({ detector: 'hog' });
  let stores = 0;
  return {
    kept,
    request: { engine: { detector: 'hog' }, ...(photos ? { photos } : {}) },
    alone: async () => {
      const store = new FaceStore(join(folder, `${++stores}.db`));
      const set = store.set();
      try {
        await set.photos.import(kept);
        return await measured(async () =>
          findInPhotos(engine, photos && (await NamedPhotos.of(photos)), { set }),
        );
      } finally {
        store.close();
        rmSync(join(folder, `${stores}.db`));
      }
    },
    end: () => engine.close(),
  };
}

async function measured(run) {
  const before = process.cpuUsage();
  const started = performance.now();
  const { pairs } = await run();
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(before);
  return { pairs: pairs.map(comparable), seconds, processor: (user + system) / 1e6 };
}

/** Workers that have as many threads together as there are cores, where there are not more workers than that. */
async function team(count) {
  const lanes = Math.max(1, Math.floor(availableParallelism() / count));
  const place = { cluster: parts.cluster, store: parts.newStore() };
  const workers = await Promise.all(Array.from({ length: count }, () => startWorker(place, lanes)));
  let sets = 0;
  return {
    place,
    workers,
    newSet: () => `round ${++sets}`,
    end: () => Promise.all(workers.map(endOf)),
  };
}

async function byWorkers({ kept, request }, { place, workers, newSet }) {
  const cluster = await Cluster.open(place);
  try {
    const set = newSet();
    // What another round encoded is encoded by this one, too.
    await askStore(place.store, 'DELETE FROM facededup.sets', 'DELETE FROM facededup.contents');
    await cluster.importPhotos(kept, set);
    // As it stands after some time: PostgreSQL would tidy up after the round before in the middle of this one.
    await askStore(place.store, 'VACUUM ANALYZE');
    const spentBy = (some) => some.reduce((sum, pid) => sum + processorSeconds(pid), 0);
    const workerPids = workers.map(({ pid }) => pid);
    // As a whole: what one of PostgreSQL's processes took is counted by its parent when it ends.
    const before = { workers: spentBy(workerPids), engines: spentBy(parts.processes()) };
    const stages = new Map();
    const started = performance.now();
    const run = await cluster.submit({ ...request, set });
    const { pairs } = await cluster.wait(run, {
      onProgress: ({ stage }) => stages.has(stage) || stages.set(stage, performance.now()),
    });
    const ended = performance.now();
    const engines = spentBy(parts.processes()) - before.engines;
    const processor = spentBy(workerPids) - before.workers + engines;
    // Or it would tidy up after this run while another one is measured.
    await askStore(place.store, 'VACUUM ANALYZE');
    return {
      pairs: pairs.map(comparable),
      seconds: (ended - started) / 1000,
      processor,
      engines,
      stages: stagesInWords(stages, ended),
    };
  } finally {
    await cluster.close();
  }
}

async function askStore(store, ...statements) {
  const client = new pg.Client(store);
  await client.connect();
  for (const statement of statements) await client.query(statement);
  await client.end();
}

function comparable({ first, second, distance }) {
  return { first, second, distance };
}

function stagesInWords(stages, ended) {
  const entries = [...stages];
  return entries
    .map(([stage, at], i) => `${stage} ${(((entries[i + 1]?.[1] ?? ended) - at) / 1000).toFixed(2)}`)
    .join(', ');
}

function startWorker({ cluster, store }, lanes) {
  const child = spawn(
    process.execPath,
    [main, 'worker', '--cluster', cluster, '--store', store, '--lanes', String(lanes), '--json'],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  return new Promise((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text) => text.includes('"ready"') && resolve(child));
    child.once('close', () => reject(new Error('The worker ended before it was ready.')));
  });
}

function endOf(child) {
  const ended = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGTERM');
  return ended;
}

/** Of a process and those children of it that have ended. */
function processorSeconds(pid) {
  try {
    // Fields 14 to 17 of proc(5): utime, stime, cutime, cstime. The second may hold blanks, in brackets.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / clockTicks;
  } catch {
    return 0;
  }
}

function photosIn(place) {
  return readdirSync(place, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(jpe?g|png)$/i.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
