// faceDistance and compareFaces.

import t from 'tap';
import { compareFaces, faceDistance } from '../../../lib/duplicates/index.js';

t.test('the distance is Euclidean: a 3-4-5 triangle', async (t) => {
  t.equal(faceDistance([0, 0], [3, 4]), 5);
  t.equal(faceDistance(Float32Array.of(1, 2, 2), Float32Array.of(0, 0, 0)), 3);
});

t.test('an encoding lies at distance 0 from itself', async (t) => {
  const encoding = Float32Array.from({ length: 128 }, (_, i) => Math.sin(i));
  t.equal(faceDistance(encoding, encoding), 0);
});

t.test('the distance is the same both ways', async (t) => {
  const a = Float32Array.of(0.1, -0.7, 0.3);
  const b = Float32Array.of(-0.2, 0.4, 0.9);
  t.equal(faceDistance(a, b), faceDistance(b, a));
});

t.test('encodings of other lengths, or none, are refused', async (t) => {
  t.throws(() => faceDistance([1, 2], [1]), { code: 'ENCODINGS_INVALID' });
  t.throws(() => faceDistance([], []), { code: 'ENCODINGS_INVALID' });
});

t.test('numbers that are not finite are refused', async (t) => {
  t.throws(() => faceDistance([Number.NaN], [0]), { code: 'ENCODINGS_INVALID' });
  t.throws(() => faceDistance([Number.POSITIVE_INFINITY], [0]), { code: 'ENCODINGS_INVALID' });
});

t.test(
  'compareFaces answers for each known face, and counts only what lies below the threshold',
  async (t) => {
    const known = [[0], [0.25], [0.5], [1]];
    t.same(compareFaces(known, [0], 0.5), [true, true, false, false]);
  },
);

t.test('compareFaces takes 0.4 unless told otherwise', async (t) => {
  t.same(compareFaces([[0.375], [0.40625]], [0]), [true, false]);
});

t.test('compareFaces refuses a threshold of 0 and one that is no number', async (t) => {
  t.throws(() => compareFaces([[0]], [0], 0), { code: 'OPTION_RANGE' });
  t.throws(() => compareFaces([[0]], [0], '0.4' as unknown as number), { code: 'OPTION_TYPE' });
});

t.test('what is no list of numbers is refused, never taken for distance 0', async (t) => {
  const face = { encoding: Float32Array.of(1, 2) };
  const wrongs: unknown[] = [
    null,
    undefined,
    face,
    5,
    'ab',
    [null, 1],
    ['1', '2'],
    [1n, 2n],
    new DataView(new ArrayBuffer(8)),
    [],
  ];
  for (const wrong of wrongs) {
    t.throws(() => faceDistance(wrong as number[], wrong as number[]), { code: 'ENCODINGS_INVALID' });
    t.throws(() => compareFaces([[1, 2]], wrong as number[]), { code: 'ENCODINGS_INVALID' });
    t.throws(() => compareFaces([wrong as number[]], [1, 2]), { code: 'ENCODINGS_INVALID' });
  }
  t.throws(() => compareFaces(null as unknown as number[][], [1]), { code: 'ARGUMENT_INVALID' });
});

t.test('an infinite threshold accepts every pair', async (t) => {
  t.same(compareFaces([[9]], [0], Number.POSITIVE_INFINITY), [true]);
});

t.test('what is refused is named: which encoding, and why', async (t) => {
  const refused = (work: () => unknown, message: string) => t.throws(work, { message });
  const noNumbers = 'must be an array of numbers, such as a Float32Array of 128.';
  const notFinite = 'holds something other than finite numbers.';
  refused(() => faceDistance([], [1]), `The first encoding ${noNumbers}`);
  refused(() => faceDistance([1], [Number.NaN]), `The second encoding ${notFinite}`);
  refused(() => faceDistance([1], Float32Array.of(Number.NaN)), `The second encoding ${notFinite}`);
  refused(() => compareFaces([[1]], []), `The candidate ${noNumbers}`);
  refused(
    () => faceDistance([1, 2], [1]),
    'Encodings of 2 and 1 numbers cannot be compared: they must have the same length.',
  );
  refused(
    () => compareFaces('faces' as unknown as number[][], [1]),
    'The known encodings must be an array of encodings.',
  );
});

t.test('one number that is not finite is enough, wherever it is', async (t) => {
  for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    for (const at of [0, 1, 2]) {
      const numbers = [0, 0, 0].fill(wrong, at, at + 1);
      t.throws(() => faceDistance(numbers, [0, 0, 0]), { code: 'ENCODINGS_INVALID' });
      t.throws(() => faceDistance(Float32Array.from(numbers), [0, 0, 0]), { code: 'ENCODINGS_INVALID' });
      t.throws(() => faceDistance(Float64Array.from(numbers), [0, 0, 0]), { code: 'ENCODINGS_INVALID' });
    }
  }
  // Finite as a float64, infinite as the float32 that encodings are compared as.
  t.throws(() => faceDistance([3.5e38], [0]), { code: 'ENCODINGS_INVALID' });
  t.equal(faceDistance([3.4e38], [0]), 3.4e38);
});
