// Decisions on pairs: what is known of their two, the words they are refused with, and where contents have several names.

import { join } from 'node:path';
import t, { type Test } from 'tap';
import { DecisionIndex } from '../../../lib/store/decisions.js';
import { FaceStore, type PhotoSet } from '../../../lib/store/index.js';

const origin = { models: {}, options: {} };

function storeIn(t: Test): FaceStore {
  const store = new FaceStore(join(t.testdir({}), 'faces.db'));
  t.teardown(() => store.close());
  return store;
}

function keep({ photos }: PhotoSet, name: string, content: string): void {
  photos.keep({ name, digest: `sha256 ${content}` }, origin, []);
}

const pair = { kind: 'photo', first: 'a', second: 'b' } as const;

t.test('a set knows both of a decision once it has both, by name or by record', async (t) => {
  const store = storeIn(t);
  const { photos, decisions } = store.set();
  store.set('two').photos.keep({ name: 'b', digest: 'd', reference: 'R2' }, origin, []);
  const records = { kind: 'reference', first: 'R1', second: 'R2' } as const;
  t.equal(decisions.isKnown(pair), false);
  photos.keep({ name: 'a', digest: 'd', reference: 'R1' }, origin, []);
  t.equal(decisions.isKnown(pair), false, 'only one of them');
  t.equal(decisions.isKnown(records), false);
  photos.keep({ name: 'b', digest: 'd', reference: 'R2' }, origin, []);
  t.equal(decisions.isKnown(pair), true);
  t.equal(decisions.isKnown(records), true);
  t.equal(decisions.isKnown({ ...records, kind: 'photo' }), false, 'records are no photos');
  t.equal(decisions.isKnown({ ...pair, kind: 'reference' }), false);
});

t.test('a decision comes back as it was made: with its reason where it had one, and when', async (t) => {
  const { decisions } = storeIn(t).set();
  const before = new Date().toISOString();
  const plain = decisions.decide({ ...pair, verdict: 'same' });
  t.same({ ...plain, decidedAt: '' }, { ...pair, verdict: 'same', decidedAt: '' });
  t.match(plain.decidedAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  t.ok(plain.decidedAt >= before);
  const reasoned = decisions.decide({ ...pair, second: 'c', verdict: 'unsure', reason: 'blurred' });
  t.equal(reasoned.reason, 'blurred');
  t.strictSame(decisions.list(), [plain, reasoned]);
  t.strictSame(decisions.index().decisions(), [plain, reasoned]);
  t.strictSame(decisions.undo(), reasoned);
  t.strictSame(decisions.index().decisions(), [plain]);
});

t.test('what is no decision is refused in words that say why', async (t) => {
  const { decisions } = storeIn(t).set();
  const refused = (wrong: object, message: string) =>
    t.throws(() => decisions.decide({ ...pair, verdict: 'same', ...wrong }), {
      code: 'ARGUMENT_INVALID',
      message,
    });
  const long = 'x'.repeat(4097);
  refused({ second: 'a' }, "A decision is on two, and 'a' is given twice.");
  refused({ first: '' }, 'The texts of a decision have 1 to 4096 characters, not 0.');
  refused({ reason: '' }, 'The texts of a decision have 1 to 4096 characters, not 0.');
  refused({ second: long }, 'The texts of a decision have 1 to 4096 characters, not 4097.');
  refused({ reason: long }, 'The texts of a decision have 1 to 4096 characters, not 4097.');
  refused({ verdict: 'maybe' }, "A verdict is one of same, different, unsure, not 'maybe'.");
  const longest = 'x'.repeat(4096);
  decisions.decide({ ...pair, second: longest, verdict: 'same', reason: longest });
  t.match(decisions.list(), [{ second: longest, reason: longest }]);
});

t.test(
  'a decision on two contents holds for all photos that have them now, never for one photo alone',
  async (t) => {
    const set = storeIn(t).set();
    // Two copies of one file, and what a person said of these two.
    keep(set, 'm', 'anna');
    keep(set, 'n', 'anna');
    set.decisions.decide({ kind: 'photo', first: 'm', second: 'n', verdict: 'different' });
    keep(set, 'm', 'carl');
    t.same(set.decisions.list(), [], 'n is the only one left with that content');
    keep(set, 'a', 'anna');
    t.match(set.decisions.list(), [{ first: 'a', second: 'n', verdict: 'different' }]);
    t.equal(set.decisions.list().length, 1);
    keep(set, 'z', 'anna');
    t.same(
      set.decisions
        .list()
        .map(({ first, second }) => first + second)
        .sort(),
      ['an', 'az', 'nz'],
    );
  },
);

t.test(
  'the latest of two decisions on the same contents holds, whatever names they have by then',
  async (t) => {
    const set = storeIn(t).set();
    keep(set, 'a', 'anna');
    keep(set, 'b', 'ben');
    set.decisions.decide({ ...pair, verdict: 'same' });
    keep(set, 'a', 'carl');
    keep(set, 'x', 'anna');
    set.decisions.decide({ kind: 'photo', first: 'x', second: 'b', verdict: 'different' });
    t.match(set.decisions.list(), [{ first: 'b', second: 'x', verdict: 'different' }]);
    t.equal(set.decisions.list().length, 1);
  },
);

t.test('all that is withdrawn is of one kind and one pair', async (t) => {
  const { decisions } = storeIn(t).set();
  decisions.decide({ ...pair, verdict: 'same' });
  decisions.decide({ ...pair, kind: 'reference', verdict: 'same' });
  decisions.decide({ ...pair, second: 'c', verdict: 'same' });
  t.equal(decisions.withdraw({ ...pair, first: 'x' }), false);
  t.equal(decisions.withdraw({ kind: 'photo', first: 'b', second: 'a' }), true);
  t.match(decisions.list(), [{ kind: 'reference' }, { second: 'c' }]);
  t.equal(decisions.list().length, 2);
});

t.test('of one decision on photos and one on their records the later counts', async (t) => {
  const decidedAt = '2026-01-01T00:00:00.000Z';
  const onPhotos = { ...pair, verdict: 'same', decidedAt } as const;
  const onRecords = {
    kind: 'reference',
    first: 'R1',
    second: 'R2',
    verdict: 'different',
    decidedAt,
  } as const;
  const [a, b] = [
    { name: 'a', reference: 'R1' },
    { name: 'b', reference: 'R2' },
  ];
  t.equal(new DecisionIndex([onPhotos, onRecords]).find(a, b), onRecords);
  t.equal(new DecisionIndex([onRecords, onPhotos]).find(a, b), onPhotos);
  t.equal(new DecisionIndex([onRecords, onPhotos]).find(b, a), onPhotos);
  t.equal(new DecisionIndex([onPhotos]).find(a, b), onPhotos);
  t.equal(new DecisionIndex([onRecords]).find(b, a), onRecords);
  t.equal(new DecisionIndex([onRecords]).find({ name: 'a' }, b), undefined);
  t.equal(new DecisionIndex([onRecords, onPhotos]).find(a, { name: 'b' }), onPhotos);
  t.equal(new DecisionIndex([]).find(a, b), undefined);
});
