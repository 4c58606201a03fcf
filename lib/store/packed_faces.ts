// Faces as the bytes that a face store keeps: fixed places, so that 100,000 of them need no parsing.

import { crc32 } from 'node:zlib';
import { requireEncoding } from '../duplicates/encoding.js';
import { InvalidEncodingsError } from '../errors.js';
import type { KeptFace } from '../encodings/kept_encodings.js';

const numbers = 128;
/** x, y, width, height and confidence as float64, then the encoding as float32; little-endian. */
const encodingOffset = 5 * 8;
export const faceBytes = encodingOffset + numbers * 4;
/** So that those of a page of photos stay below the billion bytes that SQLite takes as one value. */
const mostFaces = 7000;

/** What is not known of a face is NaN. @throws InvalidEncodingsError `ENCODINGS_INVALID` */
export function packFaces(faces: readonly KeptFace[]): Uint8Array {
  if (faces.length > mostFaces)
    throw invalid(`A photo has ${faces.length} faces where a face store keeps up to ${mostFaces}.`);
  const bytes = new Uint8Array(faces.length * faceBytes);
  const view = new DataView(bytes.buffer);
  faces.forEach(({ box, confidence, encoding }, face) => {
    requireEncoding(encoding, 'An encoding');
    if (encoding.length !== numbers)
      throw invalid(`An encoding has ${encoding.length} numbers where a face store keeps ${numbers}.`);
    const start = face * faceBytes;
    [box?.x, box?.y, box?.width, box?.height, confidence].forEach((number, index) =>
      view.setFloat64(start + index * 8, number ?? Number.NaN, true),
    );
    for (let index = 0; index < numbers; index++)
      view.setFloat32(start + encodingOffset + index * 4, encoding[index] as number, true);
  });
  return bytes;
}

const checksumBytes = 4;

/** With their CRC-32 behind them: SQLite notices a garbled page by its structure alone, not by what is in it. */
export function sealFaces(faces: Uint8Array): Uint8Array {
  const sealed = new Uint8Array(faces.length + checksumBytes);
  sealed.set(faces);
  viewOf(sealed).setUint32(faces.length, crc32(faces), true);
  return sealed;
}

/** @returns the faces in [start, end) as they were sealed, or undefined when those bytes are others by now. */
export function unsealFaces(view: DataView, start = 0, end = view.byteLength): KeptFace[] | undefined {
  const rest = (end - start) % faceBytes;
  // Kept before there were checksums.
  if (rest === 0) return unpackFaces(view, start, end);
  const last = end - checksumBytes;
  if (rest !== checksumBytes) return undefined;
  const bytes = new Uint8Array(view.buffer, view.byteOffset + start, last - start);
  return crc32(bytes) === view.getUint32(last, true) ? unpackFaces(view, start, last) : undefined;
}

const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The encodings are views of the same bytes, where the machine allows it: those must not be written to. */
export function unpackFaces(view: DataView, start = 0, end = view.byteLength): KeptFace[] {
  const faces: KeptFace[] = [];
  for (let at = start; at + faceBytes <= end; at += faceBytes) {
    const encoding = encodingAt(view, at + encodingOffset);
    const confidence = view.getFloat64(at + 32, true);
    const box = {
      x: view.getFloat64(at, true),
      y: view.getFloat64(at + 8, true),
      width: view.getFloat64(at + 16, true),
      height: view.getFloat64(at + 24, true),
    };
    // The usual case apart from the others, for the sake of speed.
    if (!Number.isNaN(box.x) && !Number.isNaN(confidence)) faces.push({ box, confidence, encoding });
    else
      faces.push({
        ...(Number.isNaN(box.x) ? {} : { box }),
        ...(Number.isNaN(confidence) ? {} : { confidence }),
        encoding,
      });
  }
  return faces;
}

function encodingAt(view: DataView, offset: number): Float32Array {
  const start = view.byteOffset + offset;
  if (isLittleEndian && start % 4 === 0) return new Float32Array(view.buffer as ArrayBuffer, start, numbers);
  return Float32Array.from({ length: numbers }, (_, index) => view.getFloat32(offset + index * 4, true));
}

function invalid(message: string): InvalidEncodingsError {
  return new InvalidEncodingsError('ENCODINGS_INVALID', message);
}
