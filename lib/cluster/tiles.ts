// The comparison of a run's faces tile by tile: a thin stand-in.

import { type FaceRecord, findDuplicates } from '../duplicates/index.js';

const numbers = 128;

export const mostRows = 4096;

/** @param photos the encodings of each. */
export function packBlock(photos: readonly (readonly Float32Array[])[]): Uint8Array {
  const rows = photos.reduce((sum, { length }) => sum + length, 0);
  const bytes = new Uint8Array(4 + rows * (4 + numbers * 4));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, rows, true);
  let at = 4;
  photos.forEach((encodings, photo) => {
    for (const encoding of encodings) {
      view.setUint32(at, photo, true);
      encoding.forEach((number, index) => view.setFloat32(at + 4 + index * 4, number, true));
      at += 4 + numbers * 4;
    }
  });
  return bytes;
}

function recordsOf(block: Uint8Array, first: number): FaceRecord[] {
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  const byPhoto = new Map<number, Float32Array[]>();
  for (let at = 4; at < block.length; at += 4 + numbers * 4) {
    const photo = view.getUint32(at, true);
    const encoding = Float32Array.from({ length: numbers }, (_, index) =>
      view.getFloat32(at + 4 + index * 4, true),
    );
    byPhoto.set(photo, [...(byPhoto.get(photo) ?? []), encoding]);
  }
  return [...byPhoto].map(([photo, encodings]) => ({ id: String(first + photo), encodings }));
}

export interface Tile {
  readonly first: number;
  readonly second: number;
  /** Pairs of faces. */
  readonly pairs: number;
}

export function planTiles(rows: readonly number[]): Tile[] {
  return rows.flatMap((a, first) =>
    rows.slice(first).map((b, offset) => ({
      first,
      second: first + offset,
      pairs: offset === 0 ? (a * (a - 1)) / 2 : a * b,
    })),
  );
}

/** A block, and the number of its first record. */
export interface PlacedBlock {
  readonly bytes: Uint8Array;
  readonly firstRecord: number;
}

export interface RecordPair {
  readonly first: number;
  readonly second: number;
  readonly distance: number;
}

/** @param second undefined: the first with itself. */
export async function matchTile(
  first: PlacedBlock,
  second: PlacedBlock | undefined,
  { threshold, signal }: { readonly threshold: number; readonly signal: AbortSignal },
): Promise<RecordPair[]> {
  const a = recordsOf(first.bytes, first.firstRecord);
  const against = second ? recordsOf(second.bytes, second.firstRecord) : [];
  const pairs = await findDuplicates(a, { against, threshold, signal, threads: 1 });
  const ids = new Set(a.map(({ id }) => id));
  return pairs
    .filter((pair) => !second || ids.has(pair.first) !== ids.has(pair.second))
    .map((pair) => ({ first: Number(pair.first), second: Number(pair.second), distance: pair.distance }));
}
