import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { filesIn, temporaryFolder } from '../io/folder.ts';
import { long } from './run.ts';

test.runIf(long)('npm start’s main job: a minute, a text, and the commands to go on with', { timeout: 180_000 }, () => {
  const cwd = temporaryFolder();
  const began = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, [resolve('dist/cli/start.js')], {
    cwd,
    encoding: 'utf8',
  });
  expect(status).toBe(0);
  expect(performance.now() - began).toBeLessThan(90_000);
  expect(stderr).toMatch(/\d+% · step \d+ · loss \d\.\d{4} .* chars\/s · \d+s left/);
  expect(stdout).toMatch(
    /trained \d+ steps in 45s[\s\S]*It writes:\n\n\/\*\*\n \* [\s\S]{600,}Go on with:\n\n {2}node .*main\.js generate runs\/start/,
  );
  expect(filesIn(`${cwd}/runs/start`)).toContain('checkpoint.safetensors');
});
