import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

const long = process.env.LANEGRAD_LONG === '1';

/** Steps, the early and the late part that are compared, and by how many MB the late one may lie above. */
const [STEPS, EARLY_FROM, EARLY_TO, LATE_FROM, ALLOWED] = long
  ? [10_000, 2000, 3000, 9000, 2]
  : // A short loop ends while the process still warms up; a graph kept by each step would show as 50 MB all the same.
    [1000, 300, 500, 800, 12];

test(`resident memory is level over ${STEPS} plain steps`, { timeout: 300_000 }, () => {
  const counts = [STEPS, EARLY_FROM, EARLY_TO, LATE_FROM].map(String);
  const env = { ...process.env, LANEGRAD_QUIET: '1' };
  const run = spawnSync(process.execPath, ['scripts/memory-loop.mjs', ...counts], { encoding: 'utf8', env });
  expect([run.status, run.stderr]).toEqual([0, '']);
  const { early, late } = JSON.parse(run.stdout) as { early: number; late: number };
  process.stdout.write(`memory: ${early.toFixed(1)} MB early, ${late.toFixed(1)} MB late, ${STEPS} steps\n`);
  expect(late - early).toBeLessThanOrEqual(ALLOWED);
});
