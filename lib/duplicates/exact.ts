// The exact distance of two rows, in float64 over their float32 numbers, as faceDistance has it.

import type { EncodingLike } from './encoding.js';

/** Distances of candidates, four at a time: each sum must run in order, but four may run abreast. */
export class ExactDistances {
  readonly distances = new Float64Array(4);
  private readonly scratch: readonly Float32Array[];

  constructor(
    private readonly rows: readonly EncodingLike[],
    private readonly dimensions: number,
  ) {
    this.scratch = Array.from({ length: 8 }, () => new Float32Array(dimensions));
  }

  /** Writes ‖a − b‖ of the pairs of rows to `distances`. */
  measure(pairs: ArrayLike<number>): void {
    const row = (i: number) => this.float32(pairs[i] as number, i);
    const [a, b, c, d] = [row(0), row(2), row(4), row(6)];
    const [e, f, g, h] = [row(1), row(3), row(5), row(7)];
    let [first, second, third, fourth] = [0, 0, 0, 0];
    for (let k = 0; k < this.dimensions; k++) {
      const w = (a[k] as number) - (e[k] as number);
      const x = (b[k] as number) - (f[k] as number);
      const y = (c[k] as number) - (g[k] as number);
      const z = (d[k] as number) - (h[k] as number);
      first += w * w;
      second += x * x;
      third += y * y;
      fourth += z * z;
    }
    this.distances[0] = Math.sqrt(first);
    this.distances[1] = Math.sqrt(second);
    this.distances[2] = Math.sqrt(third);
    this.distances[3] = Math.sqrt(fourth);
  }

  private float32(row: number, index: number): Float32Array {
    const numbers = this.rows[row] as EncodingLike;
    if (numbers instanceof Float32Array) return numbers;
    const copy = this.scratch[index] as Float32Array;
    copy.set(numbers);
    return copy;
  }
}
