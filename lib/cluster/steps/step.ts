// What a step of a run is given, and the steps by their stages.

import type { FaceEngine } from '../../engine.js';
import type { MatchThreads } from '../matching/match_threads.js';
import type { SharedBlocks } from '../matching/shared_blocks.js';
import type { BegunJob } from '../postgres/runs.js';
import type { ClusterStore } from '../postgres/store.js';
import type { ShapingOptions } from '../run_request.js';
import type { RunJob } from '../stages.js';

export interface StepContext {
  readonly store: ClusterStore;
  readonly job: RunJob;
  readonly begun: BegunJob;
  /** Fires when the run is cancelled or the worker ends. */
  readonly signal: AbortSignal;
  /** One is kept for the next job that wants the same. */
  readonly engine: (options: ShapingOptions) => Promise<FaceEngine>;
  /** To be called when little is left: another job may begin meanwhile. */
  readonly nearlyDone: () => void;
  /** Compare tiles. */
  readonly threads: MatchThreads;
  /** What tiles have in common, from memory where it was used lately. */
  readonly shared: SharedBlocks;
}

/** Does a job, and writes what it made and that it is done; once done, doing it again changes nothing. */
export type Step = (context: StepContext) => Promise<void>;
