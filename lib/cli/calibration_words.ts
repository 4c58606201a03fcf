// What a calibration says, in tables and sentences.

import {
  type Calibration,
  type GroupRate,
  type GroupRates,
  probabilityOfSamePerson,
  type Rate,
  type SuggestedThreshold,
} from '../calibration/index.js';
import { wayInWords } from '../calibration/ways.js';
import { count } from './output.js';

type Table = readonly (readonly string[])[];

const shownDistances = [0.2, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.7];

export function calibrationInWords(calibration: Calibration): {
  readonly heading: string;
  readonly table: Table;
} {
  const { data, same, different, people, photos, way, evidence, prior } = calibration;
  const { method, logLoss } = evidence;
  const who = people > 0 ? ` (${count(people, 'person', 'people')} on ${count(photos, 'photo')})` : '';
  const other = method === 'logistic' ? 'isotonic' : 'logistic';
  return {
    heading:
      `${data}: ${count(same.pairs, 'pair')} of one person and ${different.pairs} of different people${who}` +
      `${way ? `, encoded by ${wayInWords(way)}` : ''}.\n` +
      `Distance tells by ${method} regression, which foretells people left out of the fit better than ${other} ` +
      `(log loss ${logLoss[method]} a pair; ${other} ${logLoss[other]}; ` +
      `by the shares of the labels alone ${inDigits(logLossOfShares(calibration))}).`,
    table: [
      ['distance', `same person (prior ${inDigits(prior)})`, '95 % interval'],
      ...shownDistances.map((distance) => {
        const { probability, interval } = probabilityOfSamePerson(calibration, distance);
        return [distance.toFixed(2), percent(probability), interval.map(percent).join(' to ')];
      }),
    ],
  };
}

export function suggestionsInWords(thresholds: readonly SuggestedThreshold[]): Table {
  return [
    [
      'wanted',
      'threshold',
      'false matches',
      '95 % interval',
      'true matches',
      '95 % interval',
      'to be sure of it',
    ],
    ...thresholds.map(({ wanted, threshold, falseMatches, trueMatches, sureThreshold }) => [
      inDigits(wanted),
      threshold === undefined ? 'none' : threshold.toFixed(3),
      inDigits(falseMatches.rate),
      falseMatches.interval.map(inDigits).join(' to '),
      percent(trueMatches.rate),
      trueMatches.interval.map(percent).join(' to '),
      sureThreshold === undefined ? 'too few pairs' : `below ${sureThreshold.toFixed(3)}`,
    ]),
  ];
}

export function groupsInWords(
  groups: readonly GroupRates[],
): { readonly title: string; readonly table: Table }[] {
  const parts = new Map<string, GroupRates[]>();
  for (const each of groups) {
    const title = `By ${each.column}, at ${each.threshold.toFixed(3)}:`;
    parts.set(title, [...(parts.get(title) ?? []), each]);
  }
  return [...parts].map(([title, rows]) => ({
    title,
    table: [
      ['group', 'false matches', '95 % interval', 'true matches', '95 % interval', 'differs from the rest'],
      ...rows.map(({ group, falseMatches, trueMatches }) => [
        group,
        ...cellsOf(falseMatches, inDigits),
        ...cellsOf(trueMatches, percent),
        differenceInWords(falseMatches, trueMatches),
      ]),
    ],
  }));
}

function cellsOf(found: GroupRate | undefined, inWords: (rate: number) => string): [string, string] {
  if (!found) return ['no pairs', ''];
  const { rate, below, pairs, interval }: GroupRate & Rate = found;
  return [`${inWords(rate)} (${below} of ${pairs})`, interval.map(inWords).join(' to ')];
}

function differenceInWords(falseMatches: GroupRate | undefined, trueMatches: GroupRate | undefined): string {
  const found = [
    ['false matches', falseMatches],
    ['true matches', trueMatches],
  ] as const;
  const differing = found.flatMap(([name, rate]) =>
    rate?.differs ? [`${name} (p = ${inDigits(rate.pValue)})`] : [],
  );
  return differing.length > 0 ? differing.join(', ') : 'not shown';
}

/** Mean a pair, in nats, of whoever knows how many of the pairs are of one person, and does not look at distances. */
function logLossOfShares({ same, different }: Calibration): number {
  const all = same.pairs + different.pairs;
  return -[same.pairs / all, different.pairs / all].reduce((sum, part) => sum + part * Math.log(part), 0);
}

/** What a reader of the numbers must know. */
export function notesOn(
  calibration: Calibration,
  given: {
    readonly thresholds: readonly SuggestedThreshold[];
    readonly ofDecisions: boolean;
    readonly prior: number | undefined;
  },
): string[] {
  const { prior, different, people, evidence } = calibration;
  const notes = [];
  const { method, logLoss } = evidence;
  const ofShares = logLossOfShares(calibration);
  if (logLoss[method] >= ofShares)
    notes.push(
      `Neither method foretells people left out of the fit better than the mere shares of the labels do (log loss ` +
        `${logLoss[method]} a pair, by the shares ${inDigits(ofShares)}): do not rely on these probabilities. ` +
        'Label more pairs, and see that the labels are right.',
    );
  for (const { wanted, threshold, falseMatches, isShown, pairsNeeded, isExtrapolated } of given.thresholds) {
    if (threshold === undefined)
      notes.push(
        `No threshold has a false match rate of ${inDigits(wanted)}: even below 0.005 lies a part of ` +
          `${inDigits(falseMatches.rate)} of the pairs of different people. Are some of them the same photo, or labelled wrongly?`,
      );
    else if (!isShown)
      notes.push(
        `${count(different.pairs, 'pair')} of different people are too few to show a false match rate of ` +
          `${inDigits(wanted)}: it takes about ${pairsNeeded.toLocaleString('en-US')} like these. ` +
          'The threshold for it rests on a fitted tail; the interval is what the pairs can show.',
      );
    else if (isExtrapolated)
      notes.push(
        `Few pairs of different people are close enough to count for ${inDigits(wanted)}; a fitted tail tells the threshold.`,
      );
  }
  if (given.prior === undefined)
    notes.push(
      `The probabilities are for a list where ${percent(prior)} of the pairs are of one person, as in the labelled one. ` +
        'In a registry it is far less: with n photos that have one twin each, 1 / (n − 1). Say so by --prior; thresholds and rates do not depend on it.',
    );
  if (given.ofDecisions)
    notes.push(
      'Decisions are made on pairs that a run reported, all below its threshold: pairs of different people that are far ' +
        'apart, nearly all of them, are missing. The rates are then those among reported pairs, far above those of a ' +
        'registry, and nothing is known above that threshold. Label pairs drawn by chance for rates of a registry.',
    );
  if (people === 0)
    notes.push(
      'The pairs name no photos, so each counts as independent of all others; if they share people, the intervals are too narrow.',
    );
  return notes;
}

/** Two significant digits: an estimate has no more. */
function inDigits(value: number): string {
  if (value === 0) return '0';
  return value >= 0.0001 ? String(Number(value.toPrecision(2))) : value.toExponential(1);
}

function percent(part: number): string {
  const value = 100 * part;
  if (value > 0 && value < 0.01) return '< 0.01 %';
  if (value < 100 && value > 99.99) return '> 99.99 %';
  return `${value.toFixed(value < 1 || value > 99 ? 2 : 1)} %`;
}
