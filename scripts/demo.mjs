// The demo: duplicates among dlib's example photos, compared with the truth, and one photo with its detections drawn in.

import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import {
  drawDetections,
  FaceEngine,
  findDuplicates,
  groupDuplicates,
  ModelMissingError,
} from '../dist/esm/index.js';
import { largestFace } from '../dist/esm/detections.js';
import { listPhotos } from '../dist/esm/photos/folder.js';
import { readLabels } from './bench/dlib_labels.mjs';

const examples = process.env.FACEDEDUP_EXAMPLE_PHOTOS;
if (!examples) {
  console.error('The demo needs dlib’s example photos, and they are not here.');
  process.exit(1);
}
const threshold = 0.4;
const shownPairs = 10;
/** The group photo that is drawn on. */
const drawnPhoto = join(examples, 'faces', 'bald_guys.jpg');

const engine = await createEngine();
const photos = await listPhotos([join(examples, 'johns'), join(examples, 'faces')]);
const { records, detections } = await encode(photos);
printPairs(await findDuplicates(records, { threshold }));
printDetections(detections);
await drawOne();
await engine.close();

/** The SSD where its weights are, else HOG, which needs none. */
async function createEngine() {
  try {
    const ssd = await FaceEngine.create({ detector: 'ssd' });
    console.log('\nDetector: ssd (res10)');
    return ssd;
  } catch (error) {
    if (!(error instanceof ModelMissingError)) throw error;
    console.log('\nDetector: hog, because the weights of the res10 SSD are not here');
    return FaceEngine.create({ detector: 'hog' });
  }
}

async function encode(paths) {
  const started = performance.now();
  const records = [];
  const detections = new Map();
  for await (const { photo, faces, error } of engine.encodeAll(paths)) {
    if (error) throw error;
    const id = relative(examples, photo);
    // A crop shows one person; res10 takes parts of a face that fills its photo for faces too.
    const compared = personOf(id) !== undefined && faces.length > 0 ? [largestFace(faces)] : faces;
    records.push({ id, encodings: compared.map(({ encoding }) => encoding) });
    detections.set(basename(photo), faces);
  }
  const seconds = (performance.now() - started) / 1000;
  const faces = [...detections.values()].reduce((sum, { length }) => sum + length, 0);
  console.log(
    `${paths.length} photos, ${faces} faces encoded in ${seconds.toFixed(1)} s; of each crop the largest is compared`,
  );
  return { records, detections };
}

/** The crops lie in one folder for each person; nobody has named the people on the group photos. */
function personOf(id) {
  return id.startsWith('johns') ? basename(dirname(id)) : undefined;
}

function printPairs(pairs) {
  const labelled = records.map(({ id }) => personOf(id)).filter((person) => person !== undefined);
  const truePairs = countPairs(labelled);
  const isTrue = ({ first, second }) => personOf(first) !== undefined && personOf(first) === personOf(second);
  const found = pairs.filter(isTrue);
  const others = pairs.filter((pair) => !isTrue(pair));
  const print = ({ first, second, distance }) => console.log(`  ${distance.toFixed(4)}  ${first}  ${second}`);

  console.log(
    `\n${pairs.length} pairs below ${threshold}; the ${Math.min(shownPairs, found.length)} closest of one person:`,
  );
  found.slice(0, shownPairs).forEach(print);
  if (others.length > 0) {
    console.log('Pairs that the truth does not have:');
    others.forEach(print);
  }
  const groups = groupDuplicates(pairs).map((group) => group.length);
  console.log(`\nTruth: ${truePairs} pairs of photos show the same person.`);
  console.log(
    `Found ${found.length} of them (recall ${percent(found.length, truePairs)}), and ${others.length} others`,
  );
  console.log(
    `(precision ${percent(found.length, pairs.length)}), in groups of ${groups.join(', ')} photos.`,
  );
}

function countPairs(people) {
  const photosOf = new Map();
  for (const person of people) photosOf.set(person, (photosOf.get(person) ?? 0) + 1);
  return [...photosOf.values()].reduce((sum, n) => sum + (n * (n - 1)) / 2, 0);
}

/** dlib's own labels: training and testing boxes of the group photos. */
function printDetections(detections) {
  let labelled = 0;
  let found = 0;
  for (const file of ['training_with_face_landmarks.xml', 'testing_with_face_landmarks.xml']) {
    for (const { photo, boxes } of readLabels(join(examples, 'faces', file))) {
      const faces = detections.get(photo) ?? [];
      labelled += boxes.length;
      found += boxes.filter((box) => faces.some((face) => holdsCentre(face.box, box))).length;
    }
  }
  console.log(
    `\nGroup photos: ${found} of ${labelled} labelled faces detected (${percent(found, labelled)}).`,
  );
}

function holdsCentre(outer, inner) {
  const x = inner.x + inner.width / 2;
  const y = inner.y + inner.height / 2;
  return x >= outer.x && x <= outer.x + outer.width && y >= outer.y && y <= outer.y + outer.height;
}

async function drawOne() {
  const output = join('demo-output', 'detections.png');
  mkdirSync(dirname(output), { recursive: true });
  writeFileSync(output, await drawDetections(drawnPhoto, await engine.detect(drawnPhoto)));
  console.log(`Detections on ${basename(drawnPhoto)} drawn into ${output}`);
}

function percent(part, whole) {
  return whole === 0 ? 'nothing to find' : `${((100 * part) / whole).toFixed(1)} %`;
}
