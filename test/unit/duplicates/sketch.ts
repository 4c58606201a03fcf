// The sketch: whatever axes it is made along, it never rules out a pair that lies below the threshold.

import t from 'tap';
import { type Axes, stretchOf } from '../../../lib/duplicates/axes.js';
import { frameOf } from '../../../lib/duplicates/frame.js';
import { type KernelKind, makeKernel } from '../../../lib/duplicates/kernel.js';
import { blockRows, headAxes, layOut, mostTailAxes, scratch } from '../../../lib/duplicates/layout.js';
import { fillSketch } from '../../../lib/duplicates/sketch.js';
import { squareAt, squareCount } from '../../../lib/duplicates/squares.js';
import { Turns } from '../../../lib/duplicates/turns.js';
import { bruteForce } from '../../fixtures/brute_force.js';
import { likeRealOnes, pseudoRandom } from '../../fixtures/encodings.js';

const dimensions = 128;
const threshold = 0.55;
const rows = likeRealOnes(700, 8);
const truth = bruteForce(
  rows.map((row, i) => ({ id: String(i), encodings: [row] })),
  threshold,
).map(({ first, second }) => keyOf(Number(first), Number(second)));

function keyOf(a: number, b: number): string {
  return `${Math.min(a, b)} ${Math.max(a, b)}`;
}

/** Axes as they are given, with the stretch they have. */
function axesFrom(count: number, valueAt: (axis: number, k: number) => number): Axes {
  const values = Float32Array.from({ length: count * dimensions }, (_, i) =>
    valueAt(Math.floor(i / dimensions), i % dimensions),
  );
  const stretch = stretchOf(values, count, dimensions);
  return { coordinates: dimensions, stride: dimensions, count, values, stretch, tailDeviation: 0.05 };
}

async function candidatesAlong(axes: Axes, kind: KernelKind, most: number): Promise<Set<string>> {
  const layout = layOut(axes.count - headAxes, rows.length, 0, 1);
  const kernel = makeKernel(layout.bytes, kind);
  const frame = frameOf(rows, dimensions);
  await fillSketch(rows, rows.length, most, frame, axes, kernel, layout, kind, new Turns(undefined));
  const numbers = new Int32Array(kernel.buffer);
  const order = new Uint32Array(kernel.buffer, layout.order, layout.blocks * blockRows);
  const start = (layout.parts + scratch.candidates) / 4;
  const found = new Set<string>();
  for (let a = 0; a < layout.blocks; a++) {
    for (let b = a; b < layout.blocks; b++) {
      const to = Math.min((a + 1) * blockRows, rows.length);
      // There is room for all pairs of two blocks.
      kernel.scan(a * blockRows, to, b, layout.parts, layout.room);
      const count = numbers[(layout.parts + scratch.count) / 4] as number;
      for (let i = start; i < start + 2 * count; i += 2)
        found.add(keyOf(order[numbers[i] as number] as number, order[numbers[i + 1] as number] as number));
      numbers[(layout.parts + scratch.count) / 4] = 0;
    }
  }
  return found;
}

const count = headAxes + mostTailAxes;
const random = pseudoRandom(6);
const anyNumber = () => random() - 0.5;
const kinds: readonly [name: string, axes: Axes][] = [
  ['the coordinates themselves', axesFrom(count, (axis, k) => (axis === k ? 1 : 0))],
  ['axes at no right angles', axesFrom(count, anyNumber)],
  ['axes of a hundredth of a length', axesFrom(count, () => 0.01 * anyNumber())],
  ['coordinates, a little askew', axesFrom(count, (axis, k) => (axis === k ? 1 : 1e-3 * anyNumber()))],
  ['the same axis again and again', axesFrom(count, (_, k) => (k === 5 ? 1 : 0))],
  ['no axes at all', axesFrom(count, () => 0)],
];

for (const [name, axes] of kinds) {
  t.test(`no pair is lost along ${name}`, async (t) => {
    t.ok(truth.length > 100, `${truth.length} pairs`);
    for (const kind of ['wasm', 'scalar'] as const) {
      const found = await candidatesAlong(axes, kind, threshold);
      t.same(
        truth.filter((pair) => !found.has(pair)),
        [],
        `${kind}: ${found.size} candidates`,
      );
    }
  });
}

t.test('the squares cover every two blocks once, and no two older ones', async (t) => {
  const grid = { newerRows: 21 * blockRows - 5, newerBlocks: 21, blocks: 50, from: 0, blockRows, side: 8 };
  const seen: string[] = [];
  for (let number = 0; number < squareCount(grid); number++) {
    const { firstRow, endRow, first, end } = squareAt(grid, number);
    for (let row = firstRow; row < endRow; row++)
      for (let block = Math.max(row, first); block < end; block++) seen.push(`${row} ${block}`);
  }
  const expected: string[] = [];
  for (let row = 0; row < 21; row++)
    for (let block = row; block < 50; block++) expected.push(`${row} ${block}`);
  t.same(seen.sort(), expected.sort());
});
