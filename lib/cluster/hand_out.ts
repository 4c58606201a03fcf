// The queue made to hold what the store says is to be done: Redis may be lost, and workers between two steps.

import { untilAborted } from '../errors.js';
import type { ClusterStore } from './postgres/store.js';
import type { JobQueue } from './queue/job_queue.js';

/**
 * Hands out the jobs that wait and are not in the queue. Jobs that are there stay as they are, and one that is handed
 * out twice is done once.
 */
export async function handOut(store: ClusterStore, queue: JobQueue, signal?: AbortSignal): Promise<void> {
  // A worker may have ended between a stage's last job and the next stage.
  for (const { run } of await store.runs.list({ running: true, limit: 1000 })) await store.runs.advance(run);
  const waiting = await store.runs.waitingCount();
  // Commands to a Redis that is gone wait for it to come back.
  if (waiting === 0 || (await untilAborted(queue.size(), signal)) >= waiting) return;
  await untilAborted(queue.add(await store.runs.waitingJobs()), signal);
}
