// A calibration: what labelled pairs said of distances, small enough to keep in a file.

import type { DistanceCounts } from './distance_counts.js';
import type { EvidenceCurve } from './evidence.js';
import type { EncodingWay } from './ways.js';

/** What labelled pairs tell of distances: rates of false and true matches, and the probability of one person. */
export interface Calibration {
  readonly format: 1;
  /** ISO 8601, UTC. */
  readonly madeAt: string;
  /** What the pairs are, in a few words: `LFW`, or the name of a file. */
  readonly data: string;
  /** How the faces were encoded; absent where the pairs came as distances. */
  readonly way?: EncodingWay;
  /** Photos that were compared; 0 where the pairs came without names. */
  readonly photos: number;
  /** As far as the labels tell people apart. */
  readonly people: number;
  /** Pairs of different people, as all false matches are. */
  readonly different: DistanceCounts;
  /** Pairs of one person. */
  readonly same: DistanceCounts;
  readonly evidence: EvidenceCurve;
  /**
   * The part of the pairs to be judged that are of one person, 0 to 1, both excluded. What the labelled list had of them
   * says nothing of a registry, where it is far less.
   */
  readonly prior: number;
  /**
   * Of decisions on pairs that runs reported: the distance that those lie below, above 0. Nothing is known from there on,
   * and the rates are those among such pairs. Absent where pairs were chosen without regard to their distance.
   */
  readonly decisionsBelow?: number;
}
