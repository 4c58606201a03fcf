// Encodings as JSON lines: a photo a line. Also read: the array that `facededup encode --json` prints, an item a line.

import { faceText, photoLine } from './face_text.js';
import { at, FileFault } from './file_fault.js';
import { faceIn, factsIn, type Given, given, jsonIn, OriginsOnce } from './kept_checks.js';
import type { KeptPhoto } from './kept_encodings.js';
import { inPieces, linesOf } from './text_files.js';

/**
 * Each line is `{"photo", "reference"?, "digest"?, "origin"?, "faces": [{"box"?: {"x", "y", "width", "height"},
 * "confidence"?, "encoding": [128 numbers]}]}`. Keys that are not known are passed over; `origin` may stand in each face.
 *
 * @throws FileFault
 */
export async function* readJsonLines(path: string): AsyncGenerator<KeptPhoto, void, undefined> {
  const origins = new OriginsOnce();
  let array: 'none' | 'open' | 'closed' = 'none';
  let isFirst = true;
  for await (const [line, number] of linesOf(path)) {
    const text = line.trim();
    if (text === '') continue;
    if (array === 'closed') throw new FileFault(`line ${number}: something follows the end of the array`);
    if (isFirst && text.startsWith('[')) array = text === '[]' ? 'closed' : 'open';
    else if (array === 'open' && text === ']') array = 'closed';
    else
      try {
        yield photoIn(given(jsonIn(array === 'open' ? text.replace(/,$/, '') : text)), origins);
      } catch (error) {
        throw at(`line ${number}`, error);
      }
    isFirst = false;
  }
  if (array === 'open') throw new FileFault('its array has no end: it was cut short');
}

export function formatJsonLines(photos: AsyncIterable<KeptPhoto> | Iterable<KeptPhoto>) {
  return inPieces(linesFor(photos));
}

async function* linesFor(
  photos: AsyncIterable<KeptPhoto> | Iterable<KeptPhoto>,
): AsyncGenerator<string, void, undefined> {
  for await (const { faces, ...facts } of photos) yield photoLine(facts, faces.map(faceText));
}

function photoIn(values: Given, origins: OriginsOnce): KeptPhoto {
  const { faces } = values;
  if (!Array.isArray(faces)) throw new FileFault('the faces are not a list');
  const each = faces.map(given);
  const made = [values, ...each]
    .map(({ origin }) => origin)
    .filter((origin) => origin !== undefined && origin !== null)
    .map((origin) => origins.of(origin));
  if (new Set(made).size > 1) throw new FileFault('its faces have different origins');
  return {
    ...factsIn({ ...values, origin: made[0] }, origins),
    faces: each.map(({ box, confidence, encoding }) => faceIn(given(box), confidence, encoding)),
  };
}
