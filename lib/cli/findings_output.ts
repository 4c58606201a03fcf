// What a run found, as text, JSON or CSV: of `find`, and of a cluster's `results`.

import { relative } from 'node:path';
import type { Findings } from '../runs/findings.js';
import { estimateInWords, summaryInWords } from '../runs/words.js';
import { inBold } from './colours.js';
import { printCsvRow, printJson, printLine, printNote, printTable, verdictCell, visible } from './output.js';
import { noteFailures } from './photo_run.js';
import { outputFormat, type OutputFlags } from './shared_options.js';

/** How a run's findings are printed. */
export interface FindingsFlags extends OutputFlags {
  readonly groups?: boolean;
  readonly new?: boolean;
}

/** Of groups those that a new pair is in. */
function onlyNew(findings: Findings): Findings {
  const pairs = findings.pairs.filter(({ isNew }) => isNew);
  const photos = new Set(pairs.flatMap(({ first, second }) => [first, second]));
  const groups = findings.groups.filter((group) => group.some((photo) => photos.has(photo)));
  return { ...findings, pairs, groups };
}

/** What a run found, and beside it what became of every photo. */
export function printFindings(findings: Findings, flags: FindingsFlags): void {
  const format = outputFormat(flags);
  const shown = flags.new ? onlyNew(findings) : findings;
  if (format === 'json') printJson(shown);
  else if (format === 'csv') printAsCsv(shown, flags.groups === true);
  else printAsText(shown, flags.groups === true);
  noteFailures(findings.failed, findings.summary.photos);
  printNote(summaryInWords(findings));
  printNote(estimateInWords(findings.expectedFalseMatches));
}

function printAsCsv({ pairs, groups }: Findings, asGroups: boolean): void {
  if (asGroups) {
    printCsvRow(['group', 'photo']);
    groups.forEach((group, index) => group.forEach((photo) => printCsvRow([index + 1, photo])));
    return;
  }
  const boxColumns = ['x', 'y', 'width', 'height'] as const;
  printCsvRow([
    ...['first', 'second', 'distance', 'similarity', 'first_reference', 'second_reference', 'new', 'verdict'],
    ...boxColumns.map((column) => `first_${column}`),
    ...boxColumns.map((column) => `second_${column}`),
  ]);
  for (const pair of pairs)
    printCsvRow([
      ...[pair.first, pair.second, pair.distance, pair.similarity],
      ...[pair.firstReference ?? '', pair.secondReference ?? '', pair.isNew ? 1 : 0, pair.verdict ?? ''],
      ...boxColumns.map((column) => pair.firstBox[column]),
      ...boxColumns.map((column) => pair.secondBox[column]),
    ]);
}

function printAsText({ pairs, groups, run }: Findings, asGroups: boolean): void {
  const nameOf = run === undefined ? (photo: string) => photo : shortName;
  if (asGroups) groups.forEach((group) => printLine(group.map((photo) => visible(nameOf(photo))).join('  ')));
  else
    printTable(
      pairs.map(({ first, second, distance, verdict }) => [
        { text: distance.toFixed(4), colour: inBold },
        nameOf(first),
        nameOf(second),
        ...(verdict === undefined ? [] : [verdictCell(verdict)]),
      ]),
    );
}

/** A store names files by their absolute paths; a person who stands near them need not read all of that. */
function shortName(photo: string): string {
  if (!photo.startsWith('/')) return photo;
  const near = relative(process.cwd(), photo);
  return near.startsWith('..') ? photo : near;
}
