// The door of the cluster: the same find on many machines, on Redis and PostgreSQL.

export type { ClusterAddresses } from './addresses.js';
export { Cluster, type ClusterStatus, type RunStatus, type WaitOptions } from './cluster.js';
export type { SetDecisions } from './postgres/decisions.js';
export { decryptClusterStore, encryptClusterStore, rekeyClusterStore } from './postgres/key_change.js';
export type { DeadJob, RunState, StageProgress } from './postgres/runs.js';
export type { QueuedJob, QueueState } from './queue/job_queue.js';
export type { CandidateOptions, RunOptions, ShapingOptions } from './run_request.js';
export type { RunJob, Stage } from './stages.js';
export { ClusterWorker, eventInWords, type WorkerEvent, type WorkerOptions } from './worker.js';
