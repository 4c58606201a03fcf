// Every detector, alignment and encoding option, and the faces cut out.

import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import t from 'tap';
import {
  type Box,
  detectFaces,
  encodeFaces,
  type ExtractOptions,
  extractFaces,
  faceDistance,
  FaceEngine,
  type FaceEncoding,
  locateLandmarks,
} from '../../lib/index.js';
import { listPhotos } from '../../lib/photos/folder.js';
import { modelFolder, rounded } from '../fixtures/model_folder.js';
import { examplePhotos, skipWithout } from '../fixtures/places.js';
import { photoOfCells, syntheticSsd } from '../fixtures/synthetic_ssd.js';

const skip = skipWithout.dlib || skipWithout.examples;
const johns = examplePhotos === undefined ? [] : await listPhotos([join(examplePhotos, 'johns')]);
const portrait = johns[0] ?? '';
const groupPhoto = join(examplePhotos ?? '', 'faces', '2008_002506.jpg');

const onlyFace = (faces: readonly FaceEncoding[]) => faces[0]?.encoding ?? new Float32Array();

/** How much of two boxes' union they share. */
function overlap(a: Box, b: Box): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  const shared = Math.max(0, width) * Math.max(0, height);
  return shared / (a.width * a.height + b.width * b.height - shared);
}

t.test('mmod finds the faces that hog finds', { skip: skip || skipWithout.mmod }, async (t) => {
  const byHog = await detectFaces(groupPhoto, { detector: 'hog', upsample: 1 });
  const byMmod = await detectFaces(groupPhoto, { detector: 'mmod', upsample: 0 });
  t.equal(byMmod.length, byHog.length);
  for (const { box, detector, confidence } of byMmod) {
    t.equal(detector, 'mmod');
    t.ok(confidence > 0);
    t.ok(byHog.some((other) => overlap(box, other.box) > 0.4));
  }
});

t.test(
  'mmod on a shrunken copy gives its boxes in the photo’s own pixels',
  { skip: skip || skipWithout.mmod },
  async (t) => {
    const options = { detector: 'mmod', upsample: 1 } as const;
    const whole = await detectFaces(groupPhoto, options);
    const shrunken = await detectFaces(groupPhoto, { ...options, maxSide: 400 });
    t.equal(shrunken.length, whole.length);
    for (const { box } of shrunken) t.ok(whole.some((other) => overlap(box, other.box) > 0.6));
    t.ok(shrunken.some(({ box }) => !Number.isInteger(box.x)));
  },
);

t.test(
  'mmod in batches answers as one by one, in order, and one bad photo spoils nothing',
  { skip: skip || skipWithout.mmod },
  async (t) => {
    const engine = await FaceEngine.create({ detector: 'mmod', upsample: 0 });
    t.teardown(() => engine.close());
    const photos = [johns[0], johns[1], 'missing.jpg', groupPhoto, Buffer.from('no photo'), johns[2]].filter(
      (p) => p !== undefined,
    );
    const collect = async (batchSize: number) => {
      const all = [];
      for await (const { photo, faces, error } of engine.detectAll(photos, { batchSize }))
        all.push({ photo, faces, code: error?.code });
      return all;
    };
    const oneByOne = await collect(1);
    t.same(await collect(4), oneByOne);
    t.same(
      oneByOne.map(({ code }) => code),
      [undefined, undefined, 'PHOTO_NOT_FOUND', undefined, 'PHOTO_NOT_AN_IMAGE', undefined],
    );
  },
);

t.test('mmod finds nothing on a photo of a few pixels', { skip: skip || skipWithout.mmod }, async (t) => {
  for (const side of [1, 8, 30]) {
    const photo = { data: new Uint8Array(side * side), width: side, height: side, channels: 1 } as const;
    for (const upsample of [0, 1]) t.same(await detectFaces(photo, { detector: 'mmod', upsample }), []);
  }
});

t.test('hog upsampled 0 to 4 times finds ever smaller faces', { skip }, async (t) => {
  const small = await sharp(portrait).resize(48).png().toBuffer();
  t.equal((await detectFaces(small, { detector: 'hog', upsample: 0 })).length, 0);
  for (const upsample of [2, 3, 4]) {
    const [face] = await detectFaces(small, { detector: 'hog', upsample });
    t.ok(face && face.box.width < 48 && face.box.x > -8, `upsampled ${upsample} times`);
  }
});

t.test('a box at the border is cut with what lies within', { skip }, async (t) => {
  const [face] = await detectFaces(portrait, { detector: 'hog' });
  const { x = 0, width = 0 } = face?.box ?? {};
  // The left third of the face lies outside of this crop.
  const left = Math.round(x + width / 3);
  const { data, info } = await sharp(portrait)
    .extract({ left, top: 0, width: 150 - left, height: 150 })
    .raw()
    .toBuffer({ resolveWithObject: true });
  const crop = { data, width: info.width, height: info.height, channels: 3 } as const;
  const box = { ...(face?.box ?? { x: 0, y: 0, width: 1, height: 1 }), x: x - left };
  const [cut] = await encodeFaces(crop, { boxes: [box] });
  t.same(cut?.box, box, 'a given box is answered as it was given');
  t.equal(cut?.encoding.length, 128);
});

t.test('mirror averages the mirrored chip in', { skip }, async (t) => {
  const boxes = (await detectFaces(portrait, { detector: 'hog' })).map(({ box }) => box);
  const plain = onlyFace(await encodeFaces(portrait, { boxes }));
  const mirrored = onlyFace(await encodeFaces(portrait, { boxes, mirror: true }));
  // 2·mean − plain is the mirrored chip's own encoding: of a face of the same person, and not the same numbers.
  const other = mirrored.map((value, i) => 2 * value - (plain[i] ?? 0));
  const distance = faceDistance(plain, other);
  t.ok(distance > 0.01 && distance < 0.4, `${distance}`);
});

t.test('mirror and jitters together are reproducible', { skip }, async (t) => {
  const encode = async () =>
    onlyFace(await encodeFaces(portrait, { detector: 'hog', jitters: 3, mirror: true }));
  t.same(await encode(), await encode());
});

t.test('refined landmarks depend less on the box than those of the box itself', { skip }, async (t) => {
  const spread = { box: 0, refined: 0 };
  for (const photo of johns.filter((_, i) => i % 5 === 0)) {
    const [face] = await detectFaces(photo, { detector: 'hog' });
    const { x = 0, y = 0, width = 0, height = 0 } = face?.box ?? {};
    const boxes = [face?.box, { x: x - width / 8, y: y + height / 8, width, height }].filter(
      (box) => box !== undefined,
    );
    for (const align of ['box', 'refined'] as const) {
      const [a, b] = (await encodeFaces(photo, { boxes, align })).map(({ encoding }) => encoding);
      spread[align] += faceDistance(a ?? [], b ?? []);
    }
  }
  t.ok(spread.refined < 0.8 * spread.box, `${spread.refined} against ${spread.box}`);
});

t.test('boxes and hog take the box as it is and no mirror, unless told otherwise', { skip }, async (t) => {
  const byDefault = await encodeFaces(portrait, { detector: 'hog' });
  t.same(await encodeFaces(portrait, { detector: 'hog', align: 'box', mirror: false }), byDefault);
  const boxes = byDefault.map(({ box }) => box);
  t.same(onlyFace(await encodeFaces(portrait, { boxes })), onlyFace(byDefault));
});

t.test('ssd refines and mirrors, unless told otherwise', { skip: skip || skipWithout.ssd }, async (t) => {
  const byDefault = await encodeFaces(groupPhoto, { detector: 'ssd' });
  t.same(await encodeFaces(groupPhoto, { detector: 'ssd', align: 'refined', mirror: true }), byDefault);
});

t.test('a face is cut out as PNG, as JPEG or as raw pixels, of any size', { skip }, async (t) => {
  const [png] = await extractFaces(portrait, { detector: 'hog' });
  const image = sharp(png?.chip);
  t.match(await image.metadata(), { format: 'png', width: 150, height: 150 });
  const [raw] = await extractFaces(portrait, { detector: 'hog', format: 'raw' });
  t.match(raw?.chip, { width: 150, height: 150, channels: 3, order: 'rgb' });
  t.ok(Buffer.from(raw?.chip.data ?? []).equals(await image.raw().toBuffer()), 'both hold the same pixels');
  const [jpeg] = await extractFaces(portrait, { detector: 'hog', format: 'jpeg' });
  t.match(await sharp(jpeg?.chip).metadata(), { format: 'jpeg', width: 150, height: 150 });
  const [large] = await extractFaces(portrait, { detector: 'hog', size: 300, padding: 0.5 });
  t.match(await sharp(large?.chip).metadata(), { width: 300, height: 300 });
  t.equal(large?.landmarks.points.length, 5);
});

t.test('the chip is the face turned upright: its eyes lie level', { skip }, async (t) => {
  const turned = await sharp(portrait).rotate(15, { background: '#808080' }).png().toBuffer();
  const [face] = await extractFaces(turned, { detector: 'hog' });
  const whole = { x: 20, y: 20, width: 110, height: 110 };
  const [landmarks] = await locateLandmarks(face?.chip ?? '', [whole]);
  const [right, , left] = landmarks?.points ?? [];
  t.ok(Math.abs((right?.[1] ?? 99) - (left?.[1] ?? 0)) <= 6, `${String(right)} ${String(left)}`);
});

t.test('the encoding is that of the extracted chip', { skip }, async (t) => {
  const [encoded] = await encodeFaces(portrait, { detector: 'hog' });
  const [extracted] = await extractFaces(portrait, { detector: 'hog', size: 600, padding: 0.6 });
  // The same face, cut out generously and encoded again.
  const [again] = await encodeFaces(extracted?.chip ?? '', { detector: 'hog' });
  t.ok(faceDistance(encoded?.encoding ?? [], again?.encoding ?? []) < 0.2);
});

t.test('wrong options of the new kind are refused', async (t) => {
  const wrongs: readonly [ExtractOptions, string][] = [
    [{ size: 8 }, 'OPTION_RANGE'],
    [{ padding: -0.1 }, 'OPTION_RANGE'],
    [{ format: 'gif' as 'png' }, 'OPTION_RANGE'],
    [{ align: 'twice' as 'box' }, 'OPTION_RANGE'],
    [{ maxSide: 10 }, 'OPTION_RANGE'],
    [{ batchSize: 0 }, 'OPTION_RANGE'],
    [{ jitters: 2 } as object, 'OPTION_UNKNOWN'],
  ];
  for (const [options, code] of wrongs) await t.rejects(extractFaces('photo.jpg', options), { code });
  await t.rejects(encodeFaces('photo.jpg', { mirror: 1 as unknown as boolean }), { code: 'OPTION_TYPE' });
});

t.test(
  'another network of the SSD family: input size, classes and the class of faces by options alone',
  async (t) => {
    const network = syntheticSsd({ width: 96, height: 64, classes: 4, cell: 32, classGap: 5 });
    const cells = [
      [0, 0, 0],
      [0, 230, 0],
    ];
    const photo = photoOfCells(cells, 50);
    const models = modelFolder(t, network);
    const meanValues = [0, 0, 0] as const;
    const expected = network.expected(cells, {
      photoWidth: 150,
      photoHeight: 100,
      meanValues,
      confidence: 0.05,
    });
    for (const faceClass of [1, 2, 3]) {
      const engine = FaceEngine.createLazily({
        models,
        meanValues,
        faceClass,
        confidence: 0.05,
        nmsThreshold: 1,
      });
      const found = await engine.detect(photo);
      const [ofClass] = expected.filter(({ label }) => label === faceClass);
      t.equal(found.length, 1);
      t.same(rounded(found[0]?.box), rounded(ofClass?.box));
      t.ok(Math.abs((found[0]?.confidence ?? 0) - (ofClass?.confidence ?? 1)) < 1e-4);
      await engine.close();
    }
  },
);

t.test('info names every model in use', { skip: skip || skipWithout.mmod }, async (t) => {
  const engine = await FaceEngine.create({ detector: 'mmod' });
  t.teardown(() => engine.close());
  t.same(
    engine
      .info()
      .models.map(({ name, state }) => [name, state])
      .sort(),
    [
      ['dlib_face_recognition_resnet_model_v1.dat', 'verified'],
      ['mmod_human_face_detector.dat', 'verified'],
      ['shape_predictor_5_face_landmarks.dat', 'verified'],
    ],
  );
});

t.test('a damaged mmod model is refused', { skip: skip || skipWithout.mmod }, async (t) => {
  const folder = t.testdir({});
  const good = await FaceEngine.create({ detector: 'mmod' });
  const path = good.info().models.find(({ name }) => name.startsWith('mmod'))?.path ?? '';
  await good.close();
  copyFileSync(path, join(folder, 'mmod_human_face_detector.dat'));
  writeFileSync(join(folder, 'mmod_human_face_detector.dat'), 'damaged', { flag: 'r+' });
  await t.rejects(FaceEngine.create({ detector: 'mmod', models: folder }), { code: 'MODEL_CORRUPT' });
});
