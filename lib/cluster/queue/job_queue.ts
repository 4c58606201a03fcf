// The queue of a cluster: BullMQ on Redis. It hands jobs out and forgets them; whether they are done is said elsewhere.

import type { Job, Queue, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { ClusterError, FaceDedupError } from '../../errors.js';
import { redact, redactAddress } from '../../redaction.js';
import { checkClusterAddress, secretsOf } from '../addresses.js';
import { type BullMq, loadBullMq } from '../packages.js';
import { partsOf } from '../parts.js';
import { jobName, type RunJob } from '../stages.js';

export interface QueueOptions {
  /** Of the store whose jobs these are: no other's are taken. */
  readonly token: string;
  /** Seconds for which Redis is waited for at first; default 5. */
  readonly patience?: number | undefined;
}

/** How the jobs of a queue are taken. */
export interface TakeOptions {
  /** Seconds after which a job is another worker's when nothing is heard of the one that has it. */
  readonly patience: number;
  /** Jobs at a time. */
  readonly concurrency: number;
  /** What happens in the background: lost connections, jobs that were lost to others. */
  readonly onTrouble: (error: Error) => void;
}

/** Where a job is in the queue: delayed ones failed, and are tried again later. */
export type QueueState = 'waiting' | 'active' | 'delayed';

/** A job as it stands in the queue. */
export interface QueuedJob extends RunJob {
  /** Attempts that failed since it was handed out. */
  readonly attempts: number;
  /** ISO 8601, UTC. */
  readonly queuedAt: string;
  /** When somebody took it up last. */
  readonly takenAt?: string;
}

const queueStates: readonly QueueState[] = ['waiting', 'active', 'delayed'];

/** What becomes of a job that is taken. */
export type JobEnd = 'done' | 'again' | 'back';

/** Of a worker's patience: the first wait before a job is tried again. Each further one is twice as long. */
const firstWait = 0.1;
const jobsTogether = 1000;

export class JobQueue {
  /** Of the queue in Redis: `bull:NAME:wait` and the like. */
  readonly name: string;
  /** Without secrets. */
  readonly address: string;
  readonly #bullMq: BullMq;
  readonly #queue: Queue;
  readonly #connections: Redis[];
  readonly #connect: (options: object) => Redis;

  private constructor(
    address: string,
    name: string,
    bullMq: BullMq,
    connection: Redis,
    connect: (options: object) => Redis,
  ) {
    this.address = redactAddress(address);
    this.name = name;
    this.#bullMq = bullMq;
    this.#connections = [connection];
    this.#connect = connect;
    this.#queue = new bullMq.Queue(name, {
      connection,
      defaultJobOptions: {
        // The store counts attempts, also those that nobody ended.
        attempts: 1_000_000,
        backoff: { type: 'custom' },
        removeOnComplete: true,
        removeOnFail: true,
      },
    });
    this.#queue.on('error', () => undefined);
  }

  /** @throws ClusterError `CLUSTER_PACKAGE_MISSING`, `CLUSTER_UNREACHABLE`, `CLUSTER_REFUSED`, InvalidOptionError */
  static async open(address: string, { token, patience = 5 }: QueueOptions): Promise<JobQueue> {
    checkClusterAddress(address);
    const bullMq = await loadBullMq();
    const connect = (options: object) => {
      const connection = new bullMq.Redis(address, {
        connectTimeout: 5000,
        keepAlive: 10_000,
        retryStrategy: (times: number) => Math.min(100 * 2 ** Math.min(times, 6), 3000),
        ...options,
      });
      // Each command tells of it; without a listener ioredis would print it.
      connection.on('error', () => undefined);
      return connection;
    };
    const connection = connect({ maxRetriesPerRequest: null, lazyConnect: true });
    try {
      await reached(connection, patience);
    } catch (error) {
      connection.disconnect();
      throw typed(error, address);
    }
    return new JobQueue(address, `facededup-${token}`, bullMq, connection, connect);
  }

  /** Hands jobs out; those that are in the queue already stay as they are. */
  async add(jobs: readonly RunJob[]): Promise<void> {
    for (const some of partsOf(jobs, jobsTogether))
      await this.#queue.addBulk(
        some.map((job) => ({
          name: job.stage,
          data: job,
          opts: { jobId: jobName(job) },
        })),
      );
  }

  /** Takes the jobs of a run out, but for those that somebody is at. */
  async remove(run: number): Promise<void> {
    const waiting = (await this.#queue.getJobs(['waiting', 'delayed'])) as Job<RunJob>[];
    for (const job of waiting)
      // Somebody may take it at the same moment, and finds that its run is over.
      if (job?.data.run === run) await job.remove().catch(() => undefined);
  }

  /** Jobs that wait or that somebody is at. */
  async size(): Promise<number> {
    return Object.values(await this.counts()).reduce((sum, count) => sum + count, 0);
  }

  async counts(): Promise<Record<QueueState, number>> {
    const { waiting = 0, active = 0, delayed = 0 } = await this.#queue.getJobCounts(...queueStates);
    return { waiting, active, delayed };
  }

  /** Part of the jobs in one state: those that wait longest first. */
  async list(state: QueueState, offset: number, limit: number): Promise<QueuedJob[]> {
    const jobs = (await this.#queue.getJobs([state], offset, offset + limit - 1, true)) as Job<RunJob>[];
    // One that was taken out meanwhile is not there.
    return jobs
      .filter((job) => Boolean(job))
      .map(({ data: { run, stage, number }, timestamp, processedOn, attemptsMade }) => ({
        ...{ run, stage, number, attempts: attemptsMade },
        queuedAt: new Date(timestamp).toISOString(),
        ...(processedOn === undefined ? {} : { takenAt: new Date(processedOn).toISOString() }),
      }));
  }

  /**
   * @param work does a job, and says what becomes of it; it throws nothing. When it calls `nearlyDone`, one job more than
   *   usual is begun, if there is one, before that one has ended.
   */
  take(work: (job: RunJob, nearlyDone: () => void) => Promise<JobEnd>, options: TakeOptions): JobTaker {
    const connection = this.#connect({ maxRetriesPerRequest: null });
    this.#connections.push(connection);
    const milliseconds = options.patience * 1000;
    const ending = new Set<Job<RunJob>>();
    // However many are nearly done: the others, too, want to have jobs.
    const adjust = () => (worker.concurrency = options.concurrency + Math.min(1, ending.size));
    const worker = new this.#bullMq.Worker<RunJob>(
      this.name,
      async (job, token) => {
        const nearlyDone = () => {
          if (ending.has(job)) return;
          ending.add(job);
          adjust();
          // It looks for jobs when one ends, or when it goes on after a pause.
          void worker.pause(true);
          void worker.resume();
        };
        const end = await work(job.data, nearlyDone).finally(() => ending.delete(job) && adjust());
        if (end === 'back') {
          await job.moveToWait(token);
          throw new this.#bullMq.WaitingError();
        }
        if (end === 'again') throw new Error('It is tried again: the store has the error.');
      },
      {
        connection,
        concurrency: options.concurrency,
        lockDuration: milliseconds,
        stalledInterval: milliseconds,
        // The store counts these, too.
        maxStalledCount: 1_000_000,
        removeOnComplete: { count: 0 },
        removeOnFail: { count: 0 },
        autorun: false,
        settings: {
          backoffStrategy: (attempts) => milliseconds * firstWait * 2 ** Math.min(attempts - 1, 6),
        },
      },
    );
    worker.on('error', options.onTrouble);
    return new JobTaker(worker, connection);
  }

  async close(): Promise<void> {
    // Waiting for a server that is gone would never end.
    for (const connection of this.#connections) connection.disconnect();
    await this.#queue.close().catch(() => undefined);
  }
}

/** Takes jobs until it is ended. */
export class JobTaker {
  readonly #worker: Worker<RunJob>;
  readonly #connection: Redis;

  constructor(worker: Worker<RunJob>, connection: Redis) {
    this.#worker = worker;
    this.#connection = connection;
    void worker.run().catch(() => undefined);
  }

  /** After the jobs under way. */
  async end(): Promise<void> {
    // Where Redis is gone, what is in it comes back to the others when it is not heard of us.
    await this.#worker.close(this.#connection.status !== 'ready').catch(() => undefined);
    this.#connection.disconnect();
  }
}

/** @throws what Redis said last, when it could not be reached for so many seconds. */
async function reached(connection: Redis, patience: number): Promise<void> {
  let last: Error | undefined;
  const keep = (error: Error) => (last = error);
  connection.on('error', keep);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(last ?? new Error('no answer came')), patience * 1000);
  });
  const refused = new Promise<never>((_, reject) => {
    connection.on('error', (error) => isRefusal(error) && reject(error));
  });
  try {
    // Commands wait until there is a connection, however often that is tried.
    connection.connect().catch(() => undefined);
    await Promise.race([connection.ping(), late, refused]);
  } finally {
    clearTimeout(timer);
    connection.off('error', keep);
    refused.catch(() => undefined);
    late.catch(() => undefined);
  }
}

function isRefusal(error: unknown): boolean {
  return (
    error instanceof Error && /^(WRONGPASS|NOAUTH|NOPERM|ERR AUTH|ERR invalid password)/.test(error.message)
  );
}

function typed(error: unknown, address: string): Error {
  if (error instanceof FaceDedupError || !(error instanceof Error)) return error as Error;
  const reason = redact((error.message || 'no answer came').replace(/\.$/, ''), secretsOf(address));
  const name = redactAddress(address);
  return isRefusal(error)
    ? new ClusterError(
        'CLUSTER_REFUSED',
        `The cluster ${name} may not be used: ${reason}. Check user and password.`,
      )
    : new ClusterError(
        'CLUSTER_UNREACHABLE',
        `The cluster ${name} cannot be reached: ${reason}. Check its address, and that Redis is up.`,
      );
}
