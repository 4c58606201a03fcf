// The answers of dlib and OpenCV themselves, called from C++ without us, are ours too.

import t from 'tap';
import { type Box, FaceEngine, type LandmarkModelName } from '../../lib/index.js';
import { type GoldenFace, goldenImages, skipWithout } from '../fixtures/places.js';

type Corners = GoldenFace['box'];

const cornersOf = ({ x, y, width, height }: Box): Corners => [x, y, x + width, y + height];
const boxOf = ([left, top, right, bottom]: Corners): Box => ({
  x: left,
  y: top,
  width: right - left,
  height: bottom - top,
});
const clamp = (value: number) => Math.min(1, Math.max(0, value));

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Math.max(...Array.from(a, (value, i) => Math.abs(value - (b[i] ?? Number.NaN))));
}

t.test('SSD detections', { skip: skipWithout.golden || skipWithout.ssd }, async (t) => {
  const engine = FaceEngine.createLazily();
  t.teardown(() => engine.close());
  // The reference holds every row from this confidence on, before any suppression of ours.
  const confidence = 0.2;
  for (const { golden, path } of goldenImages()) {
    const expected = golden.ssd
      .filter((row) => row[0] >= confidence)
      .map(([sureness, ...corners]) => [sureness, ...corners.map(clamp)])
      .filter(([, x1 = 0, y1 = 0, x2 = 0, y2 = 0]) => x2 > x1 && y2 > y1);
    const found = await engine.detect(path, { detector: 'ssd', confidence, nmsThreshold: 1 });
    const rows = found.map(({ box, confidence: sureness }) => {
      const [left, top, right, bottom] = cornersOf(box);
      return [
        sureness,
        left / golden.width,
        top / golden.height,
        right / golden.width,
        bottom / golden.height,
      ];
    });
    t.equal(rows.length, expected.length, `${golden.file}: as many faces`);
    t.ok(largestDifference(rows.flat(), expected.flat()) < 1e-3, `${golden.file}: within 1e-3`);
  }
});

t.test('HOG detections, as they are and upsampled once', { skip: skipWithout.golden }, async (t) => {
  const engine = FaceEngine.createLazily();
  t.teardown(() => engine.close());
  for (const { golden, path } of goldenImages()) {
    for (const [upsample, expected] of [golden.hog, golden.hogUpsampled].entries()) {
      const found = await engine.detect(path, { detector: 'hog', upsample });
      t.same(
        found.map(({ box }) => cornersOf(box)),
        expected,
        `${golden.file} upsampled ${upsample} times`,
      );
    }
  }
});

t.test(
  'MMOD detections and their confidences',
  { skip: skipWithout.golden || skipWithout.mmod },
  async (t) => {
    const engine = FaceEngine.createLazily();
    t.teardown(() => engine.close());
    for (const { golden, path } of goldenImages()) {
      const found = await engine.detect(path, { detector: 'mmod', upsample: 0 });
      t.same(
        found.map(({ box }) => cornersOf(box)),
        golden.mmod.map(({ rect }) => rect),
        golden.file,
      );
      golden.mmod.forEach(({ confidence }, i) => {
        t.ok(Math.abs((found[i]?.confidence ?? 0) - confidence) < 1e-4, `${golden.file}: confidence ${i}`);
      });
    }
  },
);

t.test('5 landmarks and their encodings', { skip: skipWithout.golden || skipWithout.dlib }, async (t) => {
  const engine = FaceEngine.createLazily({ landmarks: 'small' });
  t.teardown(() => engine.close());
  for (const { golden, path } of goldenImages()) {
    const faces = await engine.encode(path, { boxes: golden.faces.map(({ box }) => boxOf(box)) });
    t.same(
      faces.map(({ landmarks }) => landmarks.points),
      golden.faces.map(({ landmarks5 }) => landmarks5),
      `${golden.file}: points`,
    );
    golden.faces.forEach(({ encoding5 }, i) => {
      t.ok(largestDifference(faces[i]?.encoding ?? [], encoding5) < 1e-4, `${golden.file}: encoding ${i}`);
    });
  }
});

t.test(
  '68 landmarks and their encodings',
  { skip: skipWithout.golden || skipWithout.dlib || skipWithout.largeLandmarks },
  async (t) => {
    const engine = FaceEngine.createLazily({ landmarks: 'large' });
    t.teardown(() => engine.close());
    for (const { golden, path } of goldenImages()) {
      const boxes = golden.faces.map(({ box }) => boxOf(box));
      const located = await engine.landmarks(path, boxes);
      t.same(
        located.map(({ points }) => points),
        golden.faces.map(({ landmarks68 }) => landmarks68),
        `${golden.file}: points`,
      );
      const faces = await engine.encode(path, { boxes });
      golden.faces.forEach(({ encoding68 }, i) => {
        t.ok(largestDifference(faces[i]?.encoding ?? [], encoding68) < 1e-4, `${golden.file}: encoding ${i}`);
      });
    }
  },
);

t.test(
  'cv::dnn and dlib itself give the same encodings',
  { skip: skipWithout.golden || skipWithout.dlib },
  async (t) => {
    const models = ['small', ...(skipWithout.largeLandmarks ? [] : ['large'])] as LandmarkModelName[];
    for (const landmarks of models) {
      const dnn = FaceEngine.createLazily({ landmarks, encoder: 'dnn' });
      const dlib = FaceEngine.createLazily({ landmarks, encoder: 'dlib' });
      for (const { golden, path } of goldenImages()) {
        const boxes = golden.faces.map(({ box }) => boxOf(box));
        const [ours, reference] = await Promise.all([
          dnn.encode(path, { boxes }),
          dlib.encode(path, { boxes }),
        ]);
        t.equal(ours.length, golden.faces.length);
        for (const [i, { encoding }] of ours.entries()) {
          const difference = largestDifference(encoding, reference[i]?.encoding ?? []);
          t.ok(difference < 1e-5, `${golden.file}: face ${i}, ${landmarks} landmarks`);
        }
      }
      await Promise.all([dnn.close(), dlib.close()]);
    }
  },
);

t.test(
  'the two people who are there twice are the duplicates among the sample photos',
  { skip: skipWithout.golden || skipWithout.dlib },
  async (t) => {
    const { findDuplicates } = await import('../../lib/index.js');
    const photos = goldenImages().filter(({ golden }) => golden.file.startsWith('photos/'));
    const records = photos.map(({ golden }) => ({
      id: golden.file,
      encodings: golden.faces.map(({ encoding5 }) => encoding5),
    }));
    const pairs = await findDuplicates(records, { threshold: 0.5 });
    t.same(pairs.map(({ first, second }) => [first, second]).sort(), [
      ['photos/Aaron_Peirsol_0001.jpg', 'photos/Aaron_Peirsol_0002.jpg'],
      ['photos/Cathy_Freeman_0001.jpg', 'photos/Cathy_Freeman_0002.jpg'],
    ]);
  },
);
