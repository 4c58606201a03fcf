// Encodings that are encrypted at rest: who opens them, what is refused, and that nothing plain is left in any file.

import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createDecipheriv, hkdfSync } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import t, { type Test } from 'tap';
import type { KeptFace } from '../../../lib/encodings/kept_encodings.js';
import { originId } from '../../../lib/encodings/origin.js';
import {
  decryptStore,
  encryptStore,
  FaceStore,
  isEncryptedStore,
  rekeyStore,
} from '../../../lib/store/index.js';

const key = Buffer.alloc(32, 7).toString('base64');
const otherKey = Buffer.alloc(32, 8).toString('hex');
const origin = { models: { encoder: 'a'.repeat(64) }, options: { detector: 'ssd' } };

for (const name of ['FACEDEDUP_STORE_KEY', 'FACEDEDUP_STORE_KEY_FILE'])
  Reflect.deleteProperty(process.env, name);

function face(start: number): KeptFace {
  return {
    box: { x: start, y: 2.5, width: 30, height: 40 },
    confidence: 0.75,
    encoding: Float32Array.from({ length: 128 }, (_, index) => start + index / 7),
  };
}

/** Of a face as it lies in a plain store. */
function bytesOf({ encoding }: KeptFace): Buffer {
  return Buffer.from(encoding.buffer);
}

/** The files in which a store has these bytes. */
function filesWith(folder: string, bytes: Buffer): string[] {
  return readdirSync(folder).filter((name) => readFileSync(join(folder, name)).includes(bytes));
}

const photos = 300;

/** Three hundred photos, among them one without a face and one with three. */
function fill(path: string, key?: string): string {
  const store = new FaceStore(path, { key });
  const { photos: table } = store.set();
  for (let index = 0; index < photos; index++)
    table.keep({ name: `p${index}`, digest: `sha256 ${index}` }, origin, facesOf(index));
  store.close();
  return path;
}

function facesOf(index: number): KeptFace[] {
  if (index === 5) return [];
  return index === 6 ? [face(6), face(600), face(6000)] : [face(index)];
}

function checkAll(t: Test, path: string, key?: string): void {
  const store = new FaceStore(path, { create: false, key });
  const { photos: table } = store.set();
  t.match(table.facts(), { photos, faces: photos + 1 });
  t.same(table.find('sha256 6', origin), facesOf(6));
  const faces = [...table.photos()].map((each) => [each.photo, each.faces] as const);
  const expected = Array.from({ length: photos }, (_, index) => [`p${index}`, facesOf(index)] as const);
  t.same(new Map(faces), new Map(expected));
  t.same(
    table.list({ text: 'p6', limit: 1 }).photos,
    [{ name: 'p6', faces: 3 }],
    'how many faces a photo has is known without opening them',
  );
  store.close();
}

/** What somebody does who can write to the file, but has no key. */
function tamper(path: string, sql: string): void {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}

t.test(
  'a store that is begun with a key gives back what it kept, and holds nothing of it plain',
  async (t) => {
    const folder = t.testdir({});
    const path = fill(join(folder, 'faces.db'), key);
    t.same(filesWith(folder, bytesOf(face(6))), []);
    t.ok(isEncryptedStore(path));
    checkAll(t, path, key);
  },
);

t.test('nothing of it is plain in the log of a store that is open, either', async (t) => {
  const folder = t.testdir({});
  const store = new FaceStore(join(folder, 'faces.db'), { key });
  t.teardown(() => store.close());
  t.ok(store.isEncrypted);
  store.set().photos.keep({ name: 'a', digest: 'sha256 a' }, origin, [face(3)]);
  t.ok(readFileSync(join(folder, 'faces.db-wal')).includes('sha256 a'), 'it is in the log');
  t.same(filesWith(folder, bytesOf(face(3))), []);
});

t.test('the faces of a photo are sealed as the documentation says', async (t) => {
  const path = fill(join(t.testdir({}), 'faces.db'), key);
  const database = new DatabaseSync(path);
  t.teardown(() => database.close());
  const { salt } = database.prepare('SELECT salt FROM encryption').get() as { salt: Uint8Array };
  const { faces } = database.prepare("SELECT faces FROM contents WHERE digest = 'sha256 9'").get() as {
    faces: Uint8Array;
  };
  // Node's own HKDF and GCM, by hand: info, place, nonce and tag are those of SECURITY.md.
  const derived = hkdfSync('sha256', Buffer.alloc(32, 7), salt, 'facededup face store 1 faces', 32);
  const decipher = createDecipheriv('aes-256-gcm', Buffer.from(derived), faces.subarray(0, 12))
    .setAAD(Buffer.from(`${originId(origin)} sha256 9`))
    .setAuthTag(faces.subarray(-16));
  const plain = Buffer.concat([decipher.update(faces.subarray(12, -16)), decipher.final()]);
  t.equal(plain.length, 5 * 8 + 128 * 4 + 4, 'with a checksum');
  t.ok(plain.subarray(40, -4).equals(bytesOf(face(9))));
});

t.test('no nonce comes twice, not even for the same faces', async (t) => {
  const path = join(t.testdir({}), 'faces.db');
  const store = new FaceStore(path, { key });
  for (let index = 0; index < 200; index++)
    store.set().photos.keep({ name: `p${index}`, digest: `d${index}` }, origin, [face(1)]);
  store.close();
  const database = new DatabaseSync(path);
  const rows = database.prepare('SELECT faces FROM contents').all() as { faces: Uint8Array }[];
  database.close();
  t.equal(new Set(rows.map(({ faces }) => Buffer.from(faces.subarray(0, 12)).toString('hex'))).size, 200);
});

t.test('without its key, or with another, a store does not open', async (t) => {
  const path = fill(join(t.testdir({}), 'faces.db'), key);
  t.throws(() => new FaceStore(path), {
    name: 'StoreKeyError',
    code: 'STORE_KEY_MISSING',
    message: /FACEDEDUP_STORE_KEY/,
  });
  t.throws(() => new FaceStore(path, { key: otherKey }), { code: 'STORE_KEY_WRONG' });
  t.throws(() => new FaceStore(path, { key: key.slice(0, -4) }), { code: 'STORE_KEY_INVALID' });
  checkAll(t, path, key);
});

t.test('what is no key is refused, and its text is in no message', async (t) => {
  const folder = t.testdir({});
  const path = join(folder, 'faces.db');
  for (const wrong of ['', 'secret', 'secret'.repeat(20), '0'.repeat(63), new Uint8Array(31)])
    t.throws(() => new FaceStore(path, { key: wrong }), { code: 'STORE_KEY_INVALID' }, String(wrong));
  try {
    new FaceStore(path, { key: 'hunter2hunter2' });
  } catch (error) {
    t.notMatch(String(error), /hunter2/);
  }
  t.same(readdirSync(folder), [], 'and no store is begun');
});

t.test('a key is 32 bytes, in hexadecimal digits or base64 of either alphabet', async (t) => {
  const path = join(t.testdir({}), 'faces.db');
  const bytes = Buffer.alloc(32, 0xfb);
  new FaceStore(path, { key: bytes }).close();
  const texts = [bytes.toString('hex'), bytes.toString('base64'), bytes.toString('base64url')];
  for (const text of [...texts, `${bytes.toString('hex').toUpperCase()}\n`])
    new FaceStore(path, { key: text }).close();
  t.throws(() => new FaceStore(path, { key: otherKey }), { code: 'STORE_KEY_WRONG' });
});

t.test('the environment gives the key, or names the file that holds it', async (t) => {
  const folder = t.testdir({ key: `${key}\n`, empty: '' });
  const path = join(folder, 'faces.db');
  const set = (variables: Readonly<Record<string, string>>) => {
    for (const name of ['FACEDEDUP_STORE_KEY', 'FACEDEDUP_STORE_KEY_FILE'])
      process.env[name] = variables[name] ?? '';
  };
  t.teardown(() => set({}));
  set({ FACEDEDUP_STORE_KEY: key });
  fill(path);
  t.ok(isEncryptedStore(path));
  set({ FACEDEDUP_STORE_KEY_FILE: join(folder, 'key') });
  checkAll(t, path);
  set({ FACEDEDUP_STORE_KEY: key, FACEDEDUP_STORE_KEY_FILE: join(folder, 'key') });
  t.throws(() => new FaceStore(path), { code: 'STORE_KEY_INVALID', message: /Both/ });
  set({ FACEDEDUP_STORE_KEY_FILE: join(folder, 'none') });
  t.throws(() => new FaceStore(path), { code: 'STORE_KEY_INVALID', message: /ENOENT/ });
  set({ FACEDEDUP_STORE_KEY_FILE: join(folder, 'empty') });
  t.throws(() => new FaceStore(path), { code: 'STORE_KEY_INVALID' });
});

t.test(
  'a key for a store whose encodings are plain is an error, not a promise that is not kept',
  async (t) => {
    const path = fill(join(t.testdir({}), 'faces.db'));
    t.throws(() => new FaceStore(path, { key }), { code: 'STORE_NOT_ENCRYPTED', message: /store encrypt/ });
    checkAll(t, path);
  },
);

t.test('a value that was put in the place of another does not open', async (t) => {
  const folder = t.testdir({});
  const path = fill(join(folder, 'faces.db'), key);
  const swapped = join(folder, 'swapped.db');
  copyFileSync(path, swapped);
  tamper(
    swapped,
    `UPDATE contents SET faces = (SELECT faces FROM contents WHERE digest = 'sha256 2') WHERE digest = 'sha256 1'`,
  );
  const damaged = { code: 'FACE_STORE_INVALID', message: /damaged: .*by accident or by somebody/ };
  const store = new FaceStore(swapped, { key });
  t.teardown(() => store.close());
  t.throws(() => store.set().photos.find('sha256 1', origin), damaged);
  t.throws(() => [...store.set().photos.photos()], damaged);
  t.same(store.set().photos.find('sha256 2', origin), facesOf(2), 'the others do');

  const relabelled = join(folder, 'relabelled.db');
  copyFileSync(path, relabelled);
  tamper(relabelled, `PRAGMA foreign_keys = OFF; UPDATE origins SET digest = '${'0'.repeat(64)}'`);
  const other = new FaceStore(relabelled, { key });
  t.teardown(() => other.close());
  t.throws(
    () => [...other.set().photos.photos()],
    { code: 'FACE_STORE_INVALID' },
    'nor as what other models made',
  );
});

t.test('a value of another store, under the same key, does not open', async (t) => {
  const folder = t.testdir({});
  const [path, other] = [fill(join(folder, 'faces.db'), key), fill(join(folder, 'other.db'), key)];
  tamper(
    path,
    `ATTACH '${other}' AS other;
     UPDATE contents SET faces = (SELECT faces FROM other.contents AS o WHERE o.digest = contents.digest)`,
  );
  const store = new FaceStore(path, { key });
  t.teardown(() => store.close());
  t.throws(() => store.set().photos.find('sha256 1', origin), { code: 'FACE_STORE_INVALID' });
});

t.test('a value that is damaged in any part does not open', async (t) => {
  const path = fill(join(t.testdir({}), 'faces.db'), key);
  const database = new DatabaseSync(path);
  const { faces } = database.prepare("SELECT faces FROM contents WHERE digest = 'sha256 1'").get() as {
    faces: Uint8Array;
  };
  const put = database.prepare("UPDATE contents SET faces = ? WHERE digest = 'sha256 1'");
  const store = new FaceStore(path, { key });
  t.teardown(() => store.close());
  const find = () => store.set().photos.find('sha256 1', origin);
  for (const at of [0, 11, 12, 300, faces.length - 17, faces.length - 16, faces.length - 1]) {
    const changed = Uint8Array.from(faces);
    changed[at] = (changed[at] ?? 0) ^ 1;
    put.run(changed);
    t.throws(find, { code: 'FACE_STORE_INVALID' }, `byte ${at}`);
  }
  for (const length of [0, 1, 27, faces.length - 1]) {
    put.run(faces.subarray(0, length));
    t.throws(find, { code: 'FACE_STORE_INVALID' }, `${length} bytes`);
  }
  put.run(faces);
  t.same(find(), facesOf(1));
  database.close();
});

t.test('a plain store is encrypted, and no file of it has anything of an encoding any more', async (t) => {
  const folder = t.testdir({});
  const path = fill(join(folder, 'faces.db'));
  // Rows that were moved about and deleted leave more behind than those that lie still.
  const store = new FaceStore(path);
  for (let index = 0; index < 50; index++)
    store
      .set()
      .photos.keep({ name: `gone ${index}`, digest: `gone ${index}` }, origin, [face(10_000 + index)]);
  store.set().photos.drop(Array.from({ length: 25 }, (_, index) => `gone ${2 * index}`));
  const everyFace = [face(6), face(600), face(299), face(10_000), face(10_001)];
  t.ok(filesWith(folder, bytesOf(face(6))).length > 0, 'they are there before');
  store.set().photos.drop(Array.from({ length: 50 }, (_, index) => `gone ${index}`));
  store.close();

  t.same(encryptStore(path, { key }), { values: photos });
  for (const each of everyFace) t.same(filesWith(folder, bytesOf(each)), [], String(each.box?.x));
  checkAll(t, path, key);
  t.throws(() => encryptStore(path, { key }), { code: 'STORE_KEY_WRONG', message: /already/ });
});

t.test('another key takes the place of the first, and every value is sealed anew', async (t) => {
  const folder = t.testdir({});
  const path = fill(join(folder, 'faces.db'), key);
  const before = readFileSync(path);
  t.throws(() => rekeyStore(path, { key: otherKey, newKey: key }), { code: 'STORE_KEY_WRONG' });
  t.throws(() => rekeyStore(path, { key }), {
    code: 'STORE_KEY_MISSING',
    message: /FACEDEDUP_STORE_NEW_KEY/,
  });
  checkAll(t, path, key);
  t.same(rekeyStore(path, { key, newKey: otherKey }), { values: photos });
  t.throws(() => new FaceStore(path, { key }), { code: 'STORE_KEY_WRONG' });
  checkAll(t, path, otherKey);
  writeFileSync(join(folder, 'backup.db'), before, { mode: 0o600 });
  checkAll(t, join(folder, 'backup.db'), key);
});

t.test('a store is decrypted again', async (t) => {
  const path = fill(join(t.testdir({}), 'faces.db'), key);
  t.throws(() => decryptStore(path), { code: 'STORE_KEY_MISSING' });
  t.same(decryptStore(path, { key }), { values: photos });
  t.notOk(isEncryptedStore(path));
  checkAll(t, path);
  t.throws(() => decryptStore(path, { key }), { code: 'STORE_NOT_ENCRYPTED' });
  t.throws(() => rekeyStore(path, { key, newKey: otherKey }), { code: 'STORE_NOT_ENCRYPTED' });
});

t.test('what fails on the way leaves the store as it was', async (t) => {
  const path = fill(join(t.testdir({}), 'faces.db'), key);
  tamper(path, "UPDATE contents SET faces = zeroblob(580) WHERE digest = 'sha256 250'");
  t.throws(() => rekeyStore(path, { key, newKey: otherKey }), { code: 'FACE_STORE_INVALID' });
  const store = new FaceStore(path, { key });
  t.teardown(() => store.close());
  t.same(store.set().photos.find('sha256 1', origin), facesOf(1));
  t.throws(() => store.set().photos.find('sha256 250', origin), { code: 'FACE_STORE_INVALID' });
});

t.test('whoever has a store open while its key changes is told, and writes no more', async (t) => {
  const path = fill(join(t.testdir({}), 'faces.db'));
  const check = (open: FaceStore, code: string) => {
    const { photos: table } = open.set();
    t.throws(() => table.keep({ name: 'more', digest: 'more' }, origin, [face(1)]), { code }, 'keep');
    t.throws(() => table.find('sha256 1', origin), { code }, 'find');
    t.throws(() => [...table.photos()], { code }, 'photos');
    open.close();
  };
  const plain = new FaceStore(path);
  encryptStore(path, { key });
  check(plain, 'STORE_KEY_MISSING');
  const sealed = new FaceStore(path, { key });
  rekeyStore(path, { key, newKey: otherKey });
  check(sealed, 'STORE_KEY_WRONG');
  const again = new FaceStore(path, { key: otherKey });
  decryptStore(path, { key: otherKey });
  check(again, 'STORE_NOT_ENCRYPTED');
  checkAll(t, path);
});

t.test(
  'a process that opened a store without encodings writes none plain once it is encrypted',
  async (t) => {
    const folder = t.testdir({});
    const path = join(folder, 'faces.db');
    const open = new FaceStore(path);
    t.teardown(() => open.close());
    const { photos: table } = open.set();
    const other = new FaceStore(path, { key });
    t.teardown(() => other.close());
    t.ok(other.isEncrypted);
    t.throws(() => table.keep({ name: 'a', digest: 'a' }, origin, [face(42)]), { code: 'STORE_KEY_MISSING' });
    await t.rejects(table.import([{ photo: 'a', faces: [face(42)] }]), { code: 'STORE_KEY_MISSING' });
    t.same(filesWith(folder, bytesOf(face(42))), []);
  },
);
