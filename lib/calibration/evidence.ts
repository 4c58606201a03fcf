// Distance as evidence that two faces are of one person: fitted in two ways, of which the one that foretells better is kept.

import { exactInterval, type Interval } from './beta.js';
import { binCount, binOf, binWidth, edge } from './distance_counts.js';
import { isotonicFit } from './isotonic.js';
import { logisticFit, logit, softplus } from './logistic.js';
import type { PairOfPeople, Population } from './pairs.js';
import { seededRandom } from './random.js';

/**
 * By distance, how much likelier it is among pairs of one person than among pairs of different people: the natural
 * logarithm of that ratio, which does not depend on how many of the labelled pairs are of one person.
 */
export interface EvidenceCurve {
  readonly method: 'logistic' | 'isotonic';
  /** Mean log loss a pair of each method on people it was not fitted to, in nats; the method is the one of less. */
  readonly logLoss: { readonly logistic: number; readonly isotonic: number };
  /** Distances between the points, from 0. */
  readonly step: number;
  /** At each point; never rises. Beyond the last point it stays. */
  readonly logRatio: readonly number[];
  /** 95 % interval at each point. */
  readonly low: readonly number[];
  readonly high: readonly number[];
}

type Method = EvidenceCurve['method'];

/** Pairs by bin of distance; counts need not be whole. */
interface Binned {
  readonly same: Float64Array;
  readonly different: Float64Array;
}

/** ln(P(distance | same) / P(distance | different)). */
type LogRatio = (distance: number) => number;

interface Fit {
  readonly logRatio: LogRatio;
  /** What the counts at a distance cannot rule out, where a drawing from them would never show it. */
  readonly low: LogRatio;
  readonly high: LogRatio;
}

const folds = 5;
const replicates = 200;
const binsPerPoint = 2;

/**
 * Both methods are judged by five-fold cross-validation over people: fitted to the pairs that have nobody of a fold, and
 * tried on those that have. The interval is that of the percentile bootstrap over people (Snijders and Borgatti,
 * Connections 22, 1999), 200 drawings, always the same ones; where few pairs share people it is wider than need be.
 * Of isotonic regression it takes in the exact interval of the counts that were pooled, since drawings from pairs of which
 * none is of different people have none either.
 */
export function fitEvidence({ pairs, units }: Population): EvidenceCurve {
  const logLoss = {
    logistic: crossValidated('logistic', pairs),
    isotonic: crossValidated('isotonic', pairs),
  };
  const method = logLoss.isotonic < logLoss.logistic ? 'isotonic' : 'logistic';
  const furthest = pairs.reduce((most, { distance }) => Math.max(most, binOf(distance)), 0);
  const points = Array.from({ length: Math.ceil((furthest + 1) / binsPerPoint) + 1 }, (_, i) =>
    edge(i * binsPerPoint),
  );
  const fitted = fit(method, binned(pairs));
  const logRatio = points.map(fitted.logRatio);
  const drawn = resampled(pairs, units).map((sample) => points.map(fit(method, sample).logRatio));
  const bounds = points.map((_, point) => {
    const sorted = drawn.map((each) => each[point] ?? 0).sort((a, b) => a - b);
    const at = points[point] ?? 0;
    const here = logRatio[point] ?? 0;
    return [
      Math.min(here, fitted.low(at), quantile(sorted, 0.025)),
      Math.max(here, fitted.high(at), quantile(sorted, 0.975)),
    ] as const;
  });
  return {
    method,
    logLoss: { logistic: rounded(logLoss.logistic), isotonic: rounded(logLoss.isotonic) },
    step: binsPerPoint * binWidth,
    logRatio: logRatio.map(rounded),
    // Ends that rise with distance would say that the curve may.
    low: runningLeast(bounds.map(([low]) => rounded(low))),
    high: runningMost(bounds.map(([, high]) => rounded(high)).reverse()).reverse(),
  };
}

/** The curve at a distance, between its points in a straight line. */
export function evidenceAt(values: readonly number[], step: number, distance: number): number {
  const place = Math.min(values.length - 1, Math.max(0, distance / step));
  const index = Math.floor(place);
  const here = values[index] ?? 0;
  const next = values[index + 1] ?? here;
  return here + (next - here) * (place - index);
}

function fit(method: Method, data: Binned): Fit {
  return method === 'logistic' ? logisticEvidence(data) : isotonicEvidence(data);
}

const middle = (bin: number) => edge(bin) + binWidth / 2;

/** With one more of each kind, so that it is never 0 or 1. */
function shareOfSame({ same, different }: Binned): number {
  return (total(same) + 1) / (total(same) + total(different) + 2);
}

function logisticEvidence(data: Binned): Fit {
  const observations = filledBins(data).map((bin) => ({
    x: middle(bin),
    successes: data.same[bin] ?? 0,
    failures: data.different[bin] ?? 0,
  }));
  const { intercept, slope } = logisticFit(observations);
  const share = logit(shareOfSame(data));
  // More distance is never evidence for one person.
  const logRatio: LogRatio = slope < 0 ? (distance) => intercept + slope * distance - share : () => 0;
  return { logRatio, low: logRatio, high: logRatio };
}

/**
 * One pair of different people is added at the least distance and one of the same at the greatest, so that no distance is
 * ever full proof: of n pairs the surest say n / (n + 1).
 */
function isotonicEvidence(data: Binned): Fit {
  const bins = filledBins(data);
  const counts = bins.map((bin) => ({ same: data.same[bin] ?? 0, different: data.different[bin] ?? 0 }));
  const [first, last] = [counts[0], counts.at(-1)];
  if (first) first.different++;
  if (last) last.same++;
  const fitted = isotonicFit(
    counts.map(({ same, different }) => same / (same + different)),
    counts.map(({ same, different }) => same + different),
  );
  const share = logit(shareOfSame(data));
  const places = bins.map(middle);
  const curve = (probabilities: readonly number[]): LogRatio => {
    const values = probabilities.map((probability) => logit(probability) - share);
    return (distance) => interpolated(places, values, distance);
  };
  const exact = exactIntervals(fitted, counts);
  return {
    logRatio: curve(fitted),
    // An end at 0 or 1 tells that there is none in these counts, not that there is none.
    low: curve(exact.map(([low], bin) => (low > 0 ? low : (fitted[bin] ?? 0)))),
    high: curve(exact.map(([, high], bin) => (high < 1 ? high : (fitted[bin] ?? 1)))),
  };
}

/** Of the counts that were pooled to one value. */
function exactIntervals(
  fitted: readonly number[],
  counts: readonly { readonly same: number; readonly different: number }[],
): Interval[] {
  const pooled = new Map<number, { same: number; all: number }>();
  fitted.forEach((value, bin) => {
    const block = pooled.get(value) ?? { same: 0, all: 0 };
    const { same = 0, different = 0 } = counts[bin] ?? {};
    pooled.set(value, { same: block.same + same, all: block.all + same + different });
  });
  const intervals = new Map([...pooled].map(([value, { same, all }]) => [value, exactInterval(same, all)]));
  return fitted.map((value) => intervals.get(value) ?? [value, value]);
}

function interpolated(places: readonly number[], values: readonly number[], at: number): number {
  const next = places.findIndex((place) => place >= at);
  if (next <= 0) return (next === 0 ? values[0] : values.at(-1)) ?? 0;
  const [x0 = 0, x1 = 1] = [places[next - 1], places[next]];
  const [y0 = 0, y1 = 0] = [values[next - 1], values[next]];
  return y0 + ((y1 - y0) * (at - x0)) / (x1 - x0);
}

function crossValidated(method: Method, pairs: readonly PairOfPeople[]): number {
  let loss = 0;
  let tried = 0;
  for (let fold = 0; fold < folds; fold++) {
    const isTried = ({ a, b }: PairOfPeople) => a % folds === fold || b % folds === fold;
    const train = binned(pairs.filter((pair) => !isTried(pair)));
    const test = binned(pairs.filter(isTried));
    const { logRatio } = fit(method, train);
    const share = logit(shareOfSame(train));
    for (const bin of filledBins(test)) {
      const z = logRatio(middle(bin)) + share;
      loss += (test.same[bin] ?? 0) * softplus(-z) + (test.different[bin] ?? 0) * softplus(z);
    }
    tried += total(test.same) + total(test.different);
  }
  return loss / tried;
}

function binned(pairs: readonly PairOfPeople[], weightOf: (pair: PairOfPeople) => number = () => 1): Binned {
  const data = { same: new Float64Array(binCount), different: new Float64Array(binCount) };
  for (const pair of pairs) {
    const counts = pair.same ? data.same : data.different;
    const bin = binOf(pair.distance);
    counts[bin] = (counts[bin] ?? 0) + weightOf(pair);
  }
  return data;
}

/** As many people drawn with replacement, each with all of their pairs; two drawings of one person are no pair. */
function resampled(pairs: readonly PairOfPeople[], units: number): Binned[] {
  const random = seededRandom(1);
  return Array.from({ length: replicates }, () => {
    const times = new Uint32Array(units);
    for (let i = 0; i < units; i++) {
      const person = Math.floor(random() * units);
      times[person] = (times[person] ?? 0) + 1;
    }
    return binned(pairs, ({ a, b }) => (a === b ? (times[a] ?? 0) : (times[a] ?? 0) * (times[b] ?? 0)));
  });
}

function filledBins({ same, different }: Binned): number[] {
  const filled: number[] = [];
  same.forEach((count, bin) => {
    if (count + (different[bin] ?? 0) > 0) filled.push(bin);
  });
  return filled;
}

function total(counts: Float64Array): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

function runningLeast(values: readonly number[]): number[] {
  let least = Number.POSITIVE_INFINITY;
  return values.map((value) => (least = Math.min(least, value)));
}

function runningMost(values: readonly number[]): number[] {
  let most = Number.NEGATIVE_INFINITY;
  return values.map((value) => (most = Math.max(most, value)));
}

function quantile(sorted: readonly number[], part: number): number {
  const place = part * (sorted.length - 1);
  const here = sorted[Math.floor(place)] ?? 0;
  return here + ((sorted[Math.ceil(place)] ?? here) - here) * (place - Math.floor(place));
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
