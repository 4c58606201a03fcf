// Exact intervals and Fisher's test, against closed forms and published values.

import t from 'tap';
import { betaDistribution, exactInterval, fisherTest, logGamma } from '../../../lib/calibration/beta.js';

const near = (found: number, wanted: number, tolerance = 1e-9) => Math.abs(found - wanted) <= tolerance;

t.test('ln Γ is that of factorials and of one half', (t) => {
  t.ok(near(logGamma(1), 0, 1e-12));
  t.ok(near(logGamma(6), Math.log(120), 1e-12));
  t.ok(near(logGamma(0.5), Math.log(Math.PI) / 2, 1e-12));
  t.end();
});

t.test('the beta distribution has its closed forms', (t) => {
  t.ok(near(betaDistribution(0.3, 1, 1), 0.3));
  t.ok(near(betaDistribution(0.3, 2, 1), 0.09), 'x^a where b is 1');
  t.ok(near(betaDistribution(0.3, 1, 3), 1 - 0.7 ** 3), '1 − (1 − x)^b where a is 1');
  t.ok(near(betaDistribution(0.5, 7.5, 7.5), 0.5), 'half at the middle of a symmetric one');
  // P(X ≥ 3) for X of 5 trials at 0.4: 10 × 0.064 × 0.36 + 5 × 0.0256 × 0.6 + 0.01024.
  t.ok(near(betaDistribution(0.4, 3, 3), 0.31744), 'a sum of binomial probabilities');
  t.equal(betaDistribution(0, 2, 2), 0);
  t.equal(betaDistribution(1, 2, 2), 1);
  t.end();
});

t.test('with no success the exact interval ends at 1 − 0.025^(1/n)', (t) => {
  for (const n of [10, 1000, 1e6]) {
    const [low, high] = exactInterval(0, n);
    t.equal(low, 0);
    t.ok(near(high / (1 - 0.025 ** (1 / n)), 1, 1e-6), `${n} trials`);
  }
  t.same(exactInterval(10, 10)[1], 1);
  t.ok(near(exactInterval(10, 10)[0], 0.025 ** 0.1));
  t.end();
});

t.test(
  'the exact interval of 10 in 100 is 4.90 % to 17.62 %, as tables of Clopper and Pearson have it',
  (t) => {
    const [low, high] = exactInterval(10, 100);
    t.ok(near(low, 0.049, 5e-5));
    t.ok(near(high, 0.1762, 5e-5));
    t.end();
  },
);

t.test('Fisher’s test gives the lady tasting tea her p-value', (t) => {
  // 3 of 4 against 1 of 4: (16 + 1 + 16 + 1) / 70 (Agresti, Categorical Data Analysis, section 3.5.2).
  t.ok(near(fisherTest(3, 4, 1, 4), 34 / 70));
  t.ok(near(fisherTest(4, 4, 0, 4), 2 / 70));
  t.ok(near(fisherTest(2, 10, 2, 10), 1), 'equal rates');
  t.end();
});
