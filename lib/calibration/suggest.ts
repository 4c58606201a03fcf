// The threshold for a wanted rate of false matches.

import { exactInterval } from './beta.js';
import type { Calibration } from './calibration.js';
import { binCount, edge, type Rate, RateBelow } from './distance_counts.js';
import { InvalidOptionError } from '../errors.js';

/** The threshold for a wanted rate of false matches, and what it costs in true ones. */
export interface SuggestedThreshold {
  /** The rate of false matches that was asked for. */
  readonly wanted: number;
  /** The greatest multiple of 0.005 whose estimated rate is not above the wanted one; absent where even 0.005 is too much. */
  readonly threshold?: number;
  /** The part of pairs of different people that lies below it, or where there is none below 0.005. */
  readonly falseMatches: Rate;
  /** The part of pairs of one person that lies below the same. */
  readonly trueMatches: Rate;
  /** Whether the rate comes of a fitted tail, since few pairs of different people were that close. */
  readonly isExtrapolated: boolean;
  /**
   * Whether the pairs of different people are enough to show such a rate: whether with none of them below, the 95 %
   * interval would end at the wanted rate or before.
   */
  readonly isShown: boolean;
  /** About how many pairs of different people, like these, would be enough. */
  readonly pairsNeeded: number;
  /** The greatest threshold at which even the upper end of the interval is not above the wanted rate, if there is one. */
  readonly sureThreshold?: number;
}

/**
 * @param wanted above 0 and below 1.
 * @throws InvalidOptionError `OPTION_RANGE`
 */
export function suggestThreshold({ different, same }: Calibration, wanted: number): SuggestedThreshold {
  if (!(wanted > 0 && wanted < 1))
    throw new InvalidOptionError(
      'OPTION_RANGE',
      `A false match rate lies between 0 and 1, not at ${wanted}.`,
    );
  const falseRates = new RateBelow(different, { withTail: true });
  const greatest = (measure: (rate: Rate) => number) => {
    let found: number | undefined;
    for (let i = 1; i < binCount && measure(falseRates.at(edge(i))) <= wanted; i++) found = edge(i);
    return found;
  };
  const suggested = greatest(({ rate }) => rate);
  const threshold = suggested ?? edge(1);
  const sureThreshold = greatest(({ interval: [, high] }) => high);
  const independent = falseRates.independentPairs(threshold);
  // 1 − 0.025^(1/n) ≤ wanted, for n.
  const independentNeeded = Math.log(0.025) / Math.log1p(-wanted);
  return {
    wanted,
    ...(suggested === undefined ? {} : { threshold: suggested }),
    falseMatches: falseRates.at(threshold),
    trueMatches: new RateBelow(same, { withTail: false }).at(threshold),
    isExtrapolated: falseRates.isExtrapolated(threshold),
    isShown: exactInterval(0, independent)[1] <= wanted,
    pairsNeeded: Math.ceil((independentNeeded * different.pairs) / independent),
    ...(sureThreshold === undefined ? {} : { sureThreshold }),
  };
}
