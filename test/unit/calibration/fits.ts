// Isotonic and logistic regression, against hand calculations.

import fc from '../../fixtures/properties.js';
import t from 'tap';
import { isotonicFit } from '../../../lib/calibration/isotonic.js';
import { logisticFit, logit, sigmoid, softplus } from '../../../lib/calibration/logistic.js';

const near = (found: number, wanted: number, tolerance = 1e-9) => Math.abs(found - wanted) <= tolerance;

t.test('adjacent violators are pooled to their mean', (t) => {
  // A known example upwards, 1 41 51 1 2 5 24 to 1 20 20 20 20 20 24 (tests of scikit-learn), read backwards.
  t.same(isotonicFit([24, 5, 2, 1, 51, 41, 1], new Array<number>(7).fill(1)), [24, 20, 20, 20, 20, 20, 1]);
  t.same(isotonicFit([3, 2, 1], [1, 1, 1]), [3, 2, 1], 'what falls already stays');
  t.same(isotonicFit([1, 4], [3, 1]), [1.75, 1.75], 'by weight');
  t.same(isotonicFit([], []), []);
  t.end();
});

t.test('the isotonic fit never rises and keeps the weighted sum', (t) => {
  const rows = fc.array(fc.tuple(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 1, max: 9 })), {
    minLength: 1,
  });
  fc.assert(
    fc.property(rows, (given) => {
      const [values, weights] = [given.map(([value]) => value), given.map(([, weight]) => weight)];
      const fitted = isotonicFit(values, weights);
      const sum = (list: readonly number[]) =>
        list.reduce((total, value, i) => total + value * (weights[i] ?? 0), 0);
      const falls = fitted.every((value, i) => i === 0 || value <= (fitted[i - 1] ?? 0));
      return falls && near(sum(fitted), sum(values), 1e-6);
    }),
  );
  t.end();
});

t.test('logistic regression on two places meets their smoothed log odds', (t) => {
  // 30 successes count 31/32 each, 30 failures 1/32; two parameters fit two places exactly.
  const [high, low] = [31 / 32, 1 / 32];
  const data = [
    { x: 0, successes: 20, failures: 10 },
    { x: 1, successes: 10, failures: 20 },
  ];
  const [near0, near1] = [(20 * high + 10 * low) / 30, (10 * high + 20 * low) / 30];
  const { intercept, slope } = logisticFit(data);
  t.ok(near(intercept, logit(near0), 1e-6));
  t.ok(near(slope, logit(near1) - logit(near0), 1e-6));
  t.end();
});

t.test('logistic regression stays finite where one number separates the two', (t) => {
  // Two places again: the odds there are those of Platt's targets, 11/12 and 1/12.
  const { intercept, slope } = logisticFit([
    { x: 0.3, successes: 10, failures: 0 },
    { x: 0.9, successes: 0, failures: 10 },
  ]);
  t.ok(near(sigmoid(intercept + 0.3 * slope), 11 / 12, 1e-6));
  t.ok(near(sigmoid(intercept + 0.9 * slope), 1 / 12, 1e-6));
  t.end();
});

t.test('all in one place leave no slope to infinity', (t) => {
  const { intercept, slope } = logisticFit([{ x: 0.5, successes: 3, failures: 1 }]);
  // 3 count 4/5 and 1 counts 1/3.
  t.ok(near(sigmoid(intercept + 0.5 * slope), (3 * (4 / 5) + 1 / 3) / 4, 1e-6));
  t.end();
});

t.test('logarithms and exponentials hold at the ends', (t) => {
  t.equal(softplus(1000), 1000);
  t.equal(softplus(-1000), 0);
  t.equal(sigmoid(-1000), 0);
  t.ok(near(sigmoid(logit(0.2)), 0.2));
  t.end();
});
