// Records made ready for the matcher: checked, each row's encoding at hand, every id once. Nothing is copied but
// references.

import { InvalidEncodingsError, InvalidOptionError } from '../errors.js';
import { isArray } from '../options.js';
import { type EncodingLike, requireEncoding } from './encoding.js';
import type { Turns } from './turns.js';

/** One photo: its id and the encodings of the faces on it, none to many. */
export interface FaceRecord {
  /** Any string, unique among the records. */
  readonly id: string;
  /** Each of the same length (128 from `encodeFaces`); compared as float32. Not to be changed during a search. */
  readonly encodings: readonly EncodingLike[];
  /** What made the encodings, as `encodeFaces` says it: those of different ResNets cannot be compared. Default unknown. */
  readonly origin?: { readonly models: Readonly<Record<string, string>> } | undefined;
}

/** A row is one encoding; rows are numbered record by record. */
export interface RecordTable {
  readonly ids: readonly string[];
  readonly rows: readonly EncodingLike[];
  /** The record of each row; undefined when every record has exactly one. */
  readonly recordOfRow: Uint32Array | undefined;
  /** The newer records come first: so many records, with so many rows. */
  readonly newer: { readonly records: number; readonly rows: number };
  /** Numbers in an encoding; 0 when there is none at all. */
  readonly dimensions: number;
}

/** Records that are checked between two looks at the clock. */
const recordsAtATime = 256;

function invalid(sentence: string): InvalidEncodingsError {
  return new InvalidEncodingsError('ENCODINGS_INVALID', sentence);
}

/** Distances between the encodings of different ResNets mean nothing. */
class OneEncoder {
  #known: { readonly sha256: string; readonly id: string } | undefined;

  /** @throws InvalidEncodingsError `ENCODINGS_INCOMPARABLE`, InvalidOptionError `ARGUMENT_INVALID` */
  require({ id, origin }: FaceRecord): void {
    if (origin === undefined) return;
    const { models } = origin ?? {};
    if (typeof models !== 'object' || models === null)
      throw new InvalidOptionError('ARGUMENT_INVALID', `The origin of '${id}' must be { models, options }.`);
    const sha256 = models['encoder'];
    if (sha256 === undefined) return;
    this.#known ??= { sha256, id };
    if (this.#known.sha256 !== sha256)
      throw new InvalidEncodingsError(
        'ENCODINGS_INCOMPARABLE',
        `The encodings of '${id}' and of '${this.#known.id}' are of different ResNets (SHA-256 ${sha256} and ` +
          `${this.#known.sha256}), so their distance means nothing. Encode the photos of one of them again.`,
      );
  }
}

function checkRecord(record: FaceRecord, index: number): void {
  const isRecord = typeof record === 'object' && record !== null;
  if (!isRecord || typeof record.id !== 'string' || !isArray(record.encodings)) {
    throw new InvalidOptionError(
      'ARGUMENT_INVALID',
      `Record ${index} must be { id: string, encodings: Float32Array[] }.`,
    );
  }
}

/** @throws InvalidOptionError `ARGUMENT_INVALID` */
export function requireRecords(records: unknown): readonly FaceRecord[] {
  if (!isArray(records)) throw new InvalidOptionError('ARGUMENT_INVALID', 'The records must be an array.');
  return records as readonly FaceRecord[];
}

/**
 * Checks the records and lists their rows, the newer ones first.
 *
 * @throws InvalidEncodingsError `ENCODINGS_INVALID`, `ENCODINGS_INCOMPARABLE`, InvalidOptionError `ARGUMENT_INVALID`,
 *   AbortedError.
 */
export async function tabulate(
  newer: readonly FaceRecord[],
  older: readonly FaceRecord[],
  turns: Turns,
): Promise<RecordTable> {
  // The caller may change its arrays during the search.
  const records = newer.concat(older);
  const newerRecords = newer.length;
  const ids: string[] = [];
  const rows: EncodingLike[] = [];
  const seen = new Set<string>();
  let dimensions = 0;
  let newerRows = 0;
  let isPlain = true;
  const encoder = new OneEncoder();
  // Not forEach, which would pass over the holes of a sparse array.
  for (let index = 0; index < records.length; index++) {
    if (index === newerRecords) newerRows = rows.length;
    if (index % recordsAtATime === 0 && turns.isOver()) await turns.next();
    const record = records[index] as FaceRecord;
    checkRecord(record, index);
    encoder.require(record);
    const { id, encodings } = record;
    if (seen.has(id)) throw invalid(`The id '${id}' is given twice: each photo needs an id of its own.`);
    seen.add(id);
    ids.push(id);
    isPlain &&= encodings.length === 1;
    for (const given of encodings) {
      const encoding = requireEncoding(given, `An encoding of '${id}'`);
      dimensions ||= encoding.length;
      if (encoding.length !== dimensions) {
        throw invalid(
          `An encoding of '${id}' has ${encoding.length} numbers where others have ${dimensions}.`,
        );
      }
      rows.push(encoding);
    }
  }
  if (newerRecords === records.length) newerRows = rows.length;
  return {
    ids,
    rows,
    recordOfRow: isPlain ? undefined : recordsOfRows(records, rows.length),
    newer: { records: newerRecords, rows: newerRows },
    dimensions,
  };
}

function recordsOfRows(records: readonly FaceRecord[], rows: number): Uint32Array {
  const recordOfRow = new Uint32Array(rows);
  let row = 0;
  records.forEach(({ encodings }, record) => {
    recordOfRow.fill(record, row, row + encodings.length);
    row += encodings.length;
  });
  return recordOfRow;
}
