// The matcher's threads: they end with the search, however it ends, and leave nothing behind.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { buildSync } from 'esbuild';
import t from 'tap';
import { findDuplicatesBy } from '../../../lib/duplicates/find_duplicates.js';
import { Helpers } from '../../../lib/duplicates/threads.js';
import { findDuplicates, type FaceRecord } from '../../../lib/duplicates/index.js';
import { likeRealOnes } from '../../fixtures/encodings.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));

function records(count: number): FaceRecord[] {
  return likeRealOnes(count, 4).map((encoding, i) => ({ id: String(i), encodings: [encoding] }));
}

function threadsAlive(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length;
}

t.test('threads: a number from 1 to 256', async (t) => {
  await t.rejects(findDuplicates([], { threads: 0 }), { code: 'OPTION_RANGE' });
  await t.rejects(findDuplicates([], { threads: 257 }), { code: 'OPTION_RANGE' });
  await t.rejects(findDuplicates([], { threads: 1.5 }), { code: 'OPTION_RANGE' });
  await t.rejects(findDuplicates([], { threads: '2' as unknown as number }), { code: 'OPTION_TYPE' });
  t.same(await findDuplicates([], { threads: 256 }), []);
});

t.test('a search with threads can be aborted, and its threads are then gone', async (t) => {
  const before = threadsAlive();
  const controller = new AbortController();
  const many = records(3000);
  const search = findDuplicatesBy(
    many,
    { threads: 3, threshold: 0.9, signal: controller.signal, onProgress: () => controller.abort('enough') },
    { pairsWorthAThread: 1 },
  );
  await t.rejects(search, { code: 'ABORTED', cause: 'enough' });
  t.equal(threadsAlive(), before);
});

t.test('more pairs than a thread has room for are handed over in parts', async (t) => {
  const same = Array.from({ length: 700 }, (_, i) => ({ id: String(i), encodings: [[1, 2, 3]] }));
  const pairs = await findDuplicatesBy(same, { threads: 2 }, { pairsWorthAThread: 1 });
  t.equal(pairs.length, (700 * 699) / 2);
});

t.test('a thread that ends by itself is an error, never a wait without end', async (t) => {
  const helpers = new Helpers(1);
  const memory = { buffer: new SharedArrayBuffer(64) };
  // No module: the thread throws as soon as it is told to begin.
  const grid = { newerRows: 1, newerBlocks: 1, blocks: 1, from: 0, blockRows: 128, side: 8 };
  helpers.begin({ memory, module: {} } as never, grid, [0, 32], 1);
  await t.rejects(
    async () => {
      while (!helpers.areDone()) await helpers.news();
      helpers.takePart();
    },
    { code: 'INTERNAL' },
  );
  await helpers.stop();
});

t.test('a process that has searched with threads ends by itself', async (t) => {
  const source = `
    import { findDuplicates } from './lib/duplicates/index.js';
    const records = Array.from({ length: 8000 }, (_, i) => ({
      id: String(i), encodings: [Float32Array.from({ length: 16 }, (_, k) => Math.sin(i * 31 + k * k))],
    }));
    const pairs = await findDuplicates(records, { threads: 2, threshold: 0.01 });
    console.log(pairs.length > 0, process.getActiveResourcesInfo().includes('MessagePort'));
  `;
  const loader = ['--import', '@tapjs/typescript/import'];
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [...loader, '--input-type=module', '--eval', source],
    { cwd: root, encoding: 'utf8' },
  );
  t.equal(status, 0, stderr);
  t.equal(stdout.trim(), 'true false');
});

/** The matcher alone, as a program of its own would have it. */
function bundle(): string {
  const { outputFiles } = buildSync({
    entryPoints: [join(root, 'lib/duplicates/index.ts')],
    bundle: true,
    minify: true,
    write: false,
    platform: 'node',
    format: 'cjs',
  });
  return outputFiles[0]?.text ?? '';
}

t.test('a minified bundle may search in a thread of the caller’s, with threads of its own', async (t) => {
  const expected = await findDuplicates(records(5000), { threshold: 0.5 });
  t.ok(expected.length > 0);
  const worker = new Worker(
    `const { workerData, parentPort } = require('node:worker_threads');
     ${bundle()};
     module.exports.findDuplicates(workerData, { threads: 2, threshold: 0.5 })
       .then((pairs) => parentPort.postMessage(pairs));`,
    { eval: true, workerData: records(5000) },
  );
  const pairs = await new Promise((resolve, reject) => worker.on('message', resolve).on('error', reject));
  t.strictSame(pairs, expected);
});

t.test('without WebAssembly one thread does it all', async (t) => {
  const source = `${bundle()};
    const records = Array.from({ length: 5000 }, (_, i) => ({ id: String(i), encodings: [[i % 2500]] }));
    module.exports.findDuplicates(records, { threads: 2 })
      .then((pairs) => console.log(typeof WebAssembly, pairs.length));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--jitless', '--eval', source], {
    encoding: 'utf8',
  });
  t.equal(stdout.trim(), 'undefined 2500', stderr);
});
