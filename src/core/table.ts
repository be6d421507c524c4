/** Tables as text: what results are printed as. */

/** A number as a table shows it: whole ones bare, others by six digits that count. */
export function formatCell(value: unknown): string {
  if (typeof value !== 'number') return value === null || value === undefined ? '' : String(value);
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return String(value);
  return String(Number(value.toPrecision(6)));
}

/** Columns side by side under their names: numbers to the right, text to the left. */
export function formatTable(names: readonly string[], rows: readonly (readonly unknown[])[]): string {
  const cells = rows.map((row) => names.map((_, i) => formatCell(row[i])));
  const widths = names.map((name, i) => Math.max(name.length, ...cells.map((row) => row[i].length)));
  const isText = names.map((_, i) => rows.some((row) => typeof row[i] === 'string'));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => (isText[i] ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
      .join('  ')
      .trimEnd();
  return [line(names), ...cells.map(line)].join('\n');
}
