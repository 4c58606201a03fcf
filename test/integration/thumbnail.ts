// Photos made small: sizes, orientation, colours, and what is refused.

import sharp from 'sharp';
import t from 'tap';
import { thumbnail } from '../../lib/index.js';
import { busyPhoto, largestDifference, orientedImages, pixelsOf } from '../fixtures/images.js';

const photo = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: '#a05028' } });

t.test('the longer side has the pixels asked for, and a smaller photo keeps its size', async (t) => {
  const wide = await photo(3000, 1000).jpeg().toBuffer();
  const made = await thumbnail(wide, { maxSide: 300 });
  t.match(made, { width: 300, height: 100, photoWidth: 3000, photoHeight: 1000 });
  t.match(await sharp(made.jpeg).metadata(), { format: 'jpeg', width: 300, height: 100 });
  t.match(await thumbnail(await photo(40, 20).png().toBuffer()), { width: 40, height: 20, photoWidth: 40 });
  t.match(
    await thumbnail(await photo(1, 4000).png().toBuffer(), { maxSide: 100 }),
    { width: 1, height: 100 },
    'no side vanishes',
  );
});

t.test('the colours are those of the photo', async (t) => {
  const { jpeg } = await thumbnail(await photo(900, 900).jpeg({ quality: 100 }).toBuffer(), { maxSide: 90 });
  const { dominant } = await sharp(jpeg).stats();
  t.ok(
    Math.abs(dominant.r - 0xa0) <= 8 && Math.abs(dominant.g - 0x50) <= 8 && Math.abs(dominant.b - 0x28) <= 8,
  );
});

for (const image of await orientedImages()) {
  t.test(`${image.name} is made small upright`, async (t) => {
    const { jpeg, width, height } = await thumbnail(image.bytes);
    const upright = await pixelsOf(await sharp(jpeg).png().toBuffer());
    t.same([upright.width, upright.height], [width, height]);
    // The JPEG blurs what the photo had.
    t.ok(largestDifference(upright, { ...image, blurred: 8 }) <= image.tolerance + 24);
  });
}

t.test('what is no photo, or no size, is refused', async (t) => {
  await t.rejects(thumbnail(Buffer.from('no photo')), { code: 'PHOTO_NOT_AN_IMAGE' });
  await t.rejects(thumbnail('/nowhere.jpg'), { code: 'PHOTO_NOT_FOUND' });
  const { width, height, data } = busyPhoto();
  const raw = { data, width, height, channels: 3 } as const;
  await t.rejects(thumbnail(raw, { maxSide: 15 }), { code: 'OPTION_RANGE' });
  await t.rejects(thumbnail(raw, { side: 100 } as object), { code: 'OPTION_UNKNOWN' });
});
