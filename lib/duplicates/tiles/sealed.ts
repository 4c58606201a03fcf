// Bytes that say what they are and whether they are whole: a name of four letters, a version, what they hold, a CRC-32.

import { TileDataError } from '../../errors.js';

const nameBytes = 4;
const headBytes = nameBytes + 4;
const checksumBytes = 4;
const version = 1;

export interface Kind {
  /** Four letters of ASCII, with which the bytes begin. */
  readonly name: string;
  /** In a sentence. */
  readonly noun: string;
  readonly code: string;
}

/** Where what is sealed begins. */
export const sealedAt = headBytes;

/** Room for so many bytes between head and checksum, to be filled by way of `body` before `close` is called. */
export function openSeal({ name }: Kind, size: number): { body: DataView; close: () => Uint8Array } {
  const bytes = new Uint8Array(headBytes + size + checksumBytes);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < nameBytes; i++) bytes[i] = name.charCodeAt(i);
  view.setUint32(nameBytes, version, true);
  return {
    body: new DataView(bytes.buffer, headBytes, size),
    close: () => {
      view.setUint32(headBytes + size, crc32(bytes.subarray(0, headBytes + size)), true);
      return bytes;
    },
  };
}

/**
 * What lies between head and checksum, both of which are right.
 *
 * @throws TileDataError with the kind's code.
 */
export function breakSeal(kind: Kind, bytes: Uint8Array): DataView {
  if (!(bytes instanceof Uint8Array)) throw damaged(kind, 'is not given as bytes');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = bytes.length - checksumBytes;
  const isOfKind = end >= headBytes && String.fromCharCode(...bytes.subarray(0, nameBytes)) === kind.name;
  if (!isOfKind) throw damaged(kind, `does not begin as one: '${kind.name}' and a version`);
  const found = view.getUint32(nameBytes, true);
  if (found !== version)
    throw damaged(kind, `is of version ${found}, and this release reads version ${version} alone`);
  if (view.getUint32(end, true) !== crc32(bytes.subarray(0, end)))
    throw damaged(kind, 'is damaged: its CRC-32 is not that of its bytes');
  return new DataView(bytes.buffer, bytes.byteOffset + headBytes, end - headBytes);
}

export function damaged({ noun, code }: Kind, fault: string): TileDataError {
  return new TileDataError(
    code,
    `The ${noun} ${fault}. Make it once more from the encodings it was made of.`,
  );
}

/** CRC-32 as zlib has it (ISO 3309, polynomial 0xEDB88320): by zlib itself in Node, and a fifth as fast in browsers. */
function crc32(bytes: Uint8Array): number {
  const zlib = typeof process === 'undefined' ? undefined : process.getBuiltinModule?.('node:zlib');
  return zlib?.crc32 ? zlib.crc32(bytes) : plainCrc32(bytes);
}

let table: Uint32Array | undefined;

/** The same without Node. */
export function plainCrc32(bytes: Uint8Array): number {
  table ??= Uint32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
    return crc;
  });
  let crc = -1;
  for (let i = 0; i < bytes.length; i++)
    crc = (table[(crc ^ (bytes[i] as number)) & 255] as number) ^ (crc >>> 8);
  return ~crc >>> 0;
}
