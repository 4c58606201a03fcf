// The queue of a cluster on a real Redis: jobs are taken one by one, and one more where a step has nothing left to begin.

import t from 'tap';
import { JobQueue, type JobTaker } from '../../lib/cluster/queue/job_queue.js';
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

t.test('one job more begins when one under way asks for it', { skip: skipWithoutCluster }, async (t) => {
  const queue = await JobQueue.open(parts?.cluster ?? '', { token: 'one-more' });
  t.teardown(() => queue.close());
  const [begun, end] = [0, 1].map(() => Array.from({ length: 5 }, signal)) as [
    ReturnType<typeof signal>[],
    ReturnType<typeof signal>[],
  ];
  const underWay = new Set<number>();
  const most: number[] = [];
  const jobs = begun.map((_, number): RunJob => ({ run: 1, stage: 'encode', number }));
  await queue.add(jobs);
  const taker: JobTaker = queue.take(
    async ({ number }) => {
      underWay.add(number);
      most[number] = underWay.size;
      begun[number]?.fire();
      // Of each two the first asks for the other.
      if (number % 2 === 0) taker.oneMore();
      await end[number]?.fired;
      underWay.delete(number);
      return 'done';
    },
    { patience: 30, concurrency: 1, onTrouble: (error) => t.fail(error.message) },
  );
  for (const first of [0, 2]) {
    await begun[first]?.fired;
    await begun[first + 1]?.fired;
    t.same([...underWay], [first, first + 1]);
    end[first]?.fire();
    end[first + 1]?.fire();
  }
  await begun[4]?.fired;
  end[4]?.fire();
  await taker.end();
  t.same(most, [1, 2, 1, 2, 1], 'no third beside two, and none unasked beside one');
  t.equal(await queue.size(), 0);
});
