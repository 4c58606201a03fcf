// npm run bench:telemetry [-- --rounds 200] [--calls 100]
// What telemetry costs a call of the engine (detect, on a network so small that the call itself takes the time) and a
// write to a store: without an SDK, and with one that keeps nothing, as ratios to the same library without any spans,
// which is loaded a second time beside it. Rounds of calls take turns; the ratio is the median of the rounds' own.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { register } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { median } from './measure.mjs';
import { printTable } from './table.mjs';

const { values } = parseArgs({
  options: { calls: { type: 'string', default: '100' }, rounds: { type: 'string', default: '200' } },
});
const calls = Number(values.calls);
const rounds = Number(values.rounds);

/** Modules that are asked for with `?bare` ask for theirs so, and have this in place of telemetry. */
const bare = `
  const nothing = () => undefined;
  export const traced = (_name, _attributes, work) => work(nothing);
  export const tracedSync = (_name, _attributes, work) => work();
  export const tracedCall = (_operation, work) => work();
  export const tracedBatch = (_operation, _photos, work) => work();
  export const countWhile = () => nothing, observe = () => nothing;
  export const tracedWait = () => nothing, count = nothing, carriedTrace = nothing, errorType = () => '', isListenedTo = () => false;
  export const inThisTrace = (work) => work, inTrace = (_carrier, work) => work();`;
register(
  `data:text/javascript,${encodeURIComponent(`
    export const resolve = async (specifier, context, next) => {
      const found = await next(specifier, context);
      const isBare = context.parentURL?.endsWith('?bare') && specifier.startsWith('.');
      return isBare ? { ...found, url: found.url + '?bare' } : found;
    };
    export const load = (url, context, next) => url.endsWith('/telemetry/index.js?bare')
      ? { format: 'module', shortCircuit: true, source: ${JSON.stringify(bare)} } : next(url, context);`)}`,
);

const folder = mkdtempSync(join(tmpdir(), 'facededup-bench-'));

async function writeNetwork() {
  const outfile = join(folder, 'synthetic_ssd.mjs');
  const fixture = fileURLToPath(new URL('../../test/fixtures/synthetic_ssd.ts', import.meta.url));
  await build({ entryPoints: [fixture], outfile, format: 'esm' });
  const { syntheticSsd } = await import(outfile);
  const { prototxt, weights } = syntheticSsd({ width: 64, height: 48 });
  writeFileSync(join(folder, 'deploy.prototxt'), prototxt);
  writeFileSync(join(folder, 'res10_300x300_ssd_iter_140000.caffemodel'), weights);
}

/** @returns by kind of work: does it so many times. */
async function contestant(name, { FaceEngine, FaceStore }) {
  const engine = await FaceEngine.create({ models: { directory: folder }, lanes: 1 });
  const store = new FaceStore(join(folder, `${name}.db`));
  const { photos } = store.set();
  const photo = { data: new Uint8Array(64 * 48 * 3), width: 64, height: 48, channels: 3, order: 'rgb' };
  const origin = { models: { encoder: 'bench' }, options: {} };
  const faces = [
    { box: { x: 1, y: 2, width: 3, height: 4 }, confidence: 1, encoding: new Float32Array(128) },
  ];
  let kept = 0;
  return {
    close: async () => {
      store.close();
      await engine.close();
    },
    'engine.detect': async () => {
      for (let call = 0; call < calls; call++) await engine.detect(photo);
    },
    'photos.keep': () => {
      for (let call = 0; call < calls; call++)
        photos.keep({ name: `${++kept}`, digest: `${kept}` }, origin, faces);
    },
  };
}

async function secondsOf(work) {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

async function compared(work, with_, without, words) {
  const [ours, theirs, ratios] = [[], [], []];
  for (let round = -5; round < rounds; round++) {
    // Whoever comes second has a warmer machine: they take turns at that, too.
    const order = round % 2 === 0 ? [with_, without] : [without, with_];
    const seconds = new Map();
    for (const each of order) seconds.set(each, await secondsOf(each[work]));
    if (round < 0) continue;
    ours.push(seconds.get(with_));
    theirs.push(seconds.get(without));
    ratios.push(seconds.get(with_) / seconds.get(without));
  }
  const microseconds = (all) => ((median(all) / calls) * 1e6).toFixed(1);
  return [work, words, microseconds(theirs), microseconds(ours), median(ratios).toFixed(3)];
}

function registerSdk({ NodeSDK, metrics, tracing }) {
  const taken = { export: (_items, done) => done({ code: 0 }), shutdown: async () => undefined };
  const reader = new metrics.PeriodicExportingMetricReader({
    exporter: new metrics.InMemoryMetricExporter(metrics.AggregationTemporality.CUMULATIVE),
    exportIntervalMillis: 3_600_000,
  });
  const sdk = new NodeSDK({
    autoDetectResources: false,
    spanProcessors: [new tracing.BatchSpanProcessor(taken)],
    metricReaders: [reader],
    logRecordProcessors: [],
  });
  sdk.start();
  return sdk;
}

try {
  await writeNetwork();
  const library = await import('../../dist/esm/index.js?bare');
  const [without, same] = [await contestant('bare', library), await contestant('same', library)];
  const with_ = await contestant('told', await import('../../dist/esm/index.js'));
  const works = ['engine.detect', 'photos.keep'];
  const rows = [];
  for (const work of works) rows.push(await compared(work, same, without, 'none: what chance makes of it'));
  for (const work of works) rows.push(await compared(work, with_, without, 'no SDK'));
  const sdk = registerSdk(await import('@opentelemetry/sdk-node'));
  for (const work of works) rows.push(await compared(work, with_, without, 'an SDK that keeps nothing'));
  await sdk.shutdown();
  for (const each of [with_, without, same]) await each.close();
  printTable(['call', 'telemetry', 'µs without spans', 'µs with', 'ratio'], rows);
} finally {
  rmSync(folder, { recursive: true });
}
