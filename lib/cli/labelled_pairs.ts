// CSV files of labelled pairs: photos or distances, whether they are of one person, and groups.

import { CalibrationError, InvalidOptionError } from '../errors.js';
import type { LabelledPair } from '../calibration/index.js';
import type { LabelledPhotos } from '../runs/labelled_pairs.js';
import { rowsOf } from './pair_files.js';

export type LabelledFile =
  | { readonly kind: 'distances'; readonly pairs: readonly LabelledPair[] }
  | { readonly kind: 'photos'; readonly pairs: readonly LabelledPhotos[] };

const labels: ReadonlyMap<string, boolean> = new Map([
  ...(['1', 'true', 'yes', 'same'] as const).map((text) => [text, true] as const),
  ...(['0', 'false', 'no', 'different'] as const).map((text) => [text, false] as const),
]);

/**
 * A header, then pairs: `distance,same`, or `first,second,same` by photos. Where both are there the distance counts, and
 * the names tell which pairs share people. A column of groups may stand once, or once for each photo as `first_NAME` and
 * `second_NAME`: pairs of two groups are then a group of their own, such as `f / m`.
 *
 * @param columns of groups.
 * @throws InvalidOptionError `ARGUMENT_INVALID`, CalibrationError `CALIBRATION_DATA`
 */
export async function readLabelledPairs(file: string, columns: readonly string[]): Promise<LabelledFile> {
  const [header = [], ...rows] = await rowsOf(file, 'of labelled pairs', (row) => row);
  const indexOf = new Map(header.map((name, index) => [name, index]));
  const has = (...names: readonly string[]) => names.every((name) => indexOf.has(name));
  if (!has('same') || !(has('distance') || has('first', 'second')))
    throw new InvalidOptionError(
      'ARGUMENT_INVALID',
      `The first line of '${file}' must name the columns first, second and same, or distance and same; it names ` +
        `${header.join(', ') || 'nothing'}.`,
    );
  for (const column of columns)
    if (!has(column) && !has(`first_${column}`, `second_${column}`))
      throw new InvalidOptionError(
        'ARGUMENT_INVALID',
        `'${file}' has no column ${column}, nor first_${column} and second_${column}; it has ${header.join(', ')}.`,
      );
  const cells = rows.map((row, index) => ({
    line: index + 2,
    cell: (name: string) => row[indexOf.get(name) ?? -1] ?? '',
  }));
  const groupsOf = (cell: (name: string) => string) => {
    const found = columns.map((column) => [column, groupIn(cell, column, has(column))] as const);
    return { groups: Object.fromEntries(found.filter(([, group]) => group !== '')) };
  };
  if (has('distance'))
    return {
      kind: 'distances',
      pairs: cells.map(({ line, cell }) => ({
        distance: distanceIn(cell('distance'), file, line),
        same: labelIn(cell('same'), file, line),
        ...(cell('first') && cell('second') ? { first: cell('first'), second: cell('second') } : {}),
        ...groupsOf(cell),
      })),
    };
  return {
    kind: 'photos',
    pairs: cells.map(({ line, cell }) => ({
      first: nameIn(cell('first'), file, line),
      second: nameIn(cell('second'), file, line),
      same: labelIn(cell('same'), file, line),
      ...groupsOf(cell),
    })),
  };
}

function groupIn(cell: (name: string) => string, column: string, ofPair: boolean): string {
  if (ofPair) return cell(column);
  const [first, second] = [cell(`first_${column}`), cell(`second_${column}`)];
  if (first === '' || second === '') return '';
  return first === second ? first : [first, second].sort().join(' / ');
}

function labelIn(text: string, file: string, line: number): boolean {
  const label = labels.get(text.toLowerCase());
  if (label === undefined)
    throw wrong(file, line, `same is '${text}', and none of ${[...labels.keys()].join(', ')}`);
  return label;
}

function nameIn(text: string, file: string, line: number): string {
  if (text === '') throw wrong(file, line, 'the name of a photo is missing');
  return text;
}

function distanceIn(text: string, file: string, line: number): number {
  const distance = Number(text);
  if (text === '' || !(Number.isFinite(distance) && distance >= 0))
    throw wrong(file, line, `the distance is '${text}', and no number from 0 up`);
  return distance;
}

function wrong(file: string, line: number, what: string): CalibrationError {
  return new CalibrationError('CALIBRATION_DATA', `In row ${line} of '${file}' ${what}.`);
}
