// unique: the best face of each person, written whole or not at all, and never over what is there.

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import t, { type Test } from 'tap';
import type { UniqueManifest } from '../../lib/runs/unique.js';
import { facededup } from '../fixtures/command_line.js';
import { copyPhoto } from '../fixtures/people.js';
import { skipWithout } from '../fixtures/places.js';

const skip = skipWithout.dlib || skipWithout.examples;
const flags = ['--detector', 'hog', '--threshold', '0.6'];

function place(t: Test) {
  const folder = t.testdir({});
  const photos = join(folder, 'photos');
  return {
    photos,
    out: join(folder, 'people'),
    a: copyPhoto('salley1', photos, 'a.jpg'),
    b: copyPhoto('salley2', photos, 'b <b>.jpg'),
    simm: copyPhoto('simm', photos, 'simm.jpg'),
  };
}

/** A photo made worse: the same face, less of it to see. */
async function blurred(from: string, to: string): Promise<string> {
  await sharp(from).blur(2.5).jpeg({ quality: 95 }).toFile(to);
  return to;
}

function manifestOf(out: string): UniqueManifest {
  return JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8')) as UniqueManifest;
}

t.test('each person is written once, with where the face came from', { skip }, async (t) => {
  const { photos, out, a, b, simm } = place(t);
  const { code, stdout, stderr } = await facededup(['unique', photos, '--out', out, ...flags, '--json']);
  t.equal(code, 0, stderr);
  const manifest = manifestOf(out);
  t.same(JSON.parse(stdout), manifest);
  t.match(manifest, { format: 1, threshold: 0.6, rule: /highest confidence × size × sharpness/, failed: [] });
  t.equal(manifest.people.length, 2);
  const [first, second] = manifest.people;
  t.same(
    first?.faces.map(({ photo }) => photo),
    [a, b],
  );
  t.match(second, { photo: simm, quality: { sharpness: 1 }, file: '0002-simm.png', box: { x: Number } });
  t.same(readdirSync(out).sort(), [...manifest.people.map(({ file }) => file), 'manifest.json'].sort());
  for (const { file } of manifest.people)
    t.match(await sharp(join(out, file)).metadata(), { format: 'png', width: 150, height: 150 });
});

t.test('of two photos that differ in sharpness alone the sharp one is written', { skip }, async (t) => {
  const folder = t.testdir({});
  const sharpOne = copyPhoto('simm', folder, 'photos', 'z.jpg');
  const soft = await blurred(sharpOne, join(folder, 'photos', 'a.jpg'));
  const out = join(folder, 'people');
  const { code, stderr } = await facededup(['unique', join(folder, 'photos'), '--out', out, ...flags]);
  t.equal(code, 0, stderr);
  t.match(manifestOf(out).people, [{ photo: sharpOne, faces: [{ photo: soft }, { photo: sharpOne }] }]);
});

t.test('larger faces, JPEG, or whole photos as they are', { skip }, async (t) => {
  const { simm, out } = place(t);
  const run = (...more: string[]) => facededup(['unique', simm, '--out', out, ...flags, '--force', ...more]);
  t.equal((await run('--size', '64', '--format', 'jpeg')).code, 0);
  t.same(readdirSync(out), ['0001-simm.jpg', 'manifest.json']);
  t.match(await sharp(join(out, '0001-simm.jpg')).metadata(), { format: 'jpeg', width: 64, height: 64 });
  t.equal((await run('--whole')).code, 0);
  t.same(readFileSync(join(out, '0001-simm.jpg')), readFileSync(simm));
  t.match(await run('--whole', '--size', '64'), { code: 2, stderr: /cannot be used with/ });
  t.match(await run('--size', '5'), { code: 2, stderr: /size must be .* \[OPTION_RANGE\]/ });
});

t.test(
  'what is there stays, unless it is to be replaced; and then no old face is left',
  { skip },
  async (t) => {
    const { photos, simm, out } = place(t);
    const run = (place: string, ...more: string[]) =>
      facededup(['unique', place, '--out', out, ...flags, ...more]);
    t.equal((await run(photos)).code, 0);
    const before = readdirSync(out).map((file) => [file, readFileSync(join(out, file), 'base64')]);
    t.match(await run(simm), { code: 2, stdout: '', stderr: /is not empty.*--force.*\[OUTPUT_EXISTS\]/ });
    t.same(
      readdirSync(out).map((file) => [file, readFileSync(join(out, file), 'base64')]),
      before,
    );
    writeFileSync(join(out, 'mine.txt'), 'kept');
    t.equal((await run(simm, '--force')).code, 0);
    t.same(readdirSync(out), ['0001-simm.png', 'manifest.json', 'mine.txt']);
  },
);

t.test('a manifest that somebody changed removes nothing outside its folder', { skip }, async (t) => {
  const { simm, out, photos } = place(t);
  t.equal((await facededup(['unique', simm, '--out', out, ...flags])).code, 0);
  const manifest = manifestOf(out);
  const people = ['../photos/a.jpg', '0001-../../photos/a.jpg', 'mine.txt'].map((file) => ({ file }));
  writeFileSync(join(out, 'manifest.json'), JSON.stringify({ ...manifest, people }));
  writeFileSync(join(out, 'mine.txt'), 'kept');
  t.equal((await facededup(['unique', simm, '--out', out, '--force', ...flags])).code, 0);
  t.ok(existsSync(join(photos, 'a.jpg')));
  t.ok(existsSync(join(out, 'mine.txt')));
});

t.test('from a store; people decided to be different stay apart', { skip }, async (t) => {
  const { photos, out, a, b } = place(t);
  const store = join(photos, '..', 'faces.db');
  t.equal((await facededup(['find', photos, '--store', store, ...flags])).code, 0);
  t.equal((await facededup(['decisions', 'add', a, b, '--store', store])).code, 0);
  const { code, stderr } = await facededup(['unique', '--store', store, '--out', out, ...flags]);
  t.equal(code, 0, stderr);
  t.equal(manifestOf(out).people.length, 3);
  t.notMatch(stderr, /\[/);
});

t.test('each face of a group is a person; photos that fail are told', { skip }, async (t) => {
  const folder = t.testdir({ photos: { 'broken.jpg': 'no photo' } });
  copyPhoto('group', folder, 'photos', 'group.jpg');
  const out = join(folder, 'people');
  const { code, stderr } = await facededup(['unique', join(folder, 'photos'), '--out', out, ...flags]);
  t.equal(code, 1);
  t.match(stderr, /broken\.jpg.* \[PHOTO_NOT_AN_IMAGE\]\n1 photo of 2 failed/);
  const { people } = manifestOf(out);
  t.ok(people.length > 10);
  t.ok(people.every(({ faces }) => faces.length === 1));
});
