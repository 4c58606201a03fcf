// What a store is to those who look at it, decide on it and look after it: the same of a file and of a cluster's store.

import type { EncodingOrigin } from '../encodings/origin.js';
import type { KeptPhoto } from '../encodings/kept_encodings.js';
import type { Findings } from '../runs/findings.js';
import type { Decision, DecisionIndex, NewDecision } from './decisions.js';
import type { EraseOptions, Erasure } from './erase.js';
import type { CheckedStore, PhotoSetFacts } from './face_store.js';
import type { ListedPhoto, PhotosQuery, PhotoTableFacts, SeenPhoto } from './photo_table.js';
import type { DistanceHistogram, PairsPage, PairsQuery, RunFacts } from './run_table.js';

/** A file answers at once, a server after a while. */
export type Awaitable<Result> = Result | Promise<Result>;

/** As `FaceStore` has it, each call an answer that may have to be waited for. */
export interface ReviewStore {
  /** Of the file, absolute; of a cluster's store its address, without secrets. */
  readonly path: string;
  readonly isEncrypted: boolean;
  set(name?: string): Awaitable<ReviewSet>;
  existingSet(name?: string): Awaitable<ReviewSet>;
  sets(): Awaitable<PhotoSetFacts[]>;
  setWebhook(name: string, address: string | undefined): Awaitable<void>;
  removeSet(name: string): Awaitable<boolean>;
  erase(id: string, options?: EraseOptions): Awaitable<Erasure>;
  compact(): Awaitable<void>;
  check(): Awaitable<CheckedStore>;
  close(): Awaitable<void>;
}

/** As `PhotoSet` has it. */
export interface ReviewSet {
  readonly name: string;
  readonly photos: ReviewPhotos;
  readonly decisions: ReviewDecisions;
  readonly runs: ReviewRuns;
}

export interface ReviewPhotos {
  seen(name: string): Awaitable<Pick<SeenPhoto, 'digest' | 'stamp'> | undefined>;
  list(query: PhotosQuery): Awaitable<{ readonly total: number; readonly photos: readonly ListedPhoto[] }>;
  /** Before all of it is relied upon. */
  requireSound(): Awaitable<void>;
  /** By name. @param preferred the faces as these models and options found them, where they are kept. */
  photos(preferred?: EncodingOrigin): AsyncIterable<KeptPhoto> | Iterable<KeptPhoto>;
  import(photos: AsyncIterable<KeptPhoto> | Iterable<KeptPhoto>): Promise<number>;
  facts(): Awaitable<PhotoTableFacts>;
}

export interface ReviewDecisions {
  list(): Awaitable<Decision[]>;
  /** For looking up many pairs. */
  index(): Awaitable<DecisionIndex>;
  decide(decision: NewDecision): Awaitable<Decision>;
  decideAll(decisions: readonly NewDecision[]): Awaitable<Decision[]>;
  isKnown(pair: Pick<NewDecision, 'kind' | 'first' | 'second'>): Awaitable<boolean>;
  undo(): Awaitable<Decision | undefined>;
  withdraw(pair: Pick<NewDecision, 'kind' | 'first' | 'second'>): Awaitable<boolean>;
}

export interface ReviewRuns {
  list(): Awaitable<RunFacts[]>;
  facts(run?: number): Awaitable<RunFacts>;
  pairs(run: number, decisions: DecisionIndex, query?: PairsQuery): Awaitable<PairsPage>;
  groupsPage(
    run: number,
    query: Pick<PairsQuery, 'offset' | 'limit'>,
  ): Awaitable<{ readonly total: number; readonly groups: string[][] }>;
  histogram(run: number, bins: number): Awaitable<DistanceHistogram>;
  findings(
    run: number | undefined,
    decisions: DecisionIndex,
  ): Awaitable<Findings & Required<Pick<Findings, 'run'>>>;
}
