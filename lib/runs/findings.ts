// What a run finds: every photo accounted for, pairs of photos with the faces that matched, and groups.

import type { FalseMatchEstimate } from '../calibration/index.js';
import type { Box } from '../detections.js';

/** Of a photo with several faces: compare all, compare the largest, or leave the photo out. */
export type FacesPolicy = 'all' | 'largest' | 'reject';

/** What a person said of a pair: `different` pairs are never reported again. */
export type Verdict = 'same' | 'different' | 'unsure';

/** Two photos that a run found to show one person. */
export interface FoundPair {
  /** Names of photos; the one that comes first by UTF-16 code units. */
  readonly first: string;
  readonly second: string;
  /** Euclidean, below the run's threshold. */
  readonly distance: number;
  /** 1 − distance, as the HOPE deduplication engine scores; at most 1. */
  readonly similarity: number;
  /** The faces that are this close, in pixels of their upright photos. */
  readonly firstBox: Box;
  readonly secondBox: Box;
  /** The records that the photos belong to, where the caller named them. */
  readonly firstReference?: string;
  readonly secondReference?: string;
  /** Whether the run before did not have it; true in a first run. */
  readonly isNew: boolean;
  /** What a person has said of it so far. */
  readonly verdict?: Verdict;
  /** Of a run that was kept: this photo has another content since, or is no longer kept. */
  readonly firstChanged?: true;
  readonly secondChanged?: true;
}

/** A photo that could not be used, and why. */
export interface FailedPhoto {
  readonly photo: string;
  /** Of the error. */
  readonly code: string;
  readonly message: string;
}

/** photos = encoded + withoutFace + rejected + failed. */
export interface RunSummary {
  readonly photos: number;
  /** Photos whose faces were compared. */
  readonly encoded: number;
  readonly withoutFace: number;
  /** Photos with several faces that the policy `reject` left out. */
  readonly rejected: number;
  readonly failed: number;
  /** Photos among the encoded ones that show several faces. */
  readonly severalFaces: number;
  /** Faces that were compared. */
  readonly faces: number;
  /** Photos that were encoded in this run; the others came from the store. */
  readonly newlyEncoded: number;
  readonly pairs: number;
  readonly newPairs: number;
  readonly groups: number;
}

/** How pairs were passed over in a run that did not compare all: see docs/scale.md. */
export interface Approximation {
  /** Pairs nearer than this were all found; of those between it and the threshold some may not have been. */
  readonly reach: number;
  /** Lists that the faces were dealt to; absent where only earlier runs of the set passed pairs over. */
  readonly lists?: number;
}

/** What a run found, and how. */
export interface Findings {
  /** Its number in the store, where there is one. */
  readonly run?: number;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly threshold: number;
  readonly policy: FacesPolicy;
  /** Absent where every pair was compared: there are no pairs below the threshold but those found. */
  readonly approximate?: Approximation;
  readonly summary: RunSummary;
  /** Closest first. */
  readonly pairs: readonly FoundPair[];
  readonly groups: readonly (readonly string[])[];
  readonly withoutFace: readonly string[];
  readonly rejected: readonly string[];
  readonly failed: readonly FailedPhoto[];
  /** How many of the pairs may be false, and on what data that rests. */
  readonly expectedFalseMatches: FalseMatchEstimate;
}
