// The packages that a cluster needs and one machine does not: loaded when a cluster is asked for, and missed by name.

import type { Queue, WaitingError, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { ClusterError } from '../errors.js';
import { loadOptional } from '../optional_package.js';

/** @throws ClusterError `CLUSTER_PACKAGE_MISSING` */
export async function loadPostgres() {
  return (await loaded('pg', () => import('pg'))).default;
}

/** What is used of the two packages. */
export interface BullMq {
  readonly Queue: typeof Queue;
  readonly Worker: typeof Worker;
  readonly WaitingError: typeof WaitingError;
  readonly Redis: typeof Redis;
}

/** @throws ClusterError `CLUSTER_PACKAGE_MISSING` */
export async function loadBullMq(): Promise<BullMq> {
  const { default: redis } = await loaded('ioredis', () => import('ioredis'));
  const bullMq = await loaded('bullmq', () => import('bullmq'));
  return {
    Queue: bullMq.Queue,
    Worker: bullMq.Worker,
    WaitingError: bullMq.WaitingError,
    Redis: redis.Redis,
  };
}

function loaded<Package>(name: string, load: () => Promise<Package>): Promise<Package> {
  return loadOptional(
    load,
    (cause) =>
      new ClusterError(
        'CLUSTER_PACKAGE_MISSING',
        `A cluster needs the package '${name}', which one machine does without: run \`npm install bullmq ioredis pg\`.`,
        { cause },
      ),
  );
}
