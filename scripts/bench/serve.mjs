// npm run bench:serve [-- --connections 1,10,50,200,1000] [--rates 20,50] [--seconds 30] [--photos DIR] [--count 300]
// `facededup serve` under load from another process, with what pages of reviewers ask for: lists, faces, photos, verdicts,
// now and then a report. A load is so many connections that ask again as soon as they are answered, or so many requests a
// second over 50 connections. Every verdict that was answered 201 must be in the store afterwards. Linux.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import autocannon from 'autocannon';
import { fillStore } from './served_store.mjs';
import { printTable } from './table.mjs';

const { values } = parseArgs({
  options: {
    connections: { type: 'string', default: '1,10,50,200,1000' },
    rates: { type: 'string', default: '20,50' },
    seconds: { type: 'string', default: '30' },
    photos: { type: 'string' },
    count: { type: 'string', default: '300' },
  },
});
const duration = Number(values.seconds);
const numbers = (list) => list.split(',').filter(Boolean).map(Number);
const loads = [
  ...numbers(values.rates).map((rate) => [`${rate} a second`, { connections: 50, overallRate: rate }]),
  ...numbers(values.connections).map((connections) => [`${connections} connections`, { connections }]),
];
/** Of a hundred requests. */
const mix = { page: 5, pairs: 25, face: 40, photo: 10, verdict: 15.8, histogram: 4, report: 0.2 };
/** The verdicts, by their reasons: those that were sent, and those that were answered 201. */
const sent = new Set();
const accepted = new Set();

const folder = mkdtempSync(join(tmpdir(), 'facededup-bench-'));
try {
  const place = await fillStore(folder, { count: Number(values.count), photos: values.photos });
  const server = await serve(place);
  console.log(
    `${place.names.length} photos, ${place.pairs.length} pairs, ${availableParallelism()} cores, ${duration} s each; ` +
      `${memoryOf(server).now} MB before the first.\n`,
  );
  const rows = [];
  for (const [name, load] of loads) rows.push([name, ...(await measured(server, place, load))]);
  printTable(
    [
      ...['load', 'answers/s', 'p50 ms', 'p97.5 ms', 'p99 ms', '2xx', '503', 'others'],
      ...['reset', 'timed out', 'cut at the end', 'MB then', 'MB at most'],
    ],
    rows,
  );
  await stopUnderLoad(server, place);
  requireVerdicts(place);
} finally {
  rmSync(folder, { recursive: true });
}

async function serve({ store, root }) {
  const main = fileURLToPath(new URL('../../dist/esm/cli/main.js', import.meta.url));
  const args = [main, 'serve', '--store', store, '--root', root, '--port', '0', '--json'];
  const child = spawn(process.execPath, args, {
    env: { ...process.env, FACEDEDUP_TOKEN: '' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(child.stdout.setEncoding('utf8'), 'data');
  return { child, address: JSON.parse(line).address };
}

/** Megabytes: resident now, and the most since it began. */
function memoryOf({ child }) {
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
  const of = (name) => Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024);
  return { now: of('VmRSS'), most: of('VmHWM') };
}

async function measured(server, place, load) {
  const statuses = new Map();
  const result = await autocannon({ ...requestsTo(server, place, statuses), ...load, duration });
  const { latency, errors, timeouts, requests } = result;
  const answers = [...statuses.values()].reduce((sum, count) => sum + count, 0);
  const good = [...statuses].filter(([status]) => status < 400).reduce((sum, [, count]) => sum + count, 0);
  const busy = statuses.get(503) ?? 0;
  const { now, most } = memoryOf(server);
  return [
    ...[(answers / duration).toFixed(0), latency.p50, latency.p97_5, latency.p99],
    ...[good, busy, answers - good - busy],
    ...[errors - timeouts, timeouts, requests.sent - answers - errors],
    ...[now, most],
  ];
}

/** @param statuses counts what is answered. */
function requestsTo({ address }, { names, pairs, box }, statuses = new Map()) {
  const anyOf = (list) => list[Math.floor(Math.random() * list.length)];
  const set = '/api/sets/default';
  const about = (parameters) => new URLSearchParams(parameters).toString();
  const paths = {
    page: () => '/',
    pairs: () => `${set}/duplicates?limit=20&offset=${20 * Math.floor((Math.random() * pairs.length) / 20)}`,
    face: () => `${set}/photos/face?${about({ name: anyOf(names), ...box })}`,
    photo: () => `${set}/photos/image?${about({ name: anyOf(names), side: 1024 })}`,
    verdict: () => `${set}/decisions`,
    histogram: () => `${set}/runs/latest/histogram`,
    report: () => `${set}/runs/latest/report`,
  };
  const setupRequest = (request, context) => {
    const kind = drawn(mix);
    const one = { ...request, method: kind === 'verdict' ? 'POST' : 'GET', path: paths[kind]() };
    one.headers = { origin: address };
    context.reason = undefined;
    if (kind !== 'verdict') return one;
    const [first, second] = anyOf(pairs);
    context.reason = `load ${sent.size}`;
    sent.add(context.reason);
    one.headers['content-type'] = 'application/json';
    one.body = JSON.stringify({ kind: 'photo', first, second, verdict: 'unsure', reason: context.reason });
    return one;
  };
  const onResponse = (status, _body, { reason }) => {
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    if (reason !== undefined && status === 201) accepted.add(reason);
  };
  return {
    url: address,
    requests: [{ setupRequest, onResponse }],
    timeout: 60,
    // Of what was done alone: a refusal is fast.
    excludeErrorStats: true,
  };
}

function drawn(shares) {
  let left = Math.random() * Object.values(shares).reduce((sum, share) => sum + share);
  return Object.keys(shares).find((name) => (left -= shares[name]) < 0) ?? 'page';
}

async function stopUnderLoad(server, place) {
  const running = autocannon({ ...requestsTo(server, place), connections: 50, duration: 3 });
  await sleep(1000);
  const began = performance.now();
  server.child.kill('SIGTERM');
  const [code, signal] = await once(server.child, 'exit');
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`\nStopped under load it ended after ${seconds} s with ${code ?? signal}.`);
  await running;
}

/** Each one that was answered 201 is in the store, once; none is there that nobody sent. */
function requireVerdicts({ store }) {
  const { DatabaseSync } = createRequire(import.meta.url)('@photostructure/sqlite');
  const database = new DatabaseSync(store, { readOnly: true });
  const reasons = database.prepare("SELECT reason FROM decisions WHERE reason LIKE 'load %'").all();
  database.close();
  const kept = new Set(reasons.map(({ reason }) => reason));
  const lost = [...accepted].filter((reason) => !kept.has(reason)).length;
  const strange = [...kept].filter((reason) => !sent.has(reason)).length;
  console.log(
    `Verdicts: ${sent.size} sent, ${accepted.size} answered 201, ${lost} of these not in the store, ` +
      `${reasons.length - kept.size} there twice, ${strange} that nobody sent.`,
  );
  if (lost + strange + reasons.length - kept.size > 0) process.exitCode = 1;
}
