// Encodings as Apache Parquet: a row a face, in groups of rows that are read and written one after the other.
// The format: https://parquet.apache.org/docs/file-format/

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { SchemaElement } from 'hyparquet';
import type { ColumnSource } from 'hyparquet-writer';
import { throwIfAborted } from '../errors.js';
import { columnNames, type FaceRow, type GivenRow, photosOfRows, rowsOfPhotos } from './face_rows.js';
import { FileFault } from './file_fault.js';
import type { KeptPhoto } from './kept_encodings.js';
import type { ParquetAnswer, ParquetWork } from './parquet_thread.js';

const rowsTogether = 2048;
const longestGroup = 60_000;

const text = { type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' } as const;
const number = { type: 'DOUBLE', repetition_type: 'OPTIONAL' } as const;
const numberColumns = [...columnNames.box, columnNames.confidence];
const columnsRead = [...columnNames.facts, ...numberColumns, 'encoding'];
/** The list as the format's LogicalTypes asks for it, in three levels. */
const schema: SchemaElement[] = [
  { name: 'faces', num_children: columnNames.facts.length + numberColumns.length + 1 },
  ...columnNames.facts.map((name) => ({ name, ...text })),
  ...numberColumns.map((name) => ({ name, ...number })),
  { name: 'encoding', converted_type: 'LIST', repetition_type: 'OPTIONAL', num_children: 1 },
  { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
  { name: 'element', type: 'FLOAT', repetition_type: 'REQUIRED' },
];

export interface ParquetReading {
  readonly signal?: AbortSignal | undefined;
  /** In milliseconds, for a group of rows. Default 60 s: what other programs write may be one group of a gigabyte. */
  readonly patience?: number | undefined;
}

/**
 * The columns `photo`, `reference`, `digest`, `origin` (JSON), `x`, `y`, `width`, `height`, `confidence` and `encoding`, a
 * list of 128 floats; all but `photo` and `encoding` may be missing or null, other columns are passed over. A photo without
 * a face has one row whose `encoding` is null. The rows of a photo stand together.
 *
 * @throws FileFault, AbortedError
 */
export async function* readParquet(
  path: string,
  reading: ParquetReading = {},
): AsyncGenerator<KeptPhoto, void, undefined> {
  yield* photosOfRows(rowsIn(path, reading));
}

/**
 * In a thread of its own: the package runs for ever on some damaged files, leaves promises unhandled on others, and either
 * would take the caller's process with it.
 */
async function* rowsIn(path: string, given: ParquetReading): AsyncGenerator<GivenRow, void, undefined> {
  const thread = new Worker(new URL('./parquet_thread.js', import.meta.url), {
    ...{ name: 'facededup', workerData: { path, columns: columnsRead, rowsTogether } satisfies ParquetWork },
    // None of the caller's loaders, hooks and secrets.
    ...{ execArgv: [], env: {} },
  });
  let failure: Error | undefined;
  thread.on('error', (error) => (failure = error));
  try {
    for (;;) {
      if (failure) throw fault(failure.message, failure);
      const answer = await nextAnswer(thread, given);
      if ('fault' in answer) throw new FileFault(answer.fault);
      if ('refusal' in answer) throw Object.assign(new Error(answer.refusal.message), answer.refusal);
      if (answer.rows.length === 0) return;
      for (const { place, values } of answer.rows)
        yield {
          place,
          photo: values['photo'],
          reference: values['reference'],
          digest: values['digest'],
          origin: values['origin'],
          box: values,
          confidence: values['confidence'],
          encoding: values['encoding'],
        };
    }
  } finally {
    await thread.terminate();
  }
}

async function nextAnswer(
  thread: Worker,
  { patience = longestGroup, signal }: ParquetReading,
): Promise<ParquetAnswer> {
  const late = AbortSignal.timeout(patience);
  const told = once(thread, 'message', { signal: signal ? AbortSignal.any([late, signal]) : late });
  thread.postMessage('next');
  try {
    const [answer] = (await told) as [ParquetAnswer];
    return answer;
  } catch (cause) {
    throwIfAborted(signal);
    const reason = late.aborted
      ? `no more rows came in ${patience / 1000} s`
      : cause instanceof Error
        ? cause.message
        : String(cause);
    throw fault(reason, cause);
  }
}

function fault(reason: string, cause: unknown): FileFault {
  return new FileFault(`it is no whole Parquet file: ${reason}`, { cause });
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
