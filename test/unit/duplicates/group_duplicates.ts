// groupDuplicates: connected components.

import t from 'tap';
import { groupDuplicates } from '../../../lib/duplicates/index.js';

const pair = (first: string, second: string) => ({ first, second });

t.test('pairs that share a photo become one group', async (t) => {
  t.same(groupDuplicates([pair('b', 'c'), pair('a', 'b'), pair('x', 'y')]), [
    ['a', 'b', 'c'],
    ['x', 'y'],
  ]);
});

t.test('two groups become one when a later pair joins them', async (t) => {
  t.same(groupDuplicates([pair('a', 'b'), pair('c', 'd'), pair('d', 'a')]), [['a', 'b', 'c', 'd']]);
});

t.test('no pairs, no groups', async (t) => {
  t.same(groupDuplicates([]), []);
});

t.test('a chain of 100,000 photos is one group', async (t) => {
  const chain = Array.from({ length: 100_000 }, (_, i) => pair(`p${i}`, `p${i + 1}`));
  t.equal(groupDuplicates(chain)[0]?.length, 100_001);
});

t.test('what is no list of pairs is refused', async (t) => {
  const wrongs: unknown[] = [
    null,
    5,
    'abc',
    {},
    [null],
    [{ first: Number.NaN, second: 'b' }],
    [{ first: 'a' }],
  ];
  for (const wrong of wrongs)
    t.throws(() => groupDuplicates(wrong as never[]), {
      code: 'ARGUMENT_INVALID',
      message: 'The pairs must be an array of { first, second }, two ids each.',
    });
});
