// The axes that all the tiles of a run are sketched along: worked out once from some rows of all, and passed on as bytes.

import { runAxesOptionTable } from '../../config.js';
import { InvalidEncodingsError, InvalidOptionError, throwIfAborted } from '../../errors.js';
import { isArray, readOptions } from '../../options.js';
import { type Axes, axesOf, stretchOf } from '../axes.js';
import { type EncodingLike, requireEncoding } from '../encoding.js';
import { type Frame, frameOf, mostCoordinates } from '../frame.js';
import type { KernelKind } from '../kernel.js';
import { headAxes, mostTailAxes } from '../layout.js';
import { Turns } from '../turns.js';
import { breakSeal, damaged, type Kind, openSeal } from './sealed.js';

/**
 * What sketches are made along. Whatever it is, no pair is lost: axes of other rows than those that are compared only
 * make the search slower.
 */
export interface RunAxes {
  /** Numbers in an encoding. */
  readonly dimensions: number;
  /** @internal From where, and how closely, rows are looked at. */
  readonly frame: Frame;
  /** @internal */
  readonly axes: Axes;
}

/** What a run is about, as far as the choice of axes goes. */
export interface RunAxesOptions {
  /** A pair is a duplicate when distance < threshold. Above 0; default 0.4, or FACE_DISTANCE_THRESHOLD. */
  readonly threshold?: number | undefined;
  /** Rows of the run in all; default: as many as the sample has. */
  readonly rows?: number | undefined;
  /** Pairs of rows that the run compares; default: all pairs of its rows. */
  readonly pairs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Rows of a block that go into a sample. */
export interface BlockSample {
  /** The number of the block. */
  readonly block: number;
  /** Numbers of rows in it, in order. */
  readonly rows: readonly number[];
}

/** Rows in a sample unless told otherwise: with more, the axes no longer get better. */
export const defaultSampleRows = 2048;

/**
 * Which rows a sample takes of which blocks: spread evenly over all the rows, and the same whenever it is asked.
 *
 * @param rowsOfBlocks how many rows each block has.
 * @param mostRows rows in the sample, at most: 1 and up; default 2,048.
 */
export function planSample(
  rowsOfBlocks: readonly number[],
  mostRows: number = defaultSampleRows,
): BlockSample[] {
  const total = rowsOfBlocks.reduce((sum, rows) => sum + rows, 0);
  const count = Math.min(mostRows, total);
  const sample: { block: number; rows: number[] }[] = [];
  let [block, start] = [0, 0];
  for (let i = 0; i < count; i++) {
    const row = Math.floor((i * total) / count);
    while (row >= start + (rowsOfBlocks[block] as number)) start += rowsOfBlocks[block++] as number;
    if (sample.at(-1)?.block !== block) sample.push({ block, rows: [] });
    sample.at(-1)?.rows.push(row - start);
  }
  return sample;
}

/**
 * Works out the axes of a run from a sample of its rows, in some tens of milliseconds.
 *
 * @param sample encodings of the same length: 1 and up, 2,048 are as good as any larger number. A run without a face has
 *   no tiles and needs no axes.
 * @throws InvalidEncodingsError `ENCODINGS_INVALID` (none at all, lengths that differ, numbers that are not finite),
 *   InvalidOptionError, AbortedError, OutOfMemoryError.
 */
export function axesOfRun(sample: readonly EncodingLike[], options?: RunAxesOptions): Promise<RunAxes> {
  return axesOfRunBy(sample, options, undefined);
}

/** The same, with the choice of a kernel open to tests. */
export async function axesOfRunBy(
  sample: readonly EncodingLike[],
  options: RunAxesOptions | undefined,
  kernel: KernelKind | undefined,
): Promise<RunAxes> {
  const { threshold, rows, pairs, signal } = readOptions(runAxesOptionTable, options);
  throwIfAborted(signal);
  const dimensions = requireSample(sample);
  const frame = frameOf(sample, dimensions);
  const rowsInAll = rows ?? sample.length;
  const purpose = { threshold, rows: rowsInAll, pairs: pairs ?? (rowsInAll * (rowsInAll - 1)) / 2 };
  const axes = await axesOf(sample, frame, sample.length, purpose, kernel, new Turns(signal));
  return { dimensions, frame, axes };
}

/** @returns how many numbers each encoding has. */
export function requireSample(sample: unknown): number {
  if (!isArray(sample))
    throw new InvalidOptionError('ARGUMENT_INVALID', 'The sample must be an array of encodings.');
  const lengths = new Set(sample.map((row, i) => requireEncoding(row, `Row ${i} of the sample`).length));
  const [dimensions] = lengths;
  if (dimensions === undefined || lengths.size > 1)
    throw new InvalidEncodingsError(
      'ENCODINGS_INVALID',
      `The rows of a sample must have the same length; these have ${[...lengths].join(' and ') || 'none, as there are none'}.`,
    );
  return dimensions;
}

const kind: Kind = { name: 'FDAX', noun: 'axes of the run', code: 'AXES_INVALID' };

/**
 * Axes of length 1 at right angles stretch by 1, and rows drawn in to a radius of 1 deviate by no more: twice that is more
 * than rounding can do, and far from where the sketch's arithmetic ends.
 */
const mostStretch = 2;

/** Dimensions, coordinates and count as uint32, four bytes of nothing; radius and deviation of the tail as float64. */
const factBytes = 32;

/**
 * The axes as bytes, all numbers little-endian, which `unpackAxes` reads as exactly these: `FDAX`, version 1, what
 * RunAxes holds but for what follows from it, and a CRC-32. 42 kB for encodings of 128 numbers.
 */
export function packAxes({ dimensions, frame, axes }: RunAxes): Uint8Array {
  const { coordinates, count, stride, values, tailDeviation } = axes;
  const { body, close } = openSeal(kind, sizeOf(coordinates, count));
  [dimensions, coordinates, count].forEach((fact, i) => body.setUint32(4 * i, fact, true));
  [frame.radius, tailDeviation, ...frame.centre].forEach((number, i) =>
    body.setFloat64(16 + 8 * i, number, true),
  );
  let at = factBytes + 8 * coordinates;
  for (let i = 0; i < count * coordinates; i++, at += 4)
    body.setFloat32(at, values[indexOf(i, coordinates, stride)] as number, true);
  return close();
}

/**
 * Reads what `packAxes` made.
 *
 * @throws TileDataError `AXES_INVALID` (no axes, of another version, damaged, cut short).
 */
export function unpackAxes(bytes: Uint8Array): RunAxes {
  const body = breakSeal(kind, bytes);
  if (body.byteLength < factBytes) throw damaged(kind, 'are cut short');
  const [dimensions, coordinates, count] = [0, 4, 8].map((at) => body.getUint32(at, true)) as [
    number,
    number,
    number,
  ];
  const tailAxes = count - headAxes;
  const isPossible =
    dimensions > 0 &&
    coordinates === Math.min(dimensions, mostCoordinates) &&
    tailAxes >= 0 &&
    tailAxes <= mostTailAxes &&
    tailAxes % 16 === 0 &&
    body.byteLength === sizeOf(coordinates, count);
  if (!isPossible) throw damaged(kind, 'are not of the size that they say');
  const [radius, tailDeviation] = [body.getFloat64(16, true), body.getFloat64(24, true)];
  const centre = Float64Array.from({ length: coordinates }, (_, i) =>
    body.getFloat64(factBytes + 8 * i, true),
  );
  const stride = Math.ceil(coordinates / 8) * 8;
  const values = new Float32Array(count * stride);
  let at = factBytes + 8 * coordinates;
  for (let i = 0; i < count * coordinates; i++, at += 4)
    values[indexOf(i, coordinates, stride)] = body.getFloat32(at, true);
  // What exactness hangs on is worked out once more rather than believed.
  const stretch = stretchOf(values, count, stride);
  const isSound =
    Number.isFinite(radius) &&
    radius > 0 &&
    centre.every((each) => Number.isFinite(Math.fround(each))) &&
    stretch <= mostStretch &&
    tailDeviation >= 0 &&
    tailDeviation <= mostStretch;
  if (!isSound) throw damaged(kind, 'hold numbers that no axes have');
  return {
    dimensions,
    frame: { centre, radius },
    axes: { coordinates, stride, count, values, stretch, tailDeviation },
  };
}

function sizeOf(coordinates: number, count: number): number {
  return factBytes + 8 * coordinates + 4 * coordinates * count;
}

/** Where the number of an axis lies among values whose axes are filled up to the stride. */
function indexOf(number: number, coordinates: number, stride: number): number {
  return Math.floor(number / coordinates) * stride + (number % coordinates);
}
