// How much less pairs tell that have people in common than as many pairs of nobody twice.

/** A part of the pairs: how many there are of two people, and how many of them lie below the threshold. */
export interface Dyad {
  readonly a: number;
  /** Equal to `a` for pairs of one person, and for a pair of which nobody knows who is on it. */
  readonly b: number;
  readonly pairs: number;
  readonly below: number;
}

/**
 * The variance of the rate of pairs below a threshold, in units of what independent pairs would have: at least 1. Pairs
 * that share a person may depend on each other in any way (the dyadic cluster-robust variance of Aronow, Samii and
 * Assenova, Political Analysis 23, 2015, for a mean). As a sum over all dyads that have a person in common it would take
 * their square; it is the sum over people of the squared sum of their dyads, less what that counts twice.
 *
 * @param people how many; dyads name them from 0 up.
 * @returns NaN where all pairs lie on one side of the threshold, which tells nothing of their variance.
 */
export function designEffect(dyads: readonly Dyad[], people: number): number {
  let pairs = 0;
  let below = 0;
  for (const dyad of dyads) {
    pairs += dyad.pairs;
    below += dyad.below;
  }
  const rate = below / pairs;
  if (!(rate > 0 && rate < 1)) return Number.NaN;
  const byPerson = new Float64Array(people);
  let twice = 0;
  for (const { a, b, pairs: n, below: k } of dyads) {
    const residual = k - rate * n;
    byPerson[a] = (byPerson[a] ?? 0) + residual;
    if (a === b) continue;
    byPerson[b] = (byPerson[b] ?? 0) + residual;
    twice += residual * residual;
  }
  const shared = byPerson.reduce((sum, each) => sum + each * each, 0) - twice;
  return Math.max(1, shared / (pairs * rate * (1 - rate)));
}
