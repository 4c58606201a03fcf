// Whether what a file holds is a photo with its encodings: names, origins, boxes and numbers are checked one by one.

import { FileFault } from './file_fault.js';
import type { KeptFace, KeptPhoto } from './kept_encodings.js';
import { type EncodingOrigin, originId } from './origin.js';

export const encodingSize = 128;
/** As long as a path may be, and what a decision can name. */
const longestName = 4096;

/** @throws FileFault */
export function nameIn(value: unknown, what: string): string {
  if (typeof value !== 'string' || value === '') throw new FileFault(`the ${what} is not a text`);
  if (value.length > longestName)
    throw new FileFault(`the ${what} has ${value.length} characters, more than ${longestName}`);
  // The database's UTF-8 has no lone surrogates, and its own tools stop at a NUL.
  if (/\p{Surrogate}|\0/u.test(value))
    throw new FileFault(`the ${what} holds a NUL or half of a surrogate pair`);
  return value;
}

/** As `nameIn`, where nothing may be given. */
function nameIfGiven(value: unknown, what: string): string | undefined {
  return value === undefined || value === null || value === '' ? undefined : nameIn(value, what);
}

/** What stands under a name in a file, whatever it is. */
export type Given = Partial<Readonly<Record<string, unknown>>>;

/** What is no object holds nothing. */
export function given(value: unknown): Given {
  return value ?? {};
}

/** @throws FileFault */
export function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FileFault('it is not a whole JSON object', { cause });
  }
}

/** All of a photo but its faces. @throws FileFault */
export function factsIn(values: Given, origins: OriginsOnce): Omit<KeptPhoto, 'faces'> {
  const { photo, reference, digest, origin } = values;
  const [record, content] = [nameIfGiven(reference, 'reference'), nameIfGiven(digest, 'digest')];
  return {
    photo: nameIn(photo, 'photo'),
    ...(record === undefined ? {} : { reference: record }),
    ...(content === undefined ? {} : { digest: content }),
    ...(origin === undefined || origin === null ? {} : { origin: origins.of(origin) }),
  };
}

/** Photos share few origins: equal ones become one object. */
export class OriginsOnce {
  readonly #known = new Map<string, EncodingOrigin>();

  /** @throws FileFault */
  of(value: unknown): EncodingOrigin {
    const origin = originIn(value);
    const id = originId(origin);
    const known = this.#known.get(id) ?? origin;
    this.#known.set(id, known);
    return known;
  }
}

function originIn(value: unknown): EncodingOrigin {
  const { models, options } = given(value);
  const isNumbers = (each: unknown) =>
    Array.isArray(each) && each.every((number) => typeof number === 'number');
  const isOption = (each: unknown) =>
    ['string', 'number', 'boolean'].includes(typeof each) || isNumbers(each);
  if (
    !isRecord(models, (each) => typeof each === 'string') ||
    !isRecord(options, isOption) ||
    Object.keys(models).length === 0
  )
    throw new FileFault('the origin is not { "models": { name: SHA-256, … }, "options": { … } }');
  return { models, options } as EncodingOrigin;
}

function isRecord(value: unknown, isEach: (each: unknown) => boolean): value is Record<string, unknown> {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every(isEach)
  );
}

/**
 * @param box all of x, y, width and height, or none.
 * @throws FileFault
 */
export function faceIn(box: Given, confidence: unknown, encoding: unknown): KeptFace {
  const sides = [box['x'], box['y'], box['width'], box['height']];
  const [x, y, width, height] = sides.map((side) => numberIfGiven(side, 'box'));
  const known = numberIfGiven(confidence, 'confidence');
  const numbers = encodingIn(encoding);
  const rest = { ...(known === undefined ? {} : { confidence: known }), encoding: numbers };
  if (x !== undefined && y !== undefined && width !== undefined && height !== undefined)
    return { box: { x, y, width, height }, ...rest };
  if (sides.some((side) => side !== undefined && side !== null))
    throw new FileFault('the box has not all of x, y, width and height');
  return rest;
}

function numberIfGiven(value: unknown, what: string): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number' || !Number.isFinite(value))
    throw new FileFault(`the ${what} holds something other than finite numbers`);
  return value;
}

function encodingIn(value: unknown): Float32Array {
  const numbers = value as ArrayLike<unknown> | null | undefined;
  const isList = Array.isArray(value) || value instanceof Float32Array || value instanceof Float64Array;
  if (!isList || numbers?.length !== encodingSize)
    throw new FileFault(
      `an encoding is a list of ${encodingSize} numbers, not ${isList ? `of ${numbers?.length ?? 0}` : typeof value}`,
    );
  const encoding = new Float32Array(encodingSize);
  for (let index = 0; index < encodingSize; index++) {
    const number = numbers[index];
    // After rounding: a number may be too large for float32.
    if (typeof number === 'number') encoding[index] = number;
    if (typeof number !== 'number' || !Number.isFinite(encoding[index]))
      throw new FileFault('an encoding holds something other than finite numbers of float32');
  }
  return encoding;
}
