// doctor: what works, what is missing, what is broken, and what to do about it.

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { DoctorFinding } from '../../lib/runs/doctor.js';
import { facededup } from '../fixtures/command_line.js';
import { makeStore } from '../fixtures/kept_store.js';
import { skipWithout } from '../fixtures/places.js';

interface Answer {
  readonly isWell: boolean;
  readonly findings: readonly DoctorFinding[];
}

async function doctor(environment: NodeJS.ProcessEnv, ...args: string[]) {
  const { code, stdout, stderr } = await facededup(['doctor', '--json', ...args], environment);
  const answer = JSON.parse(stdout) as Answer;
  const find = (name: string, area?: string) =>
    answer.findings.find((finding) => finding.name === name && (area === undefined || finding.area === area));
  return { code, stderr, answer, find };
}

/** Places in which there is nothing. */
function nowhere(t: Test) {
  const folder = t.testdir({ models: {} });
  return { FACEDEDUP_MODELS: '', XDG_CACHE_HOME: folder, XDG_DATA_HOME: folder };
}

t.test('without models, what is there works, and what is missing is told how to get', async (t) => {
  const { code, answer, find } = await doctor(nowhere(t));
  t.equal(code, 0);
  t.equal(answer.isWell, true);
  t.match(find('Node.js'), { state: 'ok', detail: process.versions.node });
  for (const name of ['processor', 'cores', 'memory', 'SQLite', 'cache', 'configuration'])
    t.match(find(name), { state: 'ok', detail: /./ }, name);
  t.match(find('addon'), { state: 'ok', detail: /OpenCV \d+\.\d+.* dlib \d+\.\d+/ });
  t.match(find('backends'), { state: 'ok', detail: /opencv\/cpu/ });
  t.match(find('encoder'), { state: 'missing', advice: /facededup models fetch encoder$/ });
  t.equal(find('encoder', 'self-test'), undefined, 'what is missing is not tried');
  for (const name of ['matcher', 'face store', 'hog'])
    t.match(find(name, 'self-test'), { state: 'ok' }, name);
});

t.test('each model that is here is tried on a drawn face', { skip: skipWithout.dlib }, async (t) => {
  const { code, find } = await doctor({});
  t.equal(code, 0);
  t.match(find('encoder', 'self-test'), { state: 'ok', detail: /it encodes the check photo/ });
  t.match(find('landmarks-small', 'self-test'), { state: 'ok', detail: /it finds the landmarks/ });
});

t.test('a damaged model is broken, and the rest is looked at all the same', async (t) => {
  const environment = nowhere(t);
  const models = join(environment.XDG_CACHE_HOME, 'models');
  writeFileSync(join(models, 'shape_predictor_5_face_landmarks.dat'), 'no model');
  const { code, answer, find } = await doctor(environment, '--models', models);
  t.equal(code, 1);
  t.equal(answer.isWell, false);
  t.match(find('landmarks-small', 'self-test'), { state: 'broken', detail: /cannot be used/ });
  t.match(find('hog', 'self-test'), { state: 'ok' });
});

t.test('it runs where the addon does not load, and says so', async (t) => {
  // node-gyp-build looks here first, and finds nothing that it can load.
  const missing = join(t.testdir({}), 'none');
  const { code, find, stderr } = await doctor({ ...nowhere(t), FACEDEDUP_PREBUILD: missing });
  t.equal(code, 1, stderr);
  t.match(find('addon'), {
    state: 'broken',
    detail: /loads on this machine.*npm rebuild facededup/s,
  });
  for (const name of ['matcher', 'face store']) t.match(find(name, 'self-test'), { state: 'ok' }, name);
  t.equal(find('hog', 'self-test'), undefined);
});

t.test('a configuration that is wrong is broken, and does not stop it', async (t) => {
  const environment = nowhere(t);
  const config = join(environment.XDG_CACHE_HOME, 'c.json');
  writeFileSync(config, '{ "threshold": "near" }');
  const { code, find } = await doctor(environment, '--config', config);
  t.equal(code, 1);
  t.match(find('configuration'), { state: 'broken', detail: /threshold must be number/, advice: /./ });
  t.match(find('matcher', 'self-test'), { state: 'ok' });
});

t.test('a backend that cannot run here is broken', async (t) => {
  const { code, find } = await doctor({ ...nowhere(t), DNN_BACKEND: 'abacus' });
  t.equal(code, 1);
  t.match(find('engine', 'self-test'), { state: 'broken', detail: /'abacus'/ });
});

t.test('for a person it prints a line for each', async (t) => {
  const { code, stdout, stderr } = await facededup(['doctor'], nowhere(t));
  t.equal(code, 0);
  t.match(stdout, /^system\n {2}ok {7}Node\.js {2,}\d+/);
  t.match(
    stdout,
    /\n {2}missing {2}encoder {2,}.* is not here\n {2,}If you need it: facededup models fetch encoder\n/,
  );
  t.equal(stderr, 'What is installed works.\n');
});

t.test('a face store is read through, and told from a damaged one', async (t) => {
  const environment = nowhere(t);
  const path = join(environment.XDG_DATA_HOME, 'faces.db');
  makeStore(path);
  const held = async () => (await doctor(environment, '--store', path)).find('face store', 'store');
  t.match(await held(), { state: 'ok', detail: /1 set, 200 photos, 420 faces, 40 decisions, 1 run in/ });
  const bytes = readFileSync(path);
  // In the name of a photo, where reading it tells nothing: the index has it otherwise.
  bytes.write('x', bytes.indexOf('/photos/0123.jpg') + 1);
  writeFileSync(path, bytes);
  t.match(await held(), { state: 'broken', detail: /is damaged: .*restore it from a backup/ });
  rmSync(path);
  t.match(await held(), { state: 'broken', detail: /There is no face store/ });
});
