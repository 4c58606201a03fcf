// Which face of a person is shown: the rule, on faces whose answer is known by hand.

import t from 'tap';
import { apparentQuality, candidates, judge, sharpnessOf } from '../../lib/runs/best_face.js';
import { fileName } from '../../lib/runs/unique.js';

const face = (side: number, confidence?: number) => ({
  box: { width: side, height: side },
  ...(confidence === undefined ? {} : { confidence }),
});

t.test('confidence counts up to 1, and size up to 150 pixels', async (t) => {
  t.same(apparentQuality(face(75, 0.5)), { confidence: 0.5, size: 0.5 });
  t.same(apparentQuality(face(600, 3.2)), { confidence: 1, size: 1 });
  t.same(apparentQuality(face(150)), { confidence: 1, size: 1 }, 'unknown confidence counts as certain');
  t.same(apparentQuality({ box: { width: 100, height: 225 } }).size, 1, 'the side of a square of that area');
});

t.test(
  'ten faces are looked at: those with the highest confidence × size, the first of equals first',
  async (t) => {
    const faces = [...Array.from({ length: 12 }, (_, index) => ({ ...face(10 + index, 1), index }))];
    t.same(
      candidates(faces).map(({ index }) => index),
      [11, 10, 9, 8, 7, 6, 5, 4, 3, 2],
    );
    const equals = [0, 1, 2].map((index) => ({ ...face(150, 1), index }));
    t.same(
      candidates(equals).map(({ index }) => index),
      [0, 1, 2],
    );
  },
);

t.test('the best has the highest product, sharpness as a part of the sharpest', async (t) => {
  // 0.9 × 1 × 0.5 = 0.45; 0.6 × 1 × 1 = 0.6; 1 × 0.5 × 1 = 0.5.
  const { qualities, best } = judge([
    { ...face(150, 0.9), sharpness: 200 },
    { ...face(150, 0.6), sharpness: 400 },
    { ...face(75, 1), sharpness: 400 },
  ]);
  t.equal(best, 1);
  t.same(qualities[0], { confidence: 0.9, size: 1, sharpness: 0.5 });
});

t.test('where nothing is sharp, sharpness does not count', async (t) => {
  const flat = [
    { ...face(75, 1), sharpness: 0 },
    { ...face(150, 1), sharpness: 0 },
  ];
  t.equal(judge(flat).best, 1);
});

function grey(side: number, value: (x: number, y: number) => number): Uint8Array {
  return Uint8Array.from({ length: side * side * 3 }, (_, index) => {
    const pixel = Math.floor(index / 3);
    return value(pixel % side, Math.floor(pixel / side));
  });
}

t.test('sharpness is the variance of the Laplacian', async (t) => {
  const near = (actual: number, expected: number) => t.ok(Math.abs(actual - expected) < 1e-6, String(actual));
  near(
    sharpnessOf(
      grey(8, () => 90),
      8,
    ),
    0,
  );
  near(
    sharpnessOf(
      grey(8, (x) => 10 * x),
      8,
    ),
    0,
  );
  // A chessboard of 0 and 100: each Laplacian is +400 or −400, as many of each.
  near(
    sharpnessOf(
      grey(8, (x, y) => 100 * ((x + y) % 2)),
      8,
    ),
    400 ** 2,
  );
  // One light pixel of 100 in 5×5: inside, 3×3 Laplacians: −400, four of 100, four of 0: mean 0, squares 200,000 / 9.
  near(
    sharpnessOf(
      grey(5, (x, y) => (x === 2 && y === 2 ? 100 : 0)),
      5,
    ),
    200_000 / 9,
  );
});

t.test('names of files are harmless, and told apart by their numbers', async (t) => {
  t.equal(fileName('0001', 'photos/Ana María.JPG', '.png'), '0001-Ana_María.png');
  t.equal(fileName('0002', '../../etc/..', '.png'), '0002-_.png');
  t.equal(fileName('0003', 'azure:box/a/b:c?.jpeg', '.jpeg'), '0003-b_c_.jpeg');
  t.equal(fileName('0004', `${'x'.repeat(200)}.jpg`, '.jpg'), `0004-${'x'.repeat(60)}.jpg`);
  t.equal(fileName('0005', 'a.jp\ng', '.jp\ng'), '0005-a');
});
