// Runs that were asked for over HTTP: one at a time, a few waiting, each followed from its beginning to its end.

import { AbortedError, ServerError } from '../errors.js';
import type { FindProgress } from '../runs/find.js';
import type { Findings } from '../runs/findings.js';
import type { ApiJob } from './api.js';
import { serverClosing } from './refusals.js';

export type JobWork = (
  signal: AbortSignal,
  onProgress: (progress: FindProgress) => void,
) => Promise<Findings>;

export interface JobQueueOptions {
  /** How many may wait while one runs. Default 8. */
  readonly waiting?: number | undefined;
  /** Milliseconds between two reports of progress. Default 250. */
  readonly interval?: number | undefined;
  /** Called once a job has ended, with what it found; what it throws changes nothing. */
  readonly onEnd?: ((job: ApiJob, findings: Findings | undefined) => void) | undefined;
  /** What a user may read of an error. */
  readonly describeError: (error: unknown) => { readonly code: string; readonly message: string };
}

/** Seconds after which a full queue may be tried again. */
const retryAfter = 30;
/** Those that ended longer ago are forgotten. */
const keptJobs = 100;

type Listener = (job: ApiJob, version: number) => void;

class Job {
  readonly abort = new AbortController();
  readonly listeners = new Set<Listener>();
  state: ApiJob;
  /** Of the state: grows with each change. */
  version = 0;
  /** Milliseconds since the epoch. */
  stageBegan = 0;
  toldAt = 0;

  constructor(state: ApiJob) {
    this.state = state;
  }

  get hasEnded(): boolean {
    return hasEnded(this.state);
  }
}

export class JobQueue {
  readonly #options: JobQueueOptions;
  readonly #waiting: number;
  readonly #interval: number;
  readonly #jobs = new Map<number, Job>();
  /** Those that wait; what they were asked for may be large, and is let go with their end. */
  readonly #queue = new Map<Job, JobWork>();
  #working: Promise<void> | undefined;
  #lastNumber = 0;
  #isClosed = false;

  constructor(options: JobQueueOptions) {
    this.#options = options;
    this.#waiting = options.waiting ?? 8;
    this.#interval = options.interval ?? 250;
  }

  /** @throws ServerError `QUEUE_FULL`, `SERVER_CLOSING` */
  add(set: string, work: JobWork): ApiJob {
    if (this.#isClosed) throw serverClosing();
    const pending = [...this.#jobs.values()].filter((job) => !job.hasEnded).length;
    if (pending > this.#waiting)
      throw new ServerError(
        'QUEUE_FULL',
        `No more than ${this.#waiting} runs may wait for another. Try again when one of them is done.`,
        { retryAfter },
      );
    const job = new Job({
      job: ++this.#lastNumber,
      set,
      state: 'waiting',
      createdAt: new Date().toISOString(),
      stage: null,
      done: 0,
      total: 0,
      failed: 0,
      rate: null,
      secondsLeft: null,
      run: null,
      error: null,
    });
    this.#queue.set(job, work);
    this.#jobs.set(job.state.job, job);
    this.#forgetOld();
    this.#working ??= this.#workThrough();
    return job.state;
  }

  /** Newest first. */
  list(): ApiJob[] {
    return [...this.#jobs.values()].map(({ state }) => state).reverse();
  }

  /** @throws ServerError `JOB_MISSING` */
  get(number: number): ApiJob {
    return this.#job(number).state;
  }

  /** Whether a run on the set waits or is under way. */
  isBusyWith(set: string): boolean {
    return [...this.#jobs.values()].some((job) => job.state.set === set && !job.hasEnded);
  }

  /** One that has ended stays as it is. @throws ServerError `JOB_MISSING` */
  cancel(number: number): ApiJob {
    const job = this.#job(number);
    this.#abort(job, new Error('it was cancelled'));
    return job.state;
  }

  /**
   * Calls back now and at each change, until the job has ended.
   *
   * @returns what ends the calls. @throws ServerError `JOB_MISSING`
   */
  follow(number: number, listener: Listener): () => void {
    const job = this.#job(number);
    job.listeners.add(listener);
    listener(job.state, job.version);
    return () => job.listeners.delete(listener);
  }

  /** Cancels what waits and what runs, and waits for its end. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const job of this.#jobs.values()) if (!job.hasEnded) this.#abort(job, serverClosing());
    await this.#working;
  }

  #abort(job: Job, reason: Error): void {
    job.abort.abort(reason);
    if (job.state.state === 'waiting') this.#end(job, { state: 'cancelled' }, undefined);
  }

  #job(number: number): Job {
    const job = this.#jobs.get(number);
    if (job) return job;
    throw new ServerError(
      'JOB_MISSING',
      `There is no job ${number}: the last ${keptJobs} since the server was started are known.`,
    );
  }

  #forgetOld(): void {
    for (const [number, job] of this.#jobs) {
      if (this.#jobs.size <= keptJobs) return;
      if (job.hasEnded) this.#jobs.delete(number);
    }
  }

  async #workThrough(): Promise<void> {
    // The answer to the one who asked says that it waits.
    await Promise.resolve();
    for (;;) {
      const [next] = this.#queue;
      if (!next) break;
      this.#queue.delete(next[0]);
      await this.#run(...next);
    }
    this.#working = undefined;
  }

  async #run(job: Job, work: JobWork): Promise<void> {
    job.stageBegan = Date.now();
    this.#change(job, { state: 'running' });
    let findings: Findings;
    try {
      findings = await work(job.abort.signal, (progress) => this.#report(job, progress));
    } catch (error) {
      const isCancelled = error instanceof AbortedError || job.abort.signal.aborted;
      const description = isCancelled ? null : this.#options.describeError(error);
      this.#end(job, { state: isCancelled ? 'cancelled' : 'failed', error: description }, undefined);
      return;
    }
    this.#end(job, { state: 'done', run: findings.run ?? null, secondsLeft: 0 }, findings);
  }

  #report(job: Job, { stage, done, total, failed }: FindProgress): void {
    const now = Date.now();
    const isNewStage = stage !== job.state.stage;
    if (isNewStage) job.stageBegan = now;
    const isDue = isNewStage || now - job.toldAt >= this.#interval;
    const seconds = (now - job.stageBegan) / 1000;
    const rate = seconds > 0 && done > 0 ? done / seconds : null;
    const secondsLeft = rate === null ? null : Math.max(total - done, 0) / rate;
    job.state = { ...job.state, stage, done, total, failed, rate, secondsLeft };
    if (isDue) this.#change(job, {});
  }

  #end(job: Job, change: Partial<ApiJob>, findings: Findings | undefined): void {
    this.#queue.delete(job);
    this.#change(job, change);
    job.listeners.clear();
    try {
      this.#options.onEnd?.(job.state, findings);
    } catch {
      // Whoever is told of the end cannot make it another one, nor keep the next job waiting.
    }
  }

  #change(job: Job, change: Partial<ApiJob>): void {
    job.state = { ...job.state, ...change };
    job.version++;
    job.toldAt = Date.now();
    for (const listener of job.listeners) listener(job.state, job.version);
  }
}

/** Whether nothing more will come of it. */
export function hasEnded({ state }: ApiJob): boolean {
  return state !== 'waiting' && state !== 'running';
}
