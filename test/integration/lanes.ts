// Lanes: batches of photos, order and progress, cancellation, and photos decoded at a part of their size.

import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import sharp from 'sharp';
import t from 'tap';
import {
  faceDistance,
  FaceEngine,
  type PhotoResult,
  type PhotosProgress,
  type ImageInput,
} from '../../lib/index.js';
import { loadAddon } from '../../lib/native.js';
import { ModelStore } from '../../lib/models/index.js';
import { packageRoot } from '../../lib/package_root.js';
import { listPhotos } from '../../lib/photos/folder.js';
import { examplePhotos, skipWithout } from '../fixtures/places.js';

const skip = skipWithout.dlib || skipWithout.examples;
const johns = skip ? [] : (await listPhotos([join(examplePhotos ?? '', 'johns')])).slice(0, 10);
const groupPhoto = join(examplePhotos ?? '', 'faces', '2007_007763.jpg');

async function collect<Result>(results: AsyncIterable<Result>): Promise<Result[]> {
  const all: Result[] = [];
  for await (const result of results) all.push(result);
  return all;
}

t.test('faces encoded together have the encodings they have alone, bit by bit', { skip }, async (t) => {
  const engine = await FaceEngine.create({ detector: 'hog', lanes: 1 });
  t.teardown(() => engine.close());
  const photos = [groupPhoto, ...johns];
  const together = await collect(engine.encodeAll(photos));
  for (const [index, photo] of photos.entries())
    t.same(together[index]?.faces, await engine.encode(photo), photo);
});

t.test('cv::dnn and dlib itself give the same encodings', { skip }, async (t) => {
  const engines = [
    await FaceEngine.create({ detector: 'hog', mirror: true, jitters: 3, encoder: 'dnn' }),
    await FaceEngine.create({ detector: 'hog', mirror: true, jitters: 3, encoder: 'dlib' }),
  ] as const;
  for (const photo of [groupPhoto, ...johns]) {
    const [ours, reference] = await Promise.all([engines[0].encode(photo), engines[1].encode(photo)]);
    t.equal(ours.length, reference.length);
    for (const [i, { encoding }] of ours.entries()) {
      const differences = encoding.map((value, k) => Math.abs(value - (reference[i]?.encoding[k] ?? NaN)));
      t.ok(Math.max(...differences) < 1e-5, `${photo}: face ${i}`);
    }
  }
  await Promise.all(engines.map((engine) => engine.close()));
});

t.test('as they are ready, every photo is answered once', { skip }, async (t) => {
  const engine = await FaceEngine.create({ detector: 'hog', lanes: 3 });
  t.teardown(() => engine.close());
  const inOrder = await collect(engine.encodeAll([groupPhoto, ...johns]));
  const asReady = await collect(engine.encodeAll([groupPhoto, ...johns], { ordered: false }));
  const byPhoto = (results: PhotoResult<unknown, string>[]) =>
    results.toSorted((a, b) => a.photo.localeCompare(b.photo));
  t.same(byPhoto(asReady), byPhoto(inOrder));
});

t.test('progress counts photos, failures and faces', { skip }, async (t) => {
  const engine = await FaceEngine.create({ detector: 'hog' });
  t.teardown(() => engine.close());
  for (const verb of ['detectAll', 'encodeAll'] as const) {
    const reports: PhotosProgress[] = [];
    const onProgress = (progress: PhotosProgress) => reports.push(progress);
    const photos = [johns[0] ?? '', 'missing.jpg', groupPhoto];
    const results = await collect<PhotoResult<unknown>>(engine[verb](photos, { onProgress }));
    const faces = results.reduce((sum, result) => sum + (result.faces?.length ?? 0), 0);
    t.same(reports.at(-1), { done: 3, failed: 1, faces });
    t.same(
      reports.map(({ done }) => done),
      reports.map(({ done }) => done).sort((a, b) => a - b),
    );
  }
});

t.test('wrong options of a sequence are refused', async (t) => {
  const engine = FaceEngine.createLazily();
  t.teardown(() => engine.close());
  const wrong = [{ ordered: 'yes' }, { onProgress: 1 }, { order: true }] as never[];
  const codes = ['OPTION_TYPE', 'OPTION_TYPE', 'OPTION_UNKNOWN'];
  for (const [index, options] of wrong.entries())
    await t.rejects(collect(engine.encodeAll([], options)), { code: codes[index] });
});

/** Forty thousand passes through the network: minutes of work. */
const endless = {
  detector: 'hog',
  upsample: 0,
  maxSide: 2048,
  batchSize: 1,
  confidence: 0,
  nmsThreshold: 0.4,
  shrinkOnLoad: false,
  boxes: Array.from({ length: 20 }, () => ({ x: 60, y: 60, width: 80, height: 80 })),
  landmarks: 'small',
  align: 'box',
  jitters: 1000,
  mirror: true,
} as const;
const encoderOptions = { encoder: 'dnn', backend: 'opencv', target: 'cpu' } as const;

t.test('work under way stops when it is cancelled', { skip }, async (t) => {
  const addon = loadAddon();
  const pipeline = new addon.Pipeline(1, 1e8);
  t.teardown(() => pipeline.close());
  const store = new ModelStore({});
  await pipeline.loadLandmarks('small', (await store.read('landmarks-small')).bytes);
  await pipeline.loadEncoder((await store.read('encoder')).bytes, encoderOptions);
  const image = { bytes: await readFile(groupPhoto) };
  for (const call of ['encode', 'encodeBatch'] as const) {
    const cancellation = new addon.Cancellation();
    const answer: Promise<unknown> =
      call === 'encode'
        ? pipeline.encode(image, endless, cancellation)
        : pipeline.encodeBatch([image, image], endless, cancellation);
    setTimeout(() => cancellation.cancel(), 50);
    await t.rejects(answer, { code: 'ABORTED' });
  }
  const never = new addon.Cancellation();
  never.cancel();
  await t.rejects(pipeline.detect(image, endless, never), { code: 'ABORTED' });
});

t.test('a thread that ends gives up its work under way', { skip }, async (t) => {
  const store = new ModelStore({});
  const program = `
    const { createRequire } = require('node:module');
    const { parentPort, workerData } = require('node:worker_threads');
    const addon = createRequire(workerData.root + '/')('node-gyp-build')(workerData.root);
    const pipeline = new addon.Pipeline(2, 1e8);
    Promise.all([
      pipeline.loadLandmarks('small', workerData.landmarks),
      pipeline.loadEncoder(workerData.encoder, workerData.encoderOptions),
    ]).then(() => {
      for (let i = 0; i < 4; i++) pipeline.encode({ bytes: workerData.photo }, workerData.endless, undefined);
      parentPort.postMessage('at work');
    });
  `;
  const worker = new Worker(program, {
    eval: true,
    workerData: {
      root: packageRoot,
      landmarks: (await store.read('landmarks-small')).bytes,
      encoder: (await store.read('encoder')).bytes,
      photo: await readFile(groupPhoto),
      encoderOptions,
      endless,
    },
  });
  await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
  t.equal(await worker.terminate(), 1);
});

t.test('an aborted call leaves its lane to the next', { skip }, async (t) => {
  const engine = await FaceEngine.create({ detector: 'hog', lanes: 1 });
  t.teardown(() => engine.close());
  const abort = new AbortController();
  const doomed = engine.encode(groupPhoto, { jitters: 1000, mirror: true, signal: abort.signal });
  setTimeout(() => abort.abort(), 50);
  await t.rejects(doomed, { code: 'ABORTED' });
  t.ok((await engine.encode(groupPhoto)).length > 0);
});

const tasks = '/proc/self/task';
t.test(
  'an engine has as many threads as lanes, however small libuv’s pool',
  { skip: skip || (existsSync(tasks) ? false : 'threads are counted on Linux only') },
  async (t) => {
    const engine = await FaceEngine.create({ detector: 'hog', lanes: 9 });
    await engine.detect(groupPhoto);
    const before = readdirSync(tasks).length;
    await Promise.all(Array.from({ length: 18 }, () => engine.detect(groupPhoto)));
    t.equal(readdirSync(tasks).length, before + 8);
    await engine.close();
    t.equal(readdirSync(tasks).length, before - 1, 'they end with it');
  },
);

t.test(
  'a large JPEG decoded at a part of its size gives the same faces',
  { skip: skip || skipWithout.ssd },
  async (t) => {
    const engine = await FaceEngine.create();
    t.teardown(() => engine.close());
    const small = johns[0] ?? '';
    const { width = 0 } = await sharp(small).metadata();
    for (const orientation of [1, 6]) {
      const large = await sharp(small)
        .resize({ width: width * 8 })
        .withMetadata({ orientation })
        .rotate()
        .jpeg()
        .toBuffer();
      const [whole] = await engine.encode(large);
      const [shrunk] = await engine.encode(large, { shrinkOnLoad: true });
      if (!whole || !shrunk) throw new Error('no face');
      for (const side of ['x', 'y', 'width', 'height'] as const)
        t.ok(Math.abs(whole.box[side] - shrunk.box[side]) < 0.1 * whole.box.width, `${side} of the box`);
      t.ok(faceDistance(whole.encoding, shrunk.encoding) < 0.2, 'the same encoding but for a little');
      const [detected] = await engine.detect(large, { shrinkOnLoad: true });
      t.same(detected?.box, shrunk.box);
    }
  },
);

t.test('what is no JPEG, or small, is decoded whole', { skip: skip || skipWithout.ssd }, async (t) => {
  const engine = await FaceEngine.create();
  t.teardown(() => engine.close());
  const png = await sharp(johns[0] ?? '')
    .resize({ width: 1200 })
    .png()
    .toBuffer();
  // Their origins differ by the option.
  const encode = async (photo: ImageInput, shrinkOnLoad: boolean) =>
    (await engine.encode(photo, { shrinkOnLoad })).map((face) => ({ ...face, origin: undefined }));
  for (const photo of [png, johns[1] ?? '']) t.same(await encode(photo, true), await encode(photo, false));
});

t.test('a photo too large for its batch fails alone', { skip: skip || skipWithout.mmod }, async (t) => {
  const engine = await FaceEngine.create({ detector: 'mmod', upsample: 1, batchSize: 3, maxPixels: 400_000 });
  t.teardown(() => engine.close());
  const small = await sharp(johns[0] ?? '')
    .resize({ width: 100 })
    .jpeg()
    .toBuffer();
  const large = await sharp(johns[0] ?? '')
    .resize({ width: 600, height: 600 })
    .jpeg()
    .toBuffer();
  const results = await collect(engine.detectAll([small, large, small]));
  t.same(
    results.map(({ error }) => error?.code),
    [undefined, 'PHOTO_TOO_LARGE', undefined],
  );
});
