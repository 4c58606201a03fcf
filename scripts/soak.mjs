// npm run soak -- [--engines N] [--rounds N] [--processes N] [--full N]
// The life cycle by the thousand: engines made and closed, worker threads terminated at work, processes ended at work.
// It stops with exit code 1 at the first crash, hang or wrong answer; needs `npm run build` and, for --full, the models.

import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { printTable } from './bench/table.mjs';

const { values } = parseArgs({
  options: {
    engines: { type: 'string', default: '5000' }, // on a network of a few kilobytes
    rounds: { type: 'string', default: '50' }, // of eight threads
    processes: { type: 'string', default: '20' }, // in each way
    full: { type: 'string', default: '100' }, // engines with all the models of a default one
  },
});
const fixtures = new URL('../test/fixtures/', import.meta.url);
const folder = mkdtempSync(join(tmpdir(), 'facededup-soak-'));
const minutes = 60_000;

try {
  await writeNetwork();
  const engines = [];
  for (const [models, count, end] of [
    [folder, values.engines, 'close'],
    ['full', values.full, 'close'],
    [folder, '100', 'forget'],
  ]) {
    if (Number(count) === 0) continue;
    const readings = JSON.parse(await run('many_engines.mjs', [models, count, end], 60 * minutes));
    const settled = readings[2];
    const last = readings.at(-1);
    const megabytes = (each) => each.megabytes.toFixed(1);
    const kind = models === 'full' ? 'the full models' : 'a tiny network';
    engines.push([
      kind,
      end,
      count,
      megabytes(settled),
      megabytes(last),
      `${settled.threads}, ${last.threads}`,
    ]);
  }
  printTable(['engines', 'then', 'how many', 'MB after a fifth', 'MB at the end', 'threads then'], engines);

  const outcome = JSON.parse(
    await run('ended_threads.mjs', [folder, values.rounds, `${Date.now() % 2 ** 31}`], 60 * minutes),
  );
  if (outcome.errors.length > 0) throw new Error(outcome.errors.join('\n'));
  const { ended, beforeWork, resident } = outcome;
  console.log(`\n${ended} threads terminated, ${beforeWork} of them before their first answer;`);
  console.log(
    `resident after each tenth of the rounds: ${tenths(resident).join(', ')} MB, in the middle of others' work.`,
  );

  for (const [way, expected] of Object.entries({ exit: 7, 'exit in an answer': 7, exception: 1 })) {
    for (let i = 0; i < Number(values.processes); i++)
      await run('ended_process.mjs', [folder, way], 3 * minutes, expected);
    console.log(
      `${values.processes} processes ended by ${way} with work queued: each by itself, with code ${expected}`,
    );
  }
} finally {
  rmSync(folder, { recursive: true });
}

/** The tests' own SSD, which is TypeScript. */
async function writeNetwork() {
  const entryPoints = [fileURLToPath(new URL('synthetic_ssd.ts', fixtures))];
  const outfile = join(folder, 'network.mjs');
  await build({ entryPoints, outfile, bundle: true, format: 'esm', platform: 'node', logLevel: 'error' });
  const { syntheticSsd } = await import(outfile);
  const { prototxt, weights } = syntheticSsd({ width: 64, height: 48 });
  writeFileSync(join(folder, 'deploy.prototxt'), prototxt);
  writeFileSync(join(folder, 'res10_300x300_ssd_iter_140000.caffemodel'), weights);
}

/** @throws when it does not end by itself within the time, with the code expected. */
function run(program, args, timeout, expected = 0) {
  const path = fileURLToPath(new URL(`life_cycle/${program}`, fixtures));
  return new Promise((resolve, reject) => {
    const options = { timeout, killSignal: 'SIGKILL', maxBuffer: 2 ** 24 };
    execFile(process.execPath, ['--expose-gc', path, ...args], options, (error, stdout, stderr) => {
      const end = error ? (error.signal ?? error.code) : 0;
      if (end === expected) resolve(stdout);
      else reject(new Error(`${program} ${args.slice(1).join(' ')} ended with ${end}:\n${stderr}`));
    });
  });
}

function tenths(list) {
  const step = Math.max(1, Math.floor(list.length / 10));
  return list.filter((_, i) => i % step === step - 1);
}
