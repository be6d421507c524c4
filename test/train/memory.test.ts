import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

const long = process.env.LANEGRAD_LONG === '1';

/** MB after `steps` plain steps, against the end of the early part. */
function run(flags: readonly string[], counts: readonly number[]): Record<string, number> {
  const env = { ...process.env, LANEGRAD_QUIET: '1' };
  const args = [...flags, 'scripts/memory-loop.mjs', ...counts.map(String)];
  const child = spawnSync(process.execPath, args, { encoding: 'utf8', env });
  expect([child.status, child.stderr]).toEqual([0, '']);
  return JSON.parse(child.stdout) as Record<string, number>;
}

test('a plain step leaves nothing alive', { timeout: 60_000 }, () => {
  // A graph that a step keeps is 50 KB. What V8 compiles meanwhile is alive, too.
  const { aliveEarly, aliveLate } = run(['--expose-gc'], [1000, 300, 500, 800]);
  expect(aliveLate - aliveEarly).toBeLessThanOrEqual(1);
});

test.runIf(long)('resident memory is level over 40,000 plain steps', { timeout: 300_000 }, () => {
  // The nursery reaches its full size after some thousand steps, the allocator the most garbage that ever lies between two
  // collections after some ten thousand. A leak of half a kilobyte a step would show.
  const { early, late } = run([], [40_000, 15_000, 20_000, 35_000]);
  process.stdout.write(`memory: ${early.toFixed(1)} MB early, ${late.toFixed(1)} MB late, 40,000 steps\n`);
  expect(late - early).toBeLessThanOrEqual(5);
});
