// The prebuilt addon keeps to itself: in one process with sharp and with the system's OpenCV each has its own libraries.

import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import t from 'tap';
import { packageRoot } from '../../lib/package_root.js';
import { run } from '../fixtures/command_line.js';
import { prototxtName, testSsd, weightsName } from '../fixtures/model_folder.js';
import { prebuiltOnly, skipWithoutPrebuilt } from '../fixtures/prebuilt.js';

interface Answer {
  readonly system: {
    readonly opencv: string;
    readonly sum: number;
    readonly layers: number;
    readonly caught: boolean;
  };
  readonly width: number;
  readonly height: number;
  readonly broken: string;
  readonly faces: readonly unknown[];
}

interface Answers {
  readonly opencv: string;
  readonly answers: readonly Answer[];
}

const program = join(packageRoot, 'test', 'fixtures', 'beside_others.mjs');
const orders = [
  ['sharp', 'system', 'facededup'],
  ['facededup', 'system', 'sharp'],
  ['system', 'facededup', 'sharp'],
];

const folder = t.testdir({
  [prototxtName]: testSsd.prototxt,
  [weightsName]: Buffer.from(testSsd.weights),
});
const addon = join(folder, 'system_opencv.node');
const skip = skipWithoutPrebuilt || (await buildSystemAddon(addon));

t.test('beside sharp and another OpenCV', { skip }, async (t) => {
  const seen: string[] = [];
  for (const order of orders) {
    const { code, stdout, stderr } = await run(
      process.execPath,
      [program, addon, join(folder, prototxtName), join(folder, weightsName), ...order],
      { env: { ...process.env, ...prebuiltOnly } },
    );
    t.equal(code, 0, `loaded in the order ${order.join(', ')}: ${stderr}`);
    const { opencv, answers } = JSON.parse(stdout) as Answers;
    for (const { system, width, height, broken, faces } of answers) {
      t.not(system.opencv, opencv, 'each has its own OpenCV');
      t.same(
        [system.sum, system.caught],
        [9, true],
        'the other OpenCV calculates, and its exceptions arrive',
      );
      t.ok(system.layers > 0, 'the other OpenCV reads a network');
      t.same([width, height], [32, 32], 'ours makes a thumbnail that sharp reads');
      t.equal(broken, 'PHOTO_NOT_AN_IMAGE', 'our exceptions arrive, too');
      t.ok(faces.length > 0, 'our OpenCV runs a network');
    }
    seen.push(JSON.stringify(answers[0]?.faces));
  }
  t.equal(new Set(seen).size, 1, 'the order of loading changes no answer');
});

/** @returns why it could not be built, or false. */
async function buildSystemAddon(file: string): Promise<string | false> {
  const require = createRequire(import.meta.url);
  const { include_dir: nodeApi } = require('node-api-headers') as { include_dir: string };
  const includes = [nodeApi, dirname(require.resolve('node-addon-api')), '/usr/include/opencv4'];
  const source = join(packageRoot, 'test', 'fixtures', 'system_opencv', 'addon.cpp');
  const { code, stderr } = await run('c++', [
    ...['-std=c++17', '-shared', '-fPIC', '-o', file, source],
    ...includes.flatMap((folder) => ['-isystem', folder]),
    ...['-DNAPI_VERSION=8', '-DNODE_ADDON_API_CPP_EXCEPTIONS', '-lopencv_dnn', '-lopencv_core'],
  ]).catch(() => ({ code: 1, stderr: 'there is no C++ compiler' }));
  if (code === 0) return false;
  return `no addon on the system’s OpenCV: ${/(?:fatal )?error: .*|there is .*/.exec(stderr)?.[0] ?? stderr}`;
}
