// facededup encodings: what a store holds goes out to files and comes back, and imported encodings can be compared.

import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { KeptPhoto } from '../../lib/encodings/kept_encodings.js';
import { FaceStore } from '../../lib/store/index.js';
import { likeRealOnes } from '../fixtures/encodings.js';
import { facededup } from '../fixtures/command_line.js';
import { examplePhotos, skipWithout } from '../fixtures/places.js';

const origin = { models: { encoder: 'a'.repeat(64) }, options: { detector: 'ssd' } };

function keptIn(path: string, set?: string): KeptPhoto[] {
  const store = new FaceStore(path, { create: false });
  const photos = [...store.set(set).photos.photos()];
  store.close();
  return photos;
}

t.test('a set that is exported and imported elsewhere is the same set', async (t) => {
  const folder = t.testdir({});
  const store = join(folder, 'faces.db');
  const opened = new FaceStore(store);
  const photos = likeRealOnes(20, 1).map((encoding, index): KeptPhoto => ({
    photo: `/photos/${String(index).padStart(2, '0')}.jpg`,
    reference: `R${index}`,
    digest: `sha256 ${index}`,
    ...(index % 2 === 0 ? { origin } : {}),
    faces: index === 7 ? [] : [{ box: { x: 1, y: 2, width: 3, height: 4 }, confidence: 0.5, encoding }],
  }));
  await opened.set('staff').photos.import(photos);
  opened.close();
  for (const name of ['a.jsonl', 'a.csv', 'a.parquet', 'a-folder']) {
    const file = join(folder, name);
    const there = await facededup(['encodings', 'export', file, '--store', store, '--set', 'staff']);
    t.match(there, { code: 0, stderr: /^20 photos written to / }, there.stderr);
    const back = await facededup([
      'encodings',
      'import',
      file,
      '--store',
      join(folder, `${name}.db`),
      '--json',
    ]);
    t.same(JSON.parse(back.stdout), { path: file, photos: 20 }, back.stderr);
    t.same(keptIn(join(folder, `${name}.db`)), photos, name);
  }
  const { stdout } = await facededup(['encodings', '--store', store, '--json']);
  t.match(JSON.parse(stdout), {
    store,
    sets: [
      {
        set: 'staff',
        photos: 20,
        faces: 19,
        runs: 0,
        decisions: 0,
        origins: [{ photos: 10 }, { photos: 10 }],
      },
    ],
  });
  const listed = await facededup(['encodings', '--store', store]);
  t.match(listed.stdout, /staff +20 +19 +0 +0\nstaff: 10 photos by ResNet aaaaaaaaaaaa, detector ssd\n/);
});

t.test('what cannot be taken or written is told, and begins no store', async (t) => {
  const folder = t.testdir({ 'a.csv': 'photo,e0\n', 'a.jsonl': '{"photo":"a","faces":[]}\n' });
  const store = join(folder, 'faces.db');
  t.match(await facededup(['encodings', '--store', store]), { code: 2, stderr: /\[FACE_STORE_MISSING\]/ });
  t.match(await facededup(['encodings']), { code: 2, stderr: /--store/ });
  t.match(await facededup(['encodings', 'import', join(folder, 'a.csv'), '--store', store]), {
    code: 2,
    stderr: /a\.csv.*line 1: there is no column 'e1'.*\[ENCODINGS_FILE_INVALID\]/,
  });
  const astray = ['--format', 'parquet', '--store', store];
  t.match(await facededup(['encodings', 'import', join(folder, 'a.jsonl'), ...astray]), {
    code: 2,
    stderr: /\[ENCODINGS_FILE_INVALID\]/,
  });
  t.match(
    await facededup(['encodings', 'export', join(folder, 'b.csv'), '--store', store, '--set', 'none']),
    {
      code: 2,
      stderr: /There is no set 'none'/,
    },
  );
});

t.test(
  'what encode prints is imported, compared, and not encoded again by name alone',
  { skip: skipWithout.dlib || skipWithout.examples },
  async (t) => {
    const folder = t.testdir({});
    const store = join(folder, 'faces.db');
    const johns = join(examplePhotos ?? '', 'johns');
    for (const [from, to] of [
      ['John_Salley/000179_02159509.jpg', 'a.jpg'],
      ['John_Salley/000183_02159543.jpg', 'b.jpg'],
    ] as const)
      copyFileSync(join(johns, from), join(folder, to));
    const photos = ['a.jpg', 'b.jpg'].map((name) => join(folder, name));
    const find = async (...more: string[]) => {
      const flags = ['--detector', 'hog', '-t', '0.6', '--store', store, '--json'];
      return JSON.parse((await facededup(['find', ...more, ...flags])).stdout) as unknown;
    };
    for (const [flag, name] of [
      ['--json', 'printed.json'],
      ['--csv', 'printed.csv'],
    ] as const) {
      const { stdout } = await facededup(['encode', ...photos, '--detector', 'hog', flag]);
      writeFileSync(join(folder, name), stdout);
      t.match(await facededup(['encodings', 'import', join(folder, name), '--store', store]), { code: 0 });
      t.match(await find(), { summary: { photos: 2, newlyEncoded: 0 }, pairs: [{ first: photos[0] }] }, name);
    }
    t.match(await find(...photos), { summary: { photos: 2, newlyEncoded: 2 } }, 'nothing told their content');
    t.match(await find(...photos), { summary: { photos: 2, newlyEncoded: 0 } });
    const exported = join(folder, 'out.jsonl');
    await facededup(['encodings', 'export', exported, '--store', store]);
    const other = join(folder, 'other.db');
    await facededup(['encodings', 'import', exported, '--store', other]);
    t.match(readFileSync(exported, 'utf8'), /"digest":"sha256 [0-9a-f]{64}"/);
    const flags = ['--detector', 'hog', '-t', '0.6', '--json', '--store', other];
    const { stdout } = await facededup(['find', ...photos, ...flags]);
    t.match(JSON.parse(stdout), { summary: { newlyEncoded: 0 }, pairs: [{}] }, 'known by content and origin');
  },
);
