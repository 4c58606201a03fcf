// The line of a run under way: rate, time left, and its length.

import fc from '../fixtures/properties.js';
import t from 'tap';
import { inShort, progressLine, RateMeter, timeInWords } from '../../lib/cli/progress_line.js';

const state = { label: 'encoding', done: 250, total: 1000, unit: 'photos' } as const;

t.test('it tells part, counts, rate and time left', async (t) => {
  // 750 are left, at 10 a second: 75 s.
  const line = progressLine({ ...state, rate: 10 }, 120);
  t.match(line, /^encoding \[#{10}-{30}\] 25% \| 250\/1000 photos \| 10\.0 photos\/s \| 1 min 15 s left$/);
});

t.test('without a rate it tells no time left', async (t) => {
  t.match(progressLine(state, 120), /\] 25% \| 250\/1000 photos$/);
});

t.test('slow work is told by the minute, and many pairs in short', async (t) => {
  t.match(progressLine({ ...state, rate: 0.5 }, 120), / 30\.0 photos\/min \| 25 min 00 s left$/);
  const pairs = {
    label: 'comparing',
    done: 37_000_000,
    total: 5_000_000_000,
    unit: 'pairs',
    rate: 37_000_000,
  };
  t.match(progressLine(pairs, 120), /\] 0% \| 37\.0 M\/5\.0 G pairs \| 37\.0 M pairs\/s \| 2 min 15 s left$/);
});

t.test('where columns are few, the rate goes first, then the counts, then the bar', async (t) => {
  const at = (columns: number) => progressLine({ ...state, rate: 10 }, columns);
  t.match(at(60), /^encoding \[[#-]{8,}\] 25% \| 250\/1000 photos \| 1 min 15 s left$/);
  t.match(at(45), /^encoding \[[#-]{8,}\] 25% \| 1 min 15 s left$/);
  t.match(at(30), /^encoding \[[#-]{8,}\] 25%$/);
  t.equal(at(14), 'encoding 25%');
  t.equal(at(5), 'encod');
});

t.test('it is never longer than the columns', async () => {
  fc.assert(
    fc.property(
      fc.nat(200),
      fc.nat(1e12),
      fc.nat(1e12),
      fc.option(fc.double({ min: 0, max: 1e9, noNaN: true }), { nil: undefined }),
      (columns, done, total, rate) =>
        progressLine({ label: 'unknown: encoding', done, total, unit: 'photos', rate }, columns).length <=
        columns,
    ),
  );
});

t.test('a total that grows moves the part back, and the time left on', async (t) => {
  t.match(progressLine({ ...state, rate: 10 }, 120), /25% .* 1 min 15 s left/);
  t.match(progressLine({ ...state, total: 2500, rate: 10 }, 120), /10% .* 3 min 45 s left/);
});

t.test('nothing to do is all done', async (t) => {
  t.match(progressLine({ ...state, done: 0, total: 0 }, 120), /\[#+\] 100% \| 0\/0 photos$/);
});

t.test('a steady pace is its own rate, however uneven the steps', async (t) => {
  const meter = new RateMeter(0);
  t.equal(meter.rate(0), undefined);
  let at = 0;
  for (const seconds of [1, 3, 0.5, 8, 2, 0.1]) meter.update(4 * (at += seconds), at * 1000);
  t.ok(Math.abs((meter.rate(at * 1000) ?? 0) - 4) < 1e-9);
});

t.test('of a pace that changes the last seconds count most', async (t) => {
  const meter = new RateMeter(0);
  // A hundred known photos in the first second, then one a second for half a minute.
  meter.update(100, 1000);
  for (let second = 2; second <= 31; second++) meter.update(99 + second, second * 1000);
  const rate = meter.rate(31_000) ?? 0;
  // By hand: weights e^(−age/10): 100·e^−3 + Σ e^(−k/10), k = 0…29, over Σ e^(−k/10), k = 0…30.
  const weights = Array.from({ length: 31 }, (_, age) => Math.exp(-age / 10));
  const sum = weights.reduce((a, b) => a + b);
  t.ok(Math.abs(rate - (sum + 99 * Math.exp(-3)) / sum) < 1e-9);
  t.ok(rate < 2);
});

t.test('while nothing comes the rate sinks', async (t) => {
  const meter = new RateMeter(0);
  meter.update(10, 1000);
  t.equal(meter.rate(1000), 10);
  // 10 weighs 1/e after ten seconds, as does the second it took; the ten seconds since count whole.
  t.ok(Math.abs((meter.rate(11_000) ?? 0) - 10 / Math.E / (1 / Math.E + 10)) < 1e-9);
});

t.test('times and numbers are told in few words', async (t) => {
  t.same([0, 59, 60, 3599, 3600, 90_061, Infinity].map(timeInWords), [
    '0 s',
    '59 s',
    '1 min 00 s',
    '59 min 59 s',
    '1 h 00 min',
    '1 d 1 h',
    'long',
  ]);
  t.same([0, 99_999, 100_000, 999_999, 1_234_567, 5e9].map(inShort), [
    '0',
    '99999',
    '100 k',
    '999 k',
    '1.2 M',
    '5.0 G',
  ]);
});
