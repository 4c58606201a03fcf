// The results of runs as they are asked for: pages of pairs and groups, by verdict, text and order, and how distances spread.

import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Findings } from '../../../lib/runs/findings.js';
import { FaceStore, pairKey, type PhotoSet } from '../../../lib/store/index.js';
import { findingsOf, pairOf } from '../../fixtures/findings.js';

const origin = { models: { encoder: 'a'.repeat(64) }, options: {} };

function storeIn(t: Test): FaceStore {
  const store = new FaceStore(join(t.testdir({}), 'faces.db'));
  t.teardown(() => store.close());
  return store;
}

function setWith(t: Test, names: readonly string[]): PhotoSet {
  const set = storeIn(t).set();
  for (const name of names) set.photos.keep({ name, digest: `of ${name}` }, origin, []);
  return set;
}

const pairs = [
  pairOf('a', 'b', 0.125, { firstReference: 'R1', secondReference: 'R2' }),
  pairOf('b', 'c', 0.25, { isNew: false, firstReference: 'R2' }),
  pairOf('c', 'd_%', 0.375, { secondReference: 'Straße' }),
  pairOf('a', 'd_%', 0.5, { isNew: false }),
];
const names = ['a', 'b', 'c', 'd_%'];

/** A set whose one run found the pairs above; the second is decided. */
function setWithRun(t: Test): PhotoSet & { readonly run: number } {
  const set = setWith(t, names);
  const run = set.runs.keep(findingsOf(pairs));
  set.decisions.decide({ kind: 'photo', first: 'b', second: 'c', verdict: 'different' });
  return { ...set, run };
}

t.test('pairs come closest first, or farthest, as many as are asked for, with their places', async (t) => {
  const { runs, decisions, run } = setWithRun(t);
  const index = decisions.index();
  const page = (query: Parameters<typeof runs.pairs>[2]) => {
    const { total, pairs: found } = runs.pairs(run, index, query);
    return [total, found.map(({ position }) => position)];
  };
  t.same(page(undefined), [4, [0, 1, 2, 3]]);
  t.same(page({ order: 'closest' }), [4, [0, 1, 2, 3]]);
  t.same(page({ order: 'farthest' }), [4, [3, 2, 1, 0]]);
  t.same(page({ limit: 2 }), [4, [0, 1]]);
  t.same(page({ limit: 0 }), [4, []]);
  t.same(page({ offset: 3 }), [4, [3]]);
  t.same(page({ offset: 1, limit: 1, order: 'farthest' }), [4, [2]]);
});

t.test('pairs are those of a verdict, or open, or new', async (t) => {
  const { runs, decisions, run } = setWithRun(t);
  const places = (query: Parameters<typeof runs.pairs>[2]) =>
    runs.pairs(run, decisions.index(), query).pairs.map(({ position }) => position);
  t.same(places({ verdict: 'different' }), [1]);
  t.same(places({ verdict: 'same' }), []);
  t.same(places({ verdict: 'open' }), [0, 2, 3]);
  t.same(places({ isNew: true }), [0, 2]);
  t.same(places({ isNew: false }), [0, 1, 2, 3]);
  decisions.decide({ kind: 'reference', first: 'R1', second: 'R2', verdict: 'same' });
  t.same(places({ verdict: 'same' }), [0], 'decided by the records');
  t.same(places({ verdict: 'open' }), [2, 3]);
  t.same(places({ verdict: 'open', isNew: true, text: 'd' }), [2]);
  decisions.decide({ kind: 'reference', first: 'null', second: 'Straße', verdict: 'unsure' });
  t.same(places({ verdict: 'unsure' }), [], 'a photo of no record is not of one that is called null');
  for (let made = 0; made < 3; made++) decisions.undo();
  t.same(places({ verdict: 'open' }), [0, 1, 2, 3]);
  t.same(places({ verdict: 'different' }), []);
});

t.test('a text is looked for in the names and the records of both photos, sign by sign', async (t) => {
  const { runs, decisions, run } = setWithRun(t);
  const places = (text: string) =>
    runs.pairs(run, decisions.index(), { text }).pairs.map(({ position }) => position);
  t.same(places(''), [0, 1, 2, 3]);
  t.same(places('a'), [0, 2, 3], 'as a first photo, in Straße, as a first photo again');
  t.same(places('b'), [0, 1], 'on either side');
  t.same(places('R1'), [0]);
  t.same(places('r2'), [0, 1], 'in records of either side');
  t.same(places('_'), [2, 3]);
  t.same(places('%'), [2, 3]);
  t.same(places('\\'), []);
});

t.test('photos that belong to no record have none in a pair', async (t) => {
  const { runs, decisions, run } = setWithRun(t);
  const found = runs.pairs(run, decisions.index()).pairs;
  t.same(
    found.map((pair) => [pair.firstReference, pair.secondReference]),
    [
      ['R1', 'R2'],
      ['R2', undefined],
      [undefined, 'Straße'],
      [undefined, undefined],
    ],
  );
  t.same(Object.keys(found[3] ?? {}).sort(), Object.keys({ ...pairs[3], position: 3 }).sort());
  t.same(
    found.map(({ similarity }) => similarity),
    [0.875, 0.75, 0.625, 0.5],
  );
});

t.test('both photos of a pair that have another content since are told', async (t) => {
  const { runs, decisions, photos, run } = setWithRun(t);
  photos.keep({ name: 'a', digest: 'another' }, origin, []);
  photos.drop(['b']);
  t.match(runs.pairs(run, decisions.index()).pairs, [
    { first: 'a', second: 'b', firstChanged: true, secondChanged: true },
    { first: 'b', second: 'c', firstChanged: true, secondChanged: undefined, verdict: undefined },
    { first: 'c', second: 'd_%', firstChanged: undefined, secondChanged: undefined },
    { first: 'a', second: 'd_%', firstChanged: true, secondChanged: undefined },
  ]);
});

t.test('a photo that is kept again as it was is still the one in a pair', async (t) => {
  const { runs, decisions, photos, run } = setWithRun(t);
  photos.keep({ name: 'a', digest: 'of a', stamp: 'later' }, { ...origin, options: { jitters: 7 } }, []);
  t.equal(runs.pairs(run, decisions.index()).pairs[0]?.firstChanged, undefined);
  t.ok(runs.latestPairs().has(pairKey('a', 'b')));
});

t.test('a histogram counts the pairs by distance, from 0 to the threshold', async (t) => {
  const { runs } = setWith(t, names);
  // In bins of 0.125: the last distance but one lies on a border, and belongs to the bin above it.
  const run = runs.keep(
    findingsOf(
      [0, 0.0625, 0.25, 0.375, 0.4999999999999999].map((distance) => pairOf('a', 'b', distance)),
      { threshold: 0.5 },
    ),
  );
  t.strictSame(runs.histogram(run, 4), { threshold: 0.5, width: 0.125, counts: [2, 0, 1, 2] });
  t.same(runs.histogram(run, 1), { threshold: 0.5, width: 0.5, counts: [5] });
  // The float64 just below 0.4, divided by that of 0.4 / 3, is rounded to 3: it would come into a fourth bin.
  const third = runs.keep(findingsOf([pairOf('a', 'b', 0.39999999999999997)], { threshold: 0.4 }));
  t.strictSame([...runs.histogram(third, 3).counts], [0, 0, 1]);
  t.throws(() => runs.histogram(99, 3), { code: 'FACE_STORE_MISSING' });
});

t.test('groups come in their order, a page at a time', async (t) => {
  const { runs, photos } = setWith(t, names);
  const groups = [
    ['a', 'b', 'c'],
    ['d_%', 'x'],
    ['y', 'z'],
  ];
  const run = runs.keep(findingsOf([], { groups }));
  t.same(runs.groups(run), groups);
  t.same(runs.groupsPage(run, {}), { total: 3, groups });
  t.same(runs.groupsPage(run, { offset: 1 }), { total: 3, groups: groups.slice(1) });
  t.same(runs.groupsPage(run, { offset: 1, limit: 1 }), { total: 3, groups: [groups[1]] });
  t.same(runs.groupsPage(run, { limit: 0 }), { total: 3, groups: [] });
  photos.rename('b', '0');
  t.same(runs.groups(run)[0], ['a', '0', 'c'], 'in its old place, by its new name');
  t.same(runs.groupsPage(run + 1, {}), { total: 0, groups: [] });
});

t.test('runs are listed newest first, each set its own', async (t) => {
  const store = storeIn(t);
  const [one, two] = [store.set('one').runs, store.set('two').runs];
  t.equal(one.latest(), undefined);
  t.throws(() => one.facts(), {
    code: 'FACE_STORE_MISSING',
    message: 'There has been no run on this set yet. Run `facededup find` with this store first.',
  });
  const first = one.keep(findingsOf([], { threshold: 0.25 }));
  const theirs = two.keep(findingsOf([], { threshold: 0.5 }));
  const second = one.keep(findingsOf([], { threshold: 0.75 }));
  t.same(
    one.list().map(({ run, threshold }) => [run, threshold]),
    [
      [second, 0.75],
      [first, 0.25],
    ],
  );
  t.match(one.latest(), { run: second, threshold: 0.75 });
  t.match(one.facts(), { run: second });
  t.match(one.facts(first), { run: first, threshold: 0.25 });
  t.throws(() => one.facts(theirs), {
    code: 'FACE_STORE_MISSING',
    message: `There is no run ${theirs} on this set: the last 30 are kept.`,
  });
});

t.test('the runs of one set do not push out those of another', async (t) => {
  const store = storeIn(t);
  store.set('one').runs.keep(findingsOf([]));
  for (let i = 0; i < 31; i++) store.set('two').runs.keep(findingsOf([]));
  t.equal(store.set('one').runs.list().length, 1);
  t.equal(store.set('two').runs.list().length, 30);
});

t.test('all of a run comes back without being asked for by number: the latest', async (t) => {
  const { runs, decisions } = setWith(t, names);
  runs.keep(findingsOf([]));
  const kept: Findings = findingsOf(pairs);
  const run = runs.keep(kept);
  t.same(runs.findings(undefined, decisions.index()), { ...kept, run });
  t.throws(() => runs.findings(99, decisions.index()), { code: 'FACE_STORE_MISSING' });
});

t.test('a run that cannot be kept leaves nothing behind', async (t) => {
  const { runs } = setWith(t, names);
  const wrong = pairOf('a', 'b', 0.5, { distance: undefined as unknown as number });
  t.throws(() => runs.keep(findingsOf([pairs[0] as (typeof pairs)[0], wrong])));
  t.same(runs.list(), []);
});

t.test('one key stands for two names in either order, whatever is in them', async (t) => {
  t.equal(pairKey('b', 'a'), pairKey('a', 'b'));
  t.not(pairKey('a","b', 'c'), pairKey('a', 'b","c'));
});
