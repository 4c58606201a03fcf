// The configuration file on the command line: what every command takes from it, and what goes before it.

import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { packageRoot } from '../../lib/package_root.js';
import type { Findings } from '../../lib/runs/findings.js';
import type { SettingInForce } from '../../lib/settings/index.js';
import { facededup, run } from '../fixtures/command_line.js';
import { copyPhoto } from '../fixtures/people.js';
import { skipWithout } from '../fixtures/places.js';

const skip = skipWithout.dlib || skipWithout.examples;

function written(t: Test, settings: object): { readonly folder: string; readonly config: string } {
  const folder = t.testdir({ 'c.json': JSON.stringify(settings) });
  return { folder, config: join(folder, 'c.json') };
}

async function find(args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Findings> {
  const { stdout, stderr } = await facededup(['find', '--json', ...args], environment);
  t.match(stdout, /^\{/, stderr);
  return JSON.parse(stdout) as Findings;
}

t.test('a flag, then the environment, then the file, then the default', { skip }, async (t) => {
  const { folder, config } = written(t, { detector: 'hog', threshold: 0.55, faces: 'largest' });
  const photo = copyPhoto('simm', folder, 'a.jpg');
  const environment = { FACE_DISTANCE_THRESHOLD: '0.45' };
  const ofFile = await find([photo, '--config', config]);
  t.match(ofFile, { threshold: 0.55, policy: 'largest' });
  t.match(await find(['--config', config, photo], environment), { threshold: 0.45, policy: 'largest' });
  const given = await find([photo, '--config', config, '-t', '0.6', '--faces', 'all'], environment);
  t.match(given, { threshold: 0.6, policy: 'all' });
  t.match(await find([photo, '--detector', 'hog']), { threshold: 0.4, policy: 'all' });
  t.match(await find([photo], { FACEDEDUP_CONFIG: config }), { threshold: 0.55 });
});

t.test('store and set of the file serve the commands that have them', { skip }, async (t) => {
  const { folder, config } = written(t, { detector: 'hog', store: 'faces.db', set: 'mine' });
  const photo = copyPhoto('simm', folder, 'a.jpg');
  t.match(await find([photo, '--config', config]), { run: 1, summary: { newlyEncoded: 1 } });
  t.ok(existsSync(join(folder, 'faces.db')), 'beside the file, not in the current folder');
  t.match(await find(['--config', config]), { summary: { photos: 1, newlyEncoded: 0 } });
  const added = ['decisions', 'add', 'a', 'b', '--config', config];
  t.match(await facededup(added), { code: 0 });
  const { stdout } = await facededup(['decisions', '--json', '--config', config]);
  t.equal((JSON.parse(stdout) as unknown[]).length, 1);
  t.match(
    await facededup(['decisions', '--config', config, '--set', 'other']),
    { code: 2, stderr: /There is no set 'other'/ },
    'a flag goes before it',
  );
  const models = await facededup(['models', '--json', '--config', config]);
  t.equal(models.code, 0, 'the store of models is another one');
});

t.test('facededup.config.json of the current folder counts, and a wrong one stops a command', async (t) => {
  const folder = t.testdir({ 'facededup.config.json': '{ "jitters": 0 }' });
  const main = join(packageRoot, 'dist', 'esm', 'cli', 'main.js');
  const inFolder = (...args: string[]) => run(process.execPath, [main, ...args], { cwd: folder });
  t.match(await inFolder('detect', 'a.jpg'), {
    code: 2,
    stdout: '',
    stderr: /facededup\.config\.json' is wrong: jitters must be >= 1.* \[CONFIG_FILE_INVALID\]/,
  });
  t.match(await inFolder('--help'), { code: 0 });
  t.match(await inFolder('completion', 'bash'), { code: 0 });
  t.match(await facededup(['detect', 'a.jpg', '--config', join(folder, 'none')]), {
    code: 2,
    stderr: /\[CONFIG_FILE_UNREADABLE\]/,
  });
});

t.test('config prints what is in force and where it comes from', async (t) => {
  const { config } = written(t, { threshold: 0.55, meanValues: [1, 2, 3] });
  const environment = { DNN_TARGET: 'cpu', FACE_DISTANCE_THRESHOLD: '', FACEDEDUP_MODELS: '' };
  const json = await facededup(['config', '--config', config, '--json'], environment);
  const { file, settings } = JSON.parse(json.stdout) as { file: string; settings: SettingInForce[] };
  t.equal(file, config);
  const named = (name: string) => settings.find((setting) => setting.name === name);
  t.match(named('threshold'), { value: 0.55, source: 'file', variable: 'FACE_DISTANCE_THRESHOLD' });
  t.match(named('target'), { value: 'cpu', source: 'environment', variable: 'DNN_TARGET' });
  t.match(named('detector'), { value: 'ssd', source: 'default', description: /./ });
  const text = await facededup(['config', '--config', config], environment);
  t.match(text.stdout, /\nthreshold +0\.55 +file\n/);
  t.match(text.stdout, /\nmeanValues +\[1,2,3\] +file\n/);
  t.match(text.stdout, /\ntarget +cpu +DNN_TARGET\n/);
  t.equal(text.stderr, `File: ${config}\n`);
});

t.test('config --init begins a file, once', async (t) => {
  const config = join(t.testdir({}), 'new.json');
  t.match(await facededup(['config', '--init', '--config', config]), { code: 0, stderr: /is begun/ });
  t.match(await facededup(['config', '--config', config]), { code: 0, stdout: /threshold +0\.4 +file/ });
  t.match(await facededup(['config', '--init', '--config', config]), {
    code: 2,
    stderr: /there is one already/,
  });
});

t.test('a calibration that cannot be read stops find before any photo is encoded', async (t) => {
  const { folder, config } = written(t, { calibration: 'none.json' });
  writeFileSync(join(folder, 'a.jpg'), 'no photo');
  const { code, stdout } = await facededup(['find', join(folder, 'a.jpg'), '--config', config]);
  t.not(code, 0);
  t.equal(stdout, '');
});
