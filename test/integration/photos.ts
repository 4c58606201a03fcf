// What may be given as a photo, what becomes of it, and what is refused.

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { drawDetections, FaceEngine, type ImageInput, type RawImage } from '../../lib/index.js';
import { brokenImages, claimingPng, tooLarge } from '../fixtures/broken.js';
import {
  greyPattern,
  inSixteenBits,
  largestDifference,
  orientedImages,
  pattern,
  pixelsOf,
  rawPatterns,
  testImages,
} from '../fixtures/images.js';
import { modelFolder } from '../fixtures/model_folder.js';

/** The upright picture that the pipeline works on. */
const upright = async (image: ImageInput) => pixelsOf(await drawDetections(image, []));

for (const image of await testImages()) {
  t.test(`${image.name} becomes 8-bit BGR`, async (t) => {
    t.ok(largestDifference(await upright(image.bytes), image) <= image.tolerance);
  });
}

for (const image of await orientedImages()) {
  t.test(`${image.name} is turned upright`, async (t) => {
    t.ok(largestDifference(await upright(image.bytes), image) <= image.tolerance);
  });
}

t.test('raw pixels: grey, RGB, BGR, alpha, 8 and 16 bits', async (t) => {
  const { width, height } = pattern;
  const bgr = rawPatterns.rgb.map((_, i, all) => all[i - (i % 3) + 2 - (i % 3)] ?? 0);
  const raws: readonly [string, RawImage, typeof pattern][] = [
    ['rgb by default', { data: rawPatterns.rgb, width, height, channels: 3 }, pattern],
    ['bgr', { data: bgr, width, height, channels: 3, order: 'bgr' }, pattern],
    ['rgba', { data: rawPatterns.rgba, width, height, channels: 4, order: 'rgb' }, pattern],
    [
      'clamped, as a canvas has it',
      { data: Uint8ClampedArray.from(rawPatterns.rgba), width, height, channels: 4 },
      pattern,
    ],
    ['grey', { data: rawPatterns.grey, width, height, channels: 1 }, greyPattern],
    ['16 bits', { data: inSixteenBits(rawPatterns.rgb), width, height, channels: 3 }, pattern],
    ['16 bits grey', { data: inSixteenBits(rawPatterns.grey), width, height, channels: 1 }, greyPattern],
  ];
  for (const [name, raw, expected] of raws) {
    t.ok(Buffer.from((await upright(raw)).data).equals(expected.data), name);
  }
});

t.test('a path, a file: URL and bytes are the same photo', async (t) => {
  const [image] = await testImages();
  const path = join(t.testdir(), 'photo with spaces and ü.jpg');
  writeFileSync(path, image?.bytes ?? '');
  const expected = await upright(image?.bytes ?? '');
  for (const input of [
    path,
    pathToFileURL(path),
    pathToFileURL(path).href,
    Buffer.from(image?.bytes ?? []),
  ]) {
    t.same(await upright(input), expected);
  }
});

t.test('a view into a larger buffer is read within its bounds', async (t) => {
  const [image] = await testImages();
  const bytes = image?.bytes ?? new Uint8Array();
  const larger = new Uint8Array(bytes.length + 20).fill(255);
  larger.set(bytes, 10);
  t.same(await upright(larger.subarray(10, 10 + bytes.length)), await upright(bytes));
});

t.test('bytes that are taken away before the call has had its turn are an error, and no more', async (t) => {
  const [image] = await testImages();
  const bytes = Uint8Array.from(image?.bytes ?? []);
  const drawing = drawDetections(bytes, []);
  structuredClone(bytes, { transfer: [bytes.buffer] });
  await t.rejects(drawing, { code: 'PHOTO_NOT_AN_IMAGE' });
});

t.test('bytes and pixels may lie in shared memory', async (t) => {
  const [image] = await testImages();
  const shared = <T extends Uint8Array>(bytes: T) => {
    const view = new Uint8Array(new SharedArrayBuffer(bytes.length));
    view.set(bytes);
    return view;
  };
  const bytes = image?.bytes ?? new Uint8Array();
  t.same(await upright(shared(bytes)), await upright(bytes));
  const raw = {
    data: shared(rawPatterns.rgb),
    width: pattern.width,
    height: pattern.height,
    channels: 3,
  } as const;
  t.ok(Buffer.from((await upright(raw)).data).equals(pattern.data));
});

t.test('detections that are none are refused', async (t) => {
  const photo = { data: new Uint8Array(12), width: 2, height: 2, channels: 3 } as const;
  const box = { x: 0, y: 0, width: 1, height: 1 };
  for (const wrong of [
    null,
    5,
    [null],
    [{ box }],
    [{ box, confidence: 'x' }],
    [{ box, confidence: Number.NaN }],
  ]) {
    await t.rejects(drawDetections(photo, wrong as never[]), { code: 'ARGUMENT_INVALID' });
  }
});

t.test('a frame may be far larger than the photo', async (t) => {
  const box = { x: -5e6, y: -5e6, width: 1e7, height: 1e7 };
  const photo = { data: rawPatterns.rgb, width: pattern.width, height: pattern.height, channels: 3 } as const;
  const drawn = await pixelsOf(await drawDetections(photo, [{ box, confidence: 1 }]));
  t.ok(Buffer.from(drawn.data).equals(pattern.data), 'its lines lie outside');
});

for (const { name, bytes, codes } of await brokenImages()) {
  t.test(`${name} is refused`, async (t) => {
    const error = await drawDetections(bytes, []).then(
      () => ({ code: 'none', message: '' }),
      (e: { code: string; message: string }) => e,
    );
    t.ok([...codes, ...(bytes.length === 0 ? ['PHOTO_EMPTY'] : [])].includes(error.code), error.code);
    t.match(error.message, /^The photo given as bytes/);
  });
}

t.test('files that cannot be photos are refused before they are read', async (t) => {
  const folder = t.testdir({ 'empty.jpg': '', 'letter.jpg': 'Dear sir', folder: {} });
  execFileSync('mkfifo', [join(folder, 'fifo.jpg')]);
  await t.rejects(drawDetections(join(folder, 'missing.jpg'), []), {
    code: 'PHOTO_NOT_FOUND',
    message: /missing\.jpg/,
  });
  await t.rejects(drawDetections(join(folder, 'empty.jpg', 'x'), []), { code: 'PHOTO_NOT_FOUND' });
  await t.rejects(drawDetections(join(folder, 'empty.jpg'), []), { code: 'PHOTO_EMPTY' });
  await t.rejects(drawDetections(join(folder, 'letter.jpg'), []), { code: 'PHOTO_NOT_AN_IMAGE' });
  await t.rejects(drawDetections(join(folder, 'folder'), []), { code: 'PHOTO_UNREADABLE' });
  await t.rejects(drawDetections(join(folder, 'fifo.jpg'), []), { code: 'PHOTO_UNREADABLE' });
  await t.rejects(drawDetections('/dev/zero', []), { code: 'PHOTO_UNREADABLE' });
  await t.rejects(drawDetections('a\0b.jpg', []), { code: 'PHOTO_UNREADABLE' });
});

t.test('what is no photo at all is refused', async (t) => {
  for (const wrong of [undefined, null, 5, {}, [], new URL('https://example.org/a.jpg')]) {
    await t.rejects(drawDetections(wrong as ImageInput, []), { code: 'ARGUMENT_INVALID' });
  }
});

t.test('raw pixels that contradict their description are refused', async (t) => {
  const good = { data: new Uint8Array(12), width: 2, height: 2, channels: 3 };
  const wrongs = [
    { ...good, width: 0 },
    { ...good, height: -1 },
    { ...good, width: 1.5 },
    { ...good, width: 3 },
    { ...good, width: Number.MAX_SAFE_INTEGER, height: Number.MAX_SAFE_INTEGER },
    { ...good, channels: 2 },
    { ...good, order: 'gbr' },
    { ...good, data: [1, 2, 3] },
    { ...good, data: new Float32Array(12) },
    { ...good, data: new Uint8Array(11) },
  ];
  for (const wrong of wrongs) {
    await t.rejects(drawDetections(wrong as unknown as RawImage, []), { code: 'RAW_IMAGE_INVALID' });
  }
});

t.test('maxPixels bounds every photo, by its header', async (t) => {
  const engine = FaceEngine.createLazily({ models: modelFolder(t), maxPixels: 45 * 29 });
  t.teardown(() => engine.close());
  const at = { data: rawPatterns.rgb, width: 45, height: 29, channels: 3 } as const;
  t.same(await engine.detect(at, { confidence: 1 }), []);
  const above = { data: new Uint8Array(46 * 29), width: 46, height: 29, channels: 1 } as const;
  await t.rejects(engine.detect(above), { code: 'PHOTO_TOO_LARGE', message: /maxPixels/ });
  await t.rejects(engine.detect(claimingPng(tooLarge)), { code: 'PHOTO_TOO_LARGE', message: /50000×50000/ });
});

t.test('HOG refuses a photo that upsampling would make too large', async (t) => {
  const engine = FaceEngine.createLazily({ maxPixels: 100 * 100 });
  t.teardown(() => engine.close());
  const photo = { data: new Uint8Array(60 * 60), width: 60, height: 60, channels: 1 } as const;
  t.same(await engine.detect(photo, { detector: 'hog', upsample: 0 }), []);
  await t.rejects(engine.detect(photo, { detector: 'hog', upsample: 1 }), {
    code: 'PHOTO_TOO_LARGE',
    message: /upsample/,
  });
});
