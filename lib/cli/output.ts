// What the commands print: columns for people, JSON and CSV for programs.

import { stringify } from 'csv-stringify/sync';
import { escapedCell } from '../csv_cells.js';

export { count } from '../runs/words.js';

export type OutputFormat = 'text' | 'json' | 'csv';

/** File names may hold newlines and escape sequences, which would draw lines of their own. */
export function visible(text: string): string {
  return text.replaceAll(
    /[\u0000-\u001f\u007f-\u009f]/g,
    (sign) => `\\x${sign.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}

export function printLine(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** For people, beside the result: warnings, failures, summaries. */
export function printNote(line: string): void {
  process.stderr.write(`${visible(line)}\n`);
}

export function printCsvRow(cells: readonly (string | number)[]): void {
  process.stdout.write(
    stringify([cells.map((cell) => (typeof cell === 'string' ? escapedCell(cell) : cell))]),
  );
}

/** Columns as wide as their longest cell. */
export function printTable(cells: readonly (readonly string[])[]): void {
  const rows = cells.map((row) => row.map(visible));
  const widths: number[] = [];
  for (const row of rows)
    row.forEach((cell, column) => (widths[column] = Math.max(widths[column] ?? 0, cell.length)));
  for (const row of rows)
    printLine(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    );
}

/** A JSON array written item by item, so that long runs need no memory for their whole answer. */
export class JsonArrayPrinter {
  #empty = true;

  print(item: unknown): void {
    process.stdout.write(`${this.#empty ? '[' : ','}\n${JSON.stringify(item, withTypedArrays)}`);
    this.#empty = false;
  }

  end(): void {
    process.stdout.write(this.#empty ? '[]\n' : '\n]\n');
  }
}

function withTypedArrays(_key: string, value: unknown): unknown {
  return value instanceof Float32Array ? [...value] : value;
}
