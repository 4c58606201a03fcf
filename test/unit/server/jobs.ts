// Runs one after the other: waiting, progress, cancelling, and an end for each.

import t from 'tap';
import { AbortedError } from '../../../lib/errors.js';
import type { FindProgress } from '../../../lib/runs/find.js';
import type { Findings } from '../../../lib/runs/findings.js';
import type { ApiJob } from '../../../lib/server/api.js';
import { JobQueue, type JobQueueOptions, type JobWork } from '../../../lib/server/jobs.js';

/** Work that a test ends. */
function work() {
  let report: (progress: FindProgress) => void = () => undefined;
  let end: (findings: Findings) => void = () => undefined;
  let fail: (error: unknown) => void = () => undefined;
  let began: () => void = () => undefined;
  const hasBegun = new Promise<void>((resolve) => (began = resolve));
  const run: JobWork = (signal, onProgress) => {
    report = onProgress;
    began();
    return new Promise((resolve, reject) => {
      [end, fail] = [resolve, reject];
      signal.addEventListener('abort', () => reject(new AbortedError('ABORTED', 'It was cancelled.')));
    });
  };
  return {
    run,
    hasBegun,
    report: (progress: FindProgress) => report(progress),
    end: (run: number) => end({ run } as Findings),
    fail: (error: unknown) => fail(error),
  };
}

function queueOf(options: Partial<JobQueueOptions> = {}) {
  return new JobQueue({
    describeError: (error) => ({ code: 'X', message: String(error) }),
    interval: 0,
    ...options,
  });
}

function ended(queue: JobQueue, number: number): Promise<ApiJob> {
  return new Promise((resolve) => {
    queue.follow(number, (job) => {
      if (job.state !== 'waiting' && job.state !== 'running') resolve(job);
    });
  });
}

t.test('one runs, the next waits for it', async (t) => {
  const queue = queueOf();
  const [first, second] = [work(), work()];
  t.match(queue.add('a', first.run), { job: 1, state: 'waiting', run: null });
  t.match(queue.add('b', second.run), { job: 2, state: 'waiting' });
  await first.hasBegun;
  t.same(
    queue.list().map(({ job, state }) => [job, state]),
    [
      [2, 'waiting'],
      [1, 'running'],
    ],
  );
  t.ok(queue.isBusyWith('b'));
  first.end(7);
  t.match(await ended(queue, 1), { state: 'done', run: 7, error: null });
  await second.hasBegun;
  second.fail(new Error('no'));
  t.match(await ended(queue, 2), { state: 'failed', run: null, error: { code: 'X', message: 'Error: no' } });
  t.notOk(queue.isBusyWith('b'));
});

t.test('a full queue refuses', async (t) => {
  const queue = queueOf({ waiting: 1 });
  const first = work();
  queue.add('a', first.run);
  await first.hasBegun;
  queue.add('a', work().run);
  t.throws(() => queue.add('a', work().run), { code: 'QUEUE_FULL' });
  await queue.close();
  t.throws(() => queue.add('a', work().run), { code: 'SERVER_CLOSING' }, 'and so does a closed one');
});

t.test('progress has a rate and a time left, anew for each stage', async (t) => {
  const queue = queueOf();
  const job = work();
  let now = 1_000_000;
  t.intercept(Date, 'now', { value: () => now });
  queue.add('a', job.run);
  await job.hasBegun;
  job.report({ stage: 'encoding', done: 0, total: 40, failed: 0 });
  now += 2000;
  job.report({ stage: 'encoding', done: 10, total: 40, failed: 1 });
  t.match(queue.get(1), { stage: 'encoding', done: 10, total: 40, failed: 1, rate: 5, secondsLeft: 6 });
  now += 1000;
  job.report({ stage: 'comparing', done: 0, total: 600, failed: 1 });
  t.match(queue.get(1), { stage: 'comparing', rate: null, secondsLeft: null });
  now += 1000;
  job.report({ stage: 'comparing', done: 300, total: 600, failed: 1 });
  t.match(queue.get(1), { rate: 300, secondsLeft: 1 });
  await queue.close();
});

t.test('those who follow are told seldom of progress, and always of the end', async (t) => {
  const queue = queueOf({ interval: 1000 });
  const job = work();
  queue.add('a', job.run);
  await job.hasBegun;
  const told: ApiJob[] = [];
  queue.follow(1, (state) => told.push(state));
  for (let done = 0; done <= 100; done++) job.report({ stage: 'encoding', done, total: 100, failed: 0 });
  job.end(1);
  await ended(queue, 1);
  t.same(
    told.map(({ state, done }) => [state, done]),
    [
      ['running', 0],
      ['running', 0],
      ['done', 100],
    ],
  );
});

t.test('what waits and what runs can be cancelled, and nothing else', async (t) => {
  const ends: ApiJob[] = [];
  const queue = queueOf({ onEnd: (job) => ends.push(job) });
  const [first, second, third] = [work(), work(), work()];
  queue.add('a', first.run);
  queue.add('a', second.run);
  queue.add('a', third.run);
  await first.hasBegun;
  t.match(queue.cancel(2), { job: 2, state: 'cancelled' });
  queue.cancel(1);
  t.match(await ended(queue, 1), { state: 'cancelled', error: null });
  await third.hasBegun;
  third.end(3);
  t.match(await ended(queue, 3), { state: 'done' });
  t.match(queue.cancel(3), { state: 'done' });
  t.throws(() => queue.cancel(9), { code: 'JOB_MISSING' });
  t.same(
    ends.map(({ job }) => job),
    [2, 1, 3],
  );
});

t.test('old jobs are forgotten', async (t) => {
  const queue = queueOf();
  for (let count = 1; count <= 120; count++) {
    const job = work();
    queue.add('a', job.run);
    await job.hasBegun;
    job.end(count);
    await ended(queue, count);
  }
  t.equal(queue.list().length, 100);
  t.throws(() => queue.get(1), { code: 'JOB_MISSING' });
});

t.test('what is told of an end and throws changes neither the end nor the queue', async (t) => {
  const queue = queueOf({
    onEnd: () => {
      throw new Error('nobody can be told');
    },
  });
  const [first, second, third] = [work(), work(), work()];
  for (const { run } of [first, second, third]) queue.add('a', run);
  queue.cancel(3);
  await first.hasBegun;
  first.end(7);
  t.match(await ended(queue, 1), { state: 'done', run: 7, error: null });
  await second.hasBegun;
  second.fail(new Error('it broke'));
  t.match(await ended(queue, 2), { state: 'failed' });
  t.match(queue.get(3), { state: 'cancelled' });
  await queue.close();
});
