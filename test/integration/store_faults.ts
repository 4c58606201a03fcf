// A face store that cannot be written to, has no room left, or was garbled by its disk: a right answer or a typed error.

import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import t, { type Test } from 'tap';
import { FaceDedupError } from '../../lib/errors.js';
import { packageRoot } from '../../lib/package_root.js';
import { FaceStore } from '../../lib/store/index.js';
import { facededup } from '../fixtures/command_line.js';
import { pseudoRandom } from '../fixtures/encodings.js';
import { keepPhoto, makeStore, origin, toldBy } from '../fixtures/kept_store.js';
import { skipWithoutDisk, smallDisk } from '../fixtures/small_disk.js';

/** Photos are kept by another process, which ends without closing the store: its log stays beside the file. */
function leaveWithLog(path: string): void {
  const module = join(packageRoot, 'dist', 'esm', 'store', 'index.js');
  const script = `
    const { FaceStore } = await import(process.argv[1]);
    const { photos } = new FaceStore(process.argv[2]).set('late');
    const encoding = new Float32Array(128).fill(0.5);
    photos.keep({ name: 'late', digest: 'sha256 late' }, ${JSON.stringify(origin)}, [{ encoding }]);
    process.kill(process.pid, 'SIGKILL');`;
  try {
    execFileSync(process.execPath, ['--input-type=module', '-e', script, module, path], { stdio: 'ignore' });
  } catch {
    // Killed, as it should be.
  }
}

const setsIn = (path: string) => {
  const store = new FaceStore(path, { create: false, readOnly: true });
  try {
    return store.sets().map(({ name }) => name);
  } finally {
    store.close();
  }
};

t.test(
  'a store that cannot be written to tells all that it told before',
  { skip: skipWithoutDisk },
  async (t) => {
    const made = join(t.testdir({}), 'faces.db');
    makeStore(made);
    const { folder, makeReadOnly } = smallDisk(t, 2048);
    const [path, logged, unshared] = ['a ?&#.db', 'logged.db', 'unshared.db'].map((name) =>
      join(folder, name),
    ) as [string, string, string];
    for (const each of [path, logged]) copyFileSync(made, each);
    leaveWithLog(logged);
    for (const end of ['', '-wal']) copyFileSync(`${logged}${end}`, `${unshared}${end}`);
    const told = toldBy(made);
    makeReadOnly();

    t.ok(isDeepStrictEqual(toldBy(path), told));
    t.same(readdirSync(folder).length, 6, 'and nothing is put beside it');
    t.same(setsIn(logged), ['default', 'late'], 'with what lies in its log');
    t.throws(() => setsIn(unshared), {
      code: 'FACE_STORE_UNUSABLE',
      message: /copy it, and the file that ends in -wal/,
    });

    t.throws(() => new FaceStore(path), { code: 'FACE_STORE_UNUSABLE', message: /cannot be written to/ });
    const store = new FaceStore(path, { readOnly: true });
    t.teardown(() => store.close());
    t.throws(() => keepPhoto(store, 1), { code: 'FACE_STORE_UNUSABLE', message: /cannot be written to/ });
    t.throws(() => store.set('another'), { code: 'FACE_STORE_UNUSABLE' });

    const out = t.testdir({});
    const list = await facededup(['decisions', '--json', '--store', path]);
    t.equal((JSON.parse(list.stdout) as unknown[]).length, 40, list.stderr);
    for (const command of [
      ['report', '--out', join(out, 'report.html'), '--photos', 'none'],
      ['encodings'],
      ['encodings', 'export', join(out, 'faces.jsonl')],
    ])
      t.match(await facededup([...command, '--store', path]), { code: 0 }, command.join(' '));
    for (const command of [['decisions', 'undo'], ['find'], ['review', '--no-open'], ['serve']])
      t.match(
        await facededup([...command, '--store', path]),
        { code: 2, stderr: /cannot be written to.*\[FACE_STORE_UNUSABLE\]/ },
        command.join(' '),
      );
  },
);

t.test('others that write to a store meanwhile are noticed', { skip: skipWithoutDisk }, async (t) => {
  const made = join(t.testdir({}), 'faces.db');
  makeStore(made, 20);
  const { folder, makeReadOnly, makeWritable } = smallDisk(t, 1024);
  const path = join(folder, 'faces.db');
  copyFileSync(made, path);
  makeReadOnly();
  const reader = new FaceStore(path, { readOnly: true });
  t.teardown(() => reader.close());
  t.equal(reader.sets()[0]?.photos, 20);
  makeWritable();
  const writer = new FaceStore(path);
  keepPhoto(writer, 20);
  t.equal(reader.sets()[0]?.photos, 20, 'what they keep in a log of their own is not part of the file yet');
  writer.close();
  t.throws(() => reader.sets(), { code: 'FACE_STORE_BUSY', message: /Do it again/ });
});

t.test(
  'of a store on a full disk all that was kept is kept, and it goes on once there is room',
  { skip: skipWithoutDisk },
  (t) => {
    const { folder, fill, grow } = smallDisk(t, 800);
    const path = join(folder, 'faces.db');
    let kept = 0;
    const store = new FaceStore(path);
    t.throws(
      () => {
        for (;;) {
          keepPhoto(store, kept);
          kept++;
        }
      },
      { code: 'FACE_STORE_UNUSABLE', message: /disk .* is full.*make room/ },
    );
    t.ok(kept > 20, `${kept} photos were kept`);
    t.equal(store.set().photos.size, kept, 'it still tells what it holds');
    store.close();
    const again = new FaceStore(path);
    t.equal([...again.set().photos.photos()].length, kept);
    grow(1600);
    keepPhoto(again, kept);
    t.equal([...again.set().photos.photos()].length, kept + 1);
    again.close();

    fill();
    t.throws(() => new FaceStore(join(folder, 'new.db')), { code: 'FACE_STORE_UNUSABLE', message: /full/ });
    t.notOk(existsSync(join(folder, 'new.db')), 'and none is begun that is nothing');
    t.end();
  },
);

t.test('a file that lost its content is no store that begins anew', (t) => {
  const folder = t.testdir({});
  const made = join(folder, 'faces.db');
  makeStore(made, 20);
  const path = join(folder, 'lost.db');
  for (const [bytes, message] of [
    [0, /is empty/],
    [1, /is empty/],
    [99, /is empty/],
    [100, /damaged/],
    [4096, /damaged/],
    [40_000, /damaged/],
  ] as const) {
    copyFileSync(made, path);
    truncateSync(path, bytes);
    t.throws(() => toldBy(path), { code: 'FACE_STORE_INVALID', message }, `${bytes} bytes`);
    t.throws(
      () => new FaceStore(path).close(),
      { code: 'FACE_STORE_INVALID', message },
      `${bytes} bytes, find`,
    );
  }
  t.end();
});

const page = 4096;
type Damage = (file: Buffer, below: (limit: number) => number) => Buffer;

/** Wherever a whole sector is lost, overwritten or put into the wrong place, it is noticed. */
const damages: Readonly<Record<string, Damage>> = {
  'a page of noise': (file, below) => noise(file, page, below),
  'a page of zeros': (file, below) => {
    const start = page * below(file.length / page);
    return file.fill(0, start, start + page);
  },
  'a page in the place of another': (file, below) => {
    const start = page * below(file.length / page);
    file.copy(file, page * below(file.length / page), start, start + page);
    return file;
  },
  'a sector of noise': (file, below) => noise(file, 512, below),
  'the end cut off': (file, below) => file.subarray(0, below(file.length)),
};

function noise(file: Buffer, size: number, below: (limit: number) => number): Buffer {
  const start = size * below(file.length / size);
  for (let i = 0; i < size; i++) file[start + i] = below(256);
  return file;
}

/** A longer run by hand: FACEDEDUP_DAMAGES=1000. */
const damagesOfEachKind = Number(process.env['FACEDEDUP_DAMAGES'] ?? 40);

for (const [name, damage] of Object.entries(damages))
  t.test(`${name}: a store tells the truth or that it is damaged`, (t) => {
    const { told, notices, wrong } = damagedStores(t, damage);
    t.same(wrong, []);
    t.comment(`${told} of ${damagesOfEachKind} told the truth, ${notices} that they are damaged`);
    t.ok(notices > damagesOfEachKind / 2);
    t.end();
  });

interface Tally {
  readonly told: number;
  readonly notices: number;
  readonly wrong: readonly string[];
}

function damagedStores(t: Test, damage: Damage): Tally {
  const folder = t.testdir({});
  const made = join(folder, 'faces.db');
  makeStore(made);
  const right = toldBy(made);
  const bytes = readFileSync(made);
  const path = join(folder, 'damaged.db');
  const random = pseudoRandom(8);
  const below = (limit: number) => Math.floor(random() * limit);
  let [told, notices] = [0, 0];
  const wrong: string[] = [];
  for (let round = 0; round < damagesOfEachKind; round++) {
    writeFileSync(path, damage(Buffer.from(bytes), below));
    for (const end of ['-wal', '-shm']) rmSync(path + end, { force: true });
    try {
      if (isDeepStrictEqual(toldBy(path), right)) told++;
      else wrong.push(`round ${round}`);
    } catch (error) {
      if (error instanceof FaceDedupError && error.code === 'FACE_STORE_INVALID') notices++;
      else wrong.push(`round ${round}: ${String(error)}`);
    }
  }
  return { told, notices, wrong };
}

t.test('of a log that is garbled what went before the damage is kept', (t) => {
  const folder = t.testdir({});
  const made = join(folder, 'faces.db');
  makeStore(made, 20);
  leaveWithLog(made);
  const log = readFileSync(`${made}-wal`);
  const path = join(folder, 'damaged.db');
  const random = pseudoRandom(9);
  const below = (limit: number) => Math.floor(random() * limit);
  for (let round = 0; round < damagesOfEachKind; round++) {
    copyFileSync(made, path);
    rmSync(`${path}-shm`, { force: true });
    writeFileSync(`${path}-wal`, noise(Buffer.from(log), 512, below));
    const store = new FaceStore(path);
    const photos = [...store.set().photos.photos()].length;
    const late = store.sets().find(({ name }) => name === 'late')?.photos ?? 0;
    store.close();
    if (photos !== 20 || late > 1) t.fail(`round ${round}: ${photos} photos, ${late} late ones`);
  }
  t.pass('nothing that was in the file is lost');
  t.end();
});
