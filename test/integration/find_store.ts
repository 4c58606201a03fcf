// find on a face store: what is encoded again and what is not, decisions, references, and every photo accounted for.

import { execFileSync, spawn } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { FaceEngine, findInPhotos, NamedPhotos } from '../../lib/index.js';
import { packageRoot } from '../../lib/package_root.js';
import type { Findings } from '../../lib/runs/findings.js';
import { FaceStore } from '../../lib/store/index.js';
import { facededup } from '../fixtures/command_line.js';
import { examplePhotos, skipWithout } from '../fixtures/places.js';

const skip = skipWithout.dlib || skipWithout.examples;
const johns = join(examplePhotos ?? '', 'johns');
const salley = ['John_Salley/000179_02159509.jpg', 'John_Salley/000183_02159543.jpg'] as const;
const simm = 'John_Simm/000288_00470387.jpg';

interface Place {
  readonly photos: string;
  readonly store: string;
  readonly copy: (from: string, to: string) => string;
  readonly find: (...flags: string[]) => Promise<Findings>;
}

async function findHere(path: string, photos: string): Promise<void> {
  const engine = await FaceEngine.create({ detector: 'hog' });
  const store = new FaceStore(path);
  try {
    await findInPhotos(engine, await NamedPhotos.of([photos]), { set: store.set(), threshold: 0.6 });
  } finally {
    store.close();
    await engine.close();
  }
}

/** A folder of photos with a store beside it. */
function place(t: Test): Place {
  const folder = t.testdir({ photos: {} });
  const photos = join(folder, 'photos');
  const store = join(folder, 'faces.db');
  return {
    photos,
    store,
    copy: (from, to) => {
      copyFileSync(join(johns, from), join(photos, to));
      return join(photos, to);
    },
    find: async (...flags) => {
      const command = ['find', photos, '--detector', 'hog', '-t', '0.6', '--json', '--store', store];
      const { stdout, stderr } = await facededup([...command, ...flags]);
      t.match(stdout, /^\{/, stderr);
      return JSON.parse(stdout) as Findings;
    },
  };
}

t.test('only photos that are new or changed are encoded', { skip }, async (t) => {
  const { copy, find, photos } = place(t);
  const [a, b] = [copy(salley[0], 'a.jpg'), copy(salley[1], 'b.jpg')];
  writeFileSync(join(photos, 'broken.jpg'), 'no photo');
  const first = await find();
  t.match(first, {
    summary: { photos: 3, encoded: 2, newlyEncoded: 2, failed: 1, pairs: 1, newPairs: 1 },
    failed: [{ code: 'PHOTO_NOT_AN_IMAGE' }],
    pairs: [{ first: a, second: b, isNew: true }],
  });
  t.match(await find(), {
    summary: { photos: 3, encoded: 2, newlyEncoded: 0, failed: 1, pairs: 1, newPairs: 0 },
    pairs: [{ first: a, second: b, isNew: false, distance: first.pairs[0]?.distance }],
  });

  copy(simm, 'b.jpg');
  t.match(await find(), { summary: { newlyEncoded: 1 }, pairs: [] }, 'a changed photo');
  t.match(await find('--jitters', '2'), { summary: { newlyEncoded: 2 } }, 'all by other options');
  t.match(await find(), { summary: { newlyEncoded: 0 } }, 'and back again without work');

  const pipe = join(photos, '..', 'pipe.jpg');
  execFileSync('mkfifo', [pipe]);
  t.match(
    await find(pipe),
    { failed: [{}, { photo: pipe, code: 'PHOTO_UNREADABLE' }] },
    'a pipe is not waited for',
  );
});

t.test('a change that keeps size and time of modification is seen all the same', { skip }, async (t) => {
  const { copy, find, store, photos } = place(t);
  const a = copy(salley[0], 'a.jpg');
  const when = new Date('2020-01-01');
  const write = (lastByte: number) => {
    // What follows the end of a JPEG is no part of its image.
    writeFileSync(a, Buffer.concat([readFileSync(join(johns, salley[0])), Buffer.of(lastByte)]));
    utimesSync(a, when, when);
  };
  write(1);
  const stamp = () => {
    const opened = new FaceStore(store);
    t.teardown(() => opened.close());
    return opened.set().photos.seen(a)?.stamp;
  };
  // In this process, whose clock can be held: a second after the change.
  const clock = t.intercept(Date, 'now', { value: () => statSync(a).ctimeMs + 1000 });
  await findHere(store, photos);
  clock.restore();
  t.equal(stamp(), undefined, 'a file that has just changed is read again the next time');
  await new Promise((resolve) => setTimeout(resolve, 2100));
  t.match(await find(), { summary: { newlyEncoded: 0 } });
  t.type(stamp(), 'string', 'an older one is not, as long as its times stay');
  t.match(await find(), { summary: { newlyEncoded: 0 } });
  write(2);
  t.match(await find(), { summary: { newlyEncoded: 1 } });
});

t.test('a renamed photo is not encoded again, and what was decided on it stays', { skip }, async (t) => {
  const { copy, find, photos, store } = place(t);
  const [a] = [copy(salley[0], 'a.jpg'), copy(salley[1], 'b.jpg')];
  await find();
  mkdirSync(join(photos, 'moved'));
  const moved = join(photos, 'moved', 'z.jpg');
  renameSync(join(photos, 'b.jpg'), moved);
  t.match(await find(), {
    summary: { photos: 2, newlyEncoded: 0, pairs: 1 },
    pairs: [{ first: a, second: moved }],
  });

  const decided = await facededup(['decisions', 'add', a, moved, '--store', store, '--reason', 'brothers']);
  t.equal(decided.code, 0, decided.stderr);
  renameSync(moved, join(photos, 'c.jpg'));
  t.match(await find(), { summary: { newlyEncoded: 0 }, pairs: [] });
  t.match(
    await find('--jitters', '2'),
    { summary: { newlyEncoded: 2 }, pairs: [] },
    'also when it is encoded again',
  );
  await facededup(['decisions', 'undo', '--store', store]);
  t.match(await find(), { pairs: [{ second: join(photos, 'c.jpg') }] });
});

t.test('photos that are gone stay in the set until they are dropped', { skip }, async (t) => {
  const { copy, find } = place(t);
  const [a, b] = [copy(salley[0], 'a.jpg'), copy(salley[1], 'b.jpg')];
  await find();
  rmSync(b);
  t.match(await find(), { summary: { photos: 2 }, pairs: [{ first: a, second: b }] });
  t.match(await find('--drop-gone'), { summary: { photos: 1 }, pairs: [] });
  t.match(await find(), { summary: { photos: 1 } });
});

t.test(
  'of copies one is encoded, and files that change places are not encoded again',
  { skip },
  async (t) => {
    const { copy, find, photos } = place(t);
    const [a, b] = [copy(salley[0], 'a.jpg'), copy(simm, 'b.jpg')];
    const twin = copy(salley[0], 'twin.jpg');
    for (const name of ['broken.jpg', 'broken too.jpg']) writeFileSync(join(photos, name), 'no photo');
    t.match(await find(), {
      summary: { photos: 5, encoded: 3, newlyEncoded: 2, failed: 2 },
      pairs: [{ first: a, second: twin, distance: 0 }],
      failed: [
        { photo: join(photos, 'broken too.jpg') },
        { photo: join(photos, 'broken.jpg'), message: /broken\.jpg/ },
      ],
    });
    rmSync(twin);
    const aside = join(photos, 'aside');
    renameSync(a, aside);
    renameSync(b, a);
    renameSync(aside, b);
    t.match(await find('--drop-gone'), { summary: { photos: 4, encoded: 2, newlyEncoded: 0 }, pairs: [] });
  },
);

t.test('a pair is new again when one of its photos is another', { skip }, async (t) => {
  const { copy, find } = place(t);
  copy(salley[0], 'a.jpg');
  copy(salley[1], 'b.jpg');
  t.match(await find(), { pairs: [{ isNew: true }] });
  t.match(await find(), { pairs: [{ isNew: false }] });
  copy('John_Salley/000179_02159509.jpg', 'b.jpg');
  t.match(await find(), { pairs: [{ isNew: true, distance: 0 }] });
});

t.test(
  'a folder that is not there tells nothing of its photos, a file that is not there does',
  { skip },
  async (t) => {
    const { copy, find, photos } = place(t);
    const [a, b] = [copy(salley[0], 'a.jpg'), copy(salley[1], 'b.jpg')];
    await find();
    renameSync(photos, `${photos} unmounted`);
    t.match(await find('--drop-gone'), {
      summary: { photos: 3, encoded: 2, failed: 1 },
      failed: [{ photo: photos, code: 'PHOTO_NOT_FOUND' }],
      pairs: [{ first: a, second: b }],
    });
    renameSync(`${photos} unmounted`, photos);
    rmSync(b);
    t.match(await find('--drop-gone', b), { summary: { photos: 2, failed: 1 }, pairs: [] });
    t.match(await find(), { summary: { photos: 1, encoded: 1 } });
  },
);

t.test('photos kept by another ResNet are accounted for, not compared', { skip }, async (t) => {
  const { copy, find, store } = place(t);
  const here = copy(salley[0], 'a.jpg');
  await find();
  const opened = new FaceStore(store);
  const [kept] = opened.set().photos.photos();
  const origin = { models: { encoder: 'f'.repeat(64) }, options: {} };
  const faces = kept?.faces ?? [];
  await opened.set().photos.import([
    { photo: '/elsewhere/old.jpg', origin, faces },
    { photo: '/elsewhere/unknown.jpg', faces },
  ]);
  opened.close();
  const found = await find();
  t.match(found, {
    summary: { photos: 3, encoded: 2, failed: 1 },
    failed: [{ photo: '/elsewhere/old.jpg', code: 'ENCODINGS_INCOMPARABLE' }],
    pairs: [{ distance: 0 }],
  });
  const [pair] = found.pairs;
  t.same(new Set([pair?.first, pair?.second]), new Set([here, '/elsewhere/unknown.jpg']));
});

t.test(
  'what was kept by other options gives way to what is kept by those of the run',
  { skip },
  async (t) => {
    const { copy, find, store } = place(t);
    copy(salley[0], 'a.jpg');
    copy(salley[1], 'b.jpg');
    const first = await find();
    t.not((await find('--jitters', '3')).pairs[0]?.distance, first.pairs[0]?.distance);
    const flags = ['--store', store, '--json', '-t', '0.6', '--detector', 'hog'];
    const { stdout } = await facededup(['find', ...flags]);
    t.match(JSON.parse(stdout), { pairs: [{ distance: first.pairs[0]?.distance }] });
  },
);

t.test('a run without photos compares those of the set', { skip }, async (t) => {
  const { copy, find, store } = place(t);
  const [a, b] = [copy(salley[0], 'a.jpg'), copy(salley[1], 'b.jpg')];
  await find();
  const flags = ['--store', store, '--json', '-t', '0.6', '--detector', 'hog'];
  const { stdout } = await facededup(['find', ...flags]);
  t.match(JSON.parse(stdout), { summary: { photos: 2, newlyEncoded: 0 }, pairs: [{ first: a, second: b }] });
  t.match(await facededup(['find', ...flags, '--set', 'empty']), { code: 2, stderr: /\[NO_PHOTOS\]/ });
});

t.test('photos of one record are no pair, and decisions may name records', { skip }, async (t) => {
  const { copy, find, photos, store } = place(t);
  const [a, b] = [copy(salley[0], 'a.jpg'), copy(salley[1], 'b.jpg')];
  const csv = (name: string, text: string) => {
    writeFileSync(join(photos, '..', name), text);
    return join(photos, '..', name);
  };
  const apart = csv('apart.csv', `reference,photo\nR1,${a}\nR2,${b}\n`);
  t.match(await find('--references', apart), {
    pairs: [{ first: a, second: b, firstReference: 'R1', secondReference: 'R2' }],
  });
  t.match(await find('--ignore', csv('ignored.csv', 'R2,R1\n')), { pairs: [] });
  t.match(await find(), { pairs: [{ firstReference: 'R1' }] }, 'the store remembers references');
  const decisions = csv(
    'decisions.csv',
    'first_reference,second_reference,verdict,reason\nR2,R1,same,seen both\n',
  );
  t.match(await facededup(['decisions', 'import', decisions, '--store', store]), { code: 0 });
  t.match(await find(), { pairs: [{ verdict: 'same' }] });
  t.match(await find('--references', csv('one.csv', `photo,reference\n${a},R1\n${b},R1\n`)), { pairs: [] });
});

t.test(
  'of photos with several faces all, the largest or none are compared, and the summary adds up',
  { skip },
  async (t) => {
    const { copy, find, photos } = place(t);
    copy(salley[0], 'a.jpg');
    copyFileSync(join(examplePhotos ?? '', 'faces', 'bald_guys.jpg'), join(photos, 'group.jpg'));
    writeFileSync(join(photos, 'broken.png'), 'no photo');
    for (const [policy, expected] of [
      ['all', { encoded: 2, rejected: 0, severalFaces: 1 }],
      ['largest', { encoded: 2, rejected: 0, severalFaces: 1, faces: 2 }],
      ['reject', { encoded: 1, rejected: 1, severalFaces: 0, faces: 1 }],
    ] as const) {
      const { summary, rejected } = await find('--faces', policy);
      t.match(summary, expected, policy);
      t.equal(summary.encoded + summary.withoutFace + summary.rejected + summary.failed, summary.photos);
      t.equal(summary.photos, 3);
      t.same(rejected, policy === 'reject' ? [join(photos, 'group.jpg')] : []);
    }
  },
);

t.test('a run that is killed goes on where it was', { skip }, async (t) => {
  const { store } = place(t);
  const main = join(packageRoot, 'dist', 'esm', 'cli', 'main.js');
  const command = ['find', johns, '--detector', 'hog', '--json', '--store', store];
  const killed = spawn(process.execPath, [main, ...command], { stdio: 'ignore' });
  const kept = await whenKept(store, 5);
  killed.kill('SIGKILL');
  await new Promise((resolve) => killed.on('close', resolve));
  const before = countKept(store);
  // Two of the 55 photos are one and the same file.
  t.ok(before >= kept && before < 54, `${before} were kept`);
  const { stdout, stderr } = await facededup(command);
  t.match(JSON.parse(stdout), { summary: { photos: 55, newlyEncoded: 54 - before } }, stderr);
});

async function whenKept(store: string, number: number): Promise<number> {
  for (;;) {
    const kept = countKept(store);
    if (kept >= number) return kept;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function countKept(path: string): number {
  try {
    const store = new FaceStore(path, { create: false });
    const kept = new Set([...store.set().photos.photos()].map(({ digest }) => digest)).size;
    store.close();
    return kept;
  } catch {
    // Not begun yet.
    return 0;
  }
}

t.test('what kept encodings were made by is what false matches are told for', { skip }, async (t) => {
  const { copy, find, store, photos } = place(t);
  copy(salley[0], 'a.jpg');
  const b = copy(salley[1], 'b.jpg');
  await find();
  // Nothing is encoded, whatever the defaults are.
  const kept = () =>
    facededup(['find', '--store', store, '--landmarks', 'small', '--mirror', '--detector', 'hog']);
  const alike = await kept();
  t.match(alike.stderr, /encoded by hog, box as it is, no mirror/);
  t.notMatch(alike.stderr, /note:/);
  await facededup(['find', b, '--store', store, '--detector', 'hog', '--mirror']);
  const mixed = await kept();
  t.match(mixed.stderr, /1 of 2 faces were encoded in another way than most/);
  t.match(mixed.stderr, /note: Of 2 faces 1 in another way than most was encoded .*name all of the photos/);
  const again = await facededup(['find', photos, '--store', store, '--detector', 'hog']);
  t.notMatch(again.stderr, /another way/);
});
