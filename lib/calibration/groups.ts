// Whether a threshold treats groups alike: rates by group, and which groups differ from all the others.

import { exactInterval, fisherTest } from './beta.js';
import { Dyads } from './design_effect.js';
import type { Rate } from './distance_counts.js';
import { type LabelledPair, type PairOfPeople, type Population, populationOf } from './pairs.js';

/** A rate of one group, and whether it differs from that of the others. */
export interface GroupRate extends Rate {
  /** Pairs of the group, and how many of them lie below the threshold. */
  readonly pairs: number;
  readonly below: number;
  /** Of the test against the pairs of all other groups, corrected for the number of tests; 1 where there is no other. */
  readonly pValue: number;
  /** Whether pValue is below 0.05. */
  readonly differs: boolean;
}

/** The rates of one group at one threshold. */
export interface GroupRates {
  readonly column: string;
  /** The value that the column has. */
  readonly group: string;
  readonly threshold: number;
  /** Absent for a group without pairs of different people. */
  readonly falseMatches?: GroupRate;
  /** Absent for a group without pairs of one person. */
  readonly trueMatches?: GroupRate;
}

/** One rate of one group against the rest. */
interface Comparison {
  readonly column: string;
  readonly group: string;
  readonly same: boolean;
  readonly own: Tally;
  readonly rest: Tally;
}

interface Tally {
  readonly pairs: number;
  readonly below: number;
  readonly designEffect: number;
}

/**
 * The rates of each group at each threshold. Intervals are exact ones of counts over the design effect. A group is held
 * against all pairs of the column's other groups by Fisher's exact test on counts over the design effect, rounded; the
 * p-values of all groups and both kinds at one threshold are corrected by Holm's method (Scandinavian Journal of Statistics
 * 6, 1979), so that the chance of calling any group different where none is stays at 5 %. Where a column has two groups,
 * one against the rest says the same as the other, and counts as one test.
 *
 * @param pairs those with a value in `groups`; pairs without one in a column are left out of it.
 * @throws CalibrationError `CALIBRATION_DATA`
 */
export function ratesByGroup(pairs: readonly LabelledPair[], thresholds: readonly number[]): GroupRates[] {
  const population = populationOf(pairs);
  return thresholds.flatMap((threshold) => ratesAt(population, threshold));
}

function ratesAt(population: Population, threshold: number): GroupRates[] {
  const comparisons = columnsOf(population).flatMap(({ column, groups }) =>
    [false, true].flatMap((same) => compare(population, column, groups, same, threshold)),
  );
  const pValues = corrected(comparisons);
  const rateOf = (column: string, group: string, same: boolean): GroupRate | undefined => {
    const index = comparisons.findIndex(
      (each) => each.column === column && each.group === group && each.same === same,
    );
    const found = comparisons[index];
    return found && describe(found.own, pValues[index] ?? 1);
  };
  return columnsOf(population).flatMap(({ column, groups }) =>
    groups.map((group): GroupRates => {
      const [falseMatches, trueMatches] = [rateOf(column, group, false), rateOf(column, group, true)];
      return {
        column,
        group,
        threshold,
        ...(falseMatches ? { falseMatches } : {}),
        ...(trueMatches ? { trueMatches } : {}),
      };
    }),
  );
}

function columnsOf({ pairs }: Population): { readonly column: string; readonly groups: readonly string[] }[] {
  const columns = new Map<string, Set<string>>();
  for (const { groups } of pairs)
    for (const [column, group] of Object.entries(groups)) {
      const known = columns.get(column) ?? new Set();
      columns.set(column, known.add(group));
    }
  return [...columns]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([column, groups]) => ({ column, groups: [...groups].sort() }));
}

function compare(
  { pairs, units }: Population,
  column: string,
  groups: readonly string[],
  same: boolean,
  threshold: number,
): Comparison[] {
  const ofKind = pairs.filter((pair) => pair.same === same && pair.groups[column] !== undefined);
  const ofAll = tally(ofKind, units, threshold);
  return groups.flatMap((group) => {
    const own = ofKind.filter((pair) => pair.groups[column] === group);
    const rest = ofKind.filter((pair) => pair.groups[column] !== group);
    const [one, other] = [own, rest].map((some) => tally(some, units, threshold, ofAll.designEffect));
    return own.length > 0 && one && other ? [{ column, group, same, own: one, rest: other }] : [];
  });
}

/** @param otherwise the design effect where the pairs are too few to tell; default that of pairs with nobody in common. */
function tally(pairs: readonly PairOfPeople[], units: number, threshold: number, otherwise?: number): Tally {
  const dyads = new Dyads(pairs, units);
  const below = pairs.filter(({ distance }) => distance < threshold);
  for (const pair of below) dyads.countBelow(pair);
  const designEffect =
    dyads.designEffect() ?? otherwise ?? Math.max(1, pairs.length / Math.max(1, dyads.countDisjoint()));
  return { pairs: pairs.length, below: below.length, designEffect };
}

function describe({ pairs, below, designEffect }: Tally, pValue: number): GroupRate {
  const rate = below / pairs;
  const independent = Math.max(1, pairs / designEffect);
  const [low, high] = exactInterval(rate * independent, independent);
  return {
    pairs,
    below,
    rate,
    interval: [Math.min(low, rate), Math.max(high, rate)],
    pValue,
    differs: pValue < 0.05,
  };
}

function pValueOf({ own, rest }: Comparison): number {
  if (rest.pairs === 0) return 1;
  const counts = ({ pairs, below, designEffect }: Tally) => {
    const independent = Math.max(1, Math.round(pairs / designEffect));
    return [Math.min(independent, Math.round(below / designEffect)), independent] as const;
  };
  return fisherTest(...counts(own), ...counts(rest));
}

/** Holm's: the least p-value times the number of tests, the next times one less, and none below the one before. */
function corrected(comparisons: readonly Comparison[]): number[] {
  const testOf = ({ column, same, group }: Comparison) => {
    const rivals = comparisons.filter((each) => each.column === column && each.same === same);
    return JSON.stringify(rivals.length === 2 ? [column, same] : [column, same, group]);
  };
  const tests = new Map(comparisons.map((comparison) => [testOf(comparison), pValueOf(comparison)]));
  const adjusted = new Map<string, number>();
  let least = 0;
  [...tests]
    .sort(([, p], [, q]) => p - q)
    .forEach(([test, p], index) => {
      least = Math.max(least, Math.min(1, p * (tests.size - index)));
      adjusted.set(test, least);
    });
  return comparisons.map((comparison) => adjusted.get(testOf(comparison)) ?? 1);
}
