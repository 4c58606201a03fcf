// The axes that rows are sketched along: those along which they differ most.
//
// Nothing here need be exact. Whatever the axes are, sketch.ts knows by how much they can stretch a difference, and
// no pair below the threshold is ever lost; good axes only make the search fast.

import { type Frame, Lens, lensBytes, sample } from './frame.js';
import { batchRows, headAxes, mostTailAxes, tailAxesOf } from './layout.js';
import { type Directions, Rotation, rotationBytes } from './rotation.js';
import { giveBack, type Kernel, type KernelKind, makeKernel } from './kernel.js';
import type { EncodingLike } from './encoding.js';
import type { Turns } from './turns.js';

/** Rows that go into the covariance at a time. */
const sampleBatch = 256;

/** Rounds of orthogonal iteration, in each of which the axes are twice drawn towards where the rows differ most. */
const rounds = 2;

/** What a tail takes for each row, and what it takes to measure a pair that none rules out: in microseconds. */
const tailCost = 0.9;
const measureCost = 0.13;

/**
 * What a tail has to save for each pair, in microseconds, to be worth its 48 bytes a row: a sixth of the time that a scan
 * of the head takes.
 */
const leastGain = 0.0001;

/** Rows whose pairs tell how many the head lets through: a share of all rows, within bounds. */
const pilotShare = 1 / 64;
const [fewestPilots, mostPilots] = [64, 256];

/** Directions that rows are sketched along, and what the bounds need to know of them. */
export interface Axes extends Directions {
  /** How much longer than a difference its coordinates on the axes can be, at most. */
  readonly stretch: number;
  /** The standard deviation along the first axis of the tail, in radii. */
  readonly tailDeviation: number;
}

/** What the search is about, as far as the choice of axes goes. */
export interface Purpose {
  readonly threshold: number;
  /** Rows in all, and pairs of them to be compared. */
  readonly rows: number;
  readonly pairs: number;
}

/**
 * The axes along which a sample of the rows differs most, in order: those of the head, and where they pay, those of a
 * tail. Axes beyond the number of coordinates are 0.
 */
export async function axesOf(
  rows: readonly EncodingLike[],
  frame: Frame,
  sampleSize: number,
  purpose: Purpose,
  kind: KernelKind | undefined,
  turns: Turns,
): Promise<Axes> {
  const coordinates = frame.centre.length;
  const stride = Math.ceil(coordinates / 8) * 8;
  const floats = stride * stride + 2 * stride * (sampleBatch + headAxes + mostTailAxes);
  const kernel = makeKernel(Math.max(floats * 4 + lensBytes(stride), rotationBytes(stride, headAxes)), kind);
  const covariance = await covarianceOf(sample(rows, sampleSize), frame, stride, kernel, turns);

  const head = startingAxes(headAxes, coordinates, stride);
  const stretching = new Stretching(kernel, covariance, stride);
  for (let round = 0; round < rounds; round++) {
    if (turns.isOver()) await turns.next();
    stretching.apply(head, 2);
    orthonormalise(head, 0, stride);
  }
  const leaders = { coordinates, stride, count: headAxes, values: Float32Array.from(head) };
  const count = headAxes + tailAxesFor(rows, frame, leaders, purpose, kernel);
  const values = startingAxes(count, coordinates, stride);
  // The tail's axes need only be apart from the head's: once will do.
  stretching.apply(values.subarray(head.length), 1);
  values.set(head);
  if (turns.isOver()) await turns.next();
  giveBack(kernel);
  const tailDeviation = Math.sqrt(orthonormalise(values, headAxes, stride)[0] ?? 0);
  const float32 = Float32Array.from(values);
  const stretch = stretchOf(float32, count, stride);
  return { coordinates, stride, count, values: float32, stretch, tailDeviation };
}

/** Stretches axes as the covariance does: most of all along those that are sought. */
class Stretching {
  constructor(
    private readonly kernel: Kernel,
    private readonly covariance: Float32Array,
    private readonly stride: number,
  ) {}

  /** So many times over; the number of axes is a multiple of 4. Others may use the kernel's memory in between. */
  apply(axes: Float64Array, times: number): void {
    const { covariance, stride } = this;
    const memory = new Float32Array(this.kernel.buffer);
    const count = axes.length / stride;
    let [from, to] = [covariance.length, covariance.length + axes.length];
    memory.set(covariance);
    memory.set(axes, from);
    for (let i = 0; i < times; i++, [from, to] = [to, from])
      this.kernel.multiply(from * 4, 0, to * 4, count, stride, stride);
    axes.set(memory.subarray(from, from + axes.length));
  }
}

/** How many axes a tail should have: none, where what the head lets through is measured in less time. */
function tailAxesFor(
  rows: readonly EncodingLike[],
  frame: Frame,
  head: Directions,
  purpose: Purpose,
  kernel: Kernel,
): number {
  const pilots = sample(rows, Math.min(mostPilots, Math.max(fewestPilots, purpose.rows * pilotShare)));
  const rotation = new Rotation(frame, head, kernel);
  const rotated = new Float32Array(pilots.length * headAxes);
  for (let start = 0; start < pilots.length; start += batchRows) {
    const count = Math.min(batchRows, pilots.length - start);
    const some = rotation.rotate(count, (i) => pilots[start + i] as EncodingLike);
    rotated.set(some.subarray(0, count * headAxes), start * headAxes);
  }
  const near = nearPairs(rotated, headAxes, (purpose.threshold / frame.radius) ** 2);
  const share = near / ((pilots.length * (pilots.length - 1)) / 2);
  const gain = share * measureCost;
  return gain < leastGain || gain * purpose.pairs < purpose.rows * tailCost
    ? 0
    : tailAxesOf(frame.centre.length);
}

function nearPairs(rows: Float32Array, dimensions: number, limit: number): number {
  let near = 0;
  for (let a = 0; a < rows.length; a += dimensions) {
    for (let b = a + dimensions; b < rows.length; b += dimensions) {
      let [even, odd] = [0, 0];
      for (let k = 0; k < dimensions; k += 2) {
        const first = (rows[a + k] as number) - (rows[b + k] as number);
        const second = (rows[a + k + 1] as number) - (rows[b + k + 1] as number);
        even += first * first;
        odd += second * second;
      }
      if (even + odd < limit) near++;
    }
  }
  return near;
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
  const total = new Float32Array(stride * stride);
  const lens = new Lens(frame, frame.centre.length, stride, kernel, (productAt + stride * stride) * 4);
  for (let start = 0; start < rows.length; start += sampleBatch) {
    if (turns.isOver()) await turns.next();
    const count = Math.min(sampleBatch, rows.length - start);
    if (count < sampleBatch) memory.fill(0, 0, productAt);
    lens.look(count, (i) => rows[start + i] as EncodingLike, rowsAt);
    for (let k = 0; k < stride; k++) {
      for (let i = 0; i < count; i++)
        memory[columnsAt + k * sampleBatch + i] = memory[rowsAt + i * stride + k] as number;
    }
    kernel.multiply(columnsAt * 4, rowsAt * 4, productAt * 4, stride, sampleBatch, stride);
    for (let i = 0; i < total.length; i++)
      total[i] = (total[i] as number) + (memory[productAt + i] as number) / rows.length;
  }
  return total;
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
 * Gram and Schmidt's way, from an axis on; those before it are orthonormal. An axis that has no direction of its own
 * left becomes 0.
 *
 * @returns how long each axis was, once free of those before it.
 */
function orthonormalise(values: Float64Array, from: number, stride: number): number[] {
  const lengths: number[] = [];
  for (let at = from * stride; at < values.length; at += stride) {
    const before = length(values, at, stride);
    let after = withoutEarlier(values, at, stride);
    // What is left of a near copy is mostly rounding: a second time makes it clean.
    if (after < before * 1e-4) after = withoutEarlier(values, at, stride);
    const factor = after > before * 1e-10 ? 1 / after : 0;
    for (let k = at; k < at + stride; k++) values[k] = (values[k] as number) * factor;
    lengths.push(after);
  }
  return lengths;
}

function withoutEarlier(values: Float64Array, at: number, stride: number): number {
  // Four earlier axes at a time: they are at right angles to each other, and no sum waits for another.
  const together = 4 * stride;
  const axis = values.subarray(at, at + stride);
  let start = 0;
  for (; start + together <= at; start += together) {
    const a = values.subarray(start, start + stride);
    const b = values.subarray(start + stride, start + 2 * stride);
    const c = values.subarray(start + 2 * stride, start + 3 * stride);
    const d = values.subarray(start + 3 * stride, start + together);
    let [alongA, alongB, alongC, alongD] = [0, 0, 0, 0];
    for (let k = 0; k < stride; k++) {
      const value = axis[k] as number;
      alongA += value * (a[k] as number);
      alongB += value * (b[k] as number);
      alongC += value * (c[k] as number);
      alongD += value * (d[k] as number);
    }
    for (let k = 0; k < stride; k++) {
      const along =
        alongA * (a[k] as number) +
        alongB * (b[k] as number) +
        alongC * (c[k] as number) +
        alongD * (d[k] as number);
      axis[k] = (axis[k] as number) - along;
    }
  }
  for (; start < at; start += stride) {
    let along = 0;
    for (let k = 0; k < stride; k++) along += (axis[k] as number) * (values[start + k] as number);
    for (let k = 0; k < stride; k++) axis[k] = (axis[k] as number) - along * (values[start + k] as number);
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
      let [even, odd] = [0, 0];
      for (let k = 0; k < stride; k += 2) {
        even += (values[i * stride + k] as number) * (values[j * stride + k] as number);
        odd += (values[i * stride + k + 1] as number) * (values[j * stride + k + 1] as number);
      }
      const product = even + odd;
      sums[i] = (sums[i] as number) + Math.abs(product);
      if (i !== j) sums[j] = (sums[j] as number) + Math.abs(product);
    }
  }
  return Math.sqrt(Math.max(1, ...sums) * (1 + 1e-9));
}
