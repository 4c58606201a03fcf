// Faces where nobody expects them: turned by every orientation, and 10,000 on one photo.

import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import t from 'tap';
import { drawCheckPhoto } from '../../lib/check_photo.js';
import { FaceEngine } from '../../lib/index.js';
import { packageRoot } from '../../lib/package_root.js';
import { asSharp, exifBlock, orientations, pngChunk, pngColours, pngOf, stored } from '../fixtures/images.js';
import { runLimited } from '../fixtures/limited.js';
import { skipWithout } from '../fixtures/places.js';

const { image } = drawCheckPhoto();
const photo = { width: image.width, height: image.height, data: Uint8Array.from(image.data) };

t.test('a face is found in the same place, whichever way the photo is stored', async (t) => {
  const engine = FaceEngine.createLazily({ lanes: 1 });
  t.teardown(() => engine.close());
  const upright = await engine.detect(image, { detector: 'hog', upsample: 0 });
  t.equal(upright.length, 1);
  for (const orientation of orientations) {
    const turned = stored(photo, orientation);
    const exif = pngChunk('eXIf', exifBlock(orientation));
    const png = pngOf(turned.data, pngColours.rgb, { size: turned, beforePixels: [exif] });
    t.same(await engine.detect(png, { detector: 'hog', upsample: 0 }), upright, `orientation ${orientation}`);
  }
});

t.test(
  'MMOD finds no face on a strip that shrinking leaves a pixel high',
  { skip: skipWithout.mmod },
  async (t) => {
    const engine = FaceEngine.createLazily({ lanes: 1 });
    t.teardown(() => engine.close());
    for (const width of [30_000, 100_000]) {
      const strip = { data: new Uint8Array(width * 45), width, height: 45, channels: 1 } as const;
      t.same(await engine.detect(strip, { detector: 'mmod', maxSide: 1000 }), [], `${width} × 45`);
    }
  },
);

t.test('10,000 faces on one photo are found within bounded memory', async (t) => {
  const side = 100;
  const tile = 95;
  const width = side * tile;
  // About the face that HOG finds, made so small that it hardly does.
  const face = await asSharp(photo)
    .extract({ left: 126, top: 140, width: 140, height: 140 })
    .resize(tile, tile)
    .raw()
    .toBuffer();
  const row = Buffer.concat(
    Array.from({ length: tile }, (_, y) => face.subarray(y * tile * 3, (y + 1) * tile * 3)).flatMap((line) =>
      Array.from({ length: side }, () => line),
    ),
  );
  const path = join(t.testdir({}), 'crowd.rgb');
  const file = createWriteStream(path);
  for (let y = 0; y < side; y++) file.write(row);
  file.end();
  await finished(file);

  const child = join(packageRoot, 'test', 'fixtures', 'crowd_child.mjs');
  const limits = { bytes: 2 ** 31, seconds: 400 };
  const { code, stdout, stderr } = await runLimited([child, path, String(width), String(width)], limits);
  t.equal(code, 0, stderr);
  const { faces, kib, milliseconds } = JSON.parse(stdout) as Record<'faces' | 'kib' | 'milliseconds', number>;
  t.ok(faces >= 0.9 * side * side && faces <= 1.1 * side * side, `${faces} faces`);
  t.comment(
    `| 10,000 faces | 1 | ${faces} found | ${Math.round(kib / 1024)} MiB | ${Math.ceil(milliseconds)} ms |`,
  );
});
