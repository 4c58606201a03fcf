// The face store: what it keeps, what it refuses, and that nothing is lost when its process dies.

import { spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import t, { type Test } from 'tap';
import type { KeptFace, KeptPhoto } from '../../../lib/encodings/kept_encodings.js';
import { FaceStore } from '../../../lib/store/index.js';

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
  photos.note({ name: 'copy of a', digest: 'd' });
  photos.keep({ name: 'a', digest: 'd' }, otherOrigin, [face(9)]);
  t.same(photos.find('d', origin), [face(1)]);
  t.same(photos.find('d', otherOrigin), [face(9)]);
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
    'by default what was kept last',
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

t.test('encodings of a file without boxes are taken over', async (t) => {
  const { photos } = storeIn(t).set();
  const bare: KeptPhoto = { photo: 'a', faces: [{ encoding: face(3).encoding }] };
  t.equal(await photos.import([bare]), 1);
  t.same([...photos.photos()], [{ ...bare, digest: 'name a' }]);
  await t.rejects(photos.import([{ photo: 'b', faces: [{ encoding: new Float32Array(3) }] }]), {
    code: 'ENCODINGS_FILE_INVALID',
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
