/**
 * Floors: what a figure must reach, as a fraction of something measured in the same run, by instruction set. A later
 * slow-down then shows on any machine and not only on the one the floors come from.
 */

import type { Report } from './harness.ts';
import { significant } from './statistics.ts';

/** Floors by kernels (`avx512`, `avx2`, …, or `ts`), then by figure. */
export type Floors = Readonly<Record<string, Readonly<Record<string, number>>>>;

export interface Figure {
  readonly name: string;
  readonly value: number;
}

export interface Shortfall extends Figure {
  readonly floor: number;
}

/** The instruction set of a report, or `ts`. */
export function kernelsOf({ environment }: Report): string {
  return environment.backend === 'native' ? String(environment.isa) : 'ts';
}

/** What tells the rows of a report apart, as words: `hidden 128, threads 2`. */
export function workOf({ columns }: Report, row: Record<string, unknown>, without: readonly string[] = []): string {
  return (columns.by ?? [])
    .filter((column) => !without.includes(column) && row[column] !== undefined)
    .map((column) => (typeof row[column] === 'number' ? `${column} ${row[column]}` : String(row[column])))
    .join(', ');
}

/** The figures of a report that can have floors. What could not be measured is none. */
export function figuresOf(report: Report): Figure[] {
  return report.rows.flatMap((row) =>
    (report.columns.ratios ?? [])
      .filter((ratio) => Number.isFinite(row[ratio]))
      .map((ratio) => ({
        name: `${report.subject}: ${workOf(report, row)}: ${ratio}`,
        value: row[ratio] as number,
      })),
  );
}

/** The figures of `report` that lie below their floors. */
export function shortfalls(report: Report, floors: Floors): Shortfall[] {
  const mine = floors[kernelsOf(report)] ?? {};
  return figuresOf(report).flatMap(({ name, value }) =>
    mine[name] !== undefined && value < mine[name] ? [{ name, value, floor: mine[name] }] : [],
  );
}

/**
 * Floors from this run, a share `margin` below what was reached; what was not measured keeps its floor. More than the whole
 * of a peak or a bandwidth was a disturbed yardstick, or data that stayed in a nearer cache: it counts as the whole.
 */
export function floorsFrom(reports: readonly Report[], margin: number, kept: Floors = {}): Floors {
  const floors: Record<string, Record<string, number>> = {};
  for (const [kernels, figures] of Object.entries(kept)) floors[kernels] = { ...figures };
  for (const report of reports) {
    const mine = (floors[kernelsOf(report)] ??= {});
    for (const { name, value } of figuresOf(report)) mine[name] = significant(Math.min(1, value) * (1 - margin));
  }
  return floors;
}
