// From labelled pairs to probabilities and thresholds.

import fc from '../../fixtures/properties.js';
import t from 'tap';
import {
  calibrate,
  type LabelledPair,
  probabilityOfSamePerson,
  suggestThreshold,
} from '../../../lib/calibration/index.js';
import { calibrationInWords, notesOn, suggestionsInWords } from '../../../lib/cli/calibration_words.js';
import { labelledLists, pairsAt, pairsOfPeople } from '../../fixtures/labelled_pairs.js';

const day = new Date('2026-01-02T03:04:05Z');

t.test('too few pairs, wrong distances, swapped and contradicting labels are refused', (t) => {
  const data = (sentence: RegExp) => ({
    name: 'CalibrationError',
    code: 'CALIBRATION_DATA',
    message: sentence,
  });
  const [same, different] = [pairsAt(true, 20, 0.3), pairsAt(false, 20, 0.8)];
  t.throws(() => calibrate([...same, ...different.slice(1)]), data(/19 of different people/));
  t.throws(
    () => calibrate([...same, ...different, { same: true, distance: Number.NaN }]),
    data(/pair 41 is NaN/),
  );
  t.throws(() => calibrate([...pairsAt(true, 20, 0.9), ...different]), data(/swapped/));
  const named = (first: string, second: string, isSame: boolean): LabelledPair => ({
    first,
    second,
    same: isSame,
    distance: 0.5,
  });
  const chain = [named('a', 'b', true), named('b', 'c', true), named('c', 'a', false)];
  t.throws(() => calibrate([...same, ...different, ...chain]), data(/contradict/));
  t.throws(
    () => calibrate([...same, ...different, named('a', 'a', false)]),
    data(/another person than itself/),
  );
  t.throws(() => calibrate([...same, ...different], { prior: 1 }), { code: 'OPTION_RANGE' });
  t.end();
});

t.test('photos that are called the same are of one person, however long the chain', (t) => {
  const pairs = pairsOfPeople(10, 4, (i, j) => (Math.floor(i / 4) === Math.floor(j / 4) ? 0.3 : 0.8));
  t.match(calibrate(pairs), {
    photos: 40,
    people: 10,
    same: { pairs: 60 },
    different: { pairs: 720, disjoint: 5 },
  });
  t.end();
});

t.test('a surer threshold lets fewer true pairs through, and says when pairs are too few', (t) => {
  const spread = (same: boolean, from: number, to: number) =>
    Array.from({ length: 200 }, (_, i): LabelledPair => ({ same, distance: from + ((to - from) * i) / 200 }));
  const calibration = calibrate([...spread(true, 0.2, 0.6), ...spread(false, 0.5, 1)]);
  const [loose, strict] = [suggestThreshold(calibration, 0.1), suggestThreshold(calibration, 0.0001)];
  // A tenth of 200 pairs from 0.5 to 1 lies below 0.55, and 175 of 200 from 0.2 to 0.6.
  t.match(loose, { threshold: 0.55, falseMatches: { rate: 0.1 }, isShown: true, isExtrapolated: false });
  t.equal(loose.trueMatches.rate, 0.875);
  t.ok((strict.threshold ?? 1) < 0.5 && strict.isExtrapolated && !strict.isShown);
  t.equal(strict.sureThreshold, undefined);
  // Without a match in n, the interval ends at 1 − 0.025^(1/n): at 0.0001 for n = ln 0.025 / ln 0.9999 = 36,886.9.
  t.equal(strict.pairsNeeded, 36_887);
  t.ok((loose.sureThreshold ?? 1) < (loose.threshold ?? 0));
  for (const wanted of [0, 1, -1, Number.NaN])
    t.throws(() => suggestThreshold(calibration, wanted), { code: 'OPTION_RANGE' });
  t.end();
});

t.test('where copies pass for different people no threshold is suggested', (t) => {
  const different = [...pairsAt(false, 30, 0.001), ...pairsAt(false, 70, 0.9)];
  const calibration = calibrate([...pairsAt(true, 30, 0.3), ...different]);
  const suggested = suggestThreshold(calibration, 0.001);
  t.notOk('threshold' in suggested);
  t.equal(suggested.falseMatches.rate, 0.3, 'thirty of a hundred lie below 0.005');
  t.equal(typeof suggestThreshold(calibration, 0.5).threshold, 'number');
  const { thresholds, ofDecisions, prior } = { thresholds: [suggested], ofDecisions: false, prior: 0.1 };
  t.match(
    notesOn(calibration, { thresholds, ofDecisions, prior }).join('\n'),
    /No threshold .* of 0\.001: .* part of 0\.3 /,
  );
  t.match(suggestionsInWords(thresholds)[1]?.[1], 'none');
  t.end();
});

t.test('a fit that foretells worse than the shares of the labels is told of', (t) => {
  const given = { thresholds: [], ofDecisions: false, prior: 0.1 };
  const notes = (calibration: ReturnType<typeof calibrate>) => notesOn(calibration, given).join('\n');
  const good = calibrate([...pairsAt(true, 30, 0.3, 0.35), ...pairsAt(false, 70, 0.8, 0.9)]);
  t.notMatch(notes(good), /shares/);
  // −0.3 ln 0.3 − 0.7 ln 0.7 = 0.6109.
  const { evidence } = good;
  const bad = { ...good, evidence: { ...evidence, logLoss: { logistic: 1.168, isotonic: 1.168 } } };
  t.match(notes(bad), /Neither method .*log loss 1\.168 a pair, by the shares 0\.61/);
  t.match(calibrationInWords(bad).heading, /by the shares of the labels alone 0\.61\)/);
  t.end();
});

t.test('decisions lie below a distance above 0', (t) => {
  const pairs = [...pairsAt(true, 20, 0.3), ...pairsAt(false, 20, 0.38)];
  t.equal(calibrate(pairs, { decisionsBelow: 0.4 }).decisionsBelow, 0.4);
  t.notOk('decisionsBelow' in calibrate(pairs));
  for (const decisionsBelow of [0, -1, Number.NaN])
    t.throws(() => calibrate(pairs, { decisionsBelow }), { code: 'OPTION_RANGE' });
  t.end();
});

t.test('one pair is counted as one', (t) => {
  t.throws(() => calibrate([...pairsAt(true, 1, 0.3), ...pairsAt(false, 20, 0.8)]), {
    message: /has 1 pair of one person and 20 of different people/,
  });
  t.end();
});

t.test('the prior moves the odds as Bayes’ rule has it', (t) => {
  const calibration = calibrate([...pairsAt(true, 50, 0.3, 0.4, 0.55), ...pairsAt(false, 50, 0.5, 0.7, 0.8)]);
  t.equal(calibration.prior, 0.5);
  const even = probabilityOfSamePerson(calibration, 0.4).probability;
  const rare = probabilityOfSamePerson(calibration, 0.4, { prior: 0.001 }).probability;
  const odds = (p: number) => p / (1 - p);
  t.ok(Math.abs(odds(rare) / (odds(even) / 999) - 1) < 1e-9);
  t.equal(
    probabilityOfSamePerson(
      calibrate([...pairsAt(true, 20, 0.3), ...pairsAt(false, 20, 0.8)], { prior: 0.1 }),
      0.4,
    ).prior,
    0.1,
  );
  t.throws(() => probabilityOfSamePerson(calibration, -1), { code: 'OPTION_RANGE' });
  t.throws(() => probabilityOfSamePerson(calibration, 0.4, { prior: 0 }), { code: 'OPTION_RANGE' });
  t.end();
});

t.test('pairs that a distance separates wholly leave a doubt', (t) => {
  const calibration = calibrate([...pairsAt(true, 20, 0.2, 0.3), ...pairsAt(false, 20, 0.8, 0.9)]);
  const close = probabilityOfSamePerson(calibration, 0);
  t.ok(close.probability > 0.9 && close.probability < 1);
  t.ok(probabilityOfSamePerson(calibration, 2).probability > 0);
  t.end();
});

t.test('the method that foretells better is kept', (t) => {
  // Steps that no sigmoid has: nine in ten up to 0.4, one in two up to 1.
  const steps = [
    ...pairsAt(true, 900, 0.2, 0.25, 0.3, 0.35),
    ...pairsAt(false, 100, 0.2, 0.25, 0.3, 0.35),
    ...pairsAt(true, 500, 0.45, 0.6, 0.8, 0.95),
    ...pairsAt(false, 500, 0.45, 0.6, 0.8, 0.95),
  ];
  const { evidence } = calibrate(steps);
  t.equal(evidence.method, 'isotonic');
  t.ok(evidence.logLoss.isotonic < evidence.logLoss.logistic);
  t.end();
});

t.test('probabilities never rise with distance, lie in their intervals, and no order changes them', (t) => {
  fc.assert(
    fc.property(labelledLists, fc.infiniteStream(fc.nat()), (pairs, numbers) => {
      const calibration = calibrate(pairs, { madeAt: day });
      const shuffled = pairs
        .map((pair) => ({ pair, key: numbers.next().value as number }))
        .sort((a, b) => a.key - b.key)
        .map(({ pair }) => pair);
      if (JSON.stringify(calibrate(shuffled, { madeAt: day })) !== JSON.stringify(calibration)) return false;
      let before = { probability: 1, interval: [1, 1] as readonly [number, number] };
      for (let distance = 0; distance < 1.6; distance += 0.013) {
        const now = probabilityOfSamePerson(calibration, distance);
        const [low, high] = now.interval;
        if (!(low <= now.probability && now.probability <= high)) return false;
        if (now.probability > before.probability || low > before.interval[0] || high > before.interval[1])
          return false;
        before = now;
      }
      return true;
    }),
    { numRuns: 20 },
  );
  t.end();
});

t.test('names in another order, and the two of each pair turned round, change nothing', (t) => {
  const pairs = pairsOfPeople(
    12,
    3,
    (i, j) => (Math.floor(i / 3) === Math.floor(j / 3) ? 0.3 : 0.6) + ((i * 7 + j * 3) % 10) / 40,
  );
  const turned = [...pairs]
    .reverse()
    .map(({ first, second, ...rest }) => ({ ...rest, first: second, second: first }));
  t.same(calibrate(turned, { madeAt: day }), calibrate(pairs, { madeAt: day }));
  t.end();
});
