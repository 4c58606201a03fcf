// Which tiles a search consists of: counted out by hand.

import t from 'tap';
import { planTiles } from '../../../../lib/duplicates/index.js';
import fc from '../../../fixtures/properties.js';

const listed = (tiles: ReturnType<typeof planTiles>) =>
  Array.from(tiles, ({ first, second }) => `${first} ${second}`);

t.test('all with all: each two blocks once, and each with itself', async (t) => {
  t.same(listed(planTiles(3)), ['0 0', '0 1', '0 2', '1 1', '1 2', '2 2']);
  t.same(listed(planTiles(1)), ['0 0']);
  t.same(listed(planTiles(0)), []);
});

t.test('new against old: old blocks are not compared with each other', async (t) => {
  t.same(listed(planTiles(4, { newBlocks: [1, 3] })).sort(), [
    '0 1',
    '0 3',
    '1 1',
    '1 2',
    '1 3',
    '2 3',
    '3 3',
  ]);
  t.same(listed(planTiles(4, { newBlocks: [] })), []);
  t.same(listed(planTiles(2, { newBlocks: [0, 1] })), listed(planTiles(2)));
});

t.test('tiles that share blocks follow each other', async (t) => {
  t.same(listed(planTiles(4, { side: 2 })), [
    ...['0 0', '0 1', '1 1'],
    ...['0 2', '0 3', '1 2', '1 3'],
    ...['2 2', '2 3', '3 3'],
  ]);
});

t.test(
  'whatever is new and however wide the squares are, each tile with something new comes once',
  async () => {
    const plan = fc.record({
      isNew: fc.array(fc.boolean(), { maxLength: 20 }),
      side: fc.integer({ min: 1, max: 9 }),
    });
    fc.assert(
      fc.property(plan, ({ isNew, side }) => {
        const newBlocks = isNew.flatMap((each, block) => (each ? [block] : []));
        const expected = isNew.flatMap((_, first) =>
          isNew.flatMap((each, second) =>
            first <= second && (isNew[first] || each) ? [`${first} ${second}`] : [],
          ),
        );
        const found = listed(planTiles(isNew.length, { newBlocks, side }));
        return JSON.stringify(found.sort()) === JSON.stringify(expected.sort());
      }),
    );
  },
);
