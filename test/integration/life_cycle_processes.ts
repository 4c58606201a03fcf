// The ends of processes and threads, whatever is at work: none hangs, none crashes, and memory stays as it is.

import { existsSync } from 'node:fs';
import t from 'tap';
import { runToItsEnd } from '../fixtures/child.js';
import { modelFolder } from '../fixtures/model_folder.js';
import { meanValues } from '../fixtures/numbered_photo.js';

const program = 'life_cycle/ended_process.mjs';

t.test('a process ends in every way with work queued', async (t) => {
  const ways = {
    exit: 7,
    'exit in an answer': 7,
    'exit, with calls in its listeners': 7,
    'exit while closing': 7,
    exception: 1,
    rejection: 1,
    SIGTERM: 'SIGTERM',
  };
  const models = modelFolder(t);
  for (const [way, expected] of Object.entries(ways)) {
    const { end, stdout, stderr } = await runToItsEnd(program, [models, way]);
    t.equal(end, expected, `${way}: ${stderr}`);
    t.match(stdout, /^at work$/m, way);
    if (expected === 1) t.match(stderr, /nobody catches this/);
    else t.equal(stderr, '', `${way}: nothing on stderr`);
  }
});

t.test('a process whose engines are idle ends by itself, closed or not', async (t) => {
  const models = modelFolder(t);
  const env = { FACEDEDUP_MODELS: models, BLOB_FROM_IMAGE_MEAN_VALUES: meanValues.join() };
  const { end, stdout, stderr } = await runToItsEnd(program, [models, 'idle engines'], { env });
  t.same({ end, stdout, stderr }, { end: 0, stdout: 'idle\n', stderr: '' });
});

t.test('a process lives until every call is answered', async (t) => {
  const { end, stdout, stderr } = await runToItsEnd(program, [modelFolder(t), 'calls under way']);
  t.equal(end, 0, stderr);
  t.equal(stdout.trim().split('\n').length, 30);
});

t.test('a sequence that nobody reads on keeps no process', async (t) => {
  const { end, stdout, stderr } = await runToItsEnd(program, [modelFolder(t), 'a sequence left open']);
  t.same({ end, stdout, stderr }, { end: 0, stdout: 'one answer\n', stderr: '' });
});

t.test('worker threads are terminated at random moments of their work', async (t) => {
  const rounds = 5;
  const args = [modelFolder(t), `${rounds}`, '8'];
  const { end, stdout, stderr } = await runToItsEnd('life_cycle/ended_threads.mjs', args);
  t.equal(end, 0, stderr);
  const { ended, errors } = JSON.parse(stdout) as { ended: number; errors: readonly string[] };
  t.same({ ended, errors }, { ended: 8 * rounds, errors: [] });
});

interface Reading {
  readonly made: number;
  readonly megabytes: number;
  readonly threads: number;
  readonly resources: readonly string[];
}

async function readings(models: string, count: number, end: 'close' | 'forget'): Promise<Reading[]> {
  const { stdout, stderr } = await runToItsEnd('life_cycle/many_engines.mjs', [models, `${count}`, end], {
    nodeOptions: ['--expose-gc'],
  });
  if (!stdout) throw new Error(stderr);
  return JSON.parse(stdout) as Reading[];
}

const skip = existsSync('/proc/self/task') ? false : 'threads are counted on Linux only';

t.test('a thousand engines made and closed leave nothing behind', { skip }, async (t) => {
  const all = await readings(modelFolder(t), 1000, 'close');
  const settled = all.find(({ made }) => made === 200);
  const last = all.at(-1);
  if (!settled || !last) throw new Error('no readings');
  const grown = last.megabytes - settled.megabytes;
  t.ok(grown < 8, `${grown.toFixed(1)} MB more after 800 further engines: less than 10 kB each`);
  // The thread of node's inspector and such may come and go; eight hundred engines have sixteen hundred lanes.
  t.equal(last.threads, settled.threads);
  t.same(last.resources, settled.resources);
});

t.test('engines that nobody closed are freed with their threads', { skip }, async (t) => {
  const all = await readings(modelFolder(t), 100, 'forget');
  const [first, second, last] = [all[0], all[1], all.at(-1)];
  // libuv's pool starts with the first file that is read.
  t.ok((last?.threads ?? 99) <= (first?.threads ?? 0) + 4, JSON.stringify(all));
  t.same(last?.resources, second?.resources);
});
