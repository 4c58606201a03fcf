// npm run bench:accuracy -- --lfw DIR [--pairs FILE] [--faces DIR] [--all | --only NAME…] [--enlarge N]
//   [--roc FILE]
// Verification accuracy of the whole pipeline on photos and pairs in LFW's layout, and of each detector on dlib's
// labelled group photos.

import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { faceDistance, FaceEngine } from '../../dist/esm/index.js';
import { countMatches, readLabels } from './dlib_labels.mjs';
import { enlargedCopies } from './enlarged.mjs';
import { mostCentral, readLfw } from './lfw.mjs';
import './places.mjs';
import { rocSvg } from './roc_svg.mjs';
import { accuracy, acrossFolds, rates, rocCurve, thresholdAtFalseRate } from './verification.mjs';

const { values } = parseArgs({
  options: {
    lfw: { type: 'string' },
    pairs: { type: 'string' },
    faces: {
      type: 'string',
      default: process.env.FACEDEDUP_EXAMPLE_PHOTOS && join(process.env.FACEDEDUP_EXAMPLE_PHOTOS, 'faces'),
    },
    all: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true },
    enlarge: { type: 'string', default: '1' }, // each photo this many times as wide and high first
    roc: { type: 'string', default: 'bench-output/roc.svg' },
  },
});

/** `defaults` is what a user gets who sets no option; `hog, 5 points` is face_recognition's way. */
const ways = {
  defaults: {},
  'hog, 5 points': { detector: 'hog', upsample: 1 },
  'hog, 5 points, mirror': { detector: 'hog', upsample: 1, mirror: true },
  'ssd, box': { detector: 'ssd', align: 'box', mirror: false },
  'ssd, box, mirror': { detector: 'ssd', align: 'box', mirror: true },
  'ssd, refined': { detector: 'ssd', align: 'refined', mirror: false },
  'ssd, refined, mirror': { detector: 'ssd', align: 'refined', mirror: true },
  'shrink on load': { shrinkOnLoad: true },
  'ssd, refined, mirror, 68 points': { detector: 'ssd', align: 'refined', mirror: true, landmarks: 'large' },
  'ssd, refined, mirror, 7 jitters': { detector: 'ssd', align: 'refined', mirror: true, jitters: 7 },
};
const shownThresholds = [0.3, 0.4, 0.5, 0.6, 0.7];
const enlargement = Number(values.enlarge);
const percent = (value, digits = 2) => `${(100 * value).toFixed(digits)} %`;

if (!values.lfw && !values.faces) {
  console.error('Say where the photos are: npm run bench:accuracy -- --lfw DIR, or --faces DIR');
  process.exit(2);
}
const usual = ['defaults', 'hog, 5 points'];
const chosen = Object.entries(ways).filter(([name]) => values.all || (values.only ?? usual).includes(name));
const pairs = values.lfw && (values.pairs ?? join(values.lfw, 'pairs.txt'));
if (pairs && !existsSync(pairs)) {
  console.error(`There is no ${pairs}: --lfw names a folder in LFW’s layout, --pairs its list of pairs.`);
  process.exit(2);
}
if (values.lfw) await benchVerification(readLfw(values.lfw, pairs));
if (values.faces && existsSync(values.faces)) await benchDetection(values.faces);
else console.log('\nDetection is skipped: name the folder of dlib’s example faces by --faces.');

async function benchVerification({ folds, photos }) {
  const total = folds.flat().length;
  console.log(
    `${photos.length} photos, ${total} pairs in ${folds.length} folds; of each photo the face nearest its centre counts.\n`,
  );
  const copies = enlargement > 1 ? await enlargedCopies(photos, enlargement) : undefined;
  if (copies) console.log(`Each photo is enlarged ${enlargement} times first.\n`);
  const results = [];
  for (const [name, options] of chosen) {
    const { encodings, missed, seconds } = await encodeAll(photos, options, copies);
    const judged = folds.map((fold) =>
      fold.map((pair) => ({ same: pair.same, distance: distanceOf(encodings, pair) })),
    );
    results.push({ name, judged, pairs: judged.flat(), missed });
    const { accuracy: mean, error } = acrossFolds(judged);
    console.log(`${name}: ${percent(mean)} ± ${percent(error)} (${seconds.toFixed(0)} s)`);
  }
  printResults(results);
  mkdirSync(dirname(values.roc), { recursive: true });
  writeFileSync(values.roc, rocSvg(results.map(({ name, pairs }) => ({ name, points: rocCurve(pairs) }))));
  console.log(`\nROC curves written to ${values.roc}`);
}

async function encodeAll(photos, options, copies) {
  const started = performance.now();
  const engine = await FaceEngine.create(options);
  const encodings = new Map();
  let missed = 0;
  const files = photos.map((photo) => copies?.get(photo) ?? photo);
  let next = 0;
  for await (const { faces, error } of engine.encodeAll(files)) {
    if (error) throw error;
    const photo = photos[next++];
    const face = mostCentral(faces, enlargement);
    if (face) encodings.set(photo, face.encoding);
    else missed++;
  }
  await engine.close();
  return { encodings, missed, seconds: (performance.now() - started) / 1000 };
}

function distanceOf(encodings, { a, b }) {
  const [first, second] = [encodings.get(a), encodings.get(b)];
  return first && second ? faceDistance(first, second) : Infinity;
}

function printResults(results) {
  console.log(
    `\n| pipeline | accuracy | threshold | missed faces | ${shownThresholds.map((t) => `at ${t}`).join(' | ')} |`,
  );
  console.log(`| --- | --- | --- | --- | ${shownThresholds.map(() => '---').join(' | ')} |`);
  for (const { name, judged, pairs, missed } of results) {
    const { accuracy: mean, error, threshold } = acrossFolds(judged);
    const at = shownThresholds.map((t) => percent(accuracy(pairs, t)));
    console.log(
      `| ${name} | ${percent(mean)} ± ${percent(error)} | ${threshold.toFixed(3)} | ${missed} | ${at.join(' | ')} |`,
    );
  }

  console.log('\nTrue positives / false positives:');
  console.log(
    `| pipeline | ${shownThresholds.map((t) => `at ${t}`).join(' | ')} | where 0.1 % of different pairs pass | where 1 % pass |`,
  );
  console.log(`| --- | ${shownThresholds.map(() => '---').join(' | ')} | --- | --- |`);
  for (const { name, pairs } of results) {
    const at = shownThresholds.map((t) => {
      const { truePositive, falsePositive } = rates(pairs, t);
      return `${percent(truePositive, 1)} / ${percent(falsePositive)}`;
    });
    const atRate = [0.001, 0.01].map((rate) => {
      const threshold = thresholdAtFalseRate(pairs, rate);
      return `${percent(rates(pairs, threshold).truePositive, 1)} (${threshold.toFixed(3)})`;
    });
    console.log(`| ${name} | ${[...at, ...atRate].join(' | ')} |`);
  }
}

async function benchDetection(folder) {
  const labelled = readLabels(join(folder, 'testing_with_face_landmarks.xml'));
  const count = labelled.reduce((sum, { boxes }) => sum + boxes.length, 0);
  console.log(
    `\nDetection on ${labelled.length} group photos with ${count} labelled faces (overlap at least 0.3):`,
  );
  console.log('| detector | found | precision | recall |');
  console.log('| --- | --- | --- | --- |');
  for (const options of [
    { detector: 'ssd' },
    { detector: 'hog', upsample: 0 },
    { detector: 'hog', upsample: 1 },
    { detector: 'hog', upsample: 2 },
    { detector: 'mmod', upsample: 0 },
    { detector: 'mmod', upsample: 1 },
    { detector: 'mmod', upsample: 2 },
  ]) {
    const engine = FaceEngine.createLazily();
    let detected = 0;
    let matches = 0;
    for (const { photo, boxes } of labelled) {
      const faces = await engine.detect(join(folder, photo), options);
      detected += faces.length;
      matches += countMatches(faces, boxes, 0.3);
    }
    await engine.close();
    const name = options.detector === 'ssd' ? 'ssd' : `${options.detector}, upsampled ${options.upsample}×`;
    console.log(
      `| ${name} | ${detected} | ${percent(matches / Math.max(1, detected), 1)} | ${percent(matches / count, 1)} |`,
    );
  }
}
