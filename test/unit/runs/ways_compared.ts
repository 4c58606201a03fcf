// How the faces of a run were encoded, where some of them were kept by other runs or taken from files.

import t from 'tap';
import { expectedFalseMatches } from '../../../lib/calibration/index.js';
import type { EncodingOrigin } from '../../../lib/encodings/origin.js';
import { waysCompared } from '../../../lib/runs/ways_compared.js';
import { mixtureInWords } from '../../../lib/runs/words.js';

const models = { encoder: 'a'.repeat(64) };
const common = { landmarks: 'small', jitters: 1 };
const hog: EncodingOrigin = {
  models,
  options: { ...common, detector: 'hog', align: 'box', mirror: false, upsample: 1 },
};
const ssd: EncodingOrigin = {
  models,
  options: { ...common, detector: 'ssd', align: 'refined', mirror: true },
};

const record = (faces: number, origin?: EncodingOrigin) => ({
  faces: new Array<undefined>(faces).fill(undefined),
  origin,
});

t.test('the way of most faces counts, however many photos they are on', (t) => {
  t.match(waysCompared([record(1, ssd), record(1, ssd), record(5, hog)]), {
    faces: 7,
    way: { detector: 'hog', align: 'box', mirror: false },
    otherwise: 2,
    unknown: 0,
  });
  t.end();
});

t.test('origins that differ in what moves no distance are one way', (t) => {
  const upsampled = { models, options: { ...hog.options, upsample: 2 } };
  t.match(waysCompared([record(1, hog), record(1, upsampled)]), { otherwise: 0, unknown: 0 });
  t.end();
});

t.test('nobody knows the way of faces without an origin, or with half of one', (t) => {
  const ways = waysCompared([record(2), record(1, { models, options: { detector: 'ssd' } })]);
  t.same(ways, { faces: 3, otherwise: 0, unknown: 3 });
  t.match(waysCompared([]), { faces: 0, otherwise: 0, unknown: 0 });
  t.end();
});

t.test('an estimate names the way the faces were encoded, and owns up to a mixture', (t) => {
  const basisOf = (...records: Parameters<typeof waysCompared>[0]) => {
    const ways = waysCompared(records);
    return expectedFalseMatches({ threshold: 0.4, pairs: 1, way: ways.way, mixed: ways }).basis;
  };
  t.match(basisOf(record(3, hog)), /encoded by hog, box as it is, no mirror, 5 points/);
  t.notMatch(basisOf(record(3, hog)), /another way|not known/);
  t.match(
    basisOf(record(3, hog), record(1, ssd)),
    /by hog.*1 of 4 faces were encoded in another way than most, and distances between ways are not what was measured/,
  );
  t.match(basisOf(record(3, hog), record(2)), /how 2 of 5 faces were encoded is not known/);
  t.end();
});

t.test('a mixture comes with what to do about it, and no mixture with nothing', (t) => {
  t.equal(mixtureInWords(waysCompared([record(3, hog)])), undefined);
  t.match(
    mixtureInWords(waysCompared([record(3, hog), record(1, ssd), record(2)])),
    /^Of 6 faces 1 in another way than most and 2 in a way that nobody knows were encoded \(most: hog, .*name all of the photos/,
  );
  t.end();
});
