// A cluster as a caller sees it: runs are submitted, waited for, looked at, cancelled, and tried again.

import { ClusterError, throwIfAborted } from '../errors.js';
import type { Findings } from '../runs/findings.js';
import type { EraseOptions, Erasure } from '../store/erase.js';
import { defaultSet } from '../store/face_store.js';
import { carriedTrace, traced } from '../telemetry/index.js';
import type { ClusterAddresses } from './addresses.js';
import type { KeptPhoto } from '../encodings/kept_encodings.js';
import { handOut } from './hand_out.js';
import { pause } from './pause.js';
import type { SetDecisions } from './postgres/decisions.js';
import { importPhotos } from './postgres/import.js';
import type { DeadJob, RunFacts, RunState, StageProgress } from './postgres/runs.js';
import { ClusterStore } from './postgres/store.js';
import { JobQueue, type QueuedJob, type QueueState } from './queue/job_queue.js';
import { requestOf, type RunOptions } from './run_request.js';
import type { Stage } from './stages.js';

/** Where a run is. */
export interface RunStatus {
  readonly run: number;
  readonly set: string;
  readonly state: RunState;
  readonly stage: Stage;
  /** ISO 8601, UTC. */
  readonly submittedAt: string;
  readonly endedAt?: string;
  /** Of the stages with jobs so far, in order. */
  readonly stages: readonly StageProgress[];
  /** Photos, or pairs of faces, a second in the stage it is in; absent while nothing tells. */
  readonly rate?: number;
  /** Of the stage it is in. */
  readonly secondsLeft?: number;
  /** Photos of the run that failed so far. */
  readonly failedPhotos: number;
  /** Jobs that were put aside after their last attempt, with their errors. */
  readonly dead: readonly DeadJob[];
  /** Why it failed. */
  readonly code?: string;
  readonly message?: string;
}

/** What a cluster is at. */
export interface ClusterStatus {
  /** Without secrets. */
  readonly store: string;
  readonly cluster: string;
  /** The name of the queue in Redis, by which its length is told. */
  readonly queue: string;
  /** Jobs in it; fewer than the store wants done only for a moment. */
  readonly queued: number;
  /** The same by their states. */
  readonly counts: Readonly<Record<QueueState, number>>;
  /** Those heard of in the last minute. */
  readonly workers: readonly { readonly name: string }[];
  /** Newest first. */
  readonly runs: readonly RunStatus[];
}

/** How a run is waited for. */
export interface WaitOptions {
  /** Ends waiting; the run goes on. */
  readonly signal?: AbortSignal | undefined;
  /** Called a few times a second. */
  readonly onProgress?: ((status: RunStatus) => void) | undefined;
}

/** Milliseconds between two looks at a run: a twentieth of what it has taken so far, so that a short one ends at once. */
const [shortestPoll, longestPoll, pollShare] = [20, 300, 0.05];
/** The same, until it is asked whether the run goes on at all. */
const longestPause = 75;
/** Seconds within which a worker says that it lives, ten times over. */
const livelySeconds = 60;

/** Closed when it is no longer needed: it holds connections. */
export class Cluster {
  readonly #store: ClusterStore;
  readonly #queue: JobQueue;

  private constructor(store: ClusterStore, queue: JobQueue) {
    this.#store = store;
    this.#queue = queue;
  }

  /**
   * Begins the store in an empty database, and brings an older one up to date.
   *
   * @throws InvalidOptionError, StoreKeyError, ClusterError `CLUSTER_PACKAGE_MISSING`, `CLUSTER_UNREACHABLE`,
   *   `CLUSTER_REFUSED`, `CLUSTER_STORE_UNREACHABLE`, `CLUSTER_STORE_REFUSED`, `CLUSTER_STORE_NEWER`
   */
  static async open({ cluster, store: address }: ClusterAddresses): Promise<Cluster> {
    const store = await ClusterStore.open(address);
    try {
      return new Cluster(store, await JobQueue.open(cluster, { token: store.token }));
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  /** What it submitted goes on. */
  async close(): Promise<void> {
    await this.#queue.close();
    await this.#store.close();
  }

  /**
   * Hands a run to the workers.
   *
   * @returns its number.
   * @throws InvalidOptionError, ClusterError `CLUSTER_SET_BUSY`
   */
  async submit(options: RunOptions): Promise<number> {
    const { set = defaultSet, references = new Map() } = options;
    const asked = requestOf(options);
    const toQueue = { 'messaging.system': 'bullmq', 'messaging.operation.type': 'send' };
    return traced('facededup.submit', toQueue, async (tell) => {
      const trace = carriedTrace();
      const run = await this.#store.runs.submit(set, { ...asked, ...(trace ? { trace } : {}) }, references);
      tell({ 'facededup.run': run });
      await handOut(this.#store, this.#queue);
      return run;
    });
  }

  /**
   * What a run found, once it is finished.
   *
   * @throws ClusterError `CLUSTER_RUN_MISSING`, `CLUSTER_RUN_CANCELLED`, `CLUSTER_RUN_FAILED`; NoPhotosError; AbortedError
   */
  async wait(run: number, { signal, onProgress }: WaitOptions = {}): Promise<Findings> {
    for (const began = performance.now(); ;) {
      throwIfAborted(signal);
      const status = await this.status(run);
      onProgress?.(status);
      if (status.state === 'finished') return this.#store.findings(run);
      if (status.state === 'cancelled')
        throw new ClusterError('CLUSTER_RUN_CANCELLED', `Run ${run} was cancelled.`);
      if (status.state === 'failed') throw failedRun(status);
      const waited = performance.now() - began;
      await this.#untilOver(run, Math.min(longestPoll, Math.max(shortestPoll, waited * pollShare)), signal);
    }
  }

  /** Or until so many milliseconds have passed: whether a run goes on is asked for in less time than where it is. */
  async #untilOver(run: number, milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
    for (const until = performance.now() + milliseconds; !signal?.aborted;) {
      await pause(Math.min(longestPause, until - performance.now()), signal);
      if (performance.now() >= until || !(await this.#store.runs.running([run])).has(run)) return;
    }
  }

  /** What a run that is finished found, with the verdicts that hold now. @throws ClusterError `CLUSTER_RUN_MISSING` */
  findings(run: number): Promise<Findings & Required<Pick<Findings, 'run'>>> {
    return this.#store.findings(run);
  }

  /** @throws ClusterError `CLUSTER_RUN_MISSING` */
  async status(run: number): Promise<RunStatus> {
    return this.#statusOf(await this.#store.runs.facts(run));
  }

  /**
   * The cluster as a whole.
   *
   * @param options `limit` of runs, default 10; `handOut`: whether jobs that Redis lost are handed out again, default true.
   */
  async overview(
    options: { readonly limit?: number; readonly handOut?: boolean } = {},
  ): Promise<ClusterStatus> {
    const { limit = 10 } = options;
    if (options.handOut ?? true) await handOut(this.#store, this.#queue);
    const counts = await this.#queue.counts();
    const runs = await this.#store.runs.list({ limit });
    return {
      store: this.#store.database.name,
      cluster: this.#queue.address,
      queue: this.#queue.name,
      queued: counts.waiting + counts.active + counts.delayed,
      counts,
      workers: (await this.#store.workers(livelySeconds)).map(({ name }) => ({ name })),
      runs: await Promise.all(runs.map((facts) => this.#statusOf(facts))),
    };
  }

  /** Part of the jobs in the queue, those that wait longest first. @param range `offset` default 0; `limit` default 100. */
  queuedJobs(
    state: QueueState,
    { offset = 0, limit = 100 }: { readonly offset?: number; readonly limit?: number } = {},
  ): Promise<QueuedJob[]> {
    return this.#queue.list(state, offset, limit);
  }

  /**
   * Takes encodings over from elsewhere, such as a face store in a file. Photos of the same names are replaced.
   *
   * @returns how many photos.
   * @throws InvalidEncodingsError `ENCODINGS_INVALID`, ClusterError
   */
  async importPhotos(
    photos: AsyncIterable<KeptPhoto> | Iterable<KeptPhoto>,
    set: string = defaultSet,
  ): Promise<number> {
    return importPhotos(this.#store, set, photos);
  }

  /** What people said of pairs of a set. @throws FaceStoreError `FACE_STORE_MISSING` */
  async decisions(set: string = defaultSet): Promise<SetDecisions> {
    return (await this.#store.existingSet(set)).decisions;
  }

  /**
   * Truly removes what is known of a photo, or of a record with all its photos, as `FaceStore.erase` does. What runs that
   * have failed still hold goes, too, and they cannot be tried again (`cancelledRuns`).
   *
   * @param id the name of a photo, or the reference of a record.
   * @throws FaceStoreError `FACE_STORE_MISSING` when nothing is known of it; ClusterError `CLUSTER_SET_BUSY` while a run on
   *   a set that knows it goes on, `CLUSTER_STORE_REFUSED` when the user does not own the tables; InvalidOptionError
   *   `ARGUMENT_INVALID` when the id names a photo and a record
   */
  erase(id: string, options: EraseOptions = {}): Promise<Erasure> {
    return this.#store.erase(id, options);
  }

  /** Stops a run: what waits is taken out, and workers leave what they are at. @throws ClusterError */
  async cancel(run: number): Promise<void> {
    await this.#store.runs.cancel(run);
    await this.#queue.remove(run);
  }

  /** Has the jobs of a run that were put aside tried again. @returns how many. @throws ClusterError */
  async retry(run: number): Promise<number> {
    const count = await this.#store.runs.retry(run);
    await handOut(this.#store, this.#queue);
    return count;
  }

  async #statusOf(facts: RunFacts): Promise<RunStatus> {
    const { run, set, state, stage, submittedAt, endedAt, code, message } = facts;
    const all = await this.#store.runs.progress(run);
    return {
      run,
      set,
      state,
      stage,
      submittedAt: submittedAt.toISOString(),
      ...(endedAt ? { endedAt: endedAt.toISOString() } : {}),
      stages: all.filter(({ jobs }) => jobs > 0),
      ...(state === 'running' ? rateOf(facts, all) : {}),
      failedPhotos: await this.#store.runs.failedPhotos(run),
      dead: await this.#store.runs.dead(run),
      ...(code === undefined ? {} : { code }),
      ...(message === undefined ? {} : { message }),
    };
  }
}

function rateOf(
  { stage, stageStartedAt }: RunFacts,
  all: readonly StageProgress[],
): Pick<RunStatus, 'rate' | 'secondsLeft'> {
  const now = all.find((each) => each.stage === stage);
  const seconds = (Date.now() - stageStartedAt.getTime()) / 1000;
  if (!now || now.unitsDone === 0 || seconds <= 0) return {};
  const rate = now.unitsDone / seconds;
  return { rate, secondsLeft: (now.units - now.unitsDone) / rate };
}

function failedRun({ run, dead, code = '', message = '' }: RunStatus): ClusterError {
  return new ClusterError(
    'CLUSTER_RUN_FAILED',
    `Run ${run} failed: ${message} [${code}] ${dead.length} of its jobs ${dead.length === 1 ? 'is' : 'are'} put aside; ` +
      `when the cause is gone, \`facededup retry ${run}\` goes on from there.`,
  );
}
