// Lists of faces: centres among them, each face at home in the list of one, and where two lists border on each other.

import { faceListsOptionTable } from '../../config.js';
import { InvalidEncodingsError, InvalidOptionError, throwIfAborted } from '../../errors.js';
import { readOptions } from '../../options.js';
import type { KernelKind } from '../kernel.js';
import { requireSample } from '../tiles/run_axes.js';
import { breakSeal, damaged, type Kind, openSeal } from '../tiles/sealed.js';
import { Turns } from '../turns.js';
import { HomeFinder } from './homes.js';

/** Centres that faces gather around. */
export interface FaceLists {
  /** Numbers in an encoding. */
  readonly dimensions: number;
  /** 1 and up. */
  readonly count: number;
  /** count × dimensions finite numbers, centre by centre. */
  readonly centres: Float32Array;
}

/** Of lists that are to be made. */
export interface FaceListsOptions {
  /** How many: 1…65,536; no more than the sample has rows. */
  readonly lists: number;
  readonly signal?: AbortSignal | undefined;
}

/** Times that each centre goes to the middle of its rows: with more, the same pairs are found in the same time. */
const rounds = 6;

/** Rows of a sample for each list: with more, the lists do not get better. */
export const sampleRowsOfList = 32;

/**
 * Makes lists by k-means, from a sample of the rows that will be dealt to them; the same sample makes the same lists.
 *
 * @param sample encodings of the same length; 32 for each list are as good as any larger number.
 * @throws InvalidEncodingsError `ENCODINGS_INVALID` (none at all, lengths that differ, numbers that are not finite),
 *   InvalidOptionError, AbortedError, OutOfMemoryError.
 */
export function listsOf(sample: readonly Float32Array[], options: FaceListsOptions): Promise<FaceLists> {
  return listsOfBy(sample, options, undefined);
}

/** The same, with the choice of a kernel open to tests. */
export async function listsOfBy(
  sample: readonly Float32Array[],
  options: FaceListsOptions,
  kernel: KernelKind | undefined,
): Promise<FaceLists> {
  const { lists: wanted, signal } = readOptions(faceListsOptionTable, options);
  throwIfAborted(signal);
  const dimensions = requireSample(sample);
  const count = Math.min(wanted ?? 1, sample.length);
  const turns = new Turns(signal);
  const centres = new Float32Array(count * dimensions);
  for (let list = 0; list < count; list++)
    centres.set(sample[Math.floor((list * sample.length) / count)] as Float32Array, list * dimensions);
  const lists = { dimensions, count, centres };
  for (let round = 0; round < rounds; round++) {
    const homes = await new HomeFinder(lists, kernel).homesOf(sample, turns);
    moveToTheMiddle(lists, sample, homes);
  }
  return lists;
}

/** A centre that no row is nearest to stays where it is. */
function moveToTheMiddle(
  { dimensions, count, centres }: FaceLists,
  rows: readonly Float32Array[],
  homes: Uint32Array,
): void {
  const sums = new Float64Array(count * dimensions);
  const members = new Uint32Array(count);
  for (const [i, row] of rows.entries()) {
    const home = homes[i] as number;
    members[home] = (members[home] as number) + 1;
    for (let k = 0, at = home * dimensions; k < dimensions; k++, at++)
      sums[at] = (sums[at] as number) + (row[k] as number);
  }
  for (let at = 0; at < sums.length; at++) {
    const share = members[Math.floor(at / dimensions)] as number;
    if (share > 0) centres[at] = (sums[at] as number) / share;
  }
}

const kind: Kind = { name: 'FDLS', noun: 'lists of faces', code: 'LISTS_INVALID' };

/** Dimensions and lists: uint32 each. */
const factBytes = 8;

/** The lists as bytes, all numbers little-endian: `FDLS`, version 1, dimensions and count as uint32, the centres as float32, and a CRC-32. */
export function packLists({ dimensions, count, centres }: FaceLists): Uint8Array {
  const { body, close } = openSeal(kind, factBytes + 4 * centres.length);
  body.setUint32(0, dimensions, true);
  body.setUint32(4, count, true);
  for (let i = 0, at = factBytes; i < centres.length; i++, at += 4)
    body.setFloat32(at, centres[i] as number, true);
  return close();
}

/**
 * Reads what `packLists` made.
 *
 * @throws TileDataError `LISTS_INVALID` (no lists, of another version, damaged, cut short).
 */
export function unpackLists(bytes: Uint8Array): FaceLists {
  const body = breakSeal(kind, bytes);
  if (body.byteLength < factBytes) throw damaged(kind, 'are cut short');
  const [dimensions, count] = [body.getUint32(0, true), body.getUint32(4, true)];
  if (dimensions === 0 || count === 0 || body.byteLength !== factBytes + 4 * dimensions * count)
    throw damaged(kind, 'are not of the size that they say');
  const centres = Float32Array.from({ length: dimensions * count }, (_, i) =>
    body.getFloat32(factBytes + 4 * i, true),
  );
  if (!centres.every(Number.isFinite)) throw damaged(kind, 'hold something other than finite numbers');
  return { dimensions, count, centres };
}

/** @throws InvalidOptionError `ARGUMENT_INVALID` */
export function centreOf({ dimensions, count, centres }: FaceLists, list: number): Float32Array {
  if (!(Number.isInteger(list) && list >= 0 && list < count))
    throw new InvalidOptionError('ARGUMENT_INVALID', `There is no list ${list} among ${count}.`);
  return centres.subarray(list * dimensions, (list + 1) * dimensions);
}

/** @throws InvalidEncodingsError `ENCODINGS_INVALID` */
export function requireLength(length: number, { dimensions }: FaceLists): void {
  if (length !== dimensions)
    throw new InvalidEncodingsError(
      'ENCODINGS_INVALID',
      `Encodings of ${length} numbers do not belong in lists for ${dimensions}.`,
    );
}
