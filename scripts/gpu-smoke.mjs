// node scripts/gpu-smoke.mjs [--photos DIR] [--count N] [--target cuda|cuda-fp16]
// Where an OpenCV with CUDA and a GPU are: runs the SSD and the encoder on it and compares every answer with the CPU's.
// Ends with 0 when all differences are below 1e-3, with 1 when one is not, with 2 when there is nothing to run on.

import { parseArgs } from 'node:util';
import { FaceEngine, availableBackends } from '../dist/esm/index.js';
import { benchPhotos } from './bench/places.mjs';

const { values } = parseArgs({
  options: {
    photos: { type: 'string' },
    count: { type: 'string', default: '20' },
    target: { type: 'string', default: 'cuda' },
  },
});
/** Largest allowed difference of a confidence, of a box side as a part of the photo's, and of an encoding's component. */
const tolerance = 1e-3;

const backends = availableBackends();
if (!backends.some(({ backend, target }) => backend === 'cuda' && target === values.target)) {
  const here = backends.map(({ backend, target }) => `${backend}/${target}`).join(', ');
  console.log(
    `not run: this machine has no backend cuda/${values.target}, only ${here}. docs/gpu.md says how to get it.`,
  );
  process.exit(2);
}

const photos = await benchPhotos(values.photos, Number(values.count));
const cpu = await answers({ backend: 'opencv', target: 'cpu' });
const gpu = await answers({ backend: 'cuda', target: values.target }, cpu.results);

let largest = { confidence: 0, box: 0, encoding: 0 };
let faces = 0;
for (const [i, photo] of photos.entries()) {
  const [mine, theirs] = [cpu.results[i], gpu.results[i]];
  if (mine.found.length !== theirs.found.length) {
    console.log(`${photo}: ${mine.found.length} faces on the CPU, ${theirs.found.length} on the GPU`);
    process.exitCode = 1;
    continue;
  }
  faces += mine.found.length;
  for (const [j, face] of mine.found.entries()) {
    const other = theirs.found[j];
    const sides = ({ box }) => [box.x, box.y, box.width, box.height];
    largest = {
      confidence: Math.max(largest.confidence, Math.abs(face.confidence - other.confidence)),
      // Photos may be of any size; the largest side of the box stands for it.
      box: Math.max(largest.box, difference(sides(face), sides(other)) / Math.max(...sides(face))),
      encoding: Math.max(largest.encoding, difference(mine.encodings[j], theirs.encodings[j])),
    };
  }
}
console.log(`${photos.length} photos, ${faces} faces; seconds: CPU ${cpu.seconds}, GPU ${gpu.seconds}`);
for (const [what, value] of Object.entries(largest)) {
  console.log(`${what}: largest difference ${value.toExponential(1)}, allowed ${tolerance}`);
  if (!(value < tolerance)) process.exitCode = 1;
}

/** What is encoded are the boxes of the `others`, if given, so that a difference of the detector is not counted twice. */
async function answers(device, others) {
  const engine = await FaceEngine.create({ ...device, lanes: 1 });
  const results = [];
  await engine.encode(photos[0]);
  const started = performance.now();
  for (const [i, photo] of photos.entries()) {
    const found = await engine.detect(photo, { detector: 'ssd' });
    const given = others?.[i].boxes ?? found.map(({ box }) => box);
    const encoded = given.length > 0 ? await engine.encode(photo, { boxes: given }) : [];
    results.push({ found, boxes: given, encodings: encoded.map(({ encoding }) => encoding) });
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(2);
  await engine.close();
  return { results, seconds };
}

function difference(a, b) {
  return Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i])));
}
