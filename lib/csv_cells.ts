// Cells of CSV files that spreadsheets do not run, and that come back as they were.

/** A spreadsheet takes a cell that begins so for a formula. */
const formula = /^'*[=+\-@\t\r\uFF1D\uFF0B\uFF0D\uFF20]/;

/** An apostrophe before it makes it text, also where there is one already: so that it can be told from that. */
export function escapedCell(text: string): string {
  return formula.test(text) ? `'${text}` : text;
}

/** What escapedCell made it from. */
export function unescapedCell(cell: string): string {
  return cell.startsWith("'") && formula.test(cell) ? cell.slice(1) : cell;
}
