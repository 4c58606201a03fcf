// Labelled pairs in, a calibration out.

import type { Calibration } from './calibration.js';
import { countDistances } from './distance_counts.js';
import { fitEvidence } from './evidence.js';
import { type LabelledPair, populationOf } from './pairs.js';
import { requirePrior } from './probability.js';
import type { EncodingWay } from './ways.js';
import { InvalidOptionError } from '../errors.js';

/** What is known of the labelled pairs. */
export interface CalibrateOptions {
  /** What the pairs are, in a few words. Default `labelled pairs`. */
  readonly data?: string | undefined;
  /** How the faces were encoded, where it is known. */
  readonly way?: EncodingWay | undefined;
  /** Of the pairs to be judged, the part that is of one person; above 0 and below 1. Default that of the labelled ones. */
  readonly prior?: number | undefined;
  /** Where the pairs are decisions on pairs that runs reported: the distance that those lie below; above 0. */
  readonly decisionsBelow?: number | undefined;
  /** Of the date that the calibration bears. Default now. */
  readonly madeAt?: Date | undefined;
}

/**
 * Measures distances on pairs of which somebody knows whether they show one person. The order of pairs, and of the two in
 * each, changes nothing.
 *
 * @param pairs at least 20 of either kind.
 * @throws CalibrationError `CALIBRATION_DATA`, InvalidOptionError
 */
export function calibrate(
  pairs: readonly LabelledPair[],
  { data = 'labelled pairs', way, prior, decisionsBelow, madeAt = new Date() }: CalibrateOptions = {},
): Calibration {
  if (prior !== undefined) requirePrior(prior);
  if (decisionsBelow !== undefined && !(Number.isFinite(decisionsBelow) && decisionsBelow > 0))
    throw new InvalidOptionError(
      'OPTION_RANGE',
      `Decisions lie below a distance above 0, not below ${decisionsBelow}.`,
    );
  const population = populationOf(pairs);
  const kinds = [true, false].map((same) => population.pairs.filter((pair) => pair.same === same));
  const [same = [], different = []] = kinds;
  return {
    format: 1,
    madeAt: madeAt.toISOString(),
    data,
    ...(way ? { way } : {}),
    photos: population.photos,
    people: population.people,
    different: countDistances(different, population.units),
    same: countDistances(same, population.units),
    evidence: fitEvidence(population),
    prior: prior ?? same.length / pairs.length,
    ...(decisionsBelow === undefined ? {} : { decisionsBelow }),
  };
}
