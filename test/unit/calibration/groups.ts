// Rates by group, and which groups differ.

import t from 'tap';
import { type LabelledPair, ratesByGroup } from '../../../lib/calibration/index.js';

/** Of a group: so many pairs, and so many of them at 0.3, the others at 0.9. */
function group(column: string, value: string, same: boolean, pairs: number, below: number): LabelledPair[] {
  return Array.from({ length: pairs }, (_, i) => ({
    same,
    distance: i < below ? 0.3 : 0.9,
    groups: { [column]: value },
  }));
}

t.test('each group has its counts, rates and intervals', (t) => {
  const pairs = [
    ...group('sex', 'f', true, 100, 50),
    ...group('sex', 'm', true, 50, 45),
    ...group('sex', 'f', false, 100, 10),
    ...group('sex', 'm', false, 200, 20),
  ];
  const [f, m] = ratesByGroup(pairs, [0.4]);
  t.match(f, {
    column: 'sex',
    group: 'f',
    threshold: 0.4,
    falseMatches: { pairs: 100, below: 10, rate: 0.1 },
  });
  // Clopper and Pearson's interval of 10 in 100.
  const [low = 0, high = 0] = f?.falseMatches?.interval ?? [];
  t.ok(Math.abs(low - 0.049) < 5e-5 && Math.abs(high - 0.1762) < 5e-5);
  t.match(m, {
    group: 'm',
    trueMatches: { rate: 0.9, differs: true },
    falseMatches: { rate: 0.1, differs: false },
  });
  t.equal(f?.trueMatches?.pValue, m?.trueMatches?.pValue, 'of two groups each differs from the other alike');
  t.end();
});

t.test('among many groups one that differs by chance is not called different', (t) => {
  // 14 of 40 against 63 of 360 has a p-value between 0.01 and 0.02 alone, which eleven tests bring above 0.1.
  const letters = [...'abcdefghij'];
  const withFirst = (below: number) => [
    ...letters.flatMap((letter, i) => group('region', letter, true, 40, i === 0 ? below : 7)),
    ...group('region', 'a', false, 40, 0),
  ];
  const [modest] = ratesByGroup(withFirst(14), [0.4]);
  const [plain] = ratesByGroup(withFirst(28), [0.4]);
  t.equal(modest?.trueMatches?.differs, false);
  t.equal(plain?.trueMatches?.differs, true);
  t.equal(plain?.falseMatches?.pValue, 1, 'a group without others differs from none');
  t.end();
});

t.test('pairs of one person counted many times do not make a group different', (t) => {
  const named = (value: string, person: number, below: boolean): LabelledPair[] =>
    Array.from({ length: 10 }, (_, i) => ({
      first: `${value}${person}`,
      second: `${value}${person} again ${i}`,
      same: true,
      distance: below ? 0.3 : 0.9,
      groups: { site: value },
    }));
  const people = (value: string, below: number) =>
    Array.from({ length: 8 }, (_, person) => named(value, person, person < below)).flat();
  const pairs = [...people('a', 3), ...people('b', 6), ...group('site', 'a', false, 30, 0)];
  const [a] = ratesByGroup(pairs, [0.4]);
  // 30 of 80 against 60 of 80 would be plain; 3 of 8 against 6 of 8 is not.
  t.match(a?.trueMatches, { pairs: 80, below: 30, differs: false });
  t.end();
});

t.test('pairs without a value are in no group', (t) => {
  const pairs = [
    ...group('age', '60+', true, 30, 20),
    ...group('age', '60+', false, 30, 0),
    ...group('sex', 'f', true, 30, 10),
  ];
  t.match(ratesByGroup(pairs, [0.4]), [
    { column: 'age', group: '60+', trueMatches: { pairs: 30, below: 20, pValue: 1 } },
    { column: 'sex', group: 'f', trueMatches: { pairs: 30, below: 10, pValue: 1 } },
  ]);
  t.equal(ratesByGroup(pairs, [0.4])[1]?.falseMatches, undefined);
  t.end();
});
