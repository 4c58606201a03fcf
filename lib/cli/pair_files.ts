// CSV files that people write: pairs to ignore, references, decisions.

import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { parse } from 'csv-parse';
import { isAzureName } from '../azure.js';
import { unescapedCell } from '../csv_cells.js';
import type { IgnoredPair } from '../duplicates/index.js';
import { InvalidOptionError, messageOf } from '../errors.js';
import { isVerdict, type NewDecision, type SubjectKind } from '../store/index.js';

/** Far beyond any line a person writes. */
const longestLine = 1 << 20;

type Cells = readonly string[];

/**
 * Two columns without a header: pairs of photos, or of references, to leave out.
 *
 * @throws InvalidOptionError `ARGUMENT_INVALID`
 */
export function readIgnoredPairs(file: string): Promise<IgnoredPair[]> {
  return rowsOf(file, 'of ignored pairs', (row) => {
    const [first, second, ...rest] = row;
    if (first === undefined || second === undefined || rest.length > 0)
      throw new Error(`'${row.join(',')}' has not two columns`);
    return [first, second] as const;
  });
}

/**
 * Columns `photo` and `reference`, named in a header: the record that each photo belongs to.
 *
 * @throws InvalidOptionError `ARGUMENT_INVALID`
 */
export async function readReferences(file: string): Promise<Map<string, string>> {
  const [header = [], ...rows] = await rowsOf(file, 'of references', (row) => row);
  const [photo, reference] = ['photo', 'reference'].map((name) =>
    columnOf(header, name, file, 'of references'),
  );
  const references = new Map<string, string>();
  for (const row of rows) {
    const [name, key] = [row[photo ?? 0] ?? '', row[reference ?? 1] ?? ''];
    const known = references.get(name);
    if (name === '' || key === '')
      throw unreadable(file, 'of references', `'${row.join(',')}' has an empty cell`);
    if (known !== undefined && known !== key)
      throw unreadable(file, 'of references', `'${name}' has two references, '${known}' and '${key}'`);
    references.set(name, key);
    if (!isAzureName(name)) references.set(resolve(name), key);
  }
  return references;
}

/** What a file of decisions holds. */
export interface GivenDecisions {
  readonly decisions: readonly NewDecision[];
  /** Rows whose cell for the verdict is empty: nobody has decided on these yet. */
  readonly undecided: number;
}

/**
 * A header, then pairs: by the columns `first_reference,second_reference` where a row has both, else by `first,second`;
 * a column `kind` (photo or reference), as `decisions --csv` prints it, says what these are. `verdict` is same, different
 * or unsure; without that column all are different. `reason` where it is wanted.
 *
 * @throws InvalidOptionError `ARGUMENT_INVALID`, which names the row
 */
export async function readDecisions(file: string): Promise<GivenDecisions> {
  const [header = [], ...rows] = await rowsOf(file, 'of decisions', (row) => row);
  if (!header.includes('first_reference')) columnOf(header, 'first', file, 'of decisions');
  const decisions: NewDecision[] = [];
  let undecided = 0;
  rows.forEach((row, index) => {
    try {
      const decision = decisionIn(header, row);
      if (decision) decisions.push(decision);
      else undecided++;
    } catch (cause) {
      const reason = `row ${index + 2}: ${messageOf(cause)}`;
      throw unreadable(file, 'of decisions', reason, cause);
    }
  });
  return { decisions, undecided };
}

function decisionIn(header: Cells, row: Cells): NewDecision | undefined {
  const cell = (name: string) => (header.includes(name) ? row[header.indexOf(name)] : undefined) ?? '';
  const verdict = header.includes('verdict') ? cell('verdict') : 'different';
  if (verdict === '') return undefined;
  if (!isVerdict(verdict)) throw new Error(`the verdict '${verdict}' is none of same, different, unsure`);
  const { kind, first, second } = subjectsIn(cell);
  if (first === '' || second === '') throw new Error(`'${row.join(',')}' names no two`);
  if (first === second) throw new Error(`'${first}' is given twice`);
  const reason = cell('reason');
  return { kind, first, second, verdict, ...(reason === '' ? {} : { reason }) };
}

function subjectsIn(cell: (name: string) => string): {
  readonly kind: SubjectKind;
  readonly first: string;
  readonly second: string;
} {
  const references = [cell('first_reference'), cell('second_reference')] as const;
  if (references[0] !== '' && references[1] !== '')
    return { kind: 'reference', first: references[0], second: references[1] };
  const [first, second] = [cell('first'), cell('second')] as const;
  if (cell('kind') === 'reference') return { kind: 'reference', first, second };
  return { kind: 'photo', first: photoName(first), second: photoName(second) };
}

/** As a store names it. */
export function photoName(name: string): string {
  return name === '' || isAzureName(name) ? name : resolve(name);
}

function columnOf(header: Cells, name: string, file: string, what: string): number {
  const index = header.indexOf(name);
  if (index < 0)
    throw unreadable(
      file,
      what,
      `its first line has no column '${name}', only ${header.join(', ') || 'nothing'}`,
    );
  return index;
}

/** The rows of a CSV file, without what is empty. @throws InvalidOptionError `ARGUMENT_INVALID` */
export async function rowsOf<Row>(file: string, what: string, read: (row: Cells) => Row): Promise<Row[]> {
  try {
    const rows: Row[] = [];
    const parser = parse({ bom: true, skip_empty_lines: true, trim: true, max_record_size: longestLine });
    await pipeline(createReadStream(file), parser, async (parsed: AsyncIterable<Cells>) => {
      for await (const row of parsed) rows.push(read(row.map(unescapedCell)));
    });
    return rows;
  } catch (cause) {
    throw unreadable(file, what, messageOf(cause), cause);
  }
}

function unreadable(file: string, what: string, reason: string, cause?: unknown): InvalidOptionError {
  return new InvalidOptionError(
    'ARGUMENT_INVALID',
    `The file ${what} '${file}' cannot be read: ${reason}.`,
    cause === undefined ? {} : { cause },
  );
}
