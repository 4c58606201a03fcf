// The order of the answer: that of a plain sort, however many pairs there are and however alike.

import t, { type Test } from 'tap';
import type { PairColumns } from '../../../lib/duplicates/found_pairs.js';
import {
  byRecords,
  closestFirst,
  recordsInOrder,
  type SortKeys,
  sortPairs,
} from '../../../lib/duplicates/pair_order.js';
import { pseudoRandom } from '../../fixtures/encodings.js';
import { EndlessPauses, NoPauses } from '../../fixtures/turns.js';

type Pair = readonly [distance: number, first: number, second: number];

function columnsOf(pairs: readonly Pair[]): PairColumns {
  return {
    distances: Float64Array.from(pairs, ([distance]) => distance),
    firsts: Uint32Array.from(pairs, ([, first]) => first),
    seconds: Uint32Array.from(pairs, ([, , second]) => second),
  };
}

const places = { distances: 0, firsts: 1, seconds: 2 } as const;

function plainlySorted(pairs: readonly Pair[], keys: SortKeys): PairColumns {
  const [p, s, u] = keys.map((key) => places[key]) as [0 | 1 | 2, 0 | 1 | 2, 0 | 1 | 2];
  return columnsOf([...pairs].sort((x, y) => x[p] - y[p] || x[s] - y[s] || x[u] - y[u]));
}

/** Typed arrays of many thousands are compared faster by hand. */
function isSame(a: PairColumns, b: PairColumns): boolean {
  return (['distances', 'firsts', 'seconds'] as const).every(
    (key) => a[key].length === b[key].length && a[key].every((value, i) => value === b[key][i]),
  );
}

async function sorts(t: Test, pairs: readonly Pair[], name: string): Promise<void> {
  // Plain sorts of many take a while, and either order goes the same way.
  for (const keys of pairs.length > 1000 ? [closestFirst] : [closestFirst, byRecords]) {
    const columns = columnsOf(pairs);
    await sortPairs(columns, keys, new NoPauses());
    t.ok(isSame(columns, plainlySorted(pairs, keys)), `${pairs.length} ${name}, by ${keys[0]}`);
  }
}

function pairsOf(count: number, seed: number, pair: (random: () => number, i: number) => Pair): Pair[] {
  const random = pseudoRandom(seed);
  return Array.from({ length: count }, (_, i) => pair(random, i));
}

const whole = (random: () => number, values: number) => Math.floor(random() * values);

t.test('any number of pairs comes closest first', async (t) => {
  for (const count of [0, 1, 2, 3, 23, 24, 25, 26, 100, 1000, 32_768, 32_769])
    await sorts(
      t,
      pairsOf(count, count, (random) => [random(), whole(random, 1000), whole(random, 1000)]),
      'pairs',
    );
});

t.test('equal distances go by their first records, and these by their second ones', async (t) => {
  for (const count of [20, 30, 500, 33_000]) {
    await sorts(
      t,
      pairsOf(count, 1, (random) => [whole(random, 4) / 8, whole(random, 3), whole(random, 1e6)]),
      'few distances',
    );
    await sorts(
      t,
      pairsOf(count, 2, (random) => [0.25, whole(random, 1e6), whole(random, 4)]),
      'of one distance',
    );
    await sorts(
      t,
      pairsOf(count, 3, (random) => [0.25, 7, whole(random, 1e6)]),
      'of one record',
    );
    await sorts(
      t,
      pairsOf(count, 4, () => [0.25, 7, 9]),
      'all the same',
    );
  }
});

t.test('most pairs may lie in one narrow range of the distances', async (t) => {
  for (const count of [600, 35_000]) {
    await sorts(
      t,
      pairsOf(count, 5, (random, i) => (i % 100 === 0 ? [1e9 * random(), 1, 2] : [random() * 1e-6, 1, 2])),
      'in a narrow range',
    );
    await sorts(
      t,
      pairsOf(count, 6, (random, i) =>
        i < 50 ? [random(), 1, i] : [0.5, whole(random, 1000), whole(random, 1000)],
      ),
      'mostly of one distance',
    );
  }
});

t.test('distances too close for a float64 to scale are told apart', async (t) => {
  const least = Number.MIN_VALUE;
  for (const count of [100, 33_000])
    await sorts(
      t,
      pairsOf(count, 7, (random) => [least * whole(random, 5), whole(random, 9), whole(random, 9)]),
      'denormal distances',
    );
});

t.test('already in order, and the other way round', async (t) => {
  for (const count of [24, 1000]) {
    await sorts(
      t,
      pairsOf(count, 8, (_, i) => [i, i, i]),
      'in order',
    );
    await sorts(
      t,
      pairsOf(count, 9, (_, i) => [count - i, count - i, count - i]),
      'in reverse',
    );
  }
});

t.test(
  'the thread is given away while many pairs are sorted, and the search can be aborted there',
  async (t) => {
    const many = pairsOf(40_000, 10, (random) => [random(), 1, 2]);
    const few = columnsOf(many.slice(0, 32_768));
    await sortPairs(few, closestFirst, new EndlessPauses(1));
    t.ok(few.distances.every((distance, i) => i === 0 || (few.distances[i - 1] as number) <= distance));
    const pauses = new EndlessPauses();
    const columns = columnsOf(many);
    await sortPairs(columns, closestFirst, pauses);
    t.ok(isSame(columns, plainlySorted(many, closestFirst)));
    // Four steps, of two pieces of up to 32,768 pairs each, and one pause for each of 8,192 ranges.
    t.equal(pauses.pauses, 4 * 2 + 8192);
    for (const pause of [1, 3, 5, 7, 9, 8000])
      await t.rejects(sortPairs(columnsOf(many), closestFirst, new EndlessPauses(pause)), {
        code: 'ABORTED',
      });
  },
);

t.test('records come in order of their ids’ UTF-16 code units, those in no pair not at all', async (t) => {
  // U+1F600 is D83D DE00 in UTF-16, and so comes before U+FF21.
  const ids = ['\uFF21', 'b', 'a', '', '\u{1F600}', 'B', 'gone'];
  const occurs = Uint8Array.of(1, 1, 1, 1, 1, 1, 0);
  t.same(await recordsInOrder(ids, occurs, new NoPauses()), [3, 5, 2, 1, 4, 0]);
  t.same(await recordsInOrder([], new Uint8Array(), new NoPauses()), []);
});

t.test('thousands of records are merged from runs into one order', async (t) => {
  for (const count of [4096, 4097, 8193, 13_000, 20_000]) {
    const random = pseudoRandom(count);
    const ids = Array.from({ length: count }, (_, i) => `${whole(random, 1e6)} ${i}`);
    const occurs = Uint8Array.from(ids, (_, i) => (i % 7 === 0 ? 0 : 1));
    const all = ids.map((_, i) => i);
    const expected = all
      .filter((i) => occurs[i])
      .sort((a, b) => ((ids[a] as string) < (ids[b] as string) ? -1 : 1));
    const order = await recordsInOrder(ids, occurs, new NoPauses());
    t.ok(
      order.length === expected.length && order.every((record, i) => record === expected[i]),
      `${count} records`,
    );
  }
});

t.test('the thread is given away while many records are sorted', async (t) => {
  const ids = Array.from({ length: 16_384 }, (_, i) => String(i));
  const occurs = new Uint8Array(ids.length).fill(1);
  const pauses = new EndlessPauses();
  await recordsInOrder(ids, occurs, pauses);
  t.equal(pauses.pauses, 4 + 2 * 4, 'each run, and each 4,096 records of two rounds of merging');
  t.equal(pauses.looks, pauses.pauses);
  for (const pause of [1, 5])
    await t.rejects(recordsInOrder(ids, occurs, new EndlessPauses(pause)), { code: 'ABORTED' });
});
