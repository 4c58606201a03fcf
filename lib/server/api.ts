// The shapes of the JSON API: what the server answers and the review page reads. lib/server/routes has the addresses.

import type { FalseMatchEstimate } from '../calibration/index.js';
import type { ClusterStatus, DeadJob, QueuedJob, RunStatus } from '../cluster/index.js';
import type { FacesPolicy, FoundPair, RunSummary, Verdict } from '../runs/findings.js';
import type { SettingSpec } from '../settings/index.js';
import type { Erasure } from '../store/index.js';

/** Of every answer with a status from 400 on. */
export interface ApiError {
  readonly error: { readonly code: string; readonly message: string };
}

/** Part of a list; `total` counts all that match. */
export interface ApiPage<Item> {
  readonly total: number;
  readonly offset: number;
  readonly items: readonly Item[];
}

/** GET /api/session, which needs no token. */
export interface ApiSession {
  readonly version: string;
  /** Whether this client must log in (POST /api/session) before anything else. */
  readonly needsToken: boolean;
  /** Whether it has, and may log out (DELETE /api/session). */
  readonly isLoggedIn: boolean;
  /** The set that the server was started for. */
  readonly set: string;
  /** Folders whose photos a run may name. */
  readonly roots: readonly string[];
  /** Whether the server was given a cluster, so that there are /queue and /api/cluster. */
  readonly hasQueue: boolean;
}

/** GET /api/cluster */
export interface ApiCluster extends Pick<ClusterStatus, 'store' | 'cluster' | 'queue' | 'counts'> {
  /** Names of those heard of in the last minute. */
  readonly workers: readonly string[];
  /** Newest first, 20 at most. */
  readonly runs: readonly ApiClusterRun[];
}

/** A run on the cluster. */
export interface ApiClusterRun extends Omit<RunStatus, 'dead'> {
  /** How many jobs were put aside after their last attempt. */
  readonly deadJobs: number;
  /** The first 50 of them. */
  readonly dead: readonly DeadJob[];
}

/** GET /api/cluster/jobs?state&offset&limit */
export type ApiQueuedJob = QueuedJob;

/** GET /api/sets, GET /api/sets/:set */
export interface ApiSet {
  readonly name: string;
  readonly photos: number;
  readonly runs: number;
  readonly createdAt: string;
  /** Told when a run ends. */
  readonly webhook: string | null;
}

/** GET /api/sets/:set/photos */
export interface ApiPhoto {
  readonly name: string;
  readonly reference: string | null;
  readonly faces: number;
}

/** Body of POST /api/sets/:set/runs, which answers 202 with an ApiJob. */
export interface ApiNewRun {
  /** Photos and folders within the roots, or azure:CONTAINER/PREFIX; none: those of the set as they are kept. */
  readonly places?: readonly string[];
  readonly threshold?: number;
  readonly policy?: FacesPolicy;
  readonly dropGone?: boolean;
  /** The records that photos belong to, by the photos' names as in `places`. */
  readonly references?: Readonly<Record<string, string>>;
}

/** How a run stands; `done`, `failed` and `cancelled` are final. */
export type ApiJobState = 'waiting' | 'running' | 'done' | 'failed' | 'cancelled';

/** A run from its beginning to its end: GET /api/jobs, /api/jobs/:job, and each event of /api/jobs/:job/events. */
export interface ApiJob {
  readonly job: number;
  readonly set: string;
  readonly state: ApiJobState;
  readonly createdAt: string;
  readonly stage: 'encoding' | 'comparing' | null;
  /** Photos encoded, or pairs compared, of `total`. */
  readonly done: number;
  readonly total: number;
  readonly failed: number;
  /** Of the stage: photos or pairs a second. */
  readonly rate: number | null;
  readonly secondsLeft: number | null;
  /** The number of the run in the set, once it is done. */
  readonly run: number | null;
  readonly error: ApiError['error'] | null;
}

/** GET /api/sets/:set/runs (newest first), GET /api/sets/:set/runs/:run (`latest` stands for the newest). */
export interface ApiRun {
  readonly run: number;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly threshold: number;
  readonly policy: FacesPolicy;
  readonly summary: RunSummary;
  readonly withoutFace: readonly string[];
  readonly rejected: readonly string[];
  readonly failed: readonly { readonly photo: string; readonly code: string; readonly message: string }[];
  readonly expectedFalseMatches: FalseMatchEstimate;
}

/** GET /api/sets/:set/runs/:run/pairs?offset&limit&verdict&new&query&order; GET /api/sets/:set/duplicates for the newest. */
export interface ApiPair extends FoundPair {
  /** In its run: 0 is the closest. */
  readonly position: number;
}

/** What `verdict` of a query may be; `open` is no verdict yet. */
export type ApiVerdictFilter = Verdict | 'open' | 'any';

/** GET /api/sets/:set/runs/:run/histogram */
export interface ApiHistogram {
  readonly threshold: number;
  /** counts[i] pairs have a distance in [from + i × width, from + (i + 1) × width). */
  readonly from: number;
  readonly width: number;
  readonly counts: readonly number[];
}

/** GET and POST /api/sets/:set/decisions; POST …/decisions/undo answers { undone: ApiDecision | null }. */
export interface ApiDecision {
  readonly kind: 'photo' | 'reference';
  readonly first: string;
  readonly second: string;
  readonly verdict: Verdict;
  readonly reason?: string;
  readonly decidedAt: string;
  /** In the answer to a new one: whether the set has both photos or records. It is kept, and counts once it has. */
  readonly isKnown?: boolean;
}

/** The answer of POST /api/erasures, whose body takes { id, by, set, dryRun } as `FaceStore.erase` does. */
export type ApiErasure = Erasure;

/** GET /api/models */
export interface ApiModel {
  readonly key: string;
  /** The set of files that is replaced as one: ssd, landmarks-small, landmarks-large, encoder, mmod. */
  readonly set: string;
  readonly name: string;
  readonly state: string;
  readonly version: string | null;
  readonly sha256: string | null;
  readonly licence: string;
}

/** GET /api/models/:set/history, and the answer of an upload (POST /api/models/ssd/versions) and of a rollback. */
export interface ApiModelHistory {
  readonly set: string;
  /** The version chosen; it is in use unless a folder hides it. */
  readonly current: string;
  /** The last part of a folder that whoever runs the server named: its files of the set come first; null: none does. */
  readonly hiddenBy: string | null;
  readonly changes: readonly { readonly at: string; readonly action: string; readonly version: string }[];
  readonly versions: readonly {
    readonly version: string;
    readonly addedAt: string;
    readonly source: string;
    readonly files: readonly { readonly name: string; readonly sha256: string }[];
    readonly checks: readonly string[];
  }[];
}

/** GET /api/settings; PATCH takes { name: value or null } and answers the same. */
export interface ApiSettings {
  /** The configuration file that holds them. */
  readonly file: string;
  readonly settings: readonly (SettingSpec & {
    readonly name: string;
    /** What holds now; absent: its default. */
    readonly value?: unknown;
    /** An environment variable sets it, so a change here would have no effect. */
    readonly isFixed: boolean;
  })[];
}
