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
      t.same(wrong, []);
    });
  }
}
