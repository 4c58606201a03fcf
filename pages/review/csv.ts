// Tables as CSV (RFC 4180) that a spreadsheet shows and never runs.

// https://owasp.org/www-community/attacks/CSV_Injection names the characters that begin a formula.
const formulaStart = /^[=+\-@\t\r]/;

export function csvOf(rows: readonly (readonly string[])[]): string {
  return rows.map((row) => `${row.map(field).join(',')}\r\n`).join('');
}

function field(text: string): string {
  const shown = formulaStart.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(shown) ? `"${shown.replaceAll('"', '""')}"` : shown;
}
