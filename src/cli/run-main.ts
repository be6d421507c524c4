/** How a program of this package ends: its exit code, one clear line for what the user can mend, a stack for the rest. */

import { CommanderError } from 'commander';
import { LanegradError } from '../errors.ts';

/** What the user can mend, as against an error of ours. */
const MENDABLE = [
  'ConfigError',
  'LimitError',
  'StateDictError',
  'CheckpointError',
  'CorpusError',
  'DivergenceError',
  'BackendError',
];
const EXIT_MENDABLE = 2;
const EXIT_INTERNAL = 1;

function say(message: string): void {
  process.stderr.write(`lanegrad: ${message.replace(/\s*\n\s*/g, ' ')}\n`);
}

function report(error: unknown): number {
  if (error instanceof CommanderError) {
    // Help and the version were asked for, and are on standard output.
    if (error.exitCode === 0) return 0;
    say(error.message.replace(/^error: /, ''));
    return EXIT_MENDABLE;
  }
  if (error instanceof LanegradError && MENDABLE.includes(error.name)) {
    say(error.message);
    return EXIT_MENDABLE;
  }
  process.stderr.write(`lanegrad: internal error\n${error instanceof Error ? error.stack : String(error)}\n`);
  return EXIT_INTERNAL;
}

/** Runs `main` and sets the exit code to what it returns, or to what its error stands for. */
export function runMain(main: () => Promise<number>): void {
  // A reader that has seen enough, as `head`, is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(0);
  });
  main().then(
    (code) => {
      process.exitCode = code;
    },
    (error: unknown) => {
      process.exitCode = report(error);
    },
  );
}
