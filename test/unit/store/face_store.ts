// The face store: what it keeps, what it refuses, and that nothing is lost when its process dies.

import { spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import t, { type Test } from 'tap';
import type { KeptFace, KeptPhoto } from '../../../lib/encodings/kept_encodings.js';
import { FaceStore } from '../../../lib/store/index.js';
import { pseudoRandom } from '../../fixtures/encodings.js';
import { makeStore } from '../../fixtures/kept_store.js';

const origin = { models: { encoder: 'a'.repeat(64) }, options: { detector: 'ssd', jitters: 1 } };
const otherOrigin = { ...origin, options: { detector: 'hog', jitters: 1 } };

function face(start: number): KeptFace {
  return {
    box: { x: start, y: 2.5, width: 30, height: 40 },
    confidence: 0.75,
    encoding: Float32Array.from({ length: 128 }, (_, index) => start + index / 7),
  };
}

function storeIn(t: Test): FaceStore {
  const store = new FaceStore(join(t.testdir({}), 'faces.db'));
  t.teardown(() => store.close());
  return store;
}

t.test('faces come back as they were kept, also after the file was closed', async (t) => {
  const path = join(t.testdir({}), 'faces.db');
  const store = new FaceStore(path);
  const faces = [face(1), face(200)];
  store
    .set()
    .photos.keep({ name: '/p/a.jpg', digest: 'sha256 1', stamp: 's', reference: 'R1' }, origin, faces);
  store.set().photos.keep({ name: '/p/empty.jpg', digest: 'sha256 2' }, origin, []);
  store.close();

  const again = new FaceStore(path, { create: false });
  t.teardown(() => again.close());
  const { photos } = again.set();
  t.same(photos.find('sha256 1', origin), faces);
  t.same(photos.find('sha256 2', origin), []);
  t.equal(photos.find('sha256 1', otherOrigin), undefined);
  t.same(
    [...photos.photos()],
    [
      { photo: '/p/a.jpg', reference: 'R1', digest: 'sha256 1', origin, faces },
      { photo: '/p/empty.jpg', digest: 'sha256 2', origin, faces: [] },
    ],
  );
  t.same(photos.seen('/p/a.jpg'), { digest: 'sha256 1', stamp: 's' });
  t.equal(statSync(path).mode & 0o777, 0o600, 'nobody but the owner reads biometric data');
});

t.test('a content is kept once, by each way in which it was encoded', async (t) => {
  const { photos } = storeIn(t).set();
  photos.keep({ name: 'a', digest: 'd' }, origin, [face(1)]);
  photos.keep({ name: 'copy of a', digest: 'd' }, origin, [face(1)]);
  photos.keep({ name: 'a', digest: 'd' }, otherOrigin, [face(9)]);
  t.same(photos.find('d', origin), [face(1)]);
  t.same(photos.find('d', otherOrigin), [face(9)]);
  photos.keep({ name: 'copy of a', digest: 'd' }, otherOrigin, [face(9)]);
  t.same(
    [...photos.photos(origin)].map(({ photo, faces }) => [photo, faces[0]?.box?.x]),
    [
      ['a', 1],
      ['copy of a', 1],
    ],
  );
  t.same(
    [...photos.photos()].map(({ faces }) => faces[0]?.box?.x),
    [9, 9],
    'by default what was wanted last',
  );
});

t.test('what no photo has any more is forgotten when photos are dropped', async (t) => {
  const store = storeIn(t);
  const { photos } = store.set();
  photos.keep({ name: 'a', digest: 'd' }, origin, [face(1)]);
  photos.keep({ name: 'b', digest: 'd' }, origin, [face(1)]);
  t.equal(photos.drop(['a', 'never there']), 1);
  t.same(photos.find('d', origin), [face(1)], 'b still has it');
  t.equal(photos.drop(['b']), 1);
  t.equal(photos.find('d', origin), undefined);
});

t.test('sets do not see each other’s photos and decisions', async (t) => {
  const store = storeIn(t);
  store.set('one').photos.keep({ name: 'a', digest: 'd' }, origin, [face(1)]);
  store.set('one').decisions.decide({ kind: 'photo', first: 'a', second: 'b', verdict: 'same' });
  t.same(store.set('two').photos.names(), []);
  t.same(store.set('two').decisions.list(), []);
  t.match(store.sets(), [
    { name: 'one', photos: 1, runs: 0 },
    { name: 'two', photos: 0, runs: 0 },
  ]);
  t.ok(store.removeSet('one'));
  t.equal(store.set('two').photos.find('d', origin), undefined, 'the faces went with their last photo');
  t.throws(() => store.existingSet('one'), { code: 'FACE_STORE_MISSING' });
  t.throws(() => store.set('../x'), { code: 'ARGUMENT_INVALID' });
});

t.test('a page of photos holds each photo’s own faces, whatever their bytes are', async (t) => {
  const { photos } = storeIn(t).set();
  const bits = new Uint32Array(128);
  const random = pseudoRandom(1);
  const expected = Array.from({ length: 600 }, (_, index): KeptPhoto => {
    const faces = Array.from({ length: index % 3 }, (): KeptFace => {
      // Any sign and digits, and exponents that keep a float32 finite: bytes of all kinds, zeros among them.
      bits.forEach((_, at) => (bits[at] = (random() * 2 ** 32) & 0xbfffffff));
      return { ...face(index), encoding: new Float32Array(bits.slice().buffer) };
    });
    return { photo: `photo ${String(index).padStart(3, '0')}`, digest: `sha256 ${index}`, origin, faces };
  });
  await photos.import(expected);
  t.same([...photos.photos()], expected);
});

t.test('names may hold anything that is text', async (t) => {
  const { photos } = storeIn(t).set();
  const names = ['a\nb', '"quoted"', "it's", '\u{1F600}', '\uFF21', 'é', 'x'.repeat(4000), '[1]'].sort();
  for (const name of names) photos.keep({ name, digest: `d ${name}`, reference: name }, origin, [face(1)]);
  t.same([...photos.photos()].map(({ photo }) => photo).sort(), names);
  t.same([...photos.photos()].map(({ reference }) => reference).sort(), names);
});

t.test('photos may be written while they are gone through', async (t) => {
  const { photos } = storeIn(t).set();
  for (let i = 0; i < 300; i++) photos.keep({ name: `p${i}`, digest: `d${i}` }, origin, [face(i)]);
  let count = 0;
  for (const { photo, digest = '', faces } of photos.photos()) {
    photos.keep({ name: photo, digest, stamp: 'seen' }, origin, faces);
    count++;
  }
  t.equal(count, 300);
});

t.test('what fails is undone whole, and the next goes well', async (t) => {
  const { photos } = storeIn(t).set();
  const wrong = [{ encoding: new Float32Array(3) }];
  t.throws(() => photos.keep({ name: 'a', digest: 'd' }, origin, wrong), { code: 'ENCODINGS_INVALID' });
  t.throws(() => photos.keep({ name: '', digest: 'd' }, origin, []), { code: 'ARGUMENT_INVALID' });
  photos.keep({ name: 'a', digest: 'd' }, origin, [face(1)]);
  t.match([...photos.photos()], [{ photo: 'a', origin }]);
});

t.test('two sets may be given other faces by one name', async (t) => {
  const store = storeIn(t);
  await store.set('one').photos.import([{ photo: 'a', faces: [face(1)] }]);
  await store.set('two').photos.import([{ photo: 'a', faces: [face(2)] }]);
  await store.set('two').photos.import([{ photo: 'b', digest: 'sha256 b', faces: [face(3)] }]);
  await store.set('one').photos.import([{ photo: 'b', digest: 'sha256 b', faces: [face(4)] }]);
  const faces = (name: string) => [...store.set(name).photos.photos()].map((photo) => photo.faces[0]?.box?.x);
  t.same(faces('one'), [1, 4]);
  t.same(faces('two'), [2, 3]);
});

t.test('the content that a photo had before is forgotten when the store is tidied', async (t) => {
  const { photos } = storeIn(t).set();
  photos.keep({ name: 'a', digest: 'd1', reference: 'R' }, origin, [face(1)]);
  photos.keep({ name: 'a', digest: 'd2' }, origin, [face(2)]);
  t.same(photos.find('d1', origin), [face(1)], 'another file may have it now');
  photos.tidy();
  t.equal(photos.find('d1', origin), undefined);
  t.match([...photos.photos()], [{ photo: 'a', reference: 'R', digest: 'd2' }]);
});

t.test('what is deleted cannot be read out of the file any more', async (t) => {
  const path = join(t.testdir({}), 'faces.db');
  const store = new FaceStore(path);
  const { photos } = store.set();
  photos.keep({ name: 'a', digest: 'd' }, origin, [face(1234.5)]);
  store.close();
  const needle = Buffer.from(face(1234.5).encoding.buffer);
  t.ok(readFileSync(path).includes(needle));
  const again = new FaceStore(path);
  again.set().photos.drop(['a']);
  again.close();
  t.notOk(readFileSync(path).includes(needle));
});

t.test('a set says what it holds', async (t) => {
  const { photos } = storeIn(t).set();
  t.same(photos.facts(), { photos: 0, faces: 0, origins: [] });
  photos.keep({ name: 'a', digest: 'a' }, origin, [face(1), face(2)]);
  photos.keep({ name: 'b', digest: 'b' }, origin, []);
  await photos.import([{ photo: 'c', faces: [face(3)] }]);
  t.same(photos.facts(), {
    photos: 3,
    faces: 3,
    origins: [
      { origin, photos: 2, faces: 2 },
      { photos: 1, faces: 1 },
    ],
  });
});

t.test('encodings of a file without boxes are taken over', async (t) => {
  const { photos } = storeIn(t).set();
  const bare: KeptPhoto = { photo: 'a', faces: [{ encoding: face(3).encoding }] };
  t.equal(await photos.import([bare]), 1);
  t.same([...photos.photos()], [bare]);
  await t.rejects(photos.import([{ photo: 'b', faces: [{ encoding: new Float32Array(3) }] }]), {
    code: 'ENCODINGS_INVALID',
  });
  await t.rejects(photos.import([{ photo: 'b', faces: [{ encoding: new Float32Array(128).fill(NaN) }] }]), {
    code: 'ENCODINGS_INVALID',
  });
  t.same(photos.names(), ['a']);
});

t.test('a file that is no face store is refused and left as it is', async (t) => {
  const folder = t.testdir({
    'notes.txt': 'These are notes of somebody, and longer than a header of SQLite is.',
  });
  t.throws(() => new FaceStore(join(folder, 'notes.txt')), {
    code: 'FACE_STORE_INVALID',
    message: /notes\.txt/,
  });
  t.equal(
    readFileSync(join(folder, 'notes.txt'), 'utf8'),
    'These are notes of somebody, and longer than a header of SQLite is.',
  );

  const others = join(folder, 'others.db');
  const database = new DatabaseSync(others);
  database.exec('CREATE TABLE theirs (a)');
  database.close();
  t.throws(() => new FaceStore(others), { code: 'FACE_STORE_INVALID', message: /no face store/ });

  const newer = join(folder, 'newer.db');
  new FaceStore(newer).close();
  const opened = new DatabaseSync(newer);
  opened.exec('PRAGMA user_version = 1000');
  opened.close();
  t.throws(() => new FaceStore(newer), { code: 'FACE_STORE_INVALID', message: /newer release/ });

  t.throws(() => new FaceStore(join(folder, 'none.db'), { create: false }), { code: 'FACE_STORE_MISSING' });
  t.throws(() => new FaceStore(folder), { code: 'FACE_STORE_UNUSABLE' });
  t.throws(() => new FaceStore(join(folder, 'no', 'such', 'folder.db')), { code: 'FACE_STORE_UNUSABLE' });
});

t.test('a damaged file is told as one', async (t) => {
  const folder = t.testdir({});
  const path = join(folder, 'faces.db');
  const store = new FaceStore(path);
  const { photos } = store.set();
  for (let i = 0; i < 200; i++) photos.keep({ name: `p${i}`, digest: `d${i}` }, origin, [face(i)]);
  store.close();
  const bytes = readFileSync(path);
  bytes.fill(0x5a, 8192, bytes.length - 8192);
  writeFileSync(path, bytes);
  t.throws(
    () => {
      const damaged = new FaceStore(path);
      t.teardown(() => damaged.close());
      return [...damaged.set().photos.photos()];
    },
    { code: 'FACE_STORE_INVALID' },
  );
});

t.test('a process that is killed loses nothing that it had kept', async (t) => {
  const path = join(t.testdir({}), 'faces.db');
  const child = spawnSync(
    process.execPath,
    [join(import.meta.dirname, '../../fixtures/killed_face_store.mjs'), path],
    { encoding: 'utf8' },
  );
  t.equal(child.signal, 'SIGKILL', child.stderr);
  const kept = Number(child.stdout.trim().split('\n').at(-1));
  t.ok(kept >= 20);
  // The journal of the killed process is there too, and SQLite reads it by itself.
  const store = new FaceStore(path, { create: false });
  t.teardown(() => store.close());
  t.equal(store.set().photos.names().length, kept);
  t.equal([...store.set().photos.photos()].length, kept);
});

t.test('a copy made by SQLite’s own tools is a face store too', async (t) => {
  const folder = t.testdir({});
  const store = new FaceStore(join(folder, 'faces.db'));
  store.set().photos.keep({ name: 'a', digest: 'd' }, origin, [face(1)]);
  store.close();
  copyFileSync(join(folder, 'faces.db'), join(folder, 'copy.db'));
  const copy = new FaceStore(join(folder, 'copy.db'), { create: false });
  t.teardown(() => copy.close());
  t.same(copy.set().photos.names(), ['a']);
});

t.test('a check says what all sets hold together', async (t) => {
  const path = join(t.testdir({}), 'faces.db');
  makeStore(path, 20);
  const store = new FaceStore(path);
  t.teardown(() => store.close());
  // Of 20 photos two show groups of 12; 19 pairs of neighbours were decided on, in one run.
  t.same(store.check(), { sets: 1, photos: 20, faces: 18 + 2 * 12, decisions: 19, runs: 1 });
  const { photos } = store.set('another');
  photos.keep({ name: 'a', digest: 'd' }, origin, [face(1), face(2)]);
  photos.keep({ name: 'b', digest: 'e' }, origin, []);
  t.same(store.check(), { sets: 2, photos: 22, faces: 18 + 2 * 12 + 2, decisions: 19, runs: 1 });
});
