// From a distance to the probability that both faces are of one person.

import type { Calibration } from './calibration.js';
import type { Interval } from './beta.js';
import { evidenceAt } from './evidence.js';
import { logit, sigmoid } from './logistic.js';
import { InvalidOptionError } from '../errors.js';

/** How likely two faces at one distance are of one person. */
export interface ProbabilityOfSamePerson {
  readonly probability: number;
  /** 95 %; contains the probability. */
  readonly interval: Interval;
  /** The part of pairs that is of one person, before anybody looks at the distance. */
  readonly prior: number;
}

/**
 * By Bayes' rule: the odds of the prior times the ratio that the calibration has for this distance. In a registry of n
 * photos where each has one twin the prior is 1 / (n − 1), which no list of labelled pairs shows.
 *
 * @param distance 0 and up.
 * @param prior above 0 and below 1; default that of the calibration.
 * @throws InvalidOptionError `OPTION_RANGE`
 */
export function probabilityOfSamePerson(
  { evidence, prior: ownPrior }: Calibration,
  distance: number,
  { prior = ownPrior }: { readonly prior?: number | undefined } = {},
): ProbabilityOfSamePerson {
  if (!(distance >= 0))
    throw new InvalidOptionError('OPTION_RANGE', `A distance is a number from 0 up, not ${distance}.`);
  requirePrior(prior);
  const at = (values: readonly number[]) =>
    sigmoid(evidenceAt(values, evidence.step, distance) + logit(prior));
  return {
    probability: at(evidence.logRatio),
    interval: [at(evidence.low), at(evidence.high)],
    prior,
  };
}

/** @throws InvalidOptionError `OPTION_RANGE` */
export function requirePrior(prior: number): void {
  if (!(prior > 0 && prior < 1))
    throw new InvalidOptionError(
      'OPTION_RANGE',
      `The prior lies between 0 and 1, both excluded, not at ${prior}.`,
    );
}
