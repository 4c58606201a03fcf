// Encodings as CSV: a row a face. Also read: what `facededup encode --csv` prints.

import { pipeline } from 'node:stream/promises';
import { CsvError, parse } from 'csv-parse';
import { escapedCell, unescapedCell } from '../csv_cells.js';
import { columnNames, type FaceRow, type GivenRow, photosOfRows, rowsOfPhotos } from './face_rows.js';
import { FileFault } from './file_fault.js';
import type { KeptPhoto } from './kept_encodings.js';
import { float32Text, float64Text, inPieces, textOf } from './text_files.js';

/** Far beyond the 128 numbers and the longest names. */
const longestRow = 1 << 20;

const header = [...columnNames.facts, ...columnNames.box, columnNames.confidence, ...columnNames.numbers];
const emptyFace = ','.repeat(columnNames.box.length + columnNames.numbers.length);

/**
 * A header, then the columns `photo`, `reference`, `digest`, `origin` (JSON), `x`, `y`, `width`, `height`, `confidence`,
 * `e0` … `e127`, in any order; all but `photo` and the numbers may be missing or empty, other columns are passed over. A
 * photo without a face has one row without numbers. The rows of a photo stand together. An apostrophe before a text that
 * a spreadsheet would run is taken off.
 *
 * @throws FileFault
 */
export async function* readCsv(path: string): AsyncGenerator<KeptPhoto, void, undefined> {
  yield* photosOfRows(rowsIn(path));
}

export function formatCsv(photos: AsyncIterable<KeptPhoto> | Iterable<KeptPhoto>) {
  return inPieces(linesFor(photos));
}

async function* linesFor(
  photos: AsyncIterable<KeptPhoto> | Iterable<KeptPhoto>,
): AsyncGenerator<string, void, undefined> {
  yield `${header.join(',')}\n`;
  for await (const row of rowsOfPhotos(photos)) yield lineOf(row);
}

function lineOf({ photo, reference, digest, origin, face }: FaceRow): string {
  const facts = [photo, reference, digest, origin].map((text) => quoted(text ?? '')).join(',');
  if (!face) return `${facts},${emptyFace}\n`;
  const { box, confidence, encoding } = face;
  const place = [box?.x, box?.y, box?.width, box?.height, confidence]
    .map((number) => (number === undefined ? '' : float64Text(number)))
    .join(',');
  return `${facts},${place},${Array.from(encoding, float32Text).join(',')}\n`;
}

/** RFC 4180, section 2. */
function quoted(text: string): string {
  const cell = escapedCell(text);
  return /[",\r\n]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

async function* rowsIn(path: string): AsyncGenerator<GivenRow, void, undefined> {
  const parser = parse({ bom: true, info: true, skip_empty_lines: true, max_record_size: longestRow });
  const reading = pipeline(wholeLinesOf(path), parser);
  // The failure is met where the rows are taken.
  reading.catch(() => undefined);
  let columns: ColumnPlaces | undefined;
  let line = 1;
  try {
    for await (const { record, info } of parser as AsyncIterable<{
      record: string[];
      info: { lines: number };
    }>) {
      if (columns) yield columns.rowOf(record, `line ${line}`);
      else columns = new ColumnPlaces(record);
      line = info.lines + 1;
    }
  } catch (cause) {
    if (cause instanceof CsvError) throw new FileFault(`line ${line}: ${cause.message}`, { cause });
    throw cause;
  } finally {
    parser.destroy();
  }
  await reading;
  if (!columns) throw new FileFault('it is empty, without even a header');
}

/** A number that was cut short is still a number: the end of the last line tells that it is whole. */
async function* wholeLinesOf(path: string): AsyncGenerator<string, void, undefined> {
  let last = '\n';
  for await (const text of textOf(path)) {
    last = text.at(-1) ?? last;
    yield text;
  }
  if (last !== '\n' && last !== '\r')
    throw new FileFault('its last line has no end: it was cut short. A line break makes it whole');
}

/** Where each of our columns stands in the file. */
class ColumnPlaces {
  readonly #facts: readonly number[];
  readonly #box: readonly number[];
  readonly #confidence: number;
  readonly #numbers: readonly number[];

  constructor(names: readonly string[]) {
    const placeOf = (name: string) => {
      const place = names.indexOf(name);
      if (place !== names.lastIndexOf(name))
        throw new FileFault(`line 1: the column '${name}' is there twice`);
      return place;
    };
    this.#facts = columnNames.facts.map(placeOf);
    this.#box = columnNames.box.map(placeOf);
    this.#confidence = placeOf(columnNames.confidence);
    this.#numbers = columnNames.numbers.map(placeOf);
    const missing = ['photo', ...columnNames.numbers].find((name) => !names.includes(name));
    if (missing !== undefined) throw new FileFault(`line 1: there is no column '${missing}'`);
  }

  rowOf(cells: readonly string[], place: string): GivenRow {
    const [photo, reference, digest, origin] = this.#facts.map((column) =>
      unescapedCell(cells[column] ?? ''),
    );
    const isEmpty = this.#numbers.every((column) => cells[column] === '');
    return {
      place,
      photo,
      reference,
      digest,
      origin,
      box: Object.fromEntries(
        columnNames.box.map((side, index) => [side, numberIn(cells[this.#box[index] ?? -1])]),
      ),
      confidence: numberIn(cells[this.#confidence]),
      encoding: isEmpty ? undefined : this.#numbers.map((column) => numberIn(cells[column])),
    };
  }
}

/** What is no number becomes NaN, which no face may hold. */
function numberIn(cell: string | undefined): number | undefined {
  if (cell === undefined || cell === '') return undefined;
  return /^[-+]?[\d.]/.test(cell) && !/^0[box]/i.test(cell) ? Number(cell) : Number.NaN;
}
