// Tables in plain text, numbers to the right.

/**
 * Prints the rows under the columns' names, each column as wide as its widest entry.
 *
 * @param {string[]} columns
 * @param {(string | number)[][]} rows as many entries each as there are columns.
 */
export function printTable(columns, rows) {
  const lines = [columns, ...rows].map((row) => row.map(String));
  const widths = columns.map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  const isNumeric = columns.map((_, column) =>
    lines.slice(1).every((line) => /^(?:[-−~]?[\d.,]+.*)?$/.test(line[column])),
  );
  const aligned = (line) =>
    line
      .map((entry, i) => (isNumeric[i] ? entry.padStart(widths[i]) : entry.padEnd(widths[i])))
      .join('  ')
      .trimEnd();
  const [head, ...body] = lines;
  console.log(aligned(head));
  console.log(widths.map((width) => '-'.repeat(width)).join('  '));
  for (const line of body) console.log(aligned(line));
}
