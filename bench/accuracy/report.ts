/** What an accuracy script prints: the figure, the target, and the time it took. */

import { backendInfo } from '../../src/index.ts';

const started = performance.now();

export interface Figure {
  /** What was measured, with its unit. */
  readonly what: string;
  readonly value: number;
  readonly target: number;
  /** Whether the value is to be at least the target, or at most. */
  readonly is: 'at least' | 'at most';
}

/** Prints the figures of a script (with `--json` as one line), and ends with an exit code of 1 if a target is missed. */
export function report(
  subject: string,
  figures: readonly Figure[],
  notes: Readonly<Record<string, unknown>> = {},
): void {
  const seconds = (performance.now() - started) / 1000;
  const { backend, isa, threads } = backendInfo();
  const reached = ({ value, target, is }: Figure) => (is === 'at least' ? value >= target : value <= target);
  if (process.argv.includes('--json')) {
    console.log(JSON.stringify({ subject, figures, seconds, backend, isa, threads, notes }));
  } else {
    for (const figure of figures) {
      const { what, value, target, is } = figure;
      console.log(
        `${subject}: ${what} ${value.toFixed(4)}, target ${is} ${target}: ${reached(figure) ? 'reached' : 'MISSED'}`,
      );
    }
    for (const [name, value] of Object.entries(notes)) console.log(`  ${name}: ${value}`);
    console.log(`  ${seconds.toFixed(1)} s on ${backend}${isa ? ` (${isa})` : ''}, ${threads} threads`);
  }
  if (!figures.every(reached)) process.exitCode = 1;
}
