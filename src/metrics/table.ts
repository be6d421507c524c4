/** Tables of text: a column of names on the left, numbers to the right of it. */

/** Rows of cells, the first the heading, aligned to the right but for the first column. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows
    .map((row) =>
      row
        .map((cell, i) => (i === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[i] + 2)))
        .join('')
        .trimEnd(),
    )
    .join('\n');
}
