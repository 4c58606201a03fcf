// A worker of a cluster: takes jobs, does them, and sees to it that what the store wants done is in the queue.

import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { type EngineOptions, FaceEngine } from '../engine.js';
import {
  AbortedError,
  ClusterError,
  FaceDedupError,
  InternalError,
  StoreKeyError,
  messageOf,
} from '../errors.js';
import { type Attributes, count, errorType, inTrace, observe, traced } from '../telemetry/index.js';
import { redact } from '../redaction.js';
import type { ClusterAddresses } from './addresses.js';
import { MatchThreads } from './matching/match_threads.js';
import { SharedBlocks } from './matching/shared_blocks.js';
import { pause } from './pause.js';
import { ClusterStore } from './postgres/store.js';
import { JobQueue, type JobEnd, type JobTaker } from './queue/job_queue.js';
import { handOut } from './hand_out.js';
import type { ShapingOptions } from './run_request.js';
import { jobName, type RunJob } from './stages.js';
import { steps } from './steps/index.js';

/** Of a worker: what is its own, and not the run's. */
export interface WorkerOptions extends ClusterAddresses {
  /** Places of models, backend and target, and lanes: photos worked on at once. */
  readonly engine?: Pick<EngineOptions, 'models' | 'backend' | 'target' | 'lanes'> | undefined;
  /**
   * Seconds after which a job is given to another worker when nothing is heard of the one that has it: 2 and up; default
   * 30. All workers should have the same. A job that failed is tried again after a tenth of it, then twice that, and so on.
   */
  readonly patience?: number | undefined;
  /** Told of each job that ends, and of what happens in the background. */
  readonly onEvent?: ((event: WorkerEvent) => void) | undefined;
}

/** What a worker tells while it works. */
export interface WorkerEvent {
  readonly kind: 'done' | 'failed' | 'dead' | 'back' | 'trouble';
  readonly job?: RunJob;
  /** Of the error, where there is one. */
  readonly code?: string;
  /** Without secrets; it may name a photo. */
  readonly message?: string;
}

/** Errors that trying again does not change. */
const finalCodes: ReadonlySet<string> = new Set([
  'NO_PHOTOS',
  'ARGUMENT_INVALID',
  'OPTION_RANGE',
  'OPTION_TYPE',
  'OPTION_UNKNOWN',
  'CLUSTER_STORE_INVALID',
]);

const defaultPatience = 30;

/** Takes jobs until it is closed; holds connections, and an engine from the first photo on. */
export class ClusterWorker {
  /** Of the machine and process. */
  readonly name = `${hostname()}:${process.pid}:${randomBytes(2).toString('hex')}`;
  readonly #options: WorkerOptions;
  readonly #store: ClusterStore;
  readonly #queue: JobQueue;
  readonly #closing: AbortController;
  readonly #patience: number;
  readonly #taker: JobTaker;
  readonly #beating: Promise<void>;
  readonly #endObserving: () => void;
  /** What ends the jobs under way, by their runs. */
  readonly #underWay = new Map<number, Set<AbortController>>();
  /** The same jobs, which fulfil when they end. */
  readonly #ends = new Set<Promise<unknown>>();
  readonly #threads: MatchThreads;
  readonly #shared = new SharedBlocks();
  #break: (error: FaceDedupError) => void = () => undefined;
  /** Resolves when it cannot go on, as when the store has another key by now: it takes no more jobs, and is to be closed. */
  readonly broken = new Promise<FaceDedupError>((resolve) => (this.#break = resolve));
  #engine: { readonly key: string; readonly engine: Promise<FaceEngine> } | undefined;

  private constructor(
    options: WorkerOptions,
    store: ClusterStore,
    queue: JobQueue,
    closing: AbortController,
    patience: number,
  ) {
    this.#options = options;
    this.#store = store;
    this.#queue = queue;
    this.#closing = closing;
    this.#patience = patience;
    this.#threads = new MatchThreads(options.engine?.lanes);
    this.#beating = this.#beat();
    this.#endObserving = observe('facededup.queue.jobs', async () =>
      Object.entries(await queue.counts()).map(([state, jobs]) => [jobs, { 'facededup.queue.state': state }]),
    );
    this.#taker = queue.take((job, nearlyDone) => this.#untilEnd(job, nearlyDone), {
      patience,
      concurrency: 1,
      onTrouble: (error) => this.#tell(troubleOf(error)),
    });
  }

  /** @throws ClusterError, StoreKeyError, InvalidOptionError: when it cannot begin; later it waits for what is gone. */
  static async start(options: WorkerOptions): Promise<ClusterWorker> {
    const { patience = defaultPatience } = options;
    const closing = new AbortController();
    // Once at first without endless patience: a wrong address is to be told.
    await (await ClusterStore.open(options.store)).close();
    const store = await ClusterStore.open(options.store, {
      patience: Number.POSITIVE_INFINITY,
      signal: closing.signal,
      idleSeconds: Math.max(10, 2 * patience),
    });
    try {
      const queue = await JobQueue.open(options.cluster, { token: store.token });
      await handOut(store, queue);
      return new ClusterWorker(options, store, queue, closing, patience);
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  /** Gives back what it is at, and lets go of everything. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#endObserving();
    for (const controllers of this.#underWay.values()) for (const each of controllers) each.abort();
    await this.#taker.end();
    await this.#beating;
    await (await this.#engine?.engine.catch(() => undefined))?.close();
    await this.#threads.close();
    await this.#store.forgetWorker(this.name).catch(() => undefined);
    await this.#queue.close();
    await this.#store.close();
  }

  #untilEnd(job: RunJob, nearlyDone: () => void): Promise<JobEnd> {
    const end = this.#do(job, [...this.#ends], nearlyDone);
    this.#ends.add(end);
    return end.finally(() => this.#ends.delete(end));
  }

  async #do(job: RunJob, before: readonly Promise<unknown>[], nearlyDone: () => void): Promise<JobEnd> {
    const controller = new AbortController();
    const others = this.#underWay.get(job.run) ?? new Set();
    this.#underWay.set(job.run, others.add(controller));
    if (this.#closing.signal.aborted) controller.abort();
    try {
      await this.#step(job, before, nearlyDone, controller.signal);
      await this.#queue.add(await this.#store.runs.advance(job.run));
      return 'done';
    } catch (error) {
      return await this.#afterFailure(job, error).catch((again: unknown) => {
        this.#tell({ ...troubleOf(again), job });
        return this.#closing.signal.aborted ? 'back' : 'again';
      });
    } finally {
      others.delete(controller);
      if (others.size === 0) this.#underWay.delete(job.run);
    }
  }

  async #step(
    job: RunJob,
    before: readonly Promise<unknown>[],
    nearlyDone: () => void,
    signal: AbortSignal,
  ): Promise<void> {
    const begun = await this.#store.runs.begin(job, this.name);
    if (!begun) return;
    const work = () =>
      steps[job.stage]({
        store: this.#store,
        job,
        begun,
        signal,
        engine: (options) => this.#engineFor(options, before),
        nearlyDone,
        threads: this.#threads,
        shared: this.#shared,
      });
    await inTrace(begun.facts.request.trace, () =>
      traced('facededup.job', attributesOf(job, begun.attempts), work),
    );
    this.#tell({ kind: 'done', job });
  }

  async #afterFailure(job: RunJob, error: unknown): Promise<JobEnd> {
    if (error instanceof ClusterError && error.code === 'CLUSTER_RUN_CANCELLED') return 'done';
    if (error instanceof StoreKeyError) {
      // The job is as good as before, for those who have the key.
      this.#tell({ kind: 'back', job, message: `${error.message} [${error.code}]` });
      this.#break(error);
      void this.#taker.end();
      return 'back';
    }
    if (error instanceof AbortedError) {
      // Of a run that is over nothing is to be done; a worker that ends leaves it to others.
      if (!this.#closing.signal.aborted) return 'done';
      await this.#store.runs.giveBack(job);
      this.#tell({ kind: 'back', job });
      return 'back';
    }
    const typed = error instanceof FaceDedupError ? error : internal(error);
    const isDead = await this.#store.runs.failed(job, typed, finalCodes.has(typed.code));
    const { code, message } = typed;
    this.#tell({ kind: isDead ? 'dead' : 'failed', job, code, message: `${message} [${code}]` });
    if (!isDead) return 'again';
    await this.#queue.add(await this.#store.runs.advance(job.run));
    return 'done';
  }

  /** Says that it lives, ends the jobs of runs that are over, and hands out what got lost. */
  async #beat(): Promise<void> {
    const { signal } = this.#closing;
    const every = Math.min(2000, (this.#patience * 1000) / 4);
    for (let swept = performance.now(); !signal.aborted; await pause(every, signal)) {
      try {
        await this.#store.seen(this.name);
        const runs = [...this.#underWay.keys()];
        const running = runs.length > 0 ? await this.#store.runs.running(runs) : new Set<number>();
        for (const run of runs)
          if (!running.has(run)) for (const each of this.#underWay.get(run) ?? []) each.abort();
        if (performance.now() - swept < (this.#patience * 1000) / 2) continue;
        swept = performance.now();
        await handOut(this.#store, this.#queue, signal);
      } catch (error) {
        if (!signal.aborted) this.#tell(troubleOf(error));
      }
    }
  }

  /** One at a time: models take memory. @param users jobs that began earlier, and may not be done with another one. */
  async #engineFor(options: ShapingOptions, users: readonly Promise<unknown>[]): Promise<FaceEngine> {
    const key = JSON.stringify(options);
    if (this.#engine?.key !== key) {
      await Promise.all(users);
      await (await this.#engine?.engine.catch(() => undefined))?.close();
      this.#engine = { key, engine: FaceEngine.create({ ...options, ...this.#options.engine }) };
    }
    const { engine } = this.#engine;
    try {
      return await engine;
    } catch (error) {
      // The models may be there the next time.
      this.#engine = undefined;
      throw error;
    }
  }

  #tell(event: WorkerEvent): void {
    const { kind, job, code } = event;
    if (job && kind !== 'trouble')
      count('facededup.jobs', 1, {
        'facededup.stage': job.stage,
        'facededup.end': kind,
        ...(code === undefined ? {} : { 'error.type': code }),
      });
    this.#options.onEvent?.(event);
  }
}

/** For a log. */
export function eventInWords({ kind, job, message }: WorkerEvent): string {
  const what = job ? `job ${jobName(job)} ` : '';
  return `${what}${kind}${message === undefined ? '' : `: ${message}`}`;
}

function attributesOf({ run, stage, number }: RunJob, attempt: number): Attributes {
  return {
    'messaging.system': 'bullmq',
    'messaging.operation.type': 'process',
    'facededup.run': run,
    'facededup.stage': stage,
    'facededup.job': number,
    'facededup.attempt': attempt,
  };
}

function troubleOf(error: unknown): WorkerEvent {
  return { kind: 'trouble', code: errorType(error), message: redact(messageOf(error)) };
}

function internal(error: unknown): InternalError {
  return new InternalError('INTERNAL', messageOf(error), { cause: error });
}
