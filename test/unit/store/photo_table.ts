// The photos of a set: which are there, in lists and pages, as they were seen; renamed, replaced and taken over.

import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import t, { type Test } from 'tap';
import type { KeptFace, KeptPhoto } from '../../../lib/encodings/kept_encodings.js';
import { Database, type Value } from '../../../lib/store/database.js';
import { FaceStore } from '../../../lib/store/index.js';
import { PhotoTable } from '../../../lib/store/photo_table.js';

const origin = { models: { encoder: 'a'.repeat(64) }, options: { jitters: 1 } };
const otherOrigin = { ...origin, options: { jitters: 2 } };
const face: KeptFace = { encoding: new Float32Array(128).fill(0.5) };

function storeIn(t: Test): FaceStore {
  const store = new FaceStore(join(t.testdir({}), 'faces.db'));
  t.teardown(() => store.close());
  return store;
}

t.test('the size of a set counts its own photos', async (t) => {
  const store = storeIn(t);
  const [one, two] = [store.set('one').photos, store.set('two').photos];
  t.equal(one.size, 0);
  one.keep({ name: 'a', digest: 'd' }, origin, []);
  one.keep({ name: 'b', digest: 'd' }, origin, []);
  two.keep({ name: 'c', digest: 'd' }, origin, []);
  t.equal(one.size, 2);
  t.equal(two.size, 1);
});

t.test('a photo is as it was seen while its content, its stamp and what is wanted of it stay', async (t) => {
  const { photos } = storeIn(t).set();
  const seen = { name: 'a', digest: 'd', stamp: 's' };
  t.equal(photos.isAsSeen(seen, origin), false, 'not seen yet, and the origin is not known');
  photos.keep(seen, origin, []);
  photos.keep({ name: 'plain', digest: 'd' }, origin, []);
  t.equal(photos.isAsSeen(seen, origin), true);
  t.equal(photos.isAsSeen({ name: 'plain', digest: 'd' }, origin), true);
  t.equal(photos.isAsSeen({ ...seen, name: 'b' }, origin), false);
  t.equal(photos.isAsSeen({ ...seen, digest: 'e' }, origin), false);
  t.equal(photos.isAsSeen({ ...seen, stamp: 'later' }, origin), false);
  t.equal(photos.isAsSeen({ name: 'a', digest: 'd' }, origin), false);
  t.equal(photos.isAsSeen(seen, otherOrigin), false);
});

t.test('what was seen of a photo is its digest and, where it had one, its stamp', async (t) => {
  const { photos } = storeIn(t).set();
  photos.keep({ name: 'a', digest: 'd' }, origin, []);
  t.same(photos.seen('a'), { digest: 'd', stamp: undefined });
  photos.keep({ name: 'a', digest: 'd', stamp: 's' }, origin, []);
  t.same(photos.seen('a'), { digest: 'd', stamp: 's' });
  t.equal(photos.seen('b'), undefined);
});

t.test('copies are found by their content, by name, within the set', async (t) => {
  const store = storeIn(t);
  const { photos } = store.set();
  for (const name of ['c', 'a', 'b']) photos.keep({ name, digest: name === 'b' ? 'other' : 'd' }, origin, []);
  store.set('two').photos.keep({ name: 'theirs', digest: 'd' }, origin, []);
  t.same(photos.namesOf('d'), ['a', 'c']);
  t.same(photos.namesOf('unknown'), []);
});

t.test('photos are listed by name, part of them, with their faces and records', async (t) => {
  const store = storeIn(t);
  const { photos } = store.set();
  photos.keep({ name: 'c.jpg', digest: '3', reference: 'R_3' }, origin, [face]);
  photos.keep({ name: 'A.jpg', digest: '1' }, origin, [face, face]);
  photos.keep({ name: 'b%.jpg', digest: '2', reference: 'anna' }, origin, []);
  store.set('two').photos.keep({ name: 'theirs', digest: '1' }, origin, [face, face]);
  const [a, b, c] = [
    { name: 'A.jpg', faces: 2 },
    { name: 'b%.jpg', reference: 'anna', faces: 0 },
    { name: 'c.jpg', reference: 'R_3', faces: 1 },
  ];
  t.same(photos.list({}), { total: 3, photos: [a, b, c] });
  t.same(photos.list({ limit: 2 }), { total: 3, photos: [a, b] });
  t.same(photos.list({ limit: 0 }), { total: 3, photos: [] });
  t.same(photos.list({ offset: 1 }), { total: 3, photos: [b, c] });
  t.same(photos.list({ offset: 1, limit: 1 }), { total: 3, photos: [b] });
  t.same(photos.list({ text: 'ann' }), { total: 1, photos: [b] }, 'in a reference');
  t.same(photos.list({ text: 'c.j' }), { total: 1, photos: [c] }, 'in a name');
  t.same(photos.list({ text: '%' }), { total: 1, photos: [b] }, 'a sign that SQL would take for any text');
  t.same(photos.list({ text: '_' }), { total: 1, photos: [c] }, 'a sign that SQL would take for any letter');
  t.same(photos.list({ text: '\\' }), { total: 0, photos: [] });
});

t.test('the records of any number of photos are known by the photos’ names', async (t) => {
  const { photos } = storeIn(t).set();
  t.same(photos.references(), new Map());
  // Read 5,000 at a time.
  const names = Array.from({ length: 5001 }, (_, i) => `P${10_000 + i}`);
  await photos.import(
    names.map((photo) => ({ photo, digest: 'd', origin, reference: `R ${photo}`, faces: [] })),
  );
  photos.keep({ name: 'of no record', digest: 'd' }, origin, []);
  const references = photos.references();
  t.equal(references.size, 5001);
  t.ok(names.every((name) => references.get(name) === `R ${name}`));
});

for (const [known, to] of [
  ['b', 'a'],
  ['b', 'y'],
  ['x', 'a'],
  ['x', 'y'],
] as const) {
  // Of the two that the decision names, `m` is not in the store yet.
  t.test(`a decision follows ${known} when it is renamed ${to}, and m when it comes`, async (t) => {
    const { photos, decisions } = storeIn(t).set();
    const keep = (name: string, content: string) =>
      photos.keep({ name, digest: `sha256 ${content}` }, origin, []);
    keep(known, 'anna');
    decisions.decide({ kind: 'photo', first: known, second: 'm', verdict: 'different' });
    photos.rename(known, to);
    const holds = { first: to < 'm' ? to : 'm', second: to < 'm' ? 'm' : to, verdict: 'different' };
    t.match(decisions.list(), [holds]);
    keep('m', 'ben');
    t.match(decisions.list(), [holds], 'm is there');
    keep('m', 'carl');
    t.same(decisions.list(), [], 'another photo took the place of m');
    keep('m', 'ben');
    t.match(decisions.list(), [holds]);
    keep(to, 'dora');
    t.same(decisions.list(), [], 'another photo took the place of the one that was renamed');
  });
}

t.test('a photo may take the name that a decision on it has on the other side', async (t) => {
  const { photos, decisions } = storeIn(t).set();
  photos.keep({ name: 'a', digest: 'd' }, origin, []);
  decisions.decide({ kind: 'photo', first: 'a', second: 'b', verdict: 'same' });
  photos.rename('a', 'b');
  t.same(photos.names(), ['b']);
  t.match(decisions.list(), [{ first: 'a', second: 'b' }], 'a decision is on two');
});

t.test('a photo without a name is refused', async (t) => {
  const { photos } = storeIn(t).set();
  t.throws(() => photos.keep({ name: '', digest: 'd' }, origin, []), {
    code: 'ARGUMENT_INVALID',
    message: 'A photo in a face store has a name.',
  });
});

t.test('photos are taken over a thousand at a time, and others may write in between', async (t) => {
  const store = storeIn(t);
  const { photos } = store.set();
  const sizes: number[] = [];
  async function* coming(): AsyncGenerator<KeptPhoto> {
    for (let i = 1; i <= 2001; i++) {
      sizes.push(photos.size);
      if (i === 1500) store.set('two').photos.keep({ name: 'theirs', digest: 'd' }, origin, []);
      yield { photo: `photo ${i}`, digest: 'd', origin, faces: [] };
    }
  }
  t.equal(await photos.import(coming()), 2001);
  t.same(
    [sizes[0], sizes[999], sizes[1000], sizes[1999], sizes[2000], photos.size],
    [0, 0, 1000, 1000, 2000, 2001],
  );
  t.same(store.set('two').photos.names(), ['theirs']);
});

t.test('bytes that are no whole faces are told as damage', async (t) => {
  const path = join(t.testdir({}), 'faces.db');
  const store = new FaceStore(path);
  store.set().photos.keep({ name: 'a', digest: 'd' }, origin, [face]);
  store.close();
  const database = new DatabaseSync(path);
  database.exec(`UPDATE contents SET faces = CAST(substr(faces, 1, 551) AS BLOB)`);
  database.close();
  const damaged = new FaceStore(path);
  t.teardown(() => damaged.close());
  t.throws(() => [...damaged.set().photos.photos()], {
    code: 'FACE_STORE_INVALID',
    message: /is damaged: encodings in it are not those that were kept there.*restore it from a backup/,
  });
});

t.test('nothing that is done for one photo goes through all of a set', async (t) => {
  const database = new Database(join(t.testdir({}), 'faces.db'), { create: true, readOnly: false });
  t.teardown(() => database.close());
  const { id } = database.run('INSERT INTO sets (name, created_at) VALUES (?, ?)', 'default', '');
  const statements = new Map<string, readonly Value[]>();
  const plans = database.all.bind(database);
  for (const way of ['all', 'get', 'run'] as const) {
    const plain = database[way].bind(database) as Database['all'];
    const watched: Database['all'] = (sql, ...values) => {
      statements.set(sql, values);
      return plain(sql, ...values);
    };
    Object.assign(database, { [way]: watched });
  }
  const photos = new PhotoTable(database, id, undefined);
  photos.keep({ name: 'a', digest: 'd', stamp: 's', reference: 'r' }, origin, [face]);
  photos.keep({ name: 'a', digest: 'e' }, origin, [face]);
  photos.seen('a');
  photos.isAsSeen({ name: 'a', digest: 'e' }, origin);
  photos.find('e', origin);
  photos.namesOf('e');
  photos.rename('a', 'b');
  t.ok(statements.size > 10);
  for (const [sql, values] of statements)
    for (const { detail } of plans(`EXPLAIN QUERY PLAN ${sql}`, ...values)) {
      t.notMatch(detail, /^SCAN (photos|contents|decisions)/, sql);
      t.notMatch(detail, /^SEARCH (photos|decisions) .*\(set_id=\?( AND kind=\?)?\)$/, sql);
    }
});
