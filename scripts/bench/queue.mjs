// npm run bench:queue [-- --workers 1,2,4,8,16,32,64,128] [--job-ms 500] [--jobs-each 8] [--processes 2]
// How many workers one queue and one database keep busy. Simulated workers take real jobs from Redis, begin and complete
// them in PostgreSQL as real ones do, and only wait where those would compare faces. While each more worker brings as
// many more jobs a second, nothing binds; where it does not, jobs a second are what the queue and the database can do here,
// on the cores that the simulated workers' own processes use, too.

import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { handOut } from '../../dist/esm/cluster/hand_out.js';
import { addJobs } from '../../dist/esm/cluster/postgres/runs.js';
import { ClusterStore } from '../../dist/esm/cluster/postgres/store.js';
import { keepPairs, keepTiles } from '../../dist/esm/cluster/postgres/tiles.js';
import { JobQueue } from '../../dist/esm/cluster/queue/job_queue.js';
import { requestOf } from '../../dist/esm/cluster/run_request.js';
import { clusterParts } from './cluster_parts.mjs';
import { printTable } from './table.mjs';

const noPairs = { firsts: new Uint32Array(), seconds: new Uint32Array(), distances: new Float64Array() };

if (process.argv[2] === 'workers') await beWorkers(JSON.parse(process.argv[3]));
else await main();

async function main() {
  const { values } = parseArgs({
    options: {
      workers: { type: 'string', default: '1,2,4,8,16,32,64,128' },
      'job-ms': { type: 'string', default: '500' },
      'jobs-each': { type: 'string', default: '8' },
      processes: { type: 'string', default: '2' },
    },
  });
  const milliseconds = Number(values['job-ms']);
  const parts = await clusterParts();
  const rows = [];
  try {
    for (const workers of values.workers.split(',').map(Number)) {
      const jobs = workers * Number(values['jobs-each']);
      const place = { cluster: parts.cluster, store: parts.newStore() };
      const seconds = await timed(place, {
        workers,
        jobs,
        milliseconds,
        processes: Number(values.processes),
      });
      const [rate, most] = [jobs / seconds, (workers * 1000) / milliseconds];
      rows.push([
        workers,
        jobs,
        seconds.toFixed(2),
        rate.toFixed(1),
        most.toFixed(1),
        (rate / most).toFixed(2),
      ]);
    }
  } finally {
    await parts.stop();
  }
  console.log(
    `Jobs of ${milliseconds} ms, ${availableParallelism()} cores for Redis, PostgreSQL and the workers' processes:\n`,
  );
  printTable(['workers', 'jobs', 'seconds', 'jobs a second', 'if nothing bound', 'share'], rows);
}

/** From the first job's begin to the last one's end, with all workers there. */
async function timed(place, { workers, jobs, milliseconds, processes }) {
  const children = Array.from({ length: Math.min(processes, workers) }, (_, i) => {
    const own = Math.floor((workers + i) / Math.min(processes, workers));
    const told = JSON.stringify({ ...place, count: own, milliseconds });
    return fork(fileURLToPath(import.meta.url), ['workers', told]);
  });
  const store = await ClusterStore.open(place.store);
  const queue = await JobQueue.open(place.cluster, { token: store.token });
  try {
    await Promise.all(children.map((child) => new Promise((resolve) => child.once('message', resolve))));
    const run = await store.runs.submit('default', requestOf({}), new Map());
    await store.database.transaction(async (sql) => {
      await sql.run(`UPDATE facededup.run_jobs SET state = 'done' WHERE run_id = $1`, [run]);
      await sql.run(`UPDATE facededup.runs SET stage = 'match' WHERE id = $1`, [run]);
      await addJobs(sql, run, 'match', new Array(jobs).fill(1));
      const tiles = Array.from({ length: jobs }, (_, job) => ({ job, first: job, second: job, pairs: 1 }));
      await keepTiles(sql, run, tiles);
    });
    const started = performance.now();
    await handOut(store, queue);
    while ((await store.runs.facts(run)).stage === 'match')
      await new Promise((resolve) => setTimeout(resolve, 20));
    return (performance.now() - started) / 1000;
  } finally {
    for (const child of children) child.kill();
    await queue.close();
    await store.close();
  }
}

/** So many of them, each at one job at a time. */
async function beWorkers({ cluster, store: address, count, milliseconds }) {
  const store = await ClusterStore.open(address);
  const queue = await JobQueue.open(cluster, { token: store.token });
  const work = async (job) => {
    if (job.stage !== 'match' || !(await store.runs.begin(job, `simulated ${process.pid}`))) return 'done';
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    await store.runs.complete(job, (sql) =>
      keepPairs(sql, store.sealing, job.run, { first: job.number, second: job.number, pairs: noPairs }),
    );
    await queue.add(await store.runs.advance(job.run));
    return 'done';
  };
  queue.take(work, { patience: 30, concurrency: count, onTrouble: (message) => console.error(message) });
  process.send('ready');
}
