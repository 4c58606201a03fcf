// Which pairs a person has ruled out: those, and no others.

import t from 'tap';
import { indexIgnoredPairs } from '../../../lib/duplicates/ignored_pairs.js';
import { EndlessPauses, NoPauses } from '../../fixtures/turns.js';

const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];

t.test('of all pairs of records, those that were given are ignored, either way round', async (t) => {
  const given = [
    ['a', 'b'],
    ['f', 'c'],
    ['g', 'g'],
  ] as const;
  const isIgnored = await indexIgnoredPairs(given, ids, new NoPauses());
  const ignored: string[] = [];
  ids.forEach((a, i) => ids.forEach((b, j) => isIgnored(i, j) && ignored.push(a + b)));
  t.same(ignored, ['ab', 'ba', 'cf', 'fc', 'gg']);
});

t.test('without pairs nothing is ignored', async (t) => {
  for (const given of [undefined, [], [['a', 'gone']], [['gone', 'a']], [['gone', 'gone too']]]) {
    const isIgnored = await indexIgnoredPairs(given, ids, new NoPauses());
    t.equal(isIgnored(0, 1), false);
    t.equal(isIgnored(0, 0), false);
  }
});

t.test('what is no pair of ids is refused by its place in the list', async (t) => {
  for (const wrong of [null, 'ab', ['a'], ['a', 'b', 'c'], ['a', 1], [1, 'a'], { 0: 'a', 1: 'b', length: 2 }])
    await t.rejects(indexIgnoredPairs([['a', 'b'], wrong], ids, new NoPauses()), {
      code: 'OPTION_TYPE',
      message: 'ignoredPairs[1] must be [id, id], two strings.',
    });
});

t.test('the caller may change its list during the search', async (t) => {
  const given: [string, string][] = [['a', 'b']];
  const index = indexIgnoredPairs(given, ids, new EndlessPauses());
  given[0] = ['c', 'd'];
  const isIgnored = await index;
  t.equal(isIgnored(0, 1), true);
  t.equal(isIgnored(2, 3), false);
});

t.test(
  'the clock is looked at once in 1024 ids and pairs, and the search can be aborted there',
  async (t) => {
    const manyIds = Array.from({ length: 3000 }, (_, i) => String(i));
    const pairs = manyIds.map((id) => [id, '0']);
    const pauses = new EndlessPauses();
    await indexIgnoredPairs(pairs, manyIds, pauses);
    t.equal(pauses.looks, 6, 'at 0, 1024 and 2048 of each');
    t.equal(pauses.pauses, 6);
    for (const pause of [1, 4])
      await t.rejects(indexIgnoredPairs(pairs, manyIds, new EndlessPauses(pause)), { code: 'ABORTED' });
  },
);
