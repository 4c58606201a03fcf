// A block of faces: what a store keeps and workers exchange of some photos, as binary columns.

import { InvalidEncodingsError } from '../../errors.js';
import { requireRecords, tabulate, type FaceRecord } from '../record_table.js';
import { Turns } from '../turns.js';
import { breakSeal, damaged, type Kind, openSeal, sealedAt } from './sealed.js';

/** Faces of some photos, all the faces of each of them: row after row, one encoding each. */
export interface FaceBlock {
  /** How many photos, with and without faces: 0 … 2³² − 1. They are known by their numbers, from 0 on. */
  readonly photos: number;
  /** Numbers in an encoding, as many in every one: 1 and up, 128 from `encodeFaces`; 0 in a block without a face. */
  readonly dimensions: number;
  /** Of each row, the number of its photo. */
  readonly photoOfRow: Uint32Array;
  /** rows × dimensions finite numbers, row by row. */
  readonly encodings: Float32Array;
}

/** Photos `from` up to, not including, `to`, which have so many rows together. */
export interface BlockRange {
  readonly from: number;
  readonly to: number;
  readonly rows: number;
}

/**
 * Rows of a block unless told otherwise. Larger blocks are scanned faster, as a larger share of each can be passed over;
 * smaller ones can be spread over more workers, and less is lost with a worker that is killed. 8,192 rows of 128
 * numbers are 4 MiB, a tile of two such blocks 67 million pairs, which is some tenths of a second of work.
 */
export const defaultBlockRows = 8192;

const kind: Kind = { name: 'FDBL', noun: 'block of faces', code: 'BLOCK_INVALID' };

/** Dimensions, rows and photos: uint32 each. */
const factBytes = 12;

/**
 * Byte offset of the first row's encoding in what `packBlock` makes: row r of n numbers begins at
 * `packedRowsAt + 4 · n · r`, for those who read a few rows without the others.
 */
export const packedRowsAt = sealedAt + factBytes;

/**
 * Cuts photos, in the order in which they are given, into blocks. A photo is never cut in two: one that has more faces
 * than a block has rows makes a larger block by itself.
 *
 * @param facesOfPhotos how many faces each photo has, 0 and up.
 * @param mostRows rows of a block, at most: 1 and up; default 8,192.
 * @returns ranges of photos, in order, which cover all of them; a range may have no rows where no photo has a face.
 */
export function planBlocks(
  facesOfPhotos: ArrayLike<number>,
  mostRows: number = defaultBlockRows,
): BlockRange[] {
  const blocks: BlockRange[] = [];
  let [from, rows] = [0, 0];
  for (let photo = 0; photo < facesOfPhotos.length; photo++) {
    const faces = facesOfPhotos[photo] as number;
    if (rows > 0 && rows + faces > mostRows) {
      blocks.push({ from, to: photo, rows });
      [from, rows] = [photo, 0];
    }
    rows += faces;
  }
  if (from < facesOfPhotos.length) blocks.push({ from, to: facesOfPhotos.length, rows });
  return blocks;
}

/**
 * A block of photos that are at hand as records; a photo's number is its record's. The encodings are copied.
 *
 * @throws InvalidEncodingsError `ENCODINGS_INVALID` (an id twice, lengths that differ, numbers that are not finite),
 *   `ENCODINGS_INCOMPARABLE` (records whose origins name different ResNets), InvalidOptionError `ARGUMENT_INVALID`.
 */
export async function blockOf(records: readonly FaceRecord[]): Promise<FaceBlock> {
  const { rows, recordOfRow, dimensions } = await tabulate(requireRecords(records), [], new Turns(undefined));
  const encodings = new Float32Array(rows.length * dimensions);
  rows.forEach((row, i) => encodings.set(row, i * dimensions));
  const photoOfRow = recordOfRow ?? Uint32Array.from(rows, (_, row) => row);
  return { photos: records.length, dimensions, photoOfRow, encodings };
}

/**
 * The block as bytes, all numbers little-endian: `FDBL`, version 1, dimensions, rows and photos as uint32; the
 * encodings, row by row, as float32; of each row the number of its photo as uint32; and the CRC-32 of all that as uint32.
 *
 * @throws InvalidEncodingsError `ENCODINGS_INVALID`
 */
export function packBlock(block: FaceBlock): Uint8Array {
  requireBlock(block);
  const { photos, dimensions, photoOfRow, encodings } = block;
  const { body, close } = openSeal(kind, factBytes + 4 * (encodings.length + photoOfRow.length));
  [dimensions, photoOfRow.length, photos].forEach((fact, i) => body.setUint32(4 * i, fact, true));
  let at = factBytes;
  for (let i = 0; i < encodings.length; i++, at += 4) body.setFloat32(at, encodings[i] as number, true);
  for (let i = 0; i < photoOfRow.length; i++, at += 4) body.setUint32(at, photoOfRow[i] as number, true);
  return close();
}

/**
 * Reads what `packBlock` made; the bytes are copied and may be used again.
 *
 * @throws TileDataError `BLOCK_INVALID` (no block, of another version, damaged, cut short).
 */
export function unpackBlock(bytes: Uint8Array): FaceBlock {
  const body = breakSeal(kind, bytes);
  if (body.byteLength < factBytes) throw damaged(kind, 'is cut short');
  const [dimensions, rows, photos] = [0, 4, 8].map((at) => body.getUint32(at, true)) as [
    number,
    number,
    number,
  ];
  const numbers = rows * dimensions;
  if (body.byteLength !== factBytes + 4 * (numbers + rows))
    throw damaged(
      kind,
      `has ${body.byteLength} bytes, which is not what ${rows} rows of ${dimensions} numbers take`,
    );
  const encodings = new Float32Array(ownWords(body, factBytes, numbers));
  const photoOfRow = new Uint32Array(ownWords(body, factBytes + 4 * numbers, rows));
  const block = { photos, dimensions, photoOfRow, encodings };
  const fault = faultOf(block);
  if (fault !== undefined) throw damaged(kind, fault);
  return block;
}

/** So many numbers of four bytes, copied in a machine's own order: a loop over them would take as long as their checksum. */
function ownWords({ buffer, byteOffset }: DataView, at: number, count: number): ArrayBuffer {
  const copy = new Uint8Array(buffer, byteOffset + at, 4 * count).slice().buffer;
  const words = new Uint32Array(copy);
  const view = new DataView(copy);
  if (isBigEndian) words.forEach((_, i) => (words[i] = view.getUint32(4 * i, true)));
  return copy;
}

const isBigEndian = new Uint8Array(Uint32Array.of(1).buffer)[0] === 0;

/** @throws InvalidEncodingsError `ENCODINGS_INVALID` */
export function requireBlock(block: FaceBlock): void {
  const fault = faultOf(block);
  if (fault !== undefined)
    throw new InvalidEncodingsError('ENCODINGS_INVALID', `The block of faces ${fault}.`);
}

/** What is wrong with the block, as the end of a sentence. */
function faultOf({ photos, dimensions, photoOfRow, encodings }: FaceBlock): string | undefined {
  if (!(encodings instanceof Float32Array && photoOfRow instanceof Uint32Array))
    return 'must have its columns as Float32Array and Uint32Array';
  if (!(Number.isInteger(photos) && photos >= 0 && photos < 2 ** 32)) return `cannot have ${photos} photos`;
  const rows = photoOfRow.length;
  if (encodings.length !== rows * dimensions)
    return `has ${encodings.length} numbers, which is not ${rows} rows of ${dimensions}`;
  if (rows > 0 && dimensions === 0) return 'has rows without a number';
  for (let row = 0; row < rows; row++) {
    if ((photoOfRow[row] as number) >= photos)
      return `has a face of photo ${photoOfRow[row]}, and ${photos} photos`;
  }
  let zero = 0;
  for (let i = 0; i < encodings.length; i++) zero += 0 * (encodings[i] as number);
  return zero === 0 ? undefined : 'holds something other than finite numbers';
}
