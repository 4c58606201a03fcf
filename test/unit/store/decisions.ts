// Decisions on pairs: which holds, what undoing brings back, and that they follow photos and records.

import { join } from 'node:path';
import t, { type Test } from 'tap';
import { FaceStore, type PhotoSet } from '../../../lib/store/index.js';

function setIn(t: Test): PhotoSet {
  const store = new FaceStore(join(t.testdir({}), 'faces.db'));
  t.teardown(() => store.close());
  return store.set();
}

const pair = { kind: 'photo', first: 'b.jpg', second: 'a.jpg' } as const;

t.test('a decision holds for its two photos in either order', async (t) => {
  const { decisions } = setIn(t);
  decisions.decide({ ...pair, verdict: 'different', reason: 'twins' });
  const index = decisions.index();
  t.match(index.find({ name: 'a.jpg' }, { name: 'b.jpg' }), { verdict: 'different', reason: 'twins' });
  t.match(index.find({ name: 'b.jpg' }, { name: 'a.jpg' }), { first: 'a.jpg', second: 'b.jpg' });
  t.equal(index.find({ name: 'a.jpg' }, { name: 'c.jpg' }), undefined);
});

t.test('the latest decision on a pair holds, and undo brings the one before back', async (t) => {
  const { decisions } = setIn(t);
  decisions.decide({ ...pair, verdict: 'unsure' });
  decisions.decide({ ...pair, verdict: 'same' });
  t.match(decisions.list(), [{ verdict: 'same' }]);
  t.match(decisions.undo(), { verdict: 'same' });
  t.match(decisions.list(), [{ verdict: 'unsure' }]);
  t.match(decisions.undo(), { verdict: 'unsure' });
  t.same(decisions.list(), []);
  t.equal(decisions.undo(), undefined);
});

t.test('all that was decided on a pair can be withdrawn', async (t) => {
  const { decisions } = setIn(t);
  decisions.decide({ ...pair, verdict: 'unsure' });
  decisions.decide({ ...pair, verdict: 'same' });
  t.ok(decisions.withdraw({ kind: 'photo', first: 'a.jpg', second: 'b.jpg' }));
  t.same(decisions.list(), []);
  t.notOk(decisions.withdraw(pair));
});

t.test('a decision on records holds for all their photos, until a later one on the photos', async (t) => {
  const { decisions } = setIn(t);
  decisions.decide({ kind: 'reference', first: 'R1', second: 'R2', verdict: 'different' });
  const [a, b] = [
    { name: 'a.jpg', reference: 'R1' },
    { name: 'b.jpg', reference: 'R2' },
  ] as const;
  t.match(decisions.index().find(a, b), { verdict: 'different' });
  t.match(decisions.index().find({ name: 'z.jpg', reference: 'R2' }, a), { verdict: 'different' });
  t.equal(decisions.index().find({ name: 'a.jpg' }, b), undefined, 'a photo of no record');
  decisions.decide({ ...pair, verdict: 'same' });
  t.match(decisions.index().find(a, b), { verdict: 'same' });
  decisions.decide({ kind: 'reference', first: 'R1', second: 'R2', verdict: 'different' });
  t.match(decisions.index().find(a, b), { verdict: 'different' });
});

t.test('a decision goes along with a photo that is renamed', async (t) => {
  const { decisions, photos } = setIn(t);
  photos.keep({ name: 'b.jpg', digest: 'd' }, { models: {}, options: {} }, []);
  decisions.decide({ ...pair, verdict: 'different' });
  photos.rename('b.jpg', '0.jpg');
  t.match(decisions.list(), [{ first: '0.jpg', second: 'a.jpg', verdict: 'different' }]);
  t.match(decisions.index().find({ name: 'a.jpg' }, { name: '0.jpg' }), { verdict: 'different' });
});

t.test('a decision does not hold for another photo that took the place of one', async (t) => {
  const { decisions, photos } = setIn(t);
  const origin = { models: {}, options: {} };
  const keep = (name: string, content: string) =>
    photos.keep({ name, digest: `sha256 ${content}` }, origin, []);
  keep('a.jpg', 'anna');
  keep('b.jpg', 'ben');
  decisions.decide({ ...pair, verdict: 'different' });
  keep('b.jpg', 'carl');
  t.same(decisions.list(), []);
  decisions.decide({ ...pair, verdict: 'same' });
  t.match(decisions.list(), [{ verdict: 'same' }]);
  keep('b.jpg', 'ben');
  t.match(decisions.list(), [{ verdict: 'different' }], 'the first one is back');
  photos.rename('b.jpg', '0.jpg');
  t.match(decisions.list(), [{ first: '0.jpg', second: 'a.jpg', verdict: 'different' }], 'renamed');
  keep('a.jpg', 'dora');
  t.same(decisions.list(), []);
  photos.drop(['a.jpg']);
  t.match(decisions.list(), [{ verdict: 'different' }], 'of a photo that is gone nothing else is known');
});

t.test('a decision on photos that the store did not know holds once it does', async (t) => {
  const { decisions, photos } = setIn(t);
  decisions.decide({ ...pair, verdict: 'different' });
  const origin = { models: {}, options: {} };
  photos.keep({ name: 'a.jpg', digest: 'sha256 anna' }, origin, []);
  t.match(decisions.list(), [{ verdict: 'different' }]);
  photos.keep({ name: 'a.jpg', digest: 'sha256 dora' }, origin, []);
  t.same(decisions.list(), [], 'and not for another photo after that');
});

t.test('a decision goes along when files change their names in a circle', async (t) => {
  const { decisions, photos } = setIn(t);
  const keep = (name: string, content: string) =>
    photos.keep({ name, digest: `sha256 ${content}` }, { models: {}, options: {} }, []);
  for (const [name, content] of [
    ['1.jpg', 'anna'],
    ['2.jpg', 'ben'],
    ['3.jpg', 'carl'],
  ] as const)
    keep(name, content);
  decisions.decide({ kind: 'photo', first: '1.jpg', second: '2.jpg', verdict: 'different' });
  keep('1.jpg', 'carl');
  keep('2.jpg', 'anna');
  keep('3.jpg', 'ben');
  t.match(decisions.list(), [{ first: '2.jpg', second: '3.jpg', verdict: 'different' }]);
  t.equal(decisions.list().length, 1);
  t.ok(
    decisions.withdraw({ kind: 'photo', first: '3.jpg', second: '2.jpg' }),
    'withdrawn by the names of now',
  );
  t.same(decisions.list(), []);
});

t.test('what is no decision is refused, and then none of its company is kept', async (t) => {
  const { decisions } = setIn(t);
  const good = { ...pair, verdict: 'same' } as const;
  for (const wrong of [
    { ...pair, second: 'b.jpg', verdict: 'same' },
    { ...pair, second: '', verdict: 'same' },
    { ...pair, verdict: 'maybe' },
    { ...pair, verdict: 'same', reason: 'x'.repeat(5000) },
  ])
    t.throws(() => decisions.decideAll([good, wrong as typeof good]), { code: 'ARGUMENT_INVALID' });
  t.same(decisions.list(), []);
});

t.test('names are ordered by UTF-16 code units, where SQLite goes by UTF-8', async (t) => {
  const { decisions } = setIn(t);
  // U+1F600 is D83D DE00 in UTF-16 and F0… in UTF-8; U+FF21 is FF21 and EF….
  const [first, second] = ['\u{1F600}.jpg', '\uFF21.jpg'];
  t.ok(first < second);
  decisions.decide({ kind: 'photo', first: second, second: first, verdict: 'different' });
  t.match(decisions.list(), [{ first, second }]);
});
