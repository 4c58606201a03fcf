// Encodings drawn at random that are spread as real ones are.

import { readFileSync } from 'node:fs';

/** What scripts/bench/spectrum.mjs measured on real photos. */
export function readSpectrum() {
  const file = new URL('../../test/fixtures/encoding_spectrum.json', import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8'));
}

/**
 * Draws encodings with the variances of real ones along axes that point anywhere; some are twins of the one before, as
 * far from it as two photos of one person are.
 *
 * @param {{ count: number, spectrum?: object, twinShare?: number, seed?: number }} wanted
 * @returns {{ encodings: Float32Array[], buffer: ArrayBuffer }} views of one buffer, count × 128 float32.
 */
export function drawEncodings({ count, spectrum = readSpectrum(), twinShare = 0.02, seed = 1 }) {
  const { variances, twinDistances } = spectrum;
  const dimensions = variances.length;
  const random = mulberry32(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const deviations = variances.map((variance) => Math.sqrt(Math.max(0, variance)));
  const mirrors = Array.from({ length: 16 }, () => unitVector(dimensions, normal));
  const buffer = new ArrayBuffer(count * dimensions * 4);
  const encodings = Array.from(
    { length: count },
    (_, i) => new Float32Array(buffer, i * dimensions * 4, dimensions),
  );
  const current = new Float64Array(dimensions);
  encodings.forEach((encoding, i) => {
    if (i > 0 && random() < twinShare) {
      moveAway(current, deviations, twinDistance(twinDistances, random()), normal);
    } else {
      deviations.forEach((deviation, axis) => (current[axis] = deviation * normal()));
    }
    encoding.set(mirrored(current, mirrors));
  });
  return { encodings, buffer };
}

/** A stranger's direction, a relative's distance. */
function moveAway(point, deviations, distance, normal) {
  const step = deviations.map((deviation) => deviation * normal());
  const length = Math.hypot(...step);
  step.forEach((each, axis) => (point[axis] += (each / length) * distance));
}

function twinDistance(steps, share) {
  const position = share * (steps.length - 1);
  const below = Math.min(Math.floor(position), steps.length - 2);
  return steps[below] + (position - below) * (steps[below + 1] - steps[below]);
}

/** Mirrored in a few planes: distances stay, and the axes are no longer the coordinates. */
function mirrored(point, mirrors) {
  const result = Float64Array.from(point);
  for (const mirror of mirrors) {
    let along = 0;
    for (let k = 0; k < result.length; k++) along += result[k] * mirror[k];
    for (let k = 0; k < result.length; k++) result[k] -= 2 * along * mirror[k];
  }
  return result;
}

function unitVector(dimensions, normal) {
  const vector = Float64Array.from({ length: dimensions }, normal);
  const length = Math.hypot(...vector);
  return vector.map((each) => each / length);
}

/** Tommy Ettinger's mulberry32: the same numbers in every run. */
export function mulberry32(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
