// Tiles put together: pairs of ids in findDuplicates' order, however often and in whatever order the tiles come.

import t from 'tap';
import { mergeTilePairs, type TilePairs } from '../../../../lib/duplicates/index.js';

const ids = [['d', 'b'], ['a'], ['c', 'e']];

function tile(first: number, second: number, ...pairs: [number, number, number][]): TilePairs {
  return {
    first,
    second,
    pairs: {
      firsts: Uint32Array.from(pairs, ([a]) => a),
      seconds: Uint32Array.from(pairs, ([, b]) => b),
      distances: Float64Array.from(pairs, ([, , distance]) => distance),
    },
  };
}

const tiles = [
  tile(0, 2, [0, 0, 0.25], [1, 0, 0.5]),
  tile(0, 1, [1, 0, 0.25]),
  tile(2, 2, [0, 1, 0.125]),
  tile(1, 1),
];
const merged = [
  { first: 'c', second: 'e', distance: 0.125 },
  { first: 'a', second: 'b', distance: 0.25 },
  { first: 'c', second: 'd', distance: 0.25 },
  { first: 'b', second: 'c', distance: 0.5 },
];

t.test('pairs come closest first, equal distances by their ids', async (t) => {
  t.same(await mergeTilePairs(tiles, ids), merged);
  t.same(await mergeTilePairs([], []), []);
});

t.test('a tile that comes again changes nothing', async (t) => {
  t.same(await mergeTilePairs([...tiles, ...tiles].reverse(), ids), merged);
});

t.test('tiles may come one by one, as from a database', async (t) => {
  async function* arriving() {
    yield* tiles;
  }
  t.same(await mergeTilePairs(arriving(), ids), merged);
});

t.test('a tile of a block or photo without an id is refused', async (t) => {
  const refusal = {
    name: 'InvalidOptionError',
    code: 'ARGUMENT_INVALID',
    message: /give the ids of every block/,
  };
  await t.rejects(mergeTilePairs([tile(0, 3)], ids), refusal);
  await t.rejects(mergeTilePairs([tile(-1, 0)], ids), refusal);
  await t.rejects(mergeTilePairs([tile(0, 1, [0, 1, 0.5])], ids), refusal);
  await t.rejects(mergeTilePairs([tile(0, 1, [2, 0, 0.5])], ids), refusal);
});

t.test('a signal ends it', async (t) => {
  await t.rejects(mergeTilePairs(tiles, ids, { signal: AbortSignal.abort() }), { code: 'ABORTED' });
});

t.test(
  'of photos that are in several blocks the least distance counts, and none is a pair by itself',
  async (t) => {
    const cut = [tile(0, 0, [1, 0, 0.5], [0, 0, 0.1]), tile(0, 0, [0, 1, 0.25])];
    t.same(await mergeTilePairs(cut, [['a', 'b']], { isWhole: false }), [
      { first: 'a', second: 'b', distance: 0.25 },
    ]);
  },
);
