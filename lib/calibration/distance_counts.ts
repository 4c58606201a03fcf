// How many pairs of a kind lie at which distance, and what that says of the rate below a threshold.

import { exactInterval, type Interval } from './beta.js';
import { Dyads } from './design_effect.js';
import type { PairOfPeople } from './pairs.js';

/** Of distance; the edges of bins are its multiples. */
export const binWidth = 0.005;

/** Beyond the last edge, 2, lies nothing that a ResNet of faces gives; what does is counted in the last bin. */
export const binCount = 400;

/** Pairs of one kind, of one person or of different people. */
export interface DistanceCounts {
  readonly pairs: number;
  /** Pairs in [0.005 i, 0.005 (i + 1)), from i = 0; bins after the last are empty. */
  readonly counts: readonly number[];
  /**
   * At the edge 0.005 i: how many pairs tell as much as one that shares no person with another (see Dyads.designEffect), where
   * at least 20 pairs lie on either side; 0 where that is not known.
   */
  readonly designEffects: readonly number[];
  /** As many pairs as were found that have no person in common at all: what they tell at the least. */
  readonly disjoint: number;
}

/** A part of pairs, 0 to 1, as estimated. */
export interface Rate {
  readonly rate: number;
  /** 95 %; contains the rate. */
  readonly interval: Interval;
}

export function edge(index: number): number {
  // 0.005 × 80 is 0.4; a sum of eighty steps would not be.
  return index / 200;
}

export function binOf(distance: number): number {
  const index = Math.min(binCount - 1, Math.floor(distance * 200));
  // The product may round up to the edge above, or down from its own.
  if (index > 0 && distance < edge(index)) return index - 1;
  return index < binCount - 1 && distance >= edge(index + 1) ? index + 1 : index;
}

export function countDistances(pairs: readonly PairOfPeople[], units: number): DistanceCounts {
  const inBins = Array.from({ length: binCount }, (): PairOfPeople[] => []);
  for (const pair of pairs) inBins[binOf(pair.distance)]?.push(pair);
  const dyads = new Dyads(pairs, units);
  const designEffects = inBins.map((bin) => {
    // At the bin's lower edge.
    const effect = dyads.designEffect() ?? 0;
    for (const pair of bin) dyads.countBelow(pair);
    return Number(effect.toPrecision(3));
  });
  const length = inBins.findLastIndex((bin) => bin.length > 0) + 1;
  return {
    pairs: pairs.length,
    counts: inBins.slice(0, length).map((bin) => bin.length),
    designEffects: designEffects.slice(0, length),
    disjoint: dyads.countDisjoint(),
  };
}

/** A power of distance that goes on where the counts end. */
interface Tail {
  /** An edge. */
  readonly below: number;
  readonly rateAtEdge: number;
  readonly power: number;
}

/**
 * The rate of pairs below a threshold, for any threshold: as counted, and where few or none were counted by a fitted
 * tail.
 *
 * The tail is F(t) = F(u) (t / u)^m: what extreme value theory has for the smallest of values that end at 0. m is Hill's
 * estimate (Annals of Statistics 3, 1975) 1 / mean(ln(u / d)) over the pairs below u; for distances of points it is the
 * dimension of what they lie on (Levina and Bickel, NIPS 2004). u is the first edge with √n of n pairs below it, 10 at least and 100
 * at most. It falls slower than a normal tail would, and so errs towards more false matches.
 *
 * The interval rests on no tail: it is exactInterval of the counts, both divided by the design effect at the threshold, or
 * where that is not known by the nearest one that is. With nobody counted below, it ends at 3.7 / n.
 */
export class RateBelow {
  readonly #pairs: number;
  /** By edge. */
  readonly #below: readonly number[];
  readonly #intervals: readonly Interval[];
  readonly #tail: Tail | undefined;
  readonly #independent: readonly number[];

  constructor(distances: DistanceCounts, { withTail }: { readonly withTail: boolean }) {
    this.#pairs = distances.pairs;
    this.#below = cumulative(distances.counts);
    this.#independent = effectivePairs(distances, this.#below.length);
    this.#intervals = monotone(
      this.#below.map((count, index) => {
        const effective = this.#independent[index] ?? 1;
        return exactInterval((count / this.#pairs) * effective, effective);
      }),
    );
    this.#tail = withTail ? tailOf(distances, this.#below) : undefined;
  }

  /** How many pairs that share nobody would tell as much of the rate at a threshold. */
  independentPairs(threshold: number): number {
    return this.#independent[Math.min(this.#independent.length - 1, binOf(threshold))] ?? 1;
  }

  /** Whether so few pairs were counted below this threshold that the fitted tail tells the rate. */
  isExtrapolated(threshold: number): boolean {
    return this.#tail !== undefined && threshold < this.#tail.below;
  }

  at(threshold: number): Rate {
    const last = this.#below.length - 1;
    const index = Math.min(last, binOf(threshold));
    const rate = this.#rate(threshold, index);
    const isEdge = threshold === edge(index) || index === last;
    const [low] = this.#intervals[index] ?? [0];
    const [, high] = this.#intervals[isEdge ? index : index + 1] ?? [0, 1];
    return { rate, interval: [Math.min(low, rate), Math.max(high, rate)] };
  }

  #rate(threshold: number, index: number): number {
    const tail = this.#tail;
    if (tail && threshold < tail.below) return tail.rateAtEdge * (threshold / tail.below) ** tail.power;
    const here = this.#below[index] ?? this.#pairs;
    const next = this.#below[index + 1] ?? here;
    const part = Math.min(1, (threshold - edge(index)) / binWidth);
    return (here + (next - here) * part) / this.#pairs;
  }
}

/** To the width of a bin. */
export function meanDistance({ pairs, counts }: DistanceCounts): number {
  return counts.reduce((sum, count, bin) => sum + count * (edge(bin) + binWidth / 2), 0) / pairs;
}

/** By edge, from 0 to the upper one of the last bin: how many pairs lie below. */
function cumulative(counts: readonly number[]): number[] {
  const below = [0];
  for (const count of counts) below.push((below.at(-1) ?? 0) + count);
  return below;
}

function effectivePairs({ pairs, designEffects, disjoint }: DistanceCounts, edges: number): number[] {
  const known = designEffects.flatMap((effect, index) => (effect === 0 ? [] : [{ index, effect }]));
  if (known.length === 0) return new Array<number>(edges).fill(disjoint);
  return Array.from({ length: edges }, (_, index) => {
    const nearest = known.reduce((best, each) =>
      Math.abs(each.index - index) < Math.abs(best.index - index) ? each : best,
    );
    return Math.max(1, pairs / nearest.effect);
  });
}

/** A greater threshold never lets fewer through, and the widths of intervals must not say otherwise. */
function monotone(intervals: readonly Interval[]): Interval[] {
  const highs: number[] = [];
  for (const [, high] of intervals) highs.push(Math.max(high, highs.at(-1) ?? 0));
  const lows: number[] = [];
  for (const [low] of [...intervals].reverse()) lows.unshift(Math.min(low, lows[0] ?? 1));
  return lows.map((low, index) => [low, highs[index] ?? 1]);
}

/** Undefined where no edge has enough pairs below it. */
function tailOf({ pairs, counts }: DistanceCounts, below: readonly number[]): Tail | undefined {
  const wanted = Math.min(100, Math.max(10, Math.ceil(Math.sqrt(pairs))));
  const last = below.findIndex((count) => count >= wanted);
  if (last < 0) return undefined;
  const start = edge(last);
  let logs = 0;
  for (let bin = 0; bin < last; bin++)
    logs += (counts[bin] ?? 0) * Math.log(start / (edge(bin) + binWidth / 2));
  const counted = below[last] ?? pairs;
  return { below: start, rateAtEdge: counted / pairs, power: counted / logs };
}
