// Tables as CSV (RFC 4180) that a spreadsheet shows and never runs.

import { escapedCell } from '../../lib/csv_cells.js';

export function csvOf(rows: readonly (readonly string[])[]): string {
  return rows.map((row) => `${row.map(field).join(',')}\r\n`).join('');
}

function field(text: string): string {
  const shown = escapedCell(text);
  return /[",\r\n]/.test(shown) ? `"${shown.replaceAll('"', '""')}"` : shown;
}
