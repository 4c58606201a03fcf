// The frame in which rows are sketched: a centre, a radius, and axes along which the rows differ most.
//
// Nothing here need be exact. Whatever the axes are, sketch.ts knows by how much they can stretch a difference, and
// no pair below the threshold is ever lost; good axes only make the search fast.

import { headAxes } from './layout.js';
import { type Kernel, type KernelKind, makeKernel } from './kernel.js';
import type { EncodingLike } from './encoding.js';
import type { Turns } from './turns.js';

/** Coordinates that are looked at; what lies beyond only ever adds to a distance. */
const mostCoordinates = 512;

/** Rows whose median, coordinate by coordinate, is the centre: outliers cannot move it far. */
const centreRows = 63;

/** The rows lie within twice the median distance from the centre; those beyond are drawn in to the surface. */
const radiusOfMedians = 2;

/** Rows that go into the covariance at a time. */
const sampleBatch = 64;

/** Rounds of orthogonal iteration. */
const rounds = 4;

export interface Frame {
  readonly centre: Float64Array;
  readonly radius: number;
}

export interface Axes {
  /** Coordinates of a row that are looked at, and that number rounded up to a multiple of 8. */
  readonly coordinates: number;
  readonly stride: number;
  readonly count: number;
  /** count × stride, an axis after the other, of length 1 or 0 but for rounding. */
  readonly values: Float32Array;
  /** How much longer than a difference its coordinates on the axes can be, at most. */
  readonly stretch: number;
  /** The standard deviation along the first axis of the tail, in radii. */
  readonly tailDeviation: number;
}

/** Evenly spread over all the rows. */
function sample(rows: readonly EncodingLike[], most: number): EncodingLike[] {
  const count = Math.min(most, rows.length);
  return Array.from({ length: count }, (_, i) => rows[Math.floor((i * rows.length) / count)] as EncodingLike);
}

export function frameOf(rows: readonly EncodingLike[], dimensions: number): Frame {
  const few = sample(rows, centreRows);
  const coordinates = Math.min(dimensions, mostCoordinates);
  const column = new Float64Array(few.length);
  const centre = new Float64Array(coordinates);
  for (let k = 0; k < coordinates; k++) {
    for (let i = 0; i < few.length; i++) column[i] = Math.fround((few[i] as EncodingLike)[k] as number);
    centre[k] = column.sort()[few.length >> 1] as number;
  }
  const distances = Float64Array.from(few, (row) => distanceFrom(centre, row)).sort();
  const median = distances[few.length >> 1] as number;
  return { centre, radius: radiusOfMedians * median || (distances.at(-1) as number) || 1 };
}

function distanceFrom(centre: Float64Array, row: EncodingLike): number {
  let sum = 0;
  for (let k = 0; k < centre.length; k++) {
    const difference = Math.fround(row[k] as number) - (centre[k] as number);
    sum += difference * difference;
  }
  return Math.sqrt(sum);
}

/** Writes the row as seen from the centre, in radii; never longer than 1, for what lies beyond is drawn in. */
export function centreRow(
  { centre, radius }: Frame,
  row: EncodingLike,
  into: Float32Array,
  at: number,
): void {
  // A constructor's name decides once for a row, and the usual loop stays free of fround.
  const numbers = row instanceof Float32Array ? row : Float32Array.from(row);
  const factor = 1 / Math.max(radius, distanceFrom(centre, numbers));
  for (let k = 0; k < centre.length; k++) {
    into[at + k] = ((numbers[k] as number) - (centre[k] as number)) * factor;
  }
}

/**
 * The axes along which a sample of the rows differs most, in order.
 *
 * @param count how many; those beyond the number of coordinates are 0.
 */
export async function axesOf(
  rows: readonly EncodingLike[],
  frame: Frame,
  count: number,
  sampleSize: number,
  kind: KernelKind | undefined,
  turns: Turns,
): Promise<Axes> {
  const coordinates = frame.centre.length;
  const stride = Math.ceil(coordinates / 8) * 8;
  const floats = 2 * stride * sampleBatch + stride * stride + 2 * count * stride;
  const kernel = makeKernel(floats * 4, kind);
  const covariance = await covarianceOf(sample(rows, sampleSize), frame, stride, kernel, turns);

  const values = startingAxes(count, coordinates, stride);
  const [axesAt, covarianceAt] = [0, count * stride];
  const productAt = covarianceAt + stride * stride;
  const memory = new Float32Array(kernel.buffer);
  memory.set(covariance, covarianceAt);
  let lengths: Float64Array = new Float64Array();
  for (let round = 0; round < rounds; round++) {
    if (turns.isOver()) await turns.next();
    // The tail's axes need only be apart from the head's: one round will do.
    const counted = round < rounds - 1 ? Math.min(headAxes, count) : count;
    memory.set(values.subarray(0, counted * stride), axesAt);
    kernel.multiply(axesAt * 4, covarianceAt * 4, productAt * 4, counted, stride, stride);
    values.set(memory.subarray(productAt, productAt + counted * stride));
    lengths = orthonormalise(values, counted, stride);
  }
  const float32 = Float32Array.from(values);
  const tailDeviation = Math.sqrt(lengths[headAxes] ?? 0);
  return {
    coordinates,
    stride,
    count,
    values: float32,
    stretch: stretchOf(float32, count, stride),
    tailDeviation,
  };
}

/** The mean of c·cᵀ over the rows c, stride × stride. */
async function covarianceOf(
  rows: readonly EncodingLike[],
  frame: Frame,
  stride: number,
  kernel: Kernel,
  turns: Turns,
): Promise<Float32Array> {
  const [rowsAt, columnsAt, productAt] = [0, stride * sampleBatch, 2 * stride * sampleBatch];
  const memory = new Float32Array(kernel.buffer);
  const total = new Float64Array(stride * stride);
  for (let start = 0; start < rows.length; start += sampleBatch) {
    if (turns.isOver()) await turns.next();
    memory.fill(0, 0, productAt);
    for (let i = 0; i < Math.min(sampleBatch, rows.length - start); i++) {
      centreRow(frame, rows[start + i] as EncodingLike, memory, rowsAt + i * stride);
      for (let k = 0; k < stride; k++)
        memory[columnsAt + k * sampleBatch + i] = memory[rowsAt + i * stride + k] as number;
    }
    kernel.multiply(columnsAt * 4, rowsAt * 4, productAt * 4, stride, sampleBatch, stride);
    for (let i = 0; i < total.length; i++) {
      total[i] = (total[i] as number) + (memory[productAt + i] as number) / rows.length;
    }
  }
  return Float32Array.from(total);
}

/** Directions without any pattern, the same in every search. */
function startingAxes(count: number, coordinates: number, stride: number): Float64Array {
  const values = new Float64Array(count * stride);
  let state = 1;
  for (let axis = 0; axis < Math.min(count, coordinates); axis++) {
    for (let k = 0; k < coordinates; k++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      values[axis * stride + k] = state / 2 ** 31 - 1;
    }
  }
  return values;
}

/**
 * Gram and Schmidt's way; an axis that has no direction of its own left becomes 0.
 *
 * @returns how long each axis was, once free of those before it.
 */
function orthonormalise(values: Float64Array, count: number, stride: number): Float64Array {
  const lengths = new Float64Array(count);
  for (let axis = 0; axis < count; axis++) {
    const at = axis * stride;
    const before = length(values, at, stride);
    let after = withoutEarlier(values, at, stride);
    // What is left of a near copy is mostly rounding: a second time makes it clean.
    if (after < before * 1e-4) after = withoutEarlier(values, at, stride);
    const factor = after > before * 1e-10 ? 1 / after : 0;
    for (let k = at; k < at + stride; k++) values[k] = (values[k] as number) * factor;
    lengths[axis] = after;
  }
  return lengths;
}

function withoutEarlier(values: Float64Array, at: number, stride: number): number {
  // Two earlier axes at a time: they are at right angles to each other, and the row is read half as often.
  for (let other = 0; other < at; other += 2 * stride) {
    const next = other + stride < at ? other + stride : other;
    let alongOther = 0;
    let alongNext = 0;
    for (let k = 0; k < stride; k++) {
      const value = values[at + k] as number;
      alongOther += value * (values[other + k] as number);
      alongNext += value * (values[next + k] as number);
    }
    if (next === other) alongNext = 0;
    for (let k = 0; k < stride; k++) {
      const along = alongOther * (values[other + k] as number) + alongNext * (values[next + k] as number);
      values[at + k] = (values[at + k] as number) - along;
    }
  }
  return length(values, at, stride);
}

function length(values: Float64Array, at: number, stride: number): number {
  let sum = 0;
  for (let k = at; k < at + stride; k++) sum += (values[k] as number) * (values[k] as number);
  return Math.sqrt(sum);
}

/** ‖Q‖² = ‖QQᵀ‖ is no more than the largest sum of a row of |QQᵀ|, for any matrix Q; at least 1. */
export function stretchOf(values: Float32Array, count: number, stride: number): number {
  const sums = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j <= i; j++) {
      let product = 0;
      for (let k = 0; k < stride; k++)
        product += (values[i * stride + k] as number) * (values[j * stride + k] as number);
      sums[i] = (sums[i] as number) + Math.abs(product);
      if (i !== j) sums[j] = (sums[j] as number) + Math.abs(product);
    }
  }
  return Math.sqrt(Math.max(1, ...sums) * (1 + 1e-9));
}
