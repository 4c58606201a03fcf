// What the commands print: columns for people, JSON and CSV for programs.

import { stringify } from 'csv-stringify/sync';
import { escapedCell } from '../csv_cells.js';
import type { Verdict } from '../runs/findings.js';
import { bad, type Colour, doubtful, good, inBold, plain } from './colours.js';

export { count } from '../count.js';

export type OutputFormat = 'text' | 'json' | 'csv';

/** What a terminal acts on instead of showing it, and signs that turn a line around. */
const unseen = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** File names may hold newlines and escape sequences, which would draw lines of their own. */
export function visible(text: string): string {
  return text.replaceAll(unseen, (sign) => {
    const code = sign.charCodeAt(0).toString(16);
    return code.length > 2 ? `\\u${code.padStart(4, '0')}` : `\\x${code.padStart(2, '0')}`;
  });
}

/** The same values, with no sign in it that a terminal would act on but the newlines between them. */
export function jsonText(value: unknown, space?: number): string {
  const text = JSON.stringify(value, withTypedArrays, space);
  return text.replaceAll(unseen, (sign) =>
    sign === '\n' ? sign : `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

export function printLine(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** For people, beside the result: warnings, failures, summaries. On a terminal its lines end between words. */
export function printNote(line: string): void {
  const { isTTY, columns } = process.stderr;
  const text = visible(line);
  process.stderr.write(`${isTTY ? wrapped(text, columns || 80) : text}\n`);
}

/**
 * A text in lines of so many signs at most, broken at spaces; a longer word has a line of its own, whole, so that a path
 * can still be copied.
 */
export function wrapped(text: string, columns: number): string {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line !== undefined && [...line].length + 1 + [...word].length <= columns)
      lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines.join('\n');
}

/** CSV has no way to write such a sign otherwise: a file gets it as it is, and a terminal made visible. */
export function printCsvRow(cells: readonly (string | number)[]): void {
  const shown = process.stdout.isTTY ? visible : (text: string) => text;
  process.stdout.write(
    stringify([cells.map((cell) => (typeof cell === 'string' ? escapedCell(shown(cell)) : cell))]),
  );
}

/** What a table shows in colour; text is made visible and padded before it is coloured. */
export interface ColouredCell {
  readonly text: string;
  readonly colour: Colour;
}

export type Cell = string | ColouredCell;

/** Columns as wide as their longest cell. */
export function printTable(cells: readonly (readonly Cell[])[]): void {
  const rows = cells.map((row) =>
    row.map((cell) =>
      typeof cell === 'string'
        ? { text: visible(cell), colour: plain }
        : { ...cell, text: visible(cell.text) },
    ),
  );
  const widths: number[] = [];
  for (const row of rows)
    row.forEach(({ text }, column) => (widths[column] = Math.max(widths[column] ?? 0, text.length)));
  for (const row of rows) {
    const last = row.findLastIndex(({ text }) => text !== '');
    const padded = row
      .slice(0, last + 1)
      .map(
        ({ text, colour }, column) => [text, colour, column === last ? 0 : (widths[column] ?? 0)] as const,
      );
    printLine(
      padded
        .map(([text, colour, width]) => colour(text) + ' '.repeat(Math.max(0, width - text.length)))
        .join('  '),
    );
  }
}

/** A heading of a table. */
export function headings(...texts: readonly string[]): Cell[] {
  return texts.map((text) => ({ text, colour: inBold }));
}

/** The verdict of a person or of a threshold. */
export function verdictCell(verdict: Verdict): ColouredCell {
  return { text: verdict, colour: { same: good, different: bad, unsure: doubtful }[verdict] };
}

export function printJson(value: unknown): void {
  printLine(jsonText(value, 2));
}

/** A JSON array written item by item, so that long runs need no memory for their whole answer. */
export class JsonArrayPrinter {
  #empty = true;

  print(item: unknown): void {
    process.stdout.write(`${this.#empty ? '[' : ','}\n${jsonText(item)}`);
    this.#empty = false;
  }

  end(): void {
    process.stdout.write(this.#empty ? '[]\n' : '\n]\n');
  }
}

function withTypedArrays(_key: string, value: unknown): unknown {
  return value instanceof Float32Array ? [...value] : value;
}
