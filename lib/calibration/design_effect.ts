// How much less pairs tell that have people in common than as many pairs of nobody twice.

import type { PairOfPeople } from './pairs.js';

interface Dyad {
  readonly a: number;
  /** Equal to `a` for pairs of one person, and for a pair of which nobody knows who is on it. */
  readonly b: number;
  pairs: number;
  below: number;
}

/** Fewer pairs on one side of a threshold do not tell how much they depend on each other. */
const leastOnEitherSide = 20;

/** Pairs by the two people on them, and how many of them lie below a threshold that moves up. */
export class Dyads {
  readonly #units: number;
  readonly #byPeople = new Map<number, Dyad>();
  #pairs = 0;
  #below = 0;

  /** @param units people are numbered from 0 to below this. */
  constructor(pairs: Iterable<PairOfPeople>, units: number) {
    this.#units = units;
    for (const pair of pairs) {
      this.#of(pair).pairs++;
      this.#pairs++;
    }
  }

  /** Notes that one of the pairs lies below the threshold. */
  countBelow(pair: PairOfPeople): void {
    this.#of(pair).below++;
    this.#below++;
  }

  /**
   * The variance of the rate of pairs below the threshold, in units of what independent pairs would have: at least 1.
   * Pairs that share a person may depend on each other in any way (the dyadic cluster-robust variance of Aronow, Samii and
   * Assenova, Political Analysis 23, 2015, of a mean). It is a sum over all pairs of dyads that have a person in common:
   * over people the squared sum of their dyads, less what that counts twice.
   *
   * @returns undefined where fewer than 20 pairs lie on one side of the threshold.
   */
  designEffect(): number | undefined {
    if (Math.min(this.#below, this.#pairs - this.#below) < leastOnEitherSide) return undefined;
    const rate = this.#below / this.#pairs;
    const byPerson = new Float64Array(this.#units);
    let twice = 0;
    for (const { a, b, pairs, below } of this.#byPeople.values()) {
      const residual = below - rate * pairs;
      byPerson[a] = (byPerson[a] ?? 0) + residual;
      if (a === b) continue;
      byPerson[b] = (byPerson[b] ?? 0) + residual;
      twice += residual * residual;
    }
    const shared = byPerson.reduce((sum, each) => sum + each * each, 0) - twice;
    return Math.max(1, shared / (this.#pairs * rate * (1 - rate)));
  }

  /** How many pairs there are that have no person in common: taken one after the other, each where it can be. */
  countDisjoint(): number {
    const taken = new Set<number>();
    let count = 0;
    for (const { a, b } of this.#byPeople.values()) {
      if (taken.has(a) || taken.has(b)) continue;
      taken.add(a).add(b);
      count++;
    }
    return count;
  }

  #of({ a, b }: PairOfPeople): Dyad {
    const key = Math.min(a, b) * this.#units + Math.max(a, b);
    const known = this.#byPeople.get(key);
    if (known) return known;
    const dyad = { a, b, pairs: 0, below: 0 };
    this.#byPeople.set(key, dyad);
    return dyad;
  }
}
