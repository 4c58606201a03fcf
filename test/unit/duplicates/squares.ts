// How the search is cut into squares: counted out by hand.

import t from 'tap';
import { squareAt, squareCount } from '../../../lib/duplicates/squares.js';

// Three blocks of newer rows and two of older ones:   0 1 | 2 3 | 4
//                                                  0  x x | x x | x
//                                                  1    x | x x | x
//                                                  2      | x x | x
const grid = { newerRows: 300, newerBlocks: 3, blocks: 5, from: 0, blockRows: 128, side: 2 };

t.test('a square is so many blocks of rows against as many blocks at and after them', async (t) => {
  t.equal(squareCount(grid), 6);
  t.same(
    Array.from({ length: 6 }, (_, number) => squareAt(grid, number)),
    [
      { firstRow: 0, endRow: 2, first: 0, end: 2 },
      { firstRow: 0, endRow: 2, first: 2, end: 4 },
      { firstRow: 0, endRow: 2, first: 4, end: 5 },
      { firstRow: 2, endRow: 3, first: 2, end: 4 },
      { firstRow: 2, endRow: 3, first: 4, end: 5 },
      // What would be a sixth column is empty.
      { firstRow: 2, endRow: 3, first: 5, end: 5 },
    ],
  );
});

t.test('rows without blocks to compare them with make no square', async (t) => {
  t.equal(squareCount({ ...grid, newerRows: 0, newerBlocks: 0 }), 0);
});

t.test(
  'where newer rows are not compared with newer ones, squares begin with the older blocks',
  async (t) => {
    const apart = { ...grid, from: 3 };
    t.same(
      Array.from({ length: 6 }, (_, number) => squareAt(apart, number)),
      [
        { firstRow: 0, endRow: 2, first: 3, end: 5 },
        { firstRow: 0, endRow: 2, first: 5, end: 5 },
        { firstRow: 0, endRow: 2, first: 5, end: 5 },
        { firstRow: 2, endRow: 3, first: 3, end: 5 },
        { firstRow: 2, endRow: 3, first: 5, end: 5 },
        { firstRow: 2, endRow: 3, first: 5, end: 5 },
      ],
    );
  },
);
