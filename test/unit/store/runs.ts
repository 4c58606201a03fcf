// Results of runs: what is kept of them, and which pairs are new since.

import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Findings, FoundPair } from '../../../lib/runs/findings.js';
import { FaceStore, pairKey, type PhotoSet } from '../../../lib/store/index.js';

const origin = { models: { encoder: 'a'.repeat(64) }, options: {} };
const box = (x: number) => ({ x, y: 0, width: 10, height: 10 });

function setWith(t: Test, names: readonly string[]): PhotoSet {
  const store = new FaceStore(join(t.testdir({}), 'faces.db'));
  t.teardown(() => store.close());
  const set = store.set();
  for (const name of names) set.photos.keep({ name, digest: `of ${name}` }, origin, []);
  return set;
}

function pair(first: string, second: string): FoundPair {
  return {
    ...{ first, second, distance: 0.25, similarity: 0.75, firstBox: box(1), secondBox: box(2), isNew: true },
    ...{ firstReference: 'R1', secondReference: 'R2' },
  };
}

function findings(pairs: readonly FoundPair[], groups: readonly string[][]): Findings {
  const counts = { photos: 3, encoded: 3, withoutFace: 0, rejected: 0, failed: 0, severalFaces: 0, faces: 3 };
  return {
    startedAt: '2026-01-01T00:00:00.000Z',
    finishedAt: '2026-01-01T00:00:01.000Z',
    threshold: 0.4,
    policy: 'all',
    summary: { ...counts, newlyEncoded: 0, pairs: pairs.length, newPairs: 0, groups: groups.length },
    pairs,
    groups,
    withoutFace: [],
    rejected: [],
    failed: [],
    expectedFalseMatches: {} as Findings['expectedFalseMatches'],
  };
}

t.test('a run comes back as it was kept, with the decisions that hold now', async (t) => {
  const { runs, decisions } = setWith(t, ['a', 'b', 'c']);
  const kept = findings(
    [pair('a', 'b'), pair('b', 'c')],
    [
      ['a', 'b', 'c'],
      ['d', 'e'],
    ],
  );
  const run = runs.keep(kept);
  t.same(runs.findings(run, decisions.index()), { ...kept, run });
  decisions.decide({ kind: 'reference', first: 'R1', second: 'R2', verdict: 'same' });
  t.match(runs.pairs(run, decisions.index(), { offset: 1, limit: 1 }), {
    total: 2,
    pairs: [{ first: 'b', second: 'c', verdict: 'same' }],
  });
  t.throws(() => runs.facts(run + 1), { code: 'FACE_STORE_MISSING' });
});

t.test(
  'a pair of an older run tells which of its photos has changed since, and decisions are not on it',
  async (t) => {
    const { runs, decisions, photos } = setWith(t, ['a', 'b', 'c']);
    const run = runs.keep(findings([pair('a', 'b'), pair('b', 'c')], [['a', 'b', 'c']]));
    photos.keep({ name: 'a', digest: 'of another' }, origin, []);
    decisions.decide({ kind: 'photo', first: 'a', second: 'b', verdict: 'same' });
    const kept = runs.pairs(run, decisions.index()).pairs;
    t.match(kept, [{ first: 'a', firstChanged: true, verdict: undefined }, { first: 'b' }]);
    t.notOk(kept[1]?.firstChanged || kept[0]?.secondChanged);
    t.equal(runs.pairs(run, decisions.index(), { verdict: 'same' }).total, 0);
    photos.rename('c', 'z');
    t.match(runs.pairs(run, decisions.index()).pairs[1], { first: 'b', second: 'z' });
    t.notOk(runs.pairs(run, decisions.index()).pairs[1]?.secondChanged, 'a new name is no change');
    photos.drop(['b']);
    t.match(runs.pairs(run, decisions.index()).pairs[1], { firstChanged: true });
  },
);

t.test('a pair is known from the latest run alone', async (t) => {
  const { runs } = setWith(t, ['a', 'b', 'c']);
  t.same(runs.latestPairs(), new Set());
  runs.keep(findings([pair('a', 'b')], []));
  t.same(runs.latestPairs(), new Set([pairKey('a', 'b')]));
  runs.keep(findings([pair('b', 'c')], []));
  t.same(runs.latestPairs(), new Set([pairKey('c', 'b')]));
});

t.test('a photo that is renamed takes its pairs and groups along', async (t) => {
  const { photos, runs, decisions } = setWith(t, ['a', 'b']);
  const run = runs.keep(findings([pair('a', 'b')], [['a', 'b']]));
  photos.rename('a', 'z');
  t.same(runs.latestPairs(), new Set([pairKey('b', 'z')]));
  t.same(runs.groups(run), [['z', 'b']]);
  t.match(
    runs.pairs(run, decisions.index()).pairs,
    [{ first: 'b', second: 'z', firstBox: box(2), secondBox: box(1), firstReference: 'R2' }],
    'the one that comes first is still the first',
  );
});

t.test('a pair is new again when one of its photos has another content', async (t) => {
  const { photos, runs, decisions } = setWith(t, ['a', 'b']);
  const run = runs.keep(findings([pair('a', 'b')], []));
  photos.keep({ name: 'b', digest: 'another' }, origin, []);
  t.same(runs.latestPairs(), new Set());
  t.match(
    runs.pairs(run, decisions.index()).pairs,
    [{ first: 'a', second: 'b' }],
    'the run keeps what it found',
  );
});

t.test('the last thirty runs are kept', async (t) => {
  const { runs } = setWith(t, []);
  for (let run = 0; run < 33; run++) runs.keep(findings([], []));
  t.equal(runs.list().length, 30);
  t.equal(runs.list().at(-1)?.run, 4);
});
