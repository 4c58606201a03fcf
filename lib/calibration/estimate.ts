// How many false matches to expect among so many pairs, and on what data that rests.

/** 95 % intervals. */
export interface FalseMatchEstimate {
  /** Pairs of faces of different photos that were compared. */
  readonly pairsCompared: number;
  /** The part of pairs of different people that lies below the threshold. */
  readonly falseMatchRate: number;
  readonly falseMatchRateInterval: readonly [low: number, high: number];
  /** falseMatchRate × pairsCompared. */
  readonly expected: number;
  readonly expectedInterval: readonly [low: number, high: number];
  /** One sentence: the data that the rate was measured on, and what it leaves open. */
  readonly basis: string;
}
