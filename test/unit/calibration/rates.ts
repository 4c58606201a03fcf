// Rates below a threshold: counts, pairs that share people, intervals, and the tail.

import fc from '../../fixtures/properties.js';
import t from 'tap';
import { Dyads } from '../../../lib/calibration/design_effect.js';
import { binOf, countDistances, edge, RateBelow } from '../../../lib/calibration/distance_counts.js';
import { populationOf } from '../../../lib/calibration/pairs.js';
import { calibrate } from '../../../lib/calibration/index.js';
import { labelledLists, pairsAt } from '../../fixtures/labelled_pairs.js';

const near = (found: number, wanted: number, tolerance = 1e-9) => Math.abs(found - wanted) <= tolerance;

function countsOf(distances: readonly number[]) {
  const pairs = distances.map((distance, a) => ({ distance, same: false, a, b: a, groups: {} }));
  return countDistances(pairs, pairs.length);
}

t.test('a distance lies in the bin whose edges it lies between', (t) => {
  for (let bin = 0; bin < 400; bin++) {
    t.equal(binOf(edge(bin)), bin, `${edge(bin)} is the lower edge of its bin`);
  }
  t.equal(edge(80), 0.4);
  t.equal(binOf(0.4 - 1e-12), 79);
  t.equal(binOf(1e9), 399);
  t.end();
});

t.test('pairs of nobody twice have a design effect of 1, and each pair counted thrice one of 3', (t) => {
  const people = 100;
  const single = Array.from({ length: people }, (_, a) => ({
    distance: 0,
    same: false,
    a,
    b: a,
    groups: {},
  }));
  const effectOf = (times: number) => {
    const pairs = single.flatMap((pair) => new Array<(typeof single)[0]>(times).fill(pair));
    const dyads = new Dyads(pairs, people);
    pairs.filter(({ a }) => a < 30).forEach((pair) => dyads.countBelow(pair));
    return dyads.designEffect();
  };
  t.ok(near(effectOf(1) ?? 0, 1));
  t.ok(near(effectOf(3) ?? 0, 3));
  t.end();
});

t.test('pairs that share people count for fewer, as calculated by hand', (t) => {
  // 30 hubs, each with 2 pairs to people of its own; both pairs of 15 hubs lie below. The rate is 1/2 and each residual
  // ±1/2. Pairs of dyads with a common person: each with itself, 60 × 1/4, and the two of each hub in both orders,
  // 30 × 2 × 1/4: together 30. Independent pairs would have 60 × 1/4: the effect is 2.
  const pairs = Array.from({ length: 60 }, (_, i) => ({
    distance: 0,
    same: false,
    a: Math.floor(i / 2),
    b: 30 + i,
    groups: {},
  }));
  const dyads = new Dyads(pairs, 90);
  pairs.filter(({ a }) => a < 15).forEach((pair) => dyads.countBelow(pair));
  t.ok(near(dyads.designEffect() ?? 0, 2));
  t.equal(dyads.countDisjoint(), 30);
  t.end();
});

t.test('too few pairs on one side tell no design effect', (t) => {
  const pairs = Array.from({ length: 60 }, (_, a) => ({ distance: 0, same: false, a, b: a, groups: {} }));
  const dyads = new Dyads(pairs, 60);
  pairs.slice(0, 19).forEach((pair) => dyads.countBelow(pair));
  t.equal(dyads.designEffect(), undefined);
  t.end();
});

t.test('where pairs are counted the rate is their part, in a straight line between edges', (t) => {
  const rates = new RateBelow(
    countsOf([...new Array<number>(50).fill(0.502), ...new Array<number>(50).fill(0.8)]),
    {
      withTail: false,
    },
  );
  t.equal(rates.at(0.505).rate, 0.5);
  t.equal(rates.at(0.5).rate, 0);
  t.ok(near(rates.at(0.5025).rate, 0.25));
  t.equal(rates.at(3).rate, 1);
  // 50 of 100: the exact interval is 39.83 % to 60.17 % (Clopper and Pearson).
  const [low, high] = rates.at(0.6).interval;
  t.ok(near(low, 0.3983, 5e-5) && near(high, 0.6017, 5e-5));
  t.end();
});

t.test(
  'below the closest pair the tail tells a rate that is not 0, and the interval ends at 3.7 / n',
  (t) => {
    // Distances with F(t) = t^8: the quantiles of 10,000 pairs.
    const n = 10_000;
    const rates = new RateBelow(countsOf(Array.from({ length: n }, (_, i) => ((i + 0.5) / n) ** (1 / 8))), {
      withTail: true,
    });
    const { rate, interval } = rates.at(0.2);
    t.ok(rates.isExtrapolated(0.2));
    t.notOk(rates.isExtrapolated(0.9));
    t.ok(rate > 0.2 ** 8 / 3 && rate < 0.2 ** 8 * 3, `${rate} where the true one is ${0.2 ** 8}`);
    t.equal(interval[0], 0);
    t.ok(near(interval[1], 1 - 0.025 ** (1 / n), 1e-8));
    t.end();
  },
);

t.test(
  'rates and the ends of their intervals never fall as the threshold grows, and contain the rate',
  (t) => {
    fc.assert(
      fc.property(labelledLists, (pairs) => {
        const { different, same } = calibrateQuickly(pairs);
        for (const rates of [
          new RateBelow(different, { withTail: true }),
          new RateBelow(same, { withTail: false }),
        ]) {
          let before = { rate: 0, interval: [0, 0] as readonly [number, number] };
          for (let threshold = 0.001; threshold < 1.6; threshold += 0.0037) {
            const now = rates.at(threshold);
            const [low, high] = now.interval;
            if (!(low <= now.rate && now.rate <= high && low >= 0 && high <= 1)) return false;
            if (now.rate < before.rate || low < before.interval[0] || high < before.interval[1]) return false;
            before = now;
          }
        }
        return true;
      }),
      { numRuns: 25 },
    );
    t.end();
  },
);

t.test('of fewer pairs than a tail takes the rate is what was counted', (t) => {
  const rates = new RateBelow(countsOf([0.5, 0.5, 0.7, 0.7, 0.7]), { withTail: true });
  t.notOk(rates.isExtrapolated(0.4));
  t.equal(rates.at(0.4).rate, 0);
  t.equal(rates.at(0.6).rate, 0.4);
  t.end();
});

function calibrateQuickly(pairs: Parameters<typeof populationOf>[0]) {
  const population = populationOf(pairs);
  const [different, same] = [false, true].map((kind) =>
    countDistances(
      population.pairs.filter((pair) => pair.same === kind),
      population.units,
    ),
  );
  return { different: different as NonNullable<typeof different>, same: same as NonNullable<typeof same> };
}

t.test('the intervals hold what they promise where pairs share people', (t) => {
  // 40 people, each with an offset that all of its pairs have in common; the true rate at the median is 1/2.
  let held = 0;
  let seed = 1;
  const random = () => {
    seed = (seed * 48271) % 2147483647;
    return seed / 2147483647;
  };
  for (let round = 0; round < 60; round++) {
    const offsets = Array.from({ length: 40 }, () => random() - 0.5);
    const pairs = offsets.flatMap((a, i) =>
      offsets.slice(i + 1).map((b, j) => ({
        distance: 1 + 0.2 * (a + b) + 0.05 * (random() - 0.5),
        same: false,
        a: i,
        b: i + 1 + j,
        groups: {},
      })),
    );
    const [low, high] = new RateBelow(countDistances(pairs, 40), { withTail: true }).at(1).interval;
    if (low <= 0.5 && 0.5 <= high) held++;
  }
  // 95 % of 60 are 57; fewer than 51 have a chance of about one in a hundred.
  t.ok(held >= 51, `${held} of 60 intervals hold the true rate`);
  t.end();
});

t.test('a calibration counts its pairs by kind', (t) => {
  const { different, same } = calibrate([...pairsAt(true, 30, 0.3, 0.35), ...pairsAt(false, 40, 0.7, 0.8)]);
  t.match([different.pairs, same.pairs, different.disjoint], [40, 30, 40]);
  t.equal(same.counts[60], 15);
  t.equal(different.counts[140], 20);
  t.end();
});
