// Encodings as Apache Parquet: a row a face, in groups of rows that are read and written one after the other.
// The format: https://parquet.apache.org/docs/file-format/

import type { ColumnSource } from 'hyparquet-writer';
import type { SchemaElement } from 'hyparquet';
import { columnNames, type FaceRow, type GivenRow, photosOfRows, rowsOfPhotos } from './face_rows.js';
import { FileFault } from './file_fault.js';
import type { KeptPhoto } from './kept_encodings.js';

const rowsTogether = 2048;

const text = { type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' } as const;
const number = { type: 'DOUBLE', repetition_type: 'OPTIONAL' } as const;
const numberColumns = [...columnNames.box, columnNames.confidence];
/** The list as the format's LogicalTypes asks for it, in three levels. */
const schema: SchemaElement[] = [
  { name: 'faces', num_children: columnNames.facts.length + numberColumns.length + 1 },
  ...columnNames.facts.map((name) => ({ name, ...text })),
  ...numberColumns.map((name) => ({ name, ...number })),
  { name: 'encoding', converted_type: 'LIST', repetition_type: 'OPTIONAL', num_children: 1 },
  { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
  { name: 'element', type: 'FLOAT', repetition_type: 'REQUIRED' },
];

/**
 * The columns `photo`, `reference`, `digest`, `origin` (JSON), `x`, `y`, `width`, `height`, `confidence` and `encoding`, a
 * list of 128 floats; all but `photo` and `encoding` may be missing or null, other columns are passed over. A photo without
 * a face has one row whose `encoding` is null. The rows of a photo stand together.
 *
 * @throws FileFault
 */
export async function* readParquet(path: string): AsyncGenerator<KeptPhoto, void, undefined> {
  yield* photosOfRows(rowsIn(path));
}

async function* rowsIn(path: string): AsyncGenerator<GivenRow, void, undefined> {
  const { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } = await import('hyparquet');
  const file = await asyncBufferFromFile(path);
  const metadata = await asFault(() => parquetMetadataAsync(file));
  const there = new Set(metadata.schema.map(({ name }) => name));
  for (const column of ['photo', 'encoding'])
    if (!there.has(column)) throw new FileFault(`there is no column '${column}'`);
  const columns = [...columnNames.facts, ...numberColumns, 'encoding'].filter((column) => there.has(column));
  const parsers = { stringFromBytes: textFrom };
  const count = Number(metadata.num_rows);
  for (let start = 0; start < count; start += rowsTogether) {
    const end = Math.min(count, start + rowsTogether);
    const rows = await asFault(() =>
      parquetReadObjects({ ...{ file, metadata, columns, parsers }, rowStart: start, rowEnd: end }),
    );
    if (rows.length !== end - start)
      throw new FileFault(`rows ${start} to ${end - 1} are not all there: it was cut short`);
    for (const [index, row] of rows.entries())
      yield {
        place: `row ${start + index}`,
        photo: row['photo'],
        reference: row['reference'],
        digest: row['digest'],
        origin: row['origin'],
        box: row,
        confidence: row['confidence'],
        encoding: row['encoding'],
      };
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The package's own takes a byte order mark off, and lets through what is no UTF-8. */
function textFrom(bytes: Uint8Array | undefined): string | undefined {
  return bytes && decoder.decode(bytes);
}

/** The parser says what is wrong in errors of no kind of their own. */
async function asFault<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof Error && 'syscall' in cause) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FileFault(`it is no whole Parquet file: ${reason}`, { cause });
  }
}

export async function* formatParquet(
  photos: AsyncIterable<KeptPhoto> | Iterable<KeptPhoto>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { ByteWriter, ParquetWriter } = await import('hyparquet-writer');
  const bytes = new ByteWriter();
  const parquet = new ParquetWriter({ writer: bytes, schema, statistics: false, createdBy: 'facededup' });
  /** What is written so far leaves the memory; the writer goes on counting from there. */
  const taken = () => {
    const piece = bytes.getBytes().slice();
    bytes.index = 0;
    return piece;
  };
  let rows: FaceRow[] = [];
  for await (const row of rowsOfPhotos(photos)) {
    rows.push(row);
    if (rows.length < rowsTogether) continue;
    await parquet.write({ columnData: columnsOf(rows), rowGroupSize: rowsTogether });
    rows = [];
    yield taken();
  }
  if (rows.length > 0) await parquet.write({ columnData: columnsOf(rows), rowGroupSize: rowsTogether });
  await parquet.finish();
  yield taken();
}

/** Numbers are written as they are: a dictionary takes 0 and −0 for one, and encodings do not compress. */
function columnsOf(rows: readonly FaceRow[]): ColumnSource[] {
  const plain = { encoding: 'PLAIN', codec: 'UNCOMPRESSED' } as const;
  return [
    ...columnNames.facts.map((name) => ({ name, data: rows.map((row) => row[name] ?? null) })),
    ...columnNames.box.map((name) => ({
      name,
      data: rows.map(({ face }) => face?.box?.[name] ?? null),
      ...plain,
    })),
    {
      name: columnNames.confidence,
      data: rows.map(({ face }) => face?.confidence ?? null),
      ...plain,
    },
    {
      name: 'encoding',
      data: rows.map(({ face }) => (face ? Array.from(face.encoding) : null)),
      ...plain,
    },
  ];
}
