// The Euclidean distance between encodings.

import { thresholdOptionTable } from '../config.js';
import { InvalidEncodingsError, InvalidOptionError } from '../errors.js';
import { isArray, readOptions } from '../options.js';
import { type EncodingLike, requireEncoding } from './encoding.js';

/**
 * The Euclidean distance between two encodings: 0 for the same face, about 0.4 and less for the same person by default.
 *
 * @returns √Σ(aᵢ − bᵢ)², summed in float64.
 * @throws InvalidEncodingsError `ENCODINGS_INVALID` when the lengths differ or a number is not finite.
 */
export function faceDistance(a: EncodingLike, b: EncodingLike): number {
  requireEncoding(a, 'The first encoding');
  requireEncoding(b, 'The second encoding');
  if (a.length !== b.length) {
    throw new InvalidEncodingsError(
      'ENCODINGS_INVALID',
      `Encodings of ${a.length} and ${b.length} numbers cannot be compared: they must have the same length.`,
    );
  }
  let sum = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    sum += difference * difference;
  }
  return Math.sqrt(sum);
}

/**
 * Which of the known encodings lie closer to the candidate than the threshold.
 *
 * @param threshold above 0; default 0.4, or FACE_DISTANCE_THRESHOLD.
 * @returns one answer for each known encoding, in order; true when distance < threshold.
 * @throws InvalidEncodingsError `ENCODINGS_INVALID`, InvalidOptionError.
 */
export function compareFaces(
  known: readonly EncodingLike[],
  candidate: EncodingLike,
  threshold?: number,
): boolean[] {
  const options = readOptions(thresholdOptionTable, { threshold });
  if (!isArray(known))
    throw new InvalidOptionError('ARGUMENT_INVALID', 'The known encodings must be an array of encodings.');
  requireEncoding(candidate, 'The candidate');
  return known.map((encoding) => faceDistance(encoding, candidate) < options.threshold);
}
