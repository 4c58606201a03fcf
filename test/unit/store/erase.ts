// People who asked to be forgotten: what goes, what stays, and that no byte of them is left in any file of the store.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import t, { type Test } from 'tap';
import type { KeptFace } from '../../../lib/encodings/kept_encodings.js';
import type { Findings, FoundPair } from '../../../lib/runs/findings.js';
import { FaceStore, type PhotoSet } from '../../../lib/store/index.js';

const origin = { models: { encoder: 'a'.repeat(64) }, options: {} };
const box = { x: 1, y: 2, width: 10, height: 10 };

function face(start: number): KeptFace {
  return { box, confidence: 1, encoding: Float32Array.from({ length: 128 }, (_, i) => start + i / 7) };
}

/** 64 digits that no other photo has. */
function digestOf(name: string): string {
  return `sha256 ${Buffer.from(name).toString('hex').padStart(64, '7')}`;
}

function keep(set: PhotoSet, name: string, start: number, reference?: string): void {
  set.photos.keep({ name, digest: digestOf(name), reference }, origin, [face(start)]);
}

function pair(first: string, second: string, more: Partial<FoundPair> = {}): FoundPair {
  return {
    ...{ first, second, distance: 0.25, similarity: 0.75, firstBox: box, secondBox: box, isNew: true },
    ...more,
  };
}

function findings(
  pairs: readonly FoundPair[],
  groups: readonly string[][],
  lists: Partial<Pick<Findings, 'withoutFace' | 'rejected' | 'failed'>> = {},
): Findings {
  const { withoutFace = [], rejected = [], failed = [] } = lists;
  const left = { withoutFace: withoutFace.length, rejected: rejected.length, failed: failed.length };
  const photos = 4 + left.withoutFace + left.rejected + left.failed;
  return {
    startedAt: '2026-01-01T00:00:00.000Z',
    finishedAt: '2026-01-01T00:00:01.000Z',
    threshold: 0.4,
    policy: 'all',
    summary: {
      ...{ photos, encoded: 4, ...left, severalFaces: 0, faces: 4, newlyEncoded: 0 },
      ...{ pairs: pairs.length, newPairs: pairs.filter(({ isNew }) => isNew).length, groups: groups.length },
    },
    pairs,
    groups,
    withoutFace,
    rejected,
    failed,
    expectedFalseMatches: {} as Findings['expectedFalseMatches'],
  };
}

interface Place {
  readonly folder: string;
  readonly path: string;
  readonly store: FaceStore;
  /** The files of the store that hold these bytes. */
  readonly filesWith: (bytes: string | Buffer) => string[];
}

function storeIn(t: Test, key?: string): Place {
  const folder = t.testdir({});
  const path = join(folder, 'faces.db');
  const store = new FaceStore(path, { key });
  t.teardown(() => store.close());
  const filesWith = (bytes: string | Buffer) =>
    readdirSync(folder).filter((name) => readFileSync(join(folder, name)).includes(bytes));
  return { folder, path, store, filesWith };
}

const bytesOf = (start: number) => Buffer.from(face(start).encoding.buffer);

t.test('a photo goes with its encodings, decisions, and pairs, and the others stay', async (t) => {
  const { store, filesWith } = storeIn(t);
  const set = store.set();
  ['anna.jpg', 'ben.jpg', 'carla.jpg', 'dora.jpg'].forEach((name, index) => keep(set, name, index * 1000));
  set.decisions.decideAll([
    { kind: 'photo', first: 'ben.jpg', second: 'anna.jpg', verdict: 'different', reason: 'twins of Ben' },
    { kind: 'photo', first: 'anna.jpg', second: 'carla.jpg', verdict: 'unsure' },
    { kind: 'photo', first: 'ben.jpg', second: 'carla.jpg', verdict: 'same', reason: 'one of Ben alone' },
  ]);
  set.decisions.undo();
  const run = set.runs.keep(
    findings(
      [
        pair('anna.jpg', 'ben.jpg', { isNew: false }),
        pair('anna.jpg', 'carla.jpg'),
        pair('ben.jpg', 'dora.jpg'),
        pair('carla.jpg', 'dora.jpg'),
      ],
      [
        ['anna.jpg', 'ben.jpg'],
        ['anna.jpg', 'carla.jpg', 'dora.jpg'],
      ],
    ),
  );

  const expected = {
    id: 'ben.jpg',
    by: 'photo',
    sets: [{ set: 'default', photos: ['ben.jpg'], decisions: 2, pairs: 2, listed: 1 }],
    copies: [],
  };
  t.same(store.erase('ben.jpg', { dryRun: true }), { ...expected, isErased: false });
  t.equal(set.photos.size, 4, 'a dry run changes nothing');
  t.same(store.erase('ben.jpg'), { ...expected, isErased: true });

  t.same(set.photos.names(), ['anna.jpg', 'carla.jpg', 'dora.jpg']);
  t.equal(set.photos.find(digestOf('ben.jpg'), origin), undefined);
  t.same(set.photos.find(digestOf('anna.jpg'), origin), [face(0)]);
  t.same(
    set.decisions.list().map(({ first, second }) => [first, second]),
    [['anna.jpg', 'carla.jpg']],
  );
  const left = set.runs.findings(run, set.decisions.index());
  t.same(
    left.pairs.map(({ first, second }) => [first, second]),
    [
      ['anna.jpg', 'carla.jpg'],
      ['carla.jpg', 'dora.jpg'],
    ],
  );
  t.same(left.groups, [['anna.jpg', 'carla.jpg', 'dora.jpg']], 'one photo alone is no group');
  t.match(left.summary, { pairs: 2, newPairs: 2, groups: 1 });
  t.same(
    set.runs.pairs(run, set.decisions.index()).pairs.map(({ position }) => position),
    [0, 1],
    'ranks have no gap',
  );
  t.same(set.runs.groupsPage(run, { offset: 0, limit: 1 }), { total: 1, groups: left.groups });
  for (const bytes of ['ben.jpg', digestOf('ben.jpg'), 'twins of Ben', 'one of Ben alone', bytesOf(1000)])
    t.same(filesWith(bytes), [], String(bytes).slice(0, 80));
  t.ok(filesWith('anna.jpg').length > 0);
});

t.test('a record goes with all its photos, those that are gone among them', async (t) => {
  const { store, filesWith } = storeIn(t);
  const set = store.set();
  keep(set, 'p1.jpg', 1000, 'IND-17');
  keep(set, 'p2.jpg', 2000, 'IND-17');
  keep(set, 'p3.jpg', 3000, 'IND-93');
  keep(set, 'gone-away.jpg', 4000, 'IND-17');
  const of17 = { firstReference: 'IND-17', secondReference: 'IND-93' };
  const run = set.runs.keep(
    findings(
      [pair('gone-away.jpg', 'p3.jpg', of17), pair('p1.jpg', 'p3.jpg', of17)],
      [['gone-away.jpg', 'p1.jpg', 'p3.jpg']],
    ),
  );
  set.photos.drop(['gone-away.jpg']);
  set.decisions.decide({ kind: 'reference', first: 'IND-17', second: 'IND-93', verdict: 'different' });
  set.decisions.decide({ kind: 'photo', first: 'gone-away.jpg', second: 'p3.jpg', verdict: 'same' });
  t.same(store.erase('IND-17').sets, [
    { set: 'default', photos: ['p1.jpg', 'p2.jpg'], decisions: 2, pairs: 2, listed: 2 },
  ]);
  t.same(set.photos.names(), ['p3.jpg']);
  t.same(set.decisions.list(), []);
  t.match(set.runs.findings(run, set.decisions.index()), { pairs: [], groups: [], summary: { pairs: 0 } });
  for (const bytes of ['IND-17', 'p1.jpg', 'p2.jpg', 'gone-away.jpg', bytesOf(1000), bytesOf(2000)])
    t.same(filesWith(bytes), [], String(bytes).slice(0, 80));
  t.same(set.photos.references(), new Map([['p3.jpg', 'IND-93']]));
});

t.test('photos that failed, were rejected or had no face go from the lists of runs', async (t) => {
  const { store, filesWith } = storeIn(t);
  const set = store.set();
  const failed = (photo: string) => ({
    photo,
    code: 'PHOTO_CORRUPT',
    message: `The photo '${photo}' is bad.`,
  });
  const run = set.runs.keep(
    findings([], [], {
      withoutFace: ['ben.jpg', 'x.jpg'],
      rejected: ['ben.jpg'],
      failed: [failed('x.jpg'), failed('ben.jpg')],
    }),
  );
  t.match(store.erase('ben.jpg').sets, [{ photos: [], decisions: 0, pairs: 0, listed: 3 }]);
  const { summary, ...left } = set.runs.facts(run);
  t.match(left, { withoutFace: ['x.jpg'], rejected: [], failed: [{ photo: 'x.jpg' }] });
  t.match(summary, { photos: 6, encoded: 4, withoutFace: 1, rejected: 0, failed: 1 });
  t.same(filesWith('ben.jpg'), []);
});

t.test('a photo goes by the names it had before, and what took its place stays', async (t) => {
  const { store, filesWith } = storeIn(t);
  const set = store.set();
  keep(set, 'old-name.jpg', 1000);
  keep(set, 'z.jpg', 2000);
  keep(set, 'm.jpg', 3000);
  set.decisions.decide({ kind: 'photo', first: 'old-name.jpg', second: 'z.jpg', verdict: 'same' });
  const run = set.runs.keep(findings([pair('old-name.jpg', 'z.jpg'), pair('m.jpg', 'z.jpg')], []));
  set.photos.rename('old-name.jpg', 'new-name.jpg');
  // Another photo was called m.jpg in that run, and n.jpg now; the one that is m.jpg now is erased.
  set.photos.rename('m.jpg', 'n.jpg');
  set.photos.keep({ name: 'm.jpg', digest: digestOf('another m.jpg') }, origin, [face(4000)]);
  t.match(store.erase('m.jpg').sets, [{ photos: ['m.jpg'], pairs: 0 }]);
  t.match(set.runs.findings(run, set.decisions.index()).pairs, [{}, { first: 'n.jpg', second: 'z.jpg' }]);
  t.same(filesWith('m.jpg'), []);

  t.match(store.erase('new-name.jpg').sets, [{ photos: ['new-name.jpg'], decisions: 1, pairs: 1 }]);
  for (const bytes of ['old-name.jpg', 'new-name.jpg', bytesOf(1000), bytesOf(4000)])
    t.same(filesWith(bytes), [], String(bytes).slice(0, 80));
  t.match(set.runs.findings(run, set.decisions.index()).pairs, [{ first: 'n.jpg' }]);
});

t.test('copies in the hands of others keep their encodings, and are named', async (t) => {
  const { store } = storeIn(t);
  const digest = digestOf('shared');
  const of = (name: string, reference: string) => ({ name, digest, reference });
  store.set().photos.keep(of('a.jpg', 'R-1'), origin, [face(1)]);
  store.set('other').photos.keep(of('b.jpg', 'R-2'), origin, [face(1)]);
  t.same(store.erase('R-1').copies, [{ set: 'other', photo: 'b.jpg', reference: 'R-2' }]);
  t.same(store.set('other').photos.find(digest, origin), [face(1)]);
  t.same(store.erase('R-2').copies, []);
  t.equal(store.set('other').photos.find(digest, origin), undefined);
});

t.test('all sets are gone through, unless one is named', async (t) => {
  const { store, filesWith } = storeIn(t);
  for (const name of ['one', 'two', 'three']) keep(store.set(name), 'ben.jpg', 1000);
  t.match(store.erase('ben.jpg', { set: 'two' }).sets, [{ set: 'two' }]);
  t.ok(filesWith('ben.jpg').length > 0);
  t.same(
    store.erase('ben.jpg').sets.map(({ set }) => set),
    ['one', 'three'],
  );
  t.same(filesWith('ben.jpg'), []);
});

t.test('what is not there, or is two things, is an error, and nothing is changed', async (t) => {
  const { store } = storeIn(t);
  keep(store.set(), 'X', 1, 'R-1');
  keep(store.set(), 'b.jpg', 2, 'X');
  const none = { name: 'FaceStoreError', code: 'FACE_STORE_MISSING' };
  t.throws(() => store.erase('nobody'), { ...none, message: /nothing of a photo or record 'nobody'/ });
  t.throws(() => store.erase('R-1', { by: 'photo' }), { ...none, message: /photo 'R-1'/ });
  t.throws(() => store.erase('X', { set: 'none' }), { ...none, message: /no set 'none'/ });
  t.throws(() => store.erase('X'), { code: 'ARGUMENT_INVALID', message: /--by photo, --by reference/ });
  t.equal(store.set().photos.size, 2);
  t.match(store.erase('X', { by: 'reference' }).sets, [{ photos: ['b.jpg'] }]);
  t.same(store.set().photos.names(), ['X']);
});

t.test('of a store of many photos, much written and deleted, no byte of those erased is left', async (t) => {
  for (const key of [undefined, '5'.repeat(64)]) {
    const { path, store, filesWith } = storeIn(t, key);
    const set = store.set();
    const name = (index: number) => `folder/person-${String(index).padStart(5, '0')}.jpg`;
    for (let index = 0; index < 600; index++) keep(set, name(index), index * 1000, `IND-${index}-X`);
    for (let round = 0; round < 3; round++)
      set.runs.keep(
        findings(
          Array.from({ length: 300 }, (_, index) => pair(name(index), name(599 - index))),
          Array.from({ length: 100 }, (_, index) => [name(index), name(index + 200), name(index + 400)]),
        ),
      );
    for (let index = 0; index < 600; index += 3) set.photos.rename(name(index), `moved/${name(index)}`);
    // Somebody else has it open, as a server does.
    const other = new FaceStore(path, { key });
    t.equal(other.set().photos.size, 600);
    for (let index = 0; index < 600; index += 50) {
      t.ok(filesWith(`IND-${index}-X`).length > 0);
      store.erase(`IND-${index}-X`);
      for (const bytes of [`IND-${index}-X`, name(index), digestOf(name(index)), bytesOf(index * 1000)])
        t.same(filesWith(bytes), [], String(bytes).slice(0, 60));
    }
    t.equal(other.set().photos.size, 588);
    other.close();
    t.equal([...set.photos.photos()].length, 588);
  }
});

t.test('where another process still reads the log, that is told, and the log is emptied later', async (t) => {
  const { path, store, filesWith } = storeIn(t);
  for (let index = 0; index < 600; index++) keep(store.set(), `p${index}.jpg`, index);
  const reader = new DatabaseSync(path);
  t.teardown(() => reader.close());
  reader.exec('BEGIN; SELECT count(*) FROM photos');
  t.throws(() => store.erase('p7.jpg'), { code: 'FACE_STORE_BUSY', message: /facededup store compact/ });
  t.equal(store.set().photos.seen('p7.jpg'), undefined, 'it is gone from the store');
  reader.exec('COMMIT');
  store.compact();
  t.same(filesWith('p7.jpg'), []);
});
