// The inner loops in plain TypeScript, for where WebAssembly SIMD is missing. wasm/kernel_module.ts has the fast ones.

import { distanceFrom } from './frame.js';
import type { Kernel } from './kernel.js';
import {
  blockRows,
  boxBytes,
  candidateBytes,
  frameBytes,
  groupBytes,
  groupRows,
  header,
  leadAxes,
  scratch,
} from './layout.js';

/** int16 numbers of a group's lead, or rest. */
const groupNumbers = groupBytes / 2;

export function scalarKernel(buffer: ArrayBuffer): Kernel {
  return {
    buffer,
    centre: centrer(buffer),
    multiply: multiplier(buffer),
    scan: scanner(buffer),
    measure: measurer(buffer),
  };
}

function centrer(buffer: ArrayBuffer): Kernel['centre'] {
  return (rows, frame, count, rowBytes) => {
    const [radius] = new Float64Array(buffer, frame, 1);
    const centre = new Float64Array(buffer, frame + frameBytes, rowBytes / 4);
    for (let i = 0; i < count; i++) {
      const row = new Float32Array(buffer, rows + i * rowBytes, rowBytes / 4);
      const factor = 1 / Math.max(radius as number, distanceFrom(centre, row));
      for (let k = 0; k < row.length; k++) row[k] = ((row[k] as number) - (centre[k] as number)) * factor;
    }
    return 0;
  };
}

function multiplier(buffer: ArrayBuffer): Kernel['multiply'] {
  return (left, right, product, rows, inner, columns) => {
    const a = new Float32Array(buffer, left, rows * inner);
    const b = new Float32Array(buffer, right, inner * columns);
    const result = new Float32Array(buffer, product, rows * columns).fill(0);
    for (let row = 0; row < rows; row++) {
      for (let k = 0; k < inner; k++) {
        const factor = a[row * inner + k] as number;
        for (let column = 0; column < columns; column++) {
          const at = row * columns + column;
          result[at] = (result[at] as number) + Math.fround(factor * (b[k * columns + column] as number));
        }
      }
    }
    return 0;
  };
}

function scanner(buffer: ArrayBuffer): Kernel['scan'] {
  const int8 = new Int8Array(buffer);
  const int16 = new Int16Array(buffer, 0, buffer.byteLength >> 1);
  const int32 = new Int32Array(buffer, 0, buffer.byteLength >> 2);
  const view = new DataView(buffer);
  const field = (offset: number) => view.getInt32(offset, true);

  return (from, to, block, part, room) => {
    const [lead, rest] = [field(header.lead) / 2, field(header.rest) / 2];
    const [leadNorms, restNorms] = [field(header.leadNorms) / 4, field(header.restNorms) / 4];
    const [tail, tailBytes] = [field(header.tail), field(header.tailBytes)];
    const box = (field(header.boxes) + block * boxBytes) / 2;
    const [leadLimit, headLimit] = [field(header.leadLimit), field(header.headLimit)];
    const tailWeight = view.getFloat32(header.tailWeight, true);
    const limit = view.getFloat32(header.limit, true);
    let count = int32[(part + scratch.count) / 4] as number;

    for (let a = from; a < to; a++) {
      if (count + blockRows > room) {
        int32[(part + scratch.count) / 4] = count;
        return a;
      }
      if (gapToBox(a) > leadLimit) continue;
      for (let b = Math.max(a + 1, block * blockRows); b < (block + 1) * blockRows; b++) {
        let sum = dot(lead, a, b) + (int32[leadNorms + b] as number);
        let norm = -(int32[leadNorms + a] as number);
        if (sum < norm - leadLimit) continue;
        sum += dot(rest, a, b) + (int32[restNorms + b] as number);
        norm -= int32[restNorms + a] as number;
        if (sum < norm - headLimit) continue;
        if (norm - sum + tailDistance(a, b) * tailWeight > limit) continue;
        const at = (part + scratch.candidates + count * candidateBytes) / 4;
        int32[at] = a;
        int32[at + 1] = b;
        count++;
      }
    }
    int32[(part + scratch.count) / 4] = count;
    return to;

    function gapToBox(row: number): number {
      const at = lead + startOf(row);
      let sum = 0;
      for (let axis = 0; axis < leadAxes; axis++) {
        const value = int16[at + (axis >> 1) * groupRows * 2 + (axis & 1)] as number;
        const below = (int16[box + axis] as number) - value;
        const above = value - (int16[box + leadAxes + axis] as number);
        const gap = Math.max(0, below, above);
        sum += gap * gap;
      }
      return sum;
    }

    /** Twice the product of two rows' coordinates, on sixteen axes. */
    function dot(base: number, a: number, b: number): number {
      const atA = base + startOf(a);
      const atB = base + startOf(b);
      let sum = 0;
      for (let k = 0; k < groupNumbers; k += groupRows * 2) {
        sum += (int16[atA + k] as number) * (int16[atB + k] as number);
        sum += (int16[atA + k + 1] as number) * (int16[atB + k + 1] as number);
      }
      return 2 * sum;
    }

    function tailDistance(a: number, b: number): number {
      const [atA, atB] = [tail + tailStartOf(a, tailBytes), tail + tailStartOf(b, tailBytes)];
      let sum = 0;
      for (let k = 0; k < tailBytes * groupRows; k += groupRows * 2) {
        for (const side of [k, k + 1]) {
          const difference = (int8[atA + side] as number) - (int8[atB + side] as number);
          sum += difference * difference;
        }
      }
      return sum;
    }
  };
}

function measurer(buffer: ArrayBuffer): Kernel['measure'] {
  const addresses = new Int32Array(buffer, 0, buffer.byteLength >> 2);
  const numbers = new Float32Array(buffer, 0, buffer.byteLength >> 2);
  return (pairs, distances, count, rowBytes) => {
    const results = new Float64Array(buffer, distances, count);
    for (let i = 0; i < count; i++) {
      const a = (addresses[pairs / 4 + 2 * i] as number) / 4;
      const b = (addresses[pairs / 4 + 2 * i + 1] as number) / 4;
      let sum = 0;
      for (let k = 0; k < rowBytes / 4; k++) {
        const difference = (numbers[a + k] as number) - (numbers[b + k] as number);
        sum += difference * difference;
      }
      results[i] = Math.sqrt(sum);
    }
    return 0;
  };
}

/** Where a row's first number lies among those of its part: four rows share each vector, two axes at a time. */
export function startOf(row: number): number {
  return Math.floor(row / groupRows) * groupNumbers + (row % groupRows) * 2;
}

/** The same in the tail, of so many axes. */
export function tailStartOf(row: number, axes: number): number {
  return Math.floor(row / groupRows) * groupRows * axes + (row % groupRows) * 2;
}
