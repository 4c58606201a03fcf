// Records packed for the matcher: every encoding in one flat Float32Array, every id once.

import { InvalidEncodingsError, InvalidOptionError } from '../errors.js';
import { isArray } from '../options.js';
import { type EncodingLike, requireEncoding } from './encoding.js';

/** One photo: its id and the encodings of the faces on it, none to many. */
export interface FaceRecord {
  /** Any string, unique among the records. */
  readonly id: string;
  /** Each of the same length (128 from `encodeFaces`); stored as float32. */
  readonly encodings: readonly EncodingLike[];
}

export interface RecordTable {
  readonly ids: readonly string[];
  /** Record r owns the rows firstRow[r] up to, not including, firstRow[r + 1]. */
  readonly firstRow: Uint32Array;
  /** rows × dimensions. */
  readonly values: Float32Array;
  /** Numbers in an encoding; 0 when there is none at all. */
  readonly dimensions: number;
}

function invalid(sentence: string): InvalidEncodingsError {
  return new InvalidEncodingsError('ENCODINGS_INVALID', sentence);
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

/** @throws InvalidEncodingsError `ENCODINGS_INVALID`, InvalidOptionError `ARGUMENT_INVALID`. */
export function packRecords(records: readonly FaceRecord[]): RecordTable {
  const firstRow = new Uint32Array(records.length + 1);
  const seen = new Set<string>();
  let dimensions = 0;
  // Not forEach, which would pass over the holes of a sparse array.
  for (const [index, record] of records.entries()) {
    checkRecord(record, index);
    if (seen.has(record.id))
      throw invalid(`The id '${record.id}' is given twice: each photo needs an id of its own.`);
    seen.add(record.id);
    firstRow[index + 1] = (firstRow[index] as number) + record.encodings.length;
    for (const given of record.encodings) {
      const encoding = requireEncoding(given, `An encoding of '${record.id}'`);
      dimensions ||= encoding.length;
      if (encoding.length !== dimensions) {
        throw invalid(
          `An encoding of '${record.id}' has ${encoding.length} numbers where others have ${dimensions}.`,
        );
      }
    }
  }

  const values = new Float32Array((firstRow[records.length] as number) * dimensions);
  let offset = 0;
  for (const record of records) {
    for (const encoding of record.encodings) {
      values.set(encoding, offset);
      offset += dimensions;
    }
  }
  return { ids: records.map((record) => record.id), firstRow, values, dimensions };
}
