// node scripts/bench/lfw_calibration.mjs --lfw DIR [--keep DIR]
// Measures the calibrations that come with the library: encodes every photo below DIR/images (LFW's layout: a folder for
// each person) in each way, compares all with all, and writes lib/calibration/lfw_data.ts. Encodings are kept in --keep,
// so that a change of the statistics needs no second look at the photos. Prints the rates, the closest pairs of different
// people and the furthest of one person, which somebody should look at: a wrong label hides there first.

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import prettier from 'prettier';
import { calibrate, encodingWayOf } from '../../dist/esm/calibration/index.js';
import { RateBelow } from '../../dist/esm/calibration/distance_counts.js';
import { faceDistance, FaceEngine } from '../../dist/esm/index.js';
import { mostCentral } from './lfw.mjs';
import './places.mjs';
import { printTable } from './table.mjs';

const { values } = parseArgs({
  options: { lfw: { type: 'string' }, keep: { type: 'string', default: 'bench-output/lfw-encodings' } },
});
if (!values.lfw || !existsSync(join(values.lfw, 'images'))) {
  console.error('Name a folder in LFW’s layout by --lfw, with a folder for each person below images/.');
  process.exit(2);
}

/** The defaults first, then face_recognition's way. */
const ways = {
  'ssd, refined, mirror, 5 points': {},
  'hog, box, no mirror, 5 points': { detector: 'hog' },
  'ssd, refined, no mirror, 5 points': { mirror: false },
  'ssd, box, no mirror, 5 points': { align: 'box', mirror: false },
  'ssd, box, mirror, 5 points': { align: 'box' },
  'ssd, refined, mirror, 68 points': { landmarks: 'large' },
  'hog, box, mirror, 5 points': { detector: 'hog', mirror: true },
  'hog, box, no mirror, 68 points': { detector: 'hog', landmarks: 'large' },
};
const shownThresholds = [0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6];
const scientific = (value) => (value === 0 ? '0' : value.toExponential(1));
const percent = (value) => `${(100 * value).toFixed(1)} %`;

const root = join(values.lfw, 'images');
const photos = readdirSync(root)
  .sort()
  .flatMap((person) =>
    readdirSync(join(root, person))
      .sort()
      .map((file) => ({ person, file })),
  );
mkdirSync(values.keep, { recursive: true });
const calibrations = [];
for (const [name, options] of Object.entries(ways)) {
  const { origin, encodings } = await encodingsOf(name, options);
  const { pairs, missed } = comparedPairs(encodings);
  const calibration = calibrate(pairs, { data: 'LFW', way: encodingWayOf(origin) });
  calibrations.push(calibration);
  report(name, calibration, pairs, missed);
}
const target = fileURLToPath(new URL('../../lib/calibration/lfw_data.ts', import.meta.url));
writeFileSync(target, await formatted(calibrations, target));
console.log(`\nWritten to ${target}.`);

async function encodingsOf(name, options) {
  const file = join(values.keep, `${name.replaceAll(', ', '-').replaceAll(' ', '-')}.json`);
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8'));
  const engine = await FaceEngine.create(options);
  const encodings = [];
  for await (const { faces, error } of engine.encodeAll(
    photos.map((photo) => join(root, photo.person, photo.file)),
  )) {
    if (error) throw error;
    const face = mostCentral(faces);
    encodings.push(face ? [...face.encoding] : null);
  }
  const kept = { origin: await engine.origin(), encodings };
  await engine.close();
  writeFileSync(file, JSON.stringify(kept));
  return kept;
}

/** Every photo with every other one. */
function comparedPairs(encodings) {
  const found = photos.map((photo, i) => ({
    ...photo,
    encoding: encodings[i] && Float32Array.from(encodings[i]),
  }));
  const encoded = found.filter(({ encoding }) => encoding);
  const pairs = [];
  encoded.forEach((a, i) => {
    for (const b of encoded.slice(i + 1))
      pairs.push({
        distance: faceDistance(a.encoding, b.encoding),
        same: a.person === b.person,
        first: a.file,
        second: b.file,
      });
  });
  return { pairs, missed: photos.length - encoded.length };
}

function report(name, { photos: count, people, different, same, evidence }, pairs, missed) {
  const { logLoss, method } = evidence;
  console.log(
    `\n${name}: ${count} photos (${missed} without a face) of ${people} people, ${different.pairs} pairs of different ` +
      `people, ${same.pairs} of one; ${method}, log loss ${logLoss.isotonic} isotonic, ${logLoss.logistic} logistic`,
  );
  const [falseRates, trueRates] = [
    new RateBelow(different, { withTail: true }),
    new RateBelow(same, { withTail: false }),
  ];
  const kinds = [true, false].map((isSame) =>
    pairs.filter((pair) => pair.same === isSame).sort((a, b) => a.distance - b.distance),
  );
  const [genuine, impostors] = kinds;
  printTable(
    [
      'threshold',
      'false',
      'false match rate',
      '95 % interval',
      'independent pairs',
      'true match rate',
      '95 % interval',
    ],
    shownThresholds.map((threshold) => {
      const [falseRate, trueRate] = [falseRates.at(threshold), trueRates.at(threshold)];
      return [
        threshold,
        impostors.filter(({ distance }) => distance < threshold).length,
        `${scientific(falseRate.rate)}${falseRates.isExtrapolated(threshold) ? ' (tail)' : ''}`,
        falseRate.interval.map(scientific).join(' to '),
        Math.round(falseRates.independentPairs(threshold)),
        percent(trueRate.rate),
        trueRate.interval.map(percent).join(' to '),
      ];
    }),
  );
  const list = (some) =>
    some.map(({ distance, first, second }) => `${distance.toFixed(3)} ${first} ${second}`);
  console.log(`closest of different people: ${list(impostors.slice(0, 12)).join('; ')}`);
  console.log(`furthest of one person: ${list(genuine.slice(-5)).join('; ')}`);
}

async function formatted(all, path) {
  const options = await prettier.resolveConfig(path);
  const text =
    '// The calibrations measured on LFW, as written by scripts/bench/lfw_calibration.mjs.\n\n' +
    `import type { Calibration } from './calibration.js';\n\n` +
    `export const lfwCalibrations: readonly Calibration[] = ${JSON.stringify(all)};\n`;
  return prettier.format(text, { ...options, parser: 'typescript' });
}
