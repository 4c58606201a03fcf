// From a calibration to what a run may expect: false matches at its threshold.

import { builtInCalibrations } from './built_in.js';
import type { Calibration } from './calibration.js';
import { RateBelow } from './distance_counts.js';
import type { FalseMatchEstimate } from './estimate.js';
import { differences, type EncodingWay, nearestWay, wayInWords } from './ways.js';

/** Faces compared, and those among them that were encoded otherwise or nobody knows how. */
export interface MixedFaces {
  readonly faces: number;
  readonly otherwise: number;
  readonly unknown: number;
}

/** How many pairs are compared, at which threshold, and how their faces were encoded. */
export interface FalseMatchesQuestion {
  /** Distance below which two faces count as one person; above 0. */
  readonly threshold: number;
  /** Pairs of faces that are compared. */
  readonly pairs: number;
  /** How the faces were encoded, or most of them; without it as by default. */
  readonly way?: EncodingWay | undefined;
  /** Of all faces compared, how many were encoded in another way, and of how many nobody knows. Default none. */
  readonly mixed?: MixedFaces | undefined;
  /** Default the one measured on LFW, in the way nearest to `way`. */
  readonly calibration?: Calibration | undefined;
}

/**
 * How many pairs of different people to expect below a threshold among so many pairs of faces, as if all of them were of
 * different people: in a registry nearly all are.
 *
 * @returns the rate of the calibration (see RateBelow for its method and interval), and that times the pairs.
 */
export function expectedFalseMatches({
  threshold,
  pairs,
  way,
  mixed,
  calibration = nearestBuiltIn(way),
}: FalseMatchesQuestion): FalseMatchEstimate {
  const { decisionsBelow } = calibration;
  if (decisionsBelow !== undefined && threshold > decisionsBelow)
    return nothingKnown(pairs, threshold, decisionsBelow, calibration);
  const rates = new RateBelow(calibration.different, { withTail: true });
  const { rate, interval } = rates.at(threshold);
  return {
    pairsCompared: pairs,
    falseMatchRate: rate,
    falseMatchRateInterval: interval,
    expected: rate * pairs,
    expectedInterval: [interval[0] * pairs, interval[1] * pairs],
    basis: basisInWords(calibration, {
      way,
      mixed,
      isExtrapolated: rates.isExtrapolated(threshold),
    }),
  };
}

/** The worst that can be, since a number must be told. */
function nothingKnown(
  pairs: number,
  threshold: number,
  decisionsBelow: number,
  calibration: Calibration,
): FalseMatchEstimate {
  return {
    pairsCompared: pairs,
    falseMatchRate: 1,
    falseMatchRateInterval: [0, 1],
    expected: pairs,
    expectedInterval: [0, pairs],
    basis:
      `Nothing is known at ${threshold}: '${calibration.data}' has pairs that runs reported, all below ` +
      `${decisionsBelow}. Find with a threshold of at most that, or calibrate on pairs drawn by chance.`,
  };
}

const isBuiltIn = (calibration: Calibration) => builtInCalibrations.includes(calibration);

/** The defaults come first. */
export function nearestBuiltIn(way: EncodingWay | undefined): Calibration {
  const nearest = way && nearestWay(builtInCalibrations, way);
  return nearest ?? (builtInCalibrations[0] as Calibration);
}

function basisInWords(
  calibration: Calibration,
  {
    way: used,
    mixed,
    isExtrapolated,
  }: Pick<FalseMatchesQuestion, 'way' | 'mixed'> & { readonly isExtrapolated: boolean },
): string {
  const { way } = calibration;
  const encoded = way ? `, encoded by ${wayInWords(way)}` : '; how those were encoded is not known';
  const tail = isExtrapolated ? '; so few of them are this close that a fitted tail tells the rate' : '';
  const differing = way && used ? differences(way, used) : [];
  const otherwise =
    used && differing.length > 0
      ? `; these faces were encoded otherwise (${wayInWords(used)}: it differs in ${differing.join(', ')}), so their rate may be another`
      : '';
  return `Measured on ${dataInWords(calibration)}${encoded}${tail}${otherwise}${mixed ? mixtureInWords(mixed) : ''}${limitInWords(calibration)}.`;
}

/** What the data leaves open. */
function limitInWords(calibration: Calibration): string {
  if (isBuiltIn(calibration))
    return '; your people may resemble each other more, so measure your own with facededup calibrate';
  if (calibration.decisionsBelow === undefined) return '; it holds for people and photos like these';
  return (
    `; these are decisions on pairs that runs reported, all below ${calibration.decisionsBelow}, so the rate is that among ` +
    'such pairs, far above that of all pairs compared, and nothing is known of a greater threshold'
  );
}

function mixtureInWords({ faces, otherwise, unknown }: MixedFaces): string {
  const number = (value: number) => value.toLocaleString('en-US');
  const mixture =
    otherwise > 0
      ? `; ${number(otherwise)} of ${number(faces)} faces were encoded in another way than most, and distances between ways are not what was measured`
      : '';
  const open =
    unknown > 0
      ? `; how ${number(unknown)} of ${number(faces)} faces were encoded is not known, and their rate may be another`
      : '';
  return mixture + open;
}

function dataInWords(calibration: Calibration): string {
  const { data, people, different } = calibration;
  const pairs = different.pairs.toLocaleString('en-US');
  if (isBuiltIn(calibration)) return `LFW, ${pairs} pairs of ${people} well-known people in news photos`;
  const among = people > 0 ? ` among ${people} people` : '';
  return `${data}, ${pairs} pairs of different people${among}`;
}
