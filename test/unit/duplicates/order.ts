// The order of the rows: a k-d tree's leaves, each of them one block.

import t from 'tap';
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
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j] as number, order[i] as number];
  }
  return order;
}

const sorted = (rows: Iterable<number>) => [...rows].sort((a, b) => a - b);

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
      t.same(blocks.flat(), byValue, `${count} rows`);
    }
  }
});

t.test('rows outside the part, and a part of one block, stay where they are', async (t) => {
  const coarse = coordinates(600, (row) => -row);
  const order = Uint32Array.from({ length: 600 }, (_, i) => i);
  await arrange(order, coarse, 100, 100 + 2 * blockRows, new NoPauses());
  t.same(
    [...order.slice(0, 100)],
    Array.from({ length: 100 }, (_, i) => i),
  );
  t.same(
    [...order.slice(356)],
    Array.from({ length: 244 }, (_, i) => 356 + i),
  );
  t.same(
    sorted(order.slice(100, 228)),
    Array.from({ length: 128 }, (_, i) => 228 + i),
  );
  const small = Uint32Array.from({ length: blockRows }, (_, i) => i);
  await arrange(small, coarse, 0, blockRows, new NoPauses());
  t.same(
    [...small],
    Array.from({ length: blockRows }, (_, i) => i),
  );
});

t.test('every row is there once, also among many that are equal', async (t) => {
  const random = pseudoRandom(7);
  for (const values of [1, 2, 3, 50]) {
    const coarse = coordinates(1000, () => Math.floor(random() * values) - 1);
    const order = shuffled(1000, values);
    await arrange(order, coarse, 0, 1000, new NoPauses());
    t.same(
      sorted(order),
      Array.from({ length: 1000 }, (_, i) => i),
      `${values} values`,
    );
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
