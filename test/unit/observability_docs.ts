// docs/observability.md has the tables that the code has, row for row.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { packageRoot } from '../../lib/package_root.js';
import { attributeTable, metricTable, spanTable } from '../../lib/telemetry/names.js';

const text = readFileSync(join(packageRoot, 'docs', 'observability.md'), 'utf8');

/** Cells of the table under a heading, without its head. */
function rowsUnder(heading: string): string[][] {
  const section = text.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  return section
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    );
}

const code = (name: string) => `\`${name}\``;
const list = (names: readonly string[]) => names.map(code).join(', ') || 'none';

t.test('spans', async (t) => {
  t.same(
    rowsUnder('Spans'),
    Object.entries(spanTable).map(([name, { description, attributes }]) => [
      code(name),
      description,
      list(attributes),
    ]),
  );
});

t.test('metrics', async (t) => {
  t.same(
    rowsUnder('Metrics'),
    Object.entries(metricTable).map(([name, { kind, unit, description, attributes }]) => [
      code(name),
      kind,
      code(unit),
      description,
      list(attributes),
    ]),
  );
});

t.test('attributes', async (t) => {
  t.same(
    rowsUnder('Attributes'),
    Object.entries(attributeTable).map(([name, description]) => [code(name), description]),
  );
});
