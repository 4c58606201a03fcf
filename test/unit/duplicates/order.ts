// The order of the rows: a k-d tree's leaves, each of them one block.

import t, { type Test } from 'tap';
import { blockRows, orderAxes } from '../../../lib/duplicates/layout.js';
import { arrange } from '../../../lib/duplicates/order.js';
import { pseudoRandom } from '../../fixtures/encodings.js';
import { EndlessPauses, NoPauses } from '../../fixtures/turns.js';

/** Coordinates by row and axis. */
function coordinates(rows: number, valueAt: (row: number, axis: number) => number): Int16Array {
  return Int16Array.from({ length: rows * orderAxes }, (_, i) =>
    valueAt(Math.floor(i / orderAxes), i % orderAxes),
  );
}

/** Rows 0 … count − 1 in an order that tells nothing. */
function shuffled(count: number, seed: number): Uint32Array {
  const random = pseudoRandom(seed);
  const order = Uint32Array.from(upTo(0, count));
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j] as number, order[i] as number];
  }
  return order;
}

const sorted = (rows: Iterable<number>) => [...rows].sort((a, b) => a - b);

/** The whole numbers from one up to another. */
const upTo = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

/** In one line: what is wrong in a long list is told sooner. */
function areSame(t: Test, rows: Iterable<number>, expected: readonly number[], name = 'rows'): void {
  t.equal([...rows].join(' '), expected.join(' '), name);
}

t.test('each block holds one of the clusters that lie apart on other axes', async (t) => {
  // Four clusters of a block each: apart on axis 0, and then half as far on axis 2 or, less, on axis 7. Which
  // row is of which cluster tells nothing of the rows after it.
  const clusters = [
    { 0: -3000, 2: -1500 },
    { 0: -3000, 2: 1500 },
    { 0: 3000, 7: -1000 },
    { 0: 3000, 7: 1000 },
  ] as const satisfies Readonly<Record<number, number>>[];
  const clusterOf = shuffled(4 * blockRows, 5).map((place) => place % 4);
  const random = pseudoRandom(3);
  const noise = Array.from({ length: 4 * blockRows * orderAxes }, () => Math.floor(random() * 100));
  const coarse = coordinates(
    4 * blockRows,
    (row, axis) =>
      ((clusters[clusterOf[row] as number] as Record<number, number>)[axis] ?? 0) +
      (noise[row * orderAxes + axis] as number),
  );
  const order = shuffled(4 * blockRows, 1);
  await arrange(order, coarse, 0, order.length, new NoPauses());
  for (let block = 0; block < 4; block++) {
    const rows = order.slice(block * blockRows, (block + 1) * blockRows);
    t.ok(
      rows.every((row) => clusterOf[row] === block),
      `block ${block}`,
    );
  }
});

t.test('halves are whole blocks, the larger half first: only the last block is not full', async (t) => {
  // On a line: each block must be the next 128 rows, whatever the number of blocks.
  for (const count of [129, 256, 257, 300, 640, 700]) {
    for (const valueAt of [(row: number) => row - 300, (row: number) => 300 - row]) {
      const coarse = coordinates(count, (row, axis) => (axis === 6 ? valueAt(row) : 0));
      const order = shuffled(count, count);
      await arrange(order, coarse, 0, count, new NoPauses());
      const byValue = sorted(Array.from({ length: count }, (_, row) => valueAt(row)));
      const blocks = Array.from({ length: Math.ceil(count / blockRows) }, (_, block) =>
        sorted([...order.slice(block * blockRows, (block + 1) * blockRows)].map((row) => valueAt(row))),
      );
      areSame(t, blocks.flat(), byValue, `${count} rows`);
    }
  }
});

t.test('rows outside the part, and a part of one block, stay where they are', async (t) => {
  const coarse = coordinates(600, (row) => -row);
  const order = Uint32Array.from(upTo(0, 600));
  await arrange(order, coarse, 100, 100 + 2 * blockRows, new NoPauses());
  areSame(t, order.slice(0, 100), upTo(0, 100));
  areSame(t, order.slice(356), upTo(356, 600));
  areSame(t, sorted(order.slice(100, 228)), upTo(228, 356));
  const small = Uint32Array.from(upTo(0, blockRows));
  await arrange(small, coarse, 0, blockRows, new NoPauses());
  areSame(t, small, upTo(0, blockRows));
});

t.test('every row is there once, also among many that are equal', async (t) => {
  const random = pseudoRandom(7);
  for (const values of [1, 2, 3, 50]) {
    const coarse = coordinates(1000, () => Math.floor(random() * values) - 1);
    const order = shuffled(1000, values);
    await arrange(order, coarse, 0, 1000, new NoPauses());
    areSame(t, sorted(order), upTo(0, 1000), `${values} values`);
  }
});

t.test(
  'thousands of rows are divided at their median on the axis on which they spread the most',
  async (t) => {
    // Enough for only some of them to be looked at: every eleventh.
    const count = 23 * blockRows;
    const random = pseudoRandom(9);
    const numbers = Array.from({ length: count * orderAxes }, (_, i) =>
      Math.floor(random() * (i % orderAxes === 4 ? 20_000 : 5000)),
    );
    const coarse = coordinates(count, (row, axis) => numbers[row * orderAxes + axis] as number);
    const order = shuffled(count, 2);
    await arrange(order, coarse, 0, count, new NoPauses());
    const values = [...order].map((row) => coarse[row * orderAxes + 4] as number);
    const middle = 12 * blockRows;
    t.ok(Math.max(...values.slice(0, middle)) <= Math.min(...values.slice(middle)));
  },
);

t.test(
  'the clock is looked at for each part that is divided, and the search can be aborted there',
  async (t) => {
    const coarse = coordinates(4 * blockRows, (row) => row);
    const pauses = new EndlessPauses();
    await arrange(shuffled(4 * blockRows, 1), coarse, 0, 4 * blockRows, pauses);
    t.equal(pauses.pauses, 3, 'the whole and its halves');
    await t.rejects(arrange(shuffled(512, 1), coarse, 0, 512, new EndlessPauses(2)), { code: 'ABORTED' });
  },
);
