// Named features, by index.

import t from 'tap';
import { type FaceLandmarks, landmarkFeatures } from '../../lib/index.js';

/** Point i lies at (i, −i), so that a point tells its index. */
function numbered(model: FaceLandmarks['model'], count: number): FaceLandmarks {
  return { model, points: Array.from({ length: count }, (_, i) => [i, -i] as const) };
}

const indices = (points: FaceLandmarks['points'] | undefined) => points?.map(([x]) => x);

t.test('the 68 points fall into face_recognition’s nine groups', async (t) => {
  const features = landmarkFeatures(numbered('large', 68));
  t.same(Object.fromEntries(Object.entries(features).map(([name, points]) => [name, indices(points)])), {
    chin: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
    left_eyebrow: [17, 18, 19, 20, 21],
    right_eyebrow: [22, 23, 24, 25, 26],
    nose_bridge: [27, 28, 29, 30],
    nose_tip: [31, 32, 33, 34, 35],
    left_eye: [36, 37, 38, 39, 40, 41],
    right_eye: [42, 43, 44, 45, 46, 47],
    top_lip: [48, 49, 50, 51, 52, 53, 54, 64, 63, 62, 61, 60],
    bottom_lip: [54, 55, 56, 57, 58, 59, 48, 60, 67, 66, 65, 64],
  });
});

t.test('the 5 points fall into eyes and nose', async (t) => {
  const features = landmarkFeatures(numbered('small', 5));
  t.same(Object.keys(features).sort(), ['left_eye', 'nose_tip', 'right_eye']);
  t.same(indices(features.nose_tip), [4]);
  t.same(indices(features.left_eye), [2, 3]);
  t.same(indices(features.right_eye), [0, 1]);
});

t.test('points keep both coordinates', async (t) => {
  t.same(landmarkFeatures(numbered('small', 5)).nose_tip, [[4, -4]]);
});
