// Rows seen from the frame's centre, turned onto axes.

import type { EncodingLike } from './encoding.js';
import { type Frame, Lens, lensBytes } from './frame.js';
import type { Kernel } from './kernel.js';
import { batchRows, groupRows } from './layout.js';

/** Axes that rows can be turned onto. */
export interface Directions {
  /** Coordinates of a row that are looked at, and that number rounded up to a multiple of 8. */
  readonly coordinates: number;
  readonly stride: number;
  /** A multiple of 8. */
  readonly count: number;
  /** count × stride, an axis after the other, of length 1 or 0 but for rounding. */
  readonly values: Float32Array;
}

/** What a rotation onto so many axes needs of a kernel's memory. */
export function rotationBytes(stride: number, count: number): number {
  return (batchRows * stride + stride * count + batchRows * count) * 4 + lensBytes(stride);
}

/** Turns rows; it has its kernel's memory to itself. */
export class Rotation {
  private readonly lens: Lens;
  private readonly axesAt: number;
  private readonly rotatedAt: number;
  private readonly rotated: Float32Array;

  constructor(
    frame: Frame,
    private readonly axes: Directions,
    private readonly kernel: Kernel,
  ) {
    const { stride, coordinates, count, values } = axes;
    this.axesAt = batchRows * stride;
    this.rotatedAt = this.axesAt + stride * count;
    const memory = new Float32Array(kernel.buffer);
    // Nothing that lay here before may meet the axes where a row has no coordinates.
    memory.fill(0, 0, this.rotatedAt);
    for (let k = 0; k < coordinates; k++) {
      for (let axis = 0; axis < count; axis++)
        memory[this.axesAt + k * count + axis] = values[axis * stride + k] as number;
    }
    this.lens = new Lens(frame, coordinates, stride, kernel, (this.rotatedAt + batchRows * count) * 4);
    this.rotated = memory.subarray(this.rotatedAt, this.rotatedAt + batchRows * count);
  }

  /**
   * The coordinates on the axes of so many rows, at most batchRows: one row after the other, valid until the next call.
   */
  rotate(size: number, rowAt: (index: number) => EncodingLike): Float32Array {
    const { stride, count } = this.axes;
    this.lens.look(size, rowAt, 0);
    const rowsToTurn = Math.ceil(size / groupRows) * groupRows;
    this.kernel.multiply(0, this.axesAt * 4, this.rotatedAt * 4, rowsToTurn, stride, count);
    return this.rotated;
  }
}
