/** Timing for the benchmarks: warm-up, rounds that take the subjects in turn, medians. */

import { cpus } from 'node:os';
import { backendInfo } from '../src/backend/select.ts';

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
}

function timeOnce(run: () => void): number {
  const start = process.hrtime.bigint();
  run();
  return Number(process.hrtime.bigint() - start) / 1e9;
}

/** Times the subjects in turn, so that a machine that slows down slows all of them. */
export function interleaved(subjects: readonly Subject[], { rounds = 7, warmup = 2 } = {}): Timing[] {
  const times = subjects.map((): number[] => []);
  for (let round = -warmup; round < rounds; round++) {
    subjects.forEach(({ run }, i) => {
      const seconds = timeOnce(run);
      if (round >= 0) times[i].push(seconds);
    });
  }
  return subjects.map(({ name }, i) => {
    const sorted = times[i].sort((a, b) => a - b);
    return { name, median: sorted[sorted.length >> 1], fastest: sorted[0], slowest: sorted[sorted.length - 1] };
  });
}

/** The machine and the backend a figure comes from. */
export function environment(): Record<string, unknown> {
  const { backend, isa, threads } = backendInfo();
  return { node: process.version, cpu: cpus()[0]?.model, cores: cpus().length, backend, isa, threads };
}

/** Prints rows as a table, or everything as one JSON object with `--json`. */
export function report(subject: string, rows: readonly Record<string, unknown>[]): void {
  if (process.argv.includes('--json')) {
    process.stdout.write(`${JSON.stringify({ subject, environment: environment(), rows })}\n`);
    return;
  }
  console.log(subject, environment());
  console.table(rows);
}
