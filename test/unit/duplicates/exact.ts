// The exact distances that the search ends with: those of faceDistance, bit for bit.

import t from 'tap';
import { ExactDistances } from '../../../lib/duplicates/exact.js';
import { faceDistance } from '../../../lib/duplicates/index.js';
import { pseudoRandom } from '../../fixtures/encodings.js';

for (const kind of ['wasm', 'scalar'] as const) {
  for (const dimensions of [1, 7, 128, 4000]) {
    t.test(`${dimensions} dimensions, ${kind}, rows that take each other’s places`, async (t) => {
      const random = pseudoRandom(dimensions);
      const rows = Array.from({ length: 60 }, () =>
        Float32Array.from({ length: dimensions }, () => random() - 0.5),
      );
      const wrong: string[] = [];
      let told = 0;
      const exact = new ExactDistances(rows, dimensions, kind, (count, pairs, distances) => {
        told += count;
        for (let i = 0; i < count; i++) {
          const [a, b] = [pairs[2 * i] as number, pairs[2 * i + 1] as number];
          if (distances[i] !== faceDistance(rows[a] as Float32Array, rows[b] as Float32Array))
            wrong.push(`${a} ${b}`);
        }
      });
      const pick = () => Math.floor(random() * rows.length);
      // Positions a multiple of the slots apart: many rows want the same few places.
      const place = (row: number) => (row % 3) + 1024 * row;
      for (let i = 0; i < 3000; i++) {
        const [a, b] = [pick(), pick()];
        exact.add(place(a), place(b), a, b);
      }
      exact.finish();
      t.equal(told, 3000);
      t.same(wrong.slice(0, 3), []);
    });
  }
}

/** Rows of one number after zeros, so that the distance of two is the difference of their last numbers. */
function rowsOf(count: number, dimensions: number): Float32Array[] {
  return Array.from({ length: count }, (_, i) => {
    const row = new Float32Array(dimensions);
    row[dimensions - 1] = i * i;
    return row;
  });
}

/** What is told of pairs, batch by batch. */
function watched(rows: readonly Float32Array[], dimensions: number, kind: 'wasm' | 'scalar') {
  const batches: number[] = [];
  const wrong: string[] = [];
  const exact = new ExactDistances(rows, dimensions, kind, (count, pairs, distances) => {
    batches.push(count);
    for (let i = 0; i < count; i++) {
      const [a, b] = [pairs[2 * i] as number, pairs[2 * i + 1] as number];
      if (distances[i] !== Math.abs(a * a - b * b)) wrong.push(`${a} ${b} ${distances[i]}`);
    }
  });
  return { exact, batches, wrong };
}

for (const kind of ['wasm', 'scalar'] as const) {
  t.test(`pairs of rows that are neighbours are measured 256 at a time, ${kind}`, async (t) => {
    // 256 numbers are the most of which a whole square of eight blocks is kept.
    for (const dimensions of [3, 128, 256]) {
      const rows = rowsOf(1024, dimensions);
      const { exact, batches, wrong } = watched(rows, dimensions, kind);
      for (let a = 0; a < 1023; a++) exact.add(a, a + 1, a, a + 1);
      for (let i = 0; i < 100; i++) exact.add(7 * i, 1023 - i, 7 * i, 1023 - i);
      exact.finish();
      t.equal(batches.join(' '), '256 256 256 256 99', `${dimensions} numbers`);
      t.same(wrong.slice(0, 3), []);
    }
  });

  t.test(`one row may be compared with all others in one batch, ${kind}`, async (t) => {
    const { exact, batches, wrong } = watched(rowsOf(201, 128), 128, kind);
    for (let b = 1; b <= 200; b++) exact.add(0, b, 0, b);
    exact.finish();
    t.equal(batches.join(' '), '200');
    t.same(wrong.slice(0, 3), []);
  });

  t.test(`of very long rows few are copied, ${kind}`, async (t) => {
    const dimensions = 4096;
    const { exact, batches, wrong } = watched(rowsOf(256, dimensions), dimensions, kind);
    // 128 rows of 16 KB for either side; those of eight blocks would take 32 MB.
    t.ok(exact.kernel.buffer.byteLength < 5 * 2 ** 20, `${exact.kernel.buffer.byteLength} bytes`);
    for (let a = 0; a < 128; a++) exact.add(a, 128 + a, a, 128 + a);
    // The next wants the place of row 0.
    exact.add(128, 129, 128, 129);
    exact.finish();
    t.equal(batches.join(' '), '128 1');
    t.same(wrong.slice(0, 3), []);
  });
}

t.test('where nothing waits, nothing is told', async (t) => {
  const { exact, batches } = watched(rowsOf(2, 1), 1, 'scalar');
  exact.finish();
  exact.add(0, 1, 0, 1);
  exact.finish();
  exact.finish();
  t.same(batches, [1]);
});
