import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const report = process.env.LANEGRAD_REPORT;

/** Tests of one backend, whichever the rest of the run computes with: nothing new where that is set to the other. */
const ofOtherBackend: Readonly<Record<string, readonly string[]>> = {
  native: ['test/backend/ts.test.ts'],
  ts: ['test/backend/native.test.ts'],
};

export default defineConfig(({ mode }) => ({
  // The documentation's examples import the package by its name.
  resolve: { alias: { lanegrad: fileURLToPath(new URL('src/index.ts', import.meta.url)) } },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [...(ofOtherBackend[process.env.LANEGRAD_BACKEND ?? ''] ?? [])],
    // A crash in native code takes its fork with it and not the whole run.
    pool: 'forks',
    // Alone in the long run, which measures speeds and resident memory.
    maxWorkers: mode === 'long' ? 1 : 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // `npm run test:long`: every harness at its full count.
    env: mode === 'long' ? { LANEGRAD_LONG: '1' } : {},
    reporters: report ? ['default', ['json', { outputFile: report }]] : ['default'],
  },
}));
