/** Timing for the benchmarks: warm-up, rounds that take the subjects in turn, medians and their spread. */

import { cpus, loadavg } from 'node:os';
import { backendInfo } from '../src/backend/select.ts';
import { median, significant, spread } from './statistics.ts';

export interface Subject {
  readonly name: string;
  /** Runs once; what it does counts. */
  readonly run: () => void;
}

export interface Timing {
  readonly name: string;
  /** Seconds. */
  readonly median: number;
  readonly fastest: number;
  readonly slowest: number;
  /** The middle half's width as a fraction of the median. */
  readonly spread: number;
}

/** What a script prints, and with `--json` writes as one line. */
export interface Report {
  readonly subject: string;
  readonly environment: Record<string, unknown>;
  readonly rows: readonly Record<string, unknown>[];
  readonly columns: Columns;
}

/** What the columns of a report mean to `npm run bench`; a column that is not named is for the reader alone. */
export interface Columns {
  /** Which work a row is, `threads` among them where there are several. */
  readonly by?: readonly string[];
  /** A time, less is better: what the backends are compared by. */
  readonly time?: string;
  /** Fractions of something measured in the same run, more is better: what the floors hold. */
  readonly ratios?: readonly string[];
}

function timeOnce(run: () => void): number {
  const start = process.hrtime.bigint();
  run();
  return Number(process.hrtime.bigint() - start) / 1e9;
}

export interface Turns {
  readonly rounds?: number;
  readonly warmup?: number;
  /**
   * Seconds that a subject's turn takes at least, for work that is met in a loop: one run finds its way back into the
   * caches, the ones after it count.
   */
  readonly turn?: number;
}

/** Times the subjects in turn, so that a machine that slows down slows all of them. */
export function interleaved(subjects: readonly Subject[], { rounds = 7, warmup = 2, turn = 0 }: Turns = {}): Timing[] {
  const times = subjects.map((): number[] => []);
  for (let round = -warmup; round < rounds; round++) {
    subjects.forEach(({ run }, i) => {
      if (turn > 0) run();
      let spent = 0;
      do {
        const seconds = timeOnce(run);
        spent += seconds;
        if (round >= 0) times[i].push(seconds);
      } while (spent < turn);
    });
  }
  return subjects.map(({ name }, i) => ({
    name,
    median: median(times[i]),
    fastest: Math.min(...times[i]),
    slowest: Math.max(...times[i]),
    spread: spread(times[i]),
  }));
}

/** Median, fastest and spread of a timing whose rounds did the work `times` times. */
export function timeColumns(timing: Timing, unit: 'ms' | 'µs' | 'ns', times = 1): Record<string, unknown> {
  const scale = { ms: 1e3, µs: 1e6, ns: 1e9 }[unit] / times;
  return {
    [unit]: significant(timing.median * scale, 4),
    fastest: significant(timing.fastest * scale, 4),
    'spread %': significant(timing.spread * 100, 2),
  };
}

/** The machine and the backend a figure comes from; `load` is what others kept busy in the minute before, in cores. */
export function environment(): Record<string, unknown> {
  const { backend, isa, threads } = backendInfo();
  const [load] = loadavg();
  return { node: process.version, cpu: cpus()[0]?.model, cores: cpus().length, backend, isa, threads, load };
}

/** Prints rows as a table, or everything as one JSON object with `--json`. */
export function report(subject: string, rows: readonly Record<string, unknown>[], columns: Columns = {}): void {
  const result: Report = { subject, environment: environment(), rows, columns };
  if (process.argv.includes('--json')) {
    process.stdout.write(`${JSON.stringify(result)}\n`);
    return;
  }
  console.log(subject, result.environment);
  console.table(rows);
}
