// What the thread that reads a Parquet file runs: it answers each message with the next rows.

import { parentPort, workerData } from 'node:worker_threads';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';

/** What the thread is given when it starts. */
export interface ParquetWork {
  readonly path: string;
  /** Those of them that are there are read; `photo` and `encoding` must be. */
  readonly columns: readonly string[];
  readonly rowsTogether: number;
}

export interface ParquetRow {
  /** For errors: `row 3`. */
  readonly place: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/** No rows at the end. `fault`: what is wrong with the file. `refusal`: why the system gave none of it. */
export type ParquetAnswer =
  | { readonly rows: readonly ParquetRow[] }
  | { readonly fault: string }
  | { readonly refusal: { readonly message: string; readonly code?: string; readonly syscall?: string } };

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
/** The package's own takes a byte order mark off, and lets through what is no UTF-8. */
const parsers = { stringFromBytes: (bytes: Uint8Array | undefined) => bytes && decoder.decode(bytes) };

async function* groupsOfRows({
  path,
  columns,
  rowsTogether,
}: ParquetWork): AsyncGenerator<ParquetAnswer, void, undefined> {
  const file = await asyncBufferFromFile(path);
  const metadata = await parquetMetadataAsync(file);
  const there = new Set(metadata.schema.map(({ name }) => name));
  for (const column of ['photo', 'encoding'])
    if (!there.has(column)) return yield { fault: `there is no column '${column}'` };
  const wanted = columns.filter((column) => there.has(column));
  const count = Number(metadata.num_rows);
  for (let start = 0; start < count; start += rowsTogether) {
    const end = Math.min(count, start + rowsTogether);
    const range = { rowStart: start, rowEnd: end };
    const rows = await parquetReadObjects({ file, metadata, columns: wanted, parsers, ...range });
    if (rows.length !== end - start)
      return yield { fault: `rows ${start} to ${end - 1} are not all there: it was cut short` };
    yield { rows: rows.map((values, index) => ({ place: `row ${start + index}`, values })) };
  }
}

/** The package says what is wrong in errors of no kind of their own. */
function answerOf(error: unknown): ParquetAnswer {
  if (!(error instanceof Error)) return { fault: `it is no whole Parquet file: ${String(error)}` };
  const { message, code, syscall } = error as NodeJS.ErrnoException;
  if (syscall === undefined) return { fault: `it is no whole Parquet file: ${message}` };
  return { refusal: { message, syscall, ...(code === undefined ? {} : { code }) } };
}

const groups = groupsOfRows(workerData as ParquetWork);
parentPort?.on('message', () => {
  void groups
    .next()
    .then(({ value }) => value ?? { rows: [] }, answerOf)
    .then((answer) => parentPort?.postMessage(answer));
});
