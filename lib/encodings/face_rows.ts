// Tables with a row for each face: how photos become rows and rows become photos again, for CSV and Parquet.

import { at, FileFault } from './file_fault.js';
import { encodingSize, faceIn, factsIn, type Given, jsonIn, OriginsOnce } from './kept_checks.js';
import type { KeptFace, KeptPhoto } from './kept_encodings.js';
import type { EncodingOrigin } from './origin.js';

/** A photo without a face has one row, without an encoding. */
export interface FaceRow {
  readonly photo: string;
  readonly reference?: string | undefined;
  readonly digest?: string | undefined;
  /** As JSON. */
  readonly origin?: string | undefined;
  readonly face?: KeptFace | undefined;
}

/** Of a photo all rows are alike but for the face, and stand one after the other. */
export type GivenRow = Readonly<
  Record<'photo' | 'reference' | 'digest' | 'origin' | 'confidence', unknown>
> & {
  readonly box: Given;
  readonly encoding: unknown;
  /** For errors: `line 3`, `row 3`. */
  readonly place: string;
};

export const columnNames = {
  facts: ['photo', 'reference', 'digest', 'origin'],
  box: ['x', 'y', 'width', 'height'],
  confidence: 'confidence',
  /** In CSV; in Parquet they are one list, `encoding`. */
  numbers: Array.from({ length: encodingSize }, (_, index) => `e${index}`),
} as const;

export async function* rowsOfPhotos(
  photos: AsyncIterable<KeptPhoto> | Iterable<KeptPhoto>,
): AsyncGenerator<FaceRow, void, undefined> {
  const texts = new Map<EncodingOrigin, string>();
  for await (const { photo, reference, digest, origin, faces } of photos) {
    if (origin && !texts.has(origin)) texts.set(origin, JSON.stringify(origin));
    const facts = { photo, reference, digest, origin: origin && texts.get(origin) };
    if (faces.length === 0) yield facts;
    for (const face of faces) yield { ...facts, face };
  }
}

/** @throws FileFault */
export async function* photosOfRows(
  rows: AsyncIterable<GivenRow>,
): AsyncGenerator<KeptPhoto, void, undefined> {
  const seen = new Set<string>();
  const origins = new OriginsOnce();
  const parsed = new Map<unknown, unknown>();
  let first: GivenRow | undefined;
  let open: (KeptPhoto & { readonly faces: KeptFace[] }) | undefined;
  for await (const row of rows)
    try {
      if (!open || first?.photo !== row.photo) {
        if (open) yield open;
        const facts = factsIn({ ...row, origin: originOf(row.origin, parsed) }, origins);
        if (seen.has(facts.photo)) throw new FileFault(`the photo '${facts.photo}' has rows further up`);
        seen.add(facts.photo);
        [first, open] = [row, { ...facts, faces: [] }];
      }
      if (columnNames.facts.some((name) => row[name] !== first?.[name]))
        throw new FileFault(`it contradicts the row of '${open.photo}' before it`);
      if (row.encoding !== undefined && row.encoding !== null)
        open.faces.push(faceIn(row.box, row.confidence, row.encoding));
    } catch (error) {
      throw at(row.place, error);
    }
  if (open) yield open;
}

/** Most rows have the same text: it is read once. */
function originOf(text: unknown, parsed: Map<unknown, unknown>): unknown {
  if (typeof text !== 'string' || text === '') return undefined;
  if (!parsed.has(text)) parsed.set(text, jsonIn(text));
  return parsed.get(text);
}
