// Each program in examples/ does what the comment at its head says.

import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { lock } from 'proper-lockfile';
import t, { type Test } from 'tap';
import { packageRoot } from '../../lib/package_root.js';
import { run } from '../fixtures/command_line.js';
import { examplePhotos, skipWithout } from '../fixtures/places.js';

const skip = skipWithout.dlib || skipWithout.examples;
const example = (name: string) => join(packageRoot, 'examples', name);
const people = {
  'anna-1.jpg': 'johns/John_Schneider/000288_00925786.jpg',
  'anna-2.jpg': 'johns/John_Schneider/000329_00925859.jpg',
  'ben.jpg': 'johns/John_Simm/000297_00470170.jpg',
  'group.jpg': 'faces/bald_guys.jpg',
} as const;
type Name = keyof typeof people;

function bytesOf(name: Name): Buffer {
  return readFileSync(join(examplePhotos ?? '', people[name]));
}

function folderWith(t: Test, ...names: readonly Name[]): string {
  const folder = join(t.testdir({}), 'photos');
  mkdirSync(folder);
  for (const name of names) copyFileSync(join(examplePhotos ?? '', people[name]), join(folder, name));
  return folder;
}

t.test('each example is run here, and says how to run it', async (t) => {
  const names = readdirSync(join(packageRoot, 'examples')).filter((name) => name.endsWith('.mjs'));
  t.same(names.sort(), ['nightly.mjs', 'ten_lines.mjs', 'upload_check.mjs']);
  for (const name of names)
    t.match(
      readFileSync(example(name), 'utf8'),
      new RegExp(`^// [^\n]+\n//\n//   node examples/${name} `),
      name,
    );
});

t.test('ten lines find the same person twice', { skip }, async (t) => {
  const folder = folderWith(t, 'anna-1.jpg', 'anna-2.jpg', 'ben.jpg');
  const photos = readdirSync(folder).map((name) => join(folder, name));
  const { code, stdout, stderr } = await run(process.execPath, [example('ten_lines.mjs'), ...photos]);
  t.equal(code, 0, stderr);
  t.match(stdout, /^0\.1\d{3} {2}\S*anna-1\.jpg {2}\S*anna-2\.jpg\n$/);
});

t.test('the nightly job tells what is new, and does not overlap itself', { skip }, async (t) => {
  const folder = folderWith(t, 'anna-1.jpg', 'ben.jpg');
  const store = join(folder, '..', 'faces.db');
  const nightly = () => run(process.execPath, [example('nightly.mjs'), folder, store]);
  t.match(await nightly(), { code: 0, stdout: /2 photos \(2 encoded now\): 2 compared .*0 pairs/ });
  copyFileSync(join(examplePhotos ?? '', people['anna-2.jpg']), join(folder, 'anna-2.jpg'));
  const second = await nightly();
  t.match(second, { code: 3, stdout: /3 photos \(1 encoded now\): 3 compared .*1 pair / });
  t.match(JSON.parse(second.stdout.split('\n')[0] ?? ''), { first: join(folder, 'anna-1.jpg') });
  t.match(await nightly(), {
    code: 0,
    stdout: /^\S+ 3 photos \(0 encoded now\): .*1 pair below 0\.4, 0 of them new/,
  });

  writeFileSync(join(folder, 'broken.jpg'), 'no photo');
  t.match(await nightly(), { code: 1, stderr: /broken\.jpg/ });
  rmSync(join(folder, 'broken.jpg'));
  const release = await lock(store);
  t.match(await nightly(), { code: 75, stdout: '' });
  await release();
  t.match(await run(process.execPath, [example('nightly.mjs')]), { code: 2, stderr: /^Usage/ });
});

t.test('the upload check answers who is known, and keeps no photo', { skip }, async (t) => {
  const folder = folderWith(t, 'anna-1.jpg');
  const child = spawn(process.execPath, [example('upload_check.mjs'), folder, '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    cwd: folder,
  });
  t.teardown(() => child.kill('SIGKILL'));
  const line = await new Promise<string>((resolve) => createInterface(child.stdout).once('line', resolve));
  t.match(line, /^1 known photos, http:\/\/127\.0\.0\.1:\d+\/check$/);
  const address = line.split(' ').at(-1) ?? '';
  const post = async (body: Uint8Array, type = 'image/jpeg') => {
    const answer = await fetch(address, {
      method: 'POST',
      headers: { 'Content-Type': type },
      body: Uint8Array.from(body),
    });
    return { status: answer.status, ...((await answer.json()) as object) };
  };
  t.match(await post(bytesOf('anna-2.jpg')), {
    status: 200,
    known: true,
    matches: [{ photo: 'anna-1.jpg', distance: /^0\.1/ }],
  });
  t.match(await post(bytesOf('ben.jpg')), { status: 200, known: false, matches: [] });
  t.match(await post(bytesOf('group.jpg')), { status: 422, error: { code: 'SEVERAL_FACES' } });
  t.match(await post(Buffer.from('no photo')), { status: 422, error: { code: 'PHOTO_NOT_AN_IMAGE' } });
  t.match(await post(bytesOf('ben.jpg').subarray(0, 3000)), { status: 422, error: { code: /^PHOTO_/ } });
  t.match(await post(bytesOf('ben.jpg'), 'text/plain'), { status: 415 });
  t.match(await post(new Uint8Array(10 * 1024 * 1024 + 1)), { status: 413 });
  t.same(readdirSync(folder), ['anna-1.jpg']);
  child.kill('SIGTERM');
  t.equal(await new Promise((resolve) => child.once('close', resolve)), 0);
});
