// The frame in which rows are looked at: a centre, and a radius within which most of them lie.

import type { EncodingLike } from './encoding.js';
import type { Kernel } from './kernel.js';
import { frameBytes } from './layout.js';

/** Coordinates that are looked at; what lies beyond only ever adds to a distance. */
export const mostCoordinates = 512;

/** Rows whose median, coordinate by coordinate, is the centre: outliers cannot move it far. */
const centreRows = 31;

/** The rows lie within twice the median distance from the centre; those beyond are drawn in to the surface. */
const radiusOfMedians = 2;

/** From where, and how closely, rows are looked at. */
export interface Frame {
  readonly centre: Float64Array;
  readonly radius: number;
}

/** Evenly spread over all the rows. */
export function sample(rows: readonly EncodingLike[], most: number): EncodingLike[] {
  const count = Math.min(most, rows.length);
  return Array.from({ length: count }, (_, i) => rows[Math.floor((i * rows.length) / count)] as EncodingLike);
}

export function frameOf(rows: readonly EncodingLike[], dimensions: number): Frame {
  const few = sample(rows, centreRows).map(asFloat32);
  const coordinates = Math.min(dimensions, mostCoordinates);
  const column = new Float32Array(few.length);
  const centre = new Float64Array(coordinates);
  for (let k = 0; k < coordinates; k++) {
    for (let i = 0; i < few.length; i++) column[i] = (few[i] as Float32Array)[k] as number;
    centre[k] = column.sort()[few.length >> 1] as number;
  }
  const distances = Float64Array.from(few, (row) => distanceFrom(centre, row)).sort();
  const median = distances[few.length >> 1] as number;
  return { centre, radius: radiusOfMedians * median || (distances.at(-1) as number) || 1 };
}

/** A constructor's name decides once for a row, and the usual loops stay free of fround. */
function asFloat32(row: EncodingLike): Float32Array {
  return row instanceof Float32Array ? row : Float32Array.from(row);
}

export function distanceFrom(centre: Float64Array, row: Float32Array): number {
  // Two sums, for neither to wait for the other.
  let [even, odd] = [0, 0];
  const pairs = centre.length & ~1;
  for (let k = 0; k < pairs; k += 2) {
    const first = (row[k] as number) - (centre[k] as number);
    const second = (row[k + 1] as number) - (centre[k + 1] as number);
    even += first * first;
    odd += second * second;
  }
  const last = pairs < centre.length ? (row[pairs] as number) - (centre[pairs] as number) : 0;
  return Math.sqrt(even + odd + last * last);
}

/** What a lens needs of a kernel's memory, for rows of so many coordinates. */
export function lensBytes(stride: number): number {
  return frameBytes + stride * 8;
}

/** Through which rows are seen as from the frame's centre, in radii, and none further away than 1. */
export class Lens {
  private readonly memory: Float32Array;

  /** @param at the address of its own part of the kernel's memory, a multiple of 8. */
  constructor(
    { radius, centre }: Frame,
    private readonly coordinates: number,
    private readonly stride: number,
    private readonly kernel: Kernel,
    private readonly at: number,
  ) {
    const numbers = new Float64Array(kernel.buffer, at, lensBytes(stride) / 8);
    numbers.fill(0);
    numbers.set([radius, radius, 1, 1, ...centre]);
    this.memory = new Float32Array(kernel.buffer);
  }

  /** Writes so many rows to the address, stride numbers each. What fills a row up beyond its coordinates stays 0. */
  look(count: number, rowAt: (index: number) => EncodingLike, address: number): void {
    const { memory, coordinates, stride, kernel, at } = this;
    for (let i = 0; i < count; i++) {
      const row = rowAt(i);
      const seen = row.length > coordinates ? asFloat32(row).subarray(0, coordinates) : row;
      memory.set(seen, address / 4 + i * stride);
    }
    kernel.centre(address, at, count, stride * 4);
  }
}
