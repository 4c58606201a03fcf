// Writes the photos that fuzzing begins with: photo_seeds FOLDER.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brokenImages } from '../fixtures/broken.js';
import { busyPhoto, encoders, orientedImages, rawPatterns, testImages } from '../fixtures/images.js';

const [, , folder = '.'] = process.argv;

function write(target: string, seeds: readonly Uint8Array[]): void {
  mkdirSync(join(folder, target), { recursive: true });
  seeds.forEach((bytes, index) => writeFileSync(join(folder, target, String(index)), bytes));
}

const photo = busyPhoto();
const images = [...(await testImages()), ...(await orientedImages()), ...(await brokenImages())];
const plain = await Promise.all(Object.values(encoders).map(async (encode) => encode(photo)));
write('photo', [...images.map(({ bytes }) => bytes), ...plain]);

// What follows the pixels chooses their layout and what is done with them.
const layouts = Array.from({ length: 16 }, (_, layout) =>
  Uint8Array.from({ length: 80 }, (_, index) => (index * 37 + layout * 101) % 256),
);
write(
  'raw_pixels',
  layouts.flatMap((layout) => Object.values(rawPatterns).map((samples) => Buffer.concat([samples, layout]))),
);
