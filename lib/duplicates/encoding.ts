// What counts as an encoding: numbers, as many as in every other.

import { InvalidEncodingsError } from '../errors.js';
import { isArray } from '../options.js';

/** Numbers of one face: a Float32Array of 128 from `encodeFaces`, or an array that holds numbers. */
export type EncodingLike = ArrayLike<number>;

function isNumberList(value: unknown): value is ArrayLike<unknown> {
  return isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

/**
 * Says whose encoding is wrong and how; `owner` begins the sentence.
 *
 * @throws InvalidEncodingsError `ENCODINGS_INVALID`
 */
export function requireEncoding(value: unknown, owner: string): EncodingLike {
  if (!isNumberList(value) || value.length === 0) {
    throw new InvalidEncodingsError(
      'ENCODINGS_INVALID',
      `${owner} must be an array of numbers, such as a Float32Array of 128.`,
    );
  }
  if (!(value instanceof Float32Array ? areFinite(value) : areFiniteAsFloat32(value))) {
    throw new InvalidEncodingsError(
      'ENCODINGS_INVALID',
      `${owner} holds something other than finite numbers.`,
    );
  }
  return value as EncodingLike;
}

/** The usual case apart from the others, for the sake of speed: 0 · x is 0 for finite numbers alone. */
function areFinite(numbers: Float32Array): boolean {
  let zero = 0;
  for (let i = 0; i < numbers.length; i++) zero += 0 * (numbers[i] as number);
  return zero === 0;
}

function areFiniteAsFloat32(list: ArrayLike<unknown>): boolean {
  for (let i = 0; i < list.length; i++) {
    if (typeof list[i] !== 'number' || !Number.isFinite(Math.fround(list[i] as number))) return false;
  }
  return true;
}
