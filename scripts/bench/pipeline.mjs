// Detection and encoding against programs that do the same otherwise: photos a second, as ratios of one run.
// Part of `npm run bench`, or alone: node scripts/bench/pipeline.mjs [--photos DIR] [--count N] [--rounds N]

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { FaceEngine } from '../../dist/esm/index.js';
import { ModelStore } from '../../dist/esm/models/index.js';
import { enlargedCopies } from './enlarged.mjs';
import { interleaved, median } from './measure.mjs';
import { benchPhotos } from './places.mjs';
import { buildProgram } from './programs.mjs';
import { printTable } from './table.mjs';

const faceApi = fileURLToPath(new URL('face_api.mjs', import.meta.url));
const lanes = availableParallelism();
/** The same work as the rivals do for a face: landmarks looked for once, one encoding. */
const sameWork = { align: 'box', mirror: false };

export const columns = ['what', 'facededup', 'rival', 'facededup/s', 'faces/s', 'rival/s', 'ratio', 'spread'];

/** One row for each rival and verb. */
export async function pipelineRows({ photos, rounds }) {
  const models = new ModelStore({});
  const pathOf = async (key) => (await models.read(key)).path;
  const [prototxt, weights, landmarks, encoder] = await Promise.all(
    ['ssd-prototxt', 'ssd-weights', 'landmarks-small', 'encoder'].map(pathOf),
  );
  const rows = forwardRows(encoder, rounds);
  const list = photos.join('\n');
  const timedBy = (command, args) => () => {
    const output = execFileSync(command, args, {
      input: list,
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    return (Number(output.split(' ')[0]) / (photos.length - 1)) * photos.length;
  };

  const oneByOne = buildProgram('one_by_one');
  const rivals = (verb) => [
    ...(oneByOne
      ? [
          {
            name: 'OpenCV + dlib in C++, one by one',
            run: timedBy(oneByOne, [verb, prototxt, weights, landmarks, encoder]),
          },
        ]
      : []),
    { name: 'face-api, WASM', run: timedBy(process.execPath, [faceApi, verb]) },
  ];
  const engines = {
    'one lane': await FaceEngine.create({ lanes: 1 }),
    [`${lanes} lanes`]: await FaceEngine.create({ lanes }),
  };
  const verbs = {
    detect: (engine) => engine.detectAll(photos),
    encode: (engine) => engine.encodeAll(photos, sameWork),
    'encode, mirrored and refined': (engine) => engine.encodeAll(photos),
  };
  for (const [label, verb] of Object.entries(verbs)) {
    let faces = 0;
    const run = (engine) => async () => void (faces = await drain(verb(engine)));
    const ours = Object.entries(engines).map(([name, engine]) => ({ name, run: run(engine) }));
    const theirs = rivals(label === 'detect' ? 'detect' : 'encode');
    const results = await interleaved([...ours, ...theirs], rounds);
    for (const { name } of ours) {
      for (const { name: rival } of theirs)
        rows.push(row(`${label} a photo, ${name}`, name, rival, results, { photos: photos.length, faces }));
    }
  }
  rows.push(...(await shrinkRows(engines['one lane'], photos, rounds)));
  await Promise.all(Object.values(engines).map((engine) => engine.close()));
  return rows;
}

/** Large JPEGs decoded at a part of their size against whole ones. */
async function shrinkRows(engine, photos, rounds) {
  const factor = 12;
  const large = [...(await enlargedCopies(photos.slice(0, 12), factor)).values()];
  let faces = 0;
  const run = (options) => async () => void (faces = await drain(engine.encodeAll(large, options)));
  const whole = { name: 'decoded whole', run: run({}) };
  const shrunk = { name: 'shrinkOnLoad', run: run({ shrinkOnLoad: true }) };
  const results = await interleaved([shrunk, whole], rounds);
  const side = 250 * factor;
  const counts = { photos: large.length, faces };
  return [row(`encode a JPEG of ${side}×${side}, one lane`, shrunk.name, whole.name, results, counts)];
}

/** The ResNet alone, one thread each, in one process. */
function forwardRows(encoder, rounds) {
  const program = buildProgram('encoder_forward');
  if (!program) return [];
  const output = execFileSync(program, [encoder, String(Math.max(rounds, 5))], { encoding: 'utf8' });
  const seconds = Object.fromEntries(
    output
      .trim()
      .split('\n')
      .map((line) => line.split('\t')),
  );
  return ['dnn', 'dnn batch 8'].map((name) => [
    `ResNet forward a face, ${name === 'dnn' ? 'one at a time' : 'batches of 8'}`,
    'cv::dnn, our convolution',
    'dlib',
    (1 / seconds[name]).toFixed(1),
    (1 / seconds[name]).toFixed(1),
    (1 / seconds.dlib).toFixed(1),
    (seconds.dlib / seconds[name]).toFixed(2),
    '',
  ]);
}

function row(what, ours, theirs, results, { photos, faces }) {
  const mine = results.get(ours);
  const rival = results.get(theirs);
  // Of each round, for a machine that slows down slows both.
  const ratios = mine.all.map((seconds, round) => rival.all[round] / seconds);
  const spread = `${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)}`;
  const perSecond = (count, { seconds }) => (count / seconds).toFixed(1);
  const rates = [perSecond(photos, mine), perSecond(faces, mine), perSecond(photos, rival)];
  return [what, ours, theirs, ...rates, median(ratios).toFixed(2), spread];
}

/** @returns the number of faces. */
async function drain(results) {
  let count = 0;
  for await (const { faces, error } of results) {
    if (error) throw error;
    count += faces.length;
  }
  return count;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      photos: { type: 'string' },
      count: { type: 'string', default: '60' },
      rounds: { type: 'string', default: '3' },
    },
  });
  const photos = await benchPhotos(values.photos, Number(values.count));
  console.log(
    `${photos.length} photos, the first of them ${readFileSync(photos[0]).length} bytes; ${lanes} cores\n`,
  );
  printTable(columns, await pipelineRows({ photos, rounds: Number(values.rounds) }));
}
