// The frame in which rows are looked at: a centre, and a radius within which most of them lie.

import type { EncodingLike } from './encoding.js';

/** Coordinates that are looked at; what lies beyond only ever adds to a distance. */
const mostCoordinates = 512;

/** Rows whose median, coordinate by coordinate, is the centre: outliers cannot move it far. */
const centreRows = 31;

/** The rows lie within twice the median distance from the centre; those beyond are drawn in to the surface. */
const radiusOfMedians = 2;

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

function distanceFrom(centre: Float64Array, row: Float32Array): number {
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

/** Writes the row as seen from the centre, in radii; never longer than 1, for what lies beyond is drawn in. */
export function centreRow(
  { centre, radius }: Frame,
  row: EncodingLike,
  into: Float32Array,
  at: number,
): void {
  const numbers = asFloat32(row);
  const factor = 1 / Math.max(radius, distanceFrom(centre, numbers));
  for (let k = 0; k < centre.length; k++) {
    into[at + k] = ((numbers[k] as number) - (centre[k] as number)) * factor;
  }
}
