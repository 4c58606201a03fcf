// The engine's life: off the main thread, one net for one thread, many photos at once, aborted, closed.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import t from 'tap';
import {
  availableBackends,
  BackendUnavailableError,
  type Box,
  detectFaces,
  encodeFaces,
  FaceEngine,
  locateLandmarks,
  type PhotoResult,
} from '../../lib/index.js';
import { packageRoot } from '../../lib/package_root.js';
import { listPhotos } from '../../lib/photos/folder.js';
import { modelFolder, rounded, testSsd } from '../fixtures/model_folder.js';
import { expectedBox, meanValues, numberedPhoto } from '../fixtures/numbered_photo.js';
import { examplePhotos, skipWithout } from '../fixtures/places.js';

const skip = skipWithout.dlib || skipWithout.examples;
const johns = examplePhotos === undefined ? [] : await listPhotos([join(examplePhotos, 'johns')]);
const groupPhoto = join(examplePhotos ?? '', 'faces', 'bald_guys.jpg');

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

t.test('timers keep firing while 20 photos are encoded', { skip }, async (t) => {
  const engine = await FaceEngine.create({ detector: 'hog' });
  t.teardown(() => engine.close());
  let fired = 0;
  const timer = setInterval(() => fired++, 10);
  const results = await collect(engine.encodeAll(johns.slice(0, 20)));
  clearInterval(timer);
  t.equal(results.length, 20);
  t.ok(results.every(({ faces }) => faces?.length === 1));
  t.ok(fired > 20, `${fired} ticks: more than one for each photo`);
});

t.test('many calls at once get the answers they would get alone', async (t) => {
  for (const lanes of [1, 2, 5]) {
    const engine = FaceEngine.createLazily({ models: modelFolder(t), meanValues, lanes });
    const numbers = Array.from({ length: 60 }, (_, i) => i);
    const answers = await Promise.all(numbers.map((number) => engine.detect(numberedPhoto(number))));
    t.same(
      answers.map((faces) => faces.map(({ box }) => rounded(box))),
      numbers.map((number) => [expectedBox(number)]),
      `${lanes} lanes`,
    );
    await engine.close();
  }
});

t.test('encodings do not depend on how many are made at once', { skip }, async (t) => {
  const photos = johns.slice(0, 6);
  const alone = await FaceEngine.create({ detector: 'hog', lanes: 1 });
  const together = await FaceEngine.create({ detector: 'hog', lanes: 3 });
  const [expected, found] = await Promise.all([
    collect(alone.encodeAll(photos)),
    collect(together.encodeAll(photos)),
  ]);
  t.same(found, expected);
  await Promise.all([alone.close(), together.close()]);
});

t.test(
  'the photos of encodeAll are answered in order, and one bad photo spoils nothing',
  { skip },
  async (t) => {
    const engine = await FaceEngine.create({ detector: 'hog' });
    t.teardown(() => engine.close());
    const photos = [johns[0] ?? '', 'missing.jpg', groupPhoto, johns[1] ?? ''];
    const results = await collect(engine.encodeAll(photos));
    t.same(
      results.map(({ photo }) => photo),
      photos,
    );
    t.equal(results[1]?.error?.code, 'PHOTO_NOT_FOUND');
    t.same(
      results.map(({ faces }) => (faces?.length ?? 0) > 0),
      [true, false, true, true],
    );
  },
);

t.test('encodeAll takes an async iterable and reads no faster than its answers are taken', async (t) => {
  const engine = FaceEngine.createLazily({ models: modelFolder(t), meanValues, lanes: 1 });
  t.teardown(() => engine.close());
  let read = 0;
  async function* photos() {
    for (let i = 0; i < 50; i++) {
      read++;
      yield numberedPhoto(i);
    }
  }
  const results: PhotoResult<unknown>[] = [];
  for await (const result of engine.detectAll(photos())) {
    results.push(result);
    t.ok(read <= results.length + 2, `${read} read, ${results.length} answered`);
  }
  t.equal(results.length, 50);
});

t.test('whoever leaves encodeAll early leaves nothing running', async (t) => {
  const engine = FaceEngine.createLazily({ models: modelFolder(t), meanValues, lanes: 2 });
  for await (const { faces } of engine.detectAll([numberedPhoto(0), numberedPhoto(1), numberedPhoto(2)])) {
    t.equal(faces?.length, 1);
    break;
  }
  await engine.close();
});

t.test(
  '5 and 68 landmarks lie about the face they belong to',
  { skip: skip || skipWithout.largeLandmarks },
  async (t) => {
    const photo = johns[0] ?? '';
    const boxes = (await detectFaces(photo, { detector: 'hog' })).map(({ box }) => box);
    for (const [landmarks, count] of [
      ['small', 5],
      ['large', 68],
    ] as const) {
      const [face] = await locateLandmarks(photo, boxes, { landmarks });
      t.equal(face?.model, landmarks);
      t.equal(face?.points.length, count);
      const { x: left = 0, y: top = 0, width = 0, height = 0 } = boxes[0] ?? {};
      // Jaws reach a little out of HOG's box.
      const near = (at: number, start: number, size: number) =>
        at > start - size / 4 && at < start + 1.25 * size;
      t.ok(face?.points.every(([x, y]) => near(x, left, width) && near(y, top, height)));
    }
  },
);

t.test('jitters change the encoding a little, and the same way each time', { skip }, async (t) => {
  const photo = johns[0] ?? '';
  const encode = async (jitters: number) =>
    (await encodeFaces(photo, { detector: 'hog', jitters }))[0]?.encoding ?? [];
  const [plain, jittered, again] = [await encode(1), await encode(20), await encode(20)];
  const { faceDistance } = await import('../../lib/index.js');
  const moved = faceDistance(plain, jittered);
  t.ok(moved > 0 && moved < 0.3, `moved by ${moved}`);
  t.same(again, jittered);
});

t.test('given boxes are encoded in their order, with confidence 1', { skip }, async (t) => {
  const detections = await detectFaces(groupPhoto, { detector: 'hog' });
  const boxes = detections.map(({ box }) => box).reverse();
  const faces = await encodeFaces(groupPhoto, { boxes });
  t.same(
    faces.map(({ box }) => box),
    boxes,
  );
  t.ok(faces.every(({ confidence, encoding }) => confidence === 1 && encoding.length === 128));
});

t.test('boxes that are none, or lie outside the photo, are refused', { skip }, async (t) => {
  const photo = johns[0] ?? '';
  const box = { x: 10, y: 10, width: 50, height: 50 };
  for (const wrong of [{ ...box, x: Number.NaN }, { ...box, width: -1 }, { ...box, y: 1e12 }, {}, null]) {
    await t.rejects(encodeFaces(photo, { boxes: [wrong as Box] }), { code: 'ARGUMENT_INVALID' });
  }
  for (const outside of [
    { ...box, x: 150 },
    { ...box, y: -61 },
  ]) {
    await t.rejects(encodeFaces(photo, { boxes: [outside] }), { code: 'BOX_OUTSIDE_PHOTO' });
  }
  t.equal(
    (await encodeFaces(photo, { boxes: [{ ...box, x: 149 }] })).length,
    1,
    'one column within is enough',
  );
});

t.test('the backends there are can be listed, and any other is refused with that list', async (t) => {
  const available = availableBackends();
  t.ok(available.some(({ backend, target }) => backend === 'opencv' && target === 'cpu'));
  const tried = ['cuda', 'openvino', 'vulkan', 'tensorflow'].filter(
    (name) => !available.some(({ backend }) => backend === name),
  );
  for (const backend of tried) {
    const error = await FaceEngine.create({ backend }).catch((e: unknown) => e);
    t.ok(error instanceof BackendUnavailableError);
    t.match(error, { code: 'BACKEND_UNAVAILABLE', message: /opencv\/cpu/, available });
  }
  await t.rejects(FaceEngine.create({ target: 'cuda-fp16', detector: 'hog' }), {
    code: 'BACKEND_UNAVAILABLE',
  });
});

t.test('an OpenCL target without a GPU is refused, not run on the CPU in silence', async (t) => {
  if (availableBackends().some(({ target }) => target === 'opencl')) return t.pass('this machine has one');
  return t.rejects(FaceEngine.create({ target: 'opencl' }), { code: 'BACKEND_UNAVAILABLE' });
});

t.test('a signal stops a call before it begins, and while it waits for a lane', async (t) => {
  const engine = FaceEngine.createLazily({ models: modelFolder(t), meanValues, lanes: 1 });
  t.teardown(() => engine.close());
  await t.rejects(engine.detect(numberedPhoto(0), { signal: AbortSignal.abort('no need') }), {
    code: 'ABORTED',
    cause: 'no need',
  });
  const controller = new AbortController();
  const first = engine.detect(numberedPhoto(0));
  const waiting = engine.detect(numberedPhoto(1), { signal: controller.signal });
  controller.abort();
  await t.rejects(waiting, { code: 'ABORTED' });
  t.equal((await first).length, 1);
});

t.test(
  'a signal that fires during a long call frees the caller while the lane still works',
  { skip },
  async (t) => {
    const engine = await FaceEngine.create({ detector: 'hog' });
    const controller = new AbortController();
    // Bytes: a file may not have been read yet when the signal fires.
    const photo = readFileSync(johns[0] ?? '');
    const call = engine.encode(photo, { jitters: 100, signal: controller.signal });
    setTimeout(() => controller.abort(), 20);
    await t.rejects(call, { code: 'ABORTED' });
    const closing = engine.close().then(() => 'closed');
    const turn = new Promise<string>((resolve) => setImmediate(() => resolve('still working')));
    t.equal(await Promise.race([closing, turn]), 'still working');
    await closing;
  },
);

t.test('finished answers do not wait for a source that does', async (t) => {
  const engine = FaceEngine.createLazily({ models: modelFolder(t), meanValues, lanes: 2 });
  t.teardown(() => engine.close());
  let release: () => unknown = () => undefined;
  async function* live() {
    yield numberedPhoto(1);
    await new Promise<void>((resolve) => (release = resolve));
    yield numberedPhoto(2);
  }
  const answers = engine.detectAll(live());
  t.equal((await answers.next()).value?.faces?.length, 1, 'the first, while the source waits');
  release();
  t.equal((await answers.next()).value?.faces?.length, 1);
  t.equal((await answers.next()).done, true);
});

t.test('a signal ends encodeAll while its source waits', async (t) => {
  const engine = FaceEngine.createLazily({ models: modelFolder(t), meanValues });
  t.teardown(() => engine.close());
  async function* silent(): AsyncGenerator<string> {
    await new Promise(() => undefined);
  }
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 20);
  await t.rejects(engine.detectAll(silent(), { signal: controller.signal }).next(), {
    code: 'ABORTED',
  });
});

t.test('photos that are no sequence, and wrong options, are refused at the first answer', async (t) => {
  const engine = FaceEngine.createLazily({ models: modelFolder(t) });
  t.teardown(() => engine.close());
  for (const wrong of [null, 5, {}, 'photo.jpg', new Uint8Array(3)]) {
    await t.rejects(engine.encodeAll(wrong as unknown as string[]).next(), { code: 'ARGUMENT_INVALID' });
  }
  await t.rejects(engine.encodeAll([], { jitter: 1 } as object).next(), { code: 'OPTION_UNKNOWN' });
});

t.test('closing lets the calls under way end, refuses later ones, and may be done twice', async (t) => {
  const engine = FaceEngine.createLazily({ models: modelFolder(t), meanValues, lanes: 2 });
  const underWay = Promise.all([0, 1, 2, 3, 4].map((number) => engine.detect(numberedPhoto(number))));
  const closing = engine.close();
  await t.rejects(engine.detect(numberedPhoto(0)), { code: 'ENGINE_CLOSED' });
  t.same(
    (await underWay).map(([face]) => rounded(face?.box)),
    [0, 1, 2, 3, 4].map(expectedBox),
  );
  await closing;
  await engine.close();
  await t.rejects(engine.encode(numberedPhoto(0)), { code: 'ENGINE_CLOSED' });
});

t.test('100 engines made and closed', async (t) => {
  const models = modelFolder(t);
  for (let i = 0; i < 100; i++) {
    const engine = FaceEngine.createLazily({ models, meanValues, lanes: 2 });
    await engine.detect(numberedPhoto(i));
    await engine.close();
  }
});

t.test('the addon loads in several worker threads at once and unloads cleanly', async (t) => {
  const models = modelFolder(t);
  const photo = numberedPhoto(5);
  const program = `
    const { createRequire } = require('node:module');
    const { parentPort, workerData } = require('node:worker_threads');
    const addon = createRequire(workerData.root + '/')('node-gyp-build')(workerData.root);
    const pipeline = new addon.Pipeline(1, 1e8);
    const unused = { upsample: 0, maxSide: 2048, batchSize: 1 };
    const options = { scaleFactor: 1, meanValues: [0, 0, 0], backend: 'opencv', target: 'cpu' };
    pipeline.loadSsd(workerData.prototxt, workerData.weights, options)
      .then(() => pipeline.detect(workerData.photo, { ...unused, detector: 'ssd', confidence: 0.5, nmsThreshold: 0.4 }))
      .then((faces) => {
        parentPort.postMessage(faces);
        // Ended with work of the addon under way.
        for (let i = 0; i < 20; i++) pipeline.detect(workerData.photo, { ...unused, detector: 'hog', upsample: 1, confidence: 0, nmsThreshold: 0 });
        setTimeout(() => process.exit(), 5);
      });
  `;
  const run = () =>
    new Promise<unknown>((resolve, reject) => {
      const workerData = {
        root: packageRoot,
        prototxt: Buffer.from(testSsd.prototxt),
        weights: testSsd.weights,
        photo,
      };
      const worker = new Worker(program, { eval: true, workerData });
      let answer: unknown;
      worker.on('message', (faces: unknown) => (answer = faces));
      worker.on('error', reject);
      worker.on('exit', () => resolve(answer));
    });
  for (let round = 0; round < 3; round++) {
    const answers = await Promise.all(Array.from({ length: 4 }, run));
    for (const faces of answers)
      t.same(
        (faces as { box: Box }[]).map(({ box }) => rounded(box)),
        [expectedBox(5)],
      );
  }
  const engine = FaceEngine.createLazily({ models, meanValues });
  t.equal((await engine.detect(photo)).length, 1, 'the main thread’s addon still works');
  await engine.close();
});
