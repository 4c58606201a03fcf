// The SSD path on a network whose answers can be calculated by hand.

import t from 'tap';
import { type FaceDetection, FaceEngine, type EngineOptions } from '../../lib/index.js';
import { modelFolder, rounded, testSsd } from '../fixtures/model_folder.js';
import {
  type CaffeNetwork,
  type ExpectedDetection,
  notAnSsd,
  photoOfCells,
  syntheticSsd,
} from '../fixtures/synthetic_ssd.js';
import type { Test } from 'tap';

const meanValues = [10, 20, 30] as const;

function engineWith(t: Test, network: CaffeNetwork, options: EngineOptions = {}): FaceEngine {
  const engine = FaceEngine.createLazily({ models: modelFolder(t, network), meanValues, ...options });
  t.teardown(() => engine.close());
  return engine;
}

/** Ties come in either order, so both sides are put into one. */
function sameDetections(
  t: Test,
  found: readonly FaceDetection[],
  expected: readonly ExpectedDetection[],
): void {
  const rows = (faces: readonly { box: FaceDetection['box']; confidence: number }[]) =>
    faces
      .map(({ box, confidence }) =>
        [confidence, box.x, box.y, box.width, box.height].map((n) => Math.round(n * 1e3) / 1e3),
      )
      .sort((a, b) => (b[0] ?? 0) - (a[0] ?? 0) || (a[1] ?? 0) - (b[1] ?? 0) || (a[2] ?? 0) - (b[2] ?? 0));
  t.same(rows(found), rows(expected));
}

const cells = [
  [20, 200, 30, 40],
  [10, 25, 35, 220],
  [180, 15, 30, 20],
] as const;

t.test('boxes and confidences are those calculated by hand', async (t) => {
  const photo = photoOfCells(cells, 32);
  const found = await engineWith(t, testSsd).detect(photo, { confidence: 0.5, nmsThreshold: 0.4 });
  const expected = testSsd.expected(cells, {
    photoWidth: photo.width,
    photoHeight: photo.height,
    meanValues,
    confidence: 0.5,
    nmsThreshold: 0.4,
  });
  t.equal(expected.length, 3);
  sameDetections(t, found, expected);
  t.ok(found.every(({ detector }) => detector === 'ssd'));
});

t.test('they come most confident first', async (t) => {
  const found = await engineWith(t, testSsd).detect(photoOfCells(cells, 32), { confidence: 0.1 });
  const confidences = found.map(({ confidence }) => confidence);
  t.same(
    confidences,
    [...confidences].sort((a, b) => b - a),
  );
});

t.test('the scale factor and the mean values reach the network', async (t) => {
  const photo = photoOfCells(
    [
      [[200, 40, 90], 0, 0, 0],
      [0, 0, 0, 0],
      [0, 0, 0, 0],
    ],
    32,
  );
  const view = {
    photoWidth: 128,
    photoHeight: 96,
    scaleFactor: 1.5,
    meanValues: [5, 0, 40],
    confidence: 0.02,
  } as const;
  const engine = engineWith(t, testSsd, { scaleFactor: view.scaleFactor, meanValues: view.meanValues });
  const found = await engine.detect(photo, { confidence: view.confidence });
  const [expected] = testSsd.expected(
    [
      [[200, 40, 90], 0, 0, 0],
      [0, 0, 0, 0],
      [0, 0, 0, 0],
    ],
    view,
  );
  t.ok(Math.abs((found[0]?.confidence ?? 0) - (expected?.confidence ?? 1)) < 1e-4);
});

t.test('overlapping boxes: the weaker ones go, by intersection over union', async (t) => {
  const network = syntheticSsd({ width: 64, height: 48, boxSize: 24 });
  const bright = [
    [0, 0, 0, 0],
    [0, 220, 210, 0],
    [0, 0, 0, 0],
  ];
  const photo = photoOfCells(bright, 32);
  const view = { photoWidth: 128, photoHeight: 96, meanValues, confidence: 0.5 };
  const engine = engineWith(t, network);
  // Two boxes of 48 px whose centres lie 32 px apart share 16 of 48 columns: 16 / 80 = 0.2.
  for (const [nmsThreshold, count] of [
    [0.19, 1],
    [0.21, 2],
  ] as const) {
    const found = await engine.detect(photo, { nmsThreshold });
    t.equal(found.length, count);
    sameDetections(t, found, network.expected(bright, { ...view, nmsThreshold }));
  }
});

t.test('boxes are clipped to the photo', async (t) => {
  const network = syntheticSsd({ width: 64, height: 48, boxSize: 24 });
  const corner = [
    [220, 0, 0, 0],
    [0, 0, 0, 0],
    [0, 0, 0, 0],
  ];
  const [face] = await engineWith(t, network).detect(photoOfCells(corner, 32));
  // The cell of 32 px is widened by 8 on each side; what lies left of and above the photo goes.
  t.same(rounded(face?.box), { x: 0, y: 0, width: 40, height: 40 });
});

t.test('the input size is read from each of Caffe’s spellings', async (t) => {
  for (const input of ['input_dim', 'input_shape', 'input_layer'] as const) {
    const network = syntheticSsd({ width: 96, height: 32, input });
    const wide = [
      [0, 0, 0, 0, 210, 0],
      [0, 190, 0, 0, 0, 0],
    ];
    const photo = photoOfCells(wide, 20);
    const found = await engineWith(t, network).detect(photo, { confidence: 0.5 });
    const view = {
      photoWidth: photo.width,
      photoHeight: photo.height,
      meanValues,
      confidence: 0.5,
      nmsThreshold: 0.4,
    };
    sameDetections(t, found, network.expected(wide, view));
  }
});

t.test('a network of more classes than one works too', async (t) => {
  const network = syntheticSsd({ width: 64, height: 48, classes: 3 });
  const found = await engineWith(t, network).detect(photoOfCells(cells, 32), {
    confidence: 0.3,
    nmsThreshold: 0.4,
  });
  const view = { photoWidth: 128, photoHeight: 96, meanValues, confidence: 0.3, nmsThreshold: 0.4 };
  sameDetections(t, found, network.expected(cells, view));
});

t.test('a dark photo has no face', async (t) => {
  t.same(
    await engineWith(t, testSsd).detect(
      photoOfCells(
        [
          [0, 0],
          [0, 0],
        ],
        50,
      ),
    ),
    [],
  );
});

t.test('a network that is no SSD is refused', async (t) => {
  const engine = engineWith(t, notAnSsd({ width: 64, height: 48 }));
  await t.rejects(engine.detect(photoOfCells(cells, 8)), {
    code: 'MODEL_CORRUPT',
    message: /\(1, 1, N, 7\)/,
  });
});

t.test('a prototxt that is none, or has no input, is refused', async (t) => {
  for (const prototxt of [
    'This is no network.',
    '',
    'name: "nothing"',
    'input_dim: 1 input_dim: 1 input_dim: 9 input_dim: 9',
  ]) {
    const engine = engineWith(t, { prototxt, weights: testSsd.weights });
    await t.rejects(engine.detect(photoOfCells(cells, 8)), { code: 'MODEL_CORRUPT' });
  }
});

t.test('weights that are damaged, cut short or of another network are refused', async (t) => {
  const { prototxt, weights } = testSsd;
  const headless = Uint8Array.from(weights, (byte, i) => (i < 8 ? byte ^ 0xff : byte));
  const other = syntheticSsd({ width: 64, height: 48, classes: 3 }).weights;
  for (const wrong of [headless, weights.subarray(0, weights.length - 20), new Uint8Array([1]), other]) {
    const engine = engineWith(t, { prototxt, weights: wrong });
    await t.rejects(engine.detect(photoOfCells(cells, 8)), { code: 'MODEL_CORRUPT' });
  }
});

t.test(
  'the model in use is named with its digest, and as unverified when the manifest does not know it',
  async (t) => {
    const engine = engineWith(t, testSsd);
    await engine.detect(photoOfCells(cells, 8));
    const { models, versions, backend, target } = engine.info();
    t.match({ backend, target }, { backend: 'opencv', target: 'cpu' });
    t.match(versions, { opencv: /^\d+\.\d+/, dlib: /^\d+\.\d+/ });
    t.match(models, [
      { name: 'deploy.prototxt', state: 'unverified', sha256: /^[0-9a-f]{64}$/ },
      { name: 'res10_300x300_ssd_iter_140000.caffemodel', state: 'unverified', sha256: /^[0-9a-f]{64}$/ },
    ]);
  },
);
