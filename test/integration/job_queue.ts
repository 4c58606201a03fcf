// The queue of a cluster on a real Redis: jobs are taken one by one, and one more when one of them is nearly done.

import { setTimeout } from 'node:timers/promises';
import t from 'tap';
import { JobQueue } from '../../lib/cluster/queue/job_queue.js';
import type { RunJob } from '../../lib/cluster/stages.js';
import { skipWithoutCluster, startCluster } from '../fixtures/cluster_parts.js';

const parts = skipWithoutCluster ? undefined : await startCluster();
t.teardown(() => parts?.stop());

/** A promise, and what fulfils it. */
function signal() {
  let fire: () => void = () => undefined;
  const fired = new Promise<void>((resolve) => (fire = resolve));
  return { fired, fire };
}

t.test('one job more begins when one under way is nearly done', { skip: skipWithoutCluster }, async (t) => {
  const queue = await JobQueue.open(parts?.cluster ?? '', { token: 'one-more' });
  t.teardown(() => queue.close());
  const jobs = Array.from({ length: 6 }, (_, number): RunJob => ({ run: 1, stage: 'encode', number }));
  const signals = () => jobs.map(signal);
  const [begun, end] = [signals(), signals()];
  const nearlyDone: (() => void)[] = [];
  const underWay = new Set<number>();
  await queue.add(jobs);
  const taker = queue.take(
    async ({ number }, tell) => {
      underWay.add(number);
      nearlyDone[number] = tell;
      begun[number]?.fire();
      await end[number]?.fired;
      underWay.delete(number);
      return 'done';
    },
    { patience: 30, concurrency: 1, onTrouble: (error) => t.fail(error.message) },
  );
  const expect = async (numbers: readonly number[]) => {
    for (const number of numbers) await begun[number]?.fired;
    // Time for one that should not begin.
    await setTimeout(50);
    t.same([...underWay], numbers);
  };
  await expect([0]);
  nearlyDone[0]?.();
  nearlyDone[0]?.();
  await expect([0, 1]);
  nearlyDone[1]?.();
  await expect([0, 1]);
  end[0]?.fire();
  await expect([1, 2]);
  end[1]?.fire();
  await expect([2]);
  end[2]?.fire();
  await expect([3]);
  nearlyDone[3]?.();
  await expect([3, 4]);
  end[4]?.fire();
  await expect([3, 5]);
  end[3]?.fire();
  end[5]?.fire();
  await taker.end();
  t.equal(await queue.size(), 0);
});
