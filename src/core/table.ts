/** Tables as text: what results are printed as. */

/** A number as a table shows it: whole ones bare, others by six digits that count. */
function formatCell(value: unknown): string {
  if (typeof value !== 'number') return value === null || value === undefined ? '' : String(value);
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return String(value);
  return String(Number(value.toPrecision(6)));
}

/** Rows of cells, the first the heading, in columns: `left` says which are aligned to the left, by default the first. */
export function alignColumns(
  rows: readonly (readonly string[])[],
  left: (column: number) => boolean = (column) => column === 0,
): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const align = (cell: string, column: number): string =>
    left(column) ? cell.padEnd(widths[column]) : cell.padStart(widths[column]);
  return rows.map((row) => row.map(align).join('  ').trimEnd()).join('\n');
}

/** Columns side by side under their names: numbers to the right, text to the left. */
export function formatTable(names: readonly string[], rows: readonly (readonly unknown[])[]): string {
  const cells = rows.map((row) => names.map((_, i) => formatCell(row[i])));
  return alignColumns([names, ...cells], (column) => rows.some((row) => typeof row[column] === 'string'));
}
