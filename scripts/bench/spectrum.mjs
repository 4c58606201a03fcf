// node scripts/bench/spectrum.mjs DIR
// How real encodings are spread: encodes the photos below DIR/images (LFW's layout: a folder for each person), and
// writes the variances along their principal axes to test/fixtures/encoding_spectrum.json, from which the benches and
// tests draw encodings that behave as real ones do.

import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { faceDistance, FaceEngine } from '../../dist/esm/index.js';
import { median } from './measure.mjs';
import { drawEncodings } from './synthetic.mjs';

const thresholds = [0.4, 0.6];
const directory = process.argv[2];
if (!directory) {
  console.error('Name a folder in LFW’s layout, with a folder for each person below images/.');
  process.exit(2);
}

const { encodings, people } = await encodeFolder(join(directory, 'images'));
const variances = eigenvalues(covariance(encodings));
const twins = [];
const strangers = [];
for (let a = 0; a < encodings.length; a++) {
  for (let b = a + 1; b < encodings.length; b++) {
    (people[a] === people[b] ? twins : strangers).push(faceDistance(encodings[a], encodings[b]));
  }
}
twins.sort((x, y) => x - y);
const spectrum = {
  madeBy: 'node scripts/bench/spectrum.mjs DIR, on photos of Labeled Faces in the Wild, default options',
  photos: encodings.length,
  people: new Set(people).size,
  norm: rounded(median(encodings.map((encoding) => Math.hypot(...encoding)))),
  strangers: describe(strangers),
  // Twenty steps of the distances between two photos of one person.
  twinDistances: Array.from({ length: 21 }, (_, i) =>
    rounded(twins[Math.round((i / 20) * (twins.length - 1))]),
  ),
  variances: variances.map(rounded),
};
const target = fileURLToPath(new URL('../../test/fixtures/encoding_spectrum.json', import.meta.url));
writeFileSync(target, `${JSON.stringify(spectrum, undefined, 2)}\n`);
const synthetic = drawEncodings({ count: 4000, spectrum, twinShare: 0, seed: 1 }).encodings;
const drawn = [];
for (let a = 0; a < synthetic.length; a++) {
  for (let b = a + 1; b < synthetic.length; b++) drawn.push(faceDistance(synthetic[a], synthetic[b]));
}
console.log('two photos of different people, real:', spectrum.strangers);
console.log('two drawn encodings:                 ', describe(drawn));

/** Of each photo with a face, its first face. */
async function encodeFolder(root) {
  const photos = readdirSync(root).flatMap((person) =>
    readdirSync(join(root, person)).map((file) => join(root, person, file)),
  );
  const engine = await FaceEngine.create();
  const found = { encodings: [], people: [] };
  for await (const { photo, faces } of engine.encodeAll(photos)) {
    if (!faces?.[0]) continue;
    found.encodings.push(faces[0].encoding);
    found.people.push(photo.split('/').at(-2));
  }
  await engine.close();
  return found;
}

function describe(distances) {
  const share = (threshold) => distances.filter((distance) => distance < threshold).length / distances.length;
  const mean = distances.reduce((sum, distance) => sum + distance, 0) / distances.length;
  const below = Object.fromEntries(thresholds.map((each) => [each, Number(share(each).toPrecision(2))]));
  return { meanDistance: rounded(mean), shareBelow: below };
}

function rounded(number) {
  return Number(number.toPrecision(6));
}

function covariance(rows) {
  const d = rows[0].length;
  const mean = Array.from({ length: d }, (_, k) => rows.reduce((sum, row) => sum + row[k], 0) / rows.length);
  return Array.from({ length: d }, (_, i) =>
    Array.from(
      { length: d },
      (_, j) =>
        rows.reduce((sum, row) => sum + (row[i] - mean[i]) * (row[j] - mean[j]), 0) / (rows.length - 1),
    ),
  );
}

/** Those of a symmetric matrix, largest first, by Jacobi's rotations. */
function eigenvalues(matrix) {
  const a = matrix.map((row) => [...row]);
  const d = a.length;
  for (let sweep = 0; sweep < 12; sweep++) {
    for (let p = 0; p < d; p++) for (let q = p + 1; q < d; q++) rotateAway(a, p, q);
  }
  return a.map((row, i) => row[i]).sort((x, y) => y - x);
}

function rotateAway(a, p, q) {
  if (a[p][q] === 0) return;
  const theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
  const tan = Math.sign(theta || 1) / (Math.abs(theta) + Math.hypot(theta, 1));
  const cos = 1 / Math.hypot(tan, 1);
  const sin = tan * cos;
  for (let k = 0; k < a.length; k++) {
    [a[k][p], a[k][q]] = [cos * a[k][p] - sin * a[k][q], sin * a[k][p] + cos * a[k][q]];
  }
  for (let k = 0; k < a.length; k++) {
    [a[p][k], a[q][k]] = [cos * a[p][k] - sin * a[q][k], sin * a[p][k] + cos * a[q][k]];
  }
}
