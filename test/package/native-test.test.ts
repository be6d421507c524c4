/** What `npm run native:test` says before it builds anything. */

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../src/backend/native/load.ts';

function nativeTest(args: readonly string[], path = process.env.PATH) {
  const command = ['--import', 'tsx', join(packageRoot, 'scripts', 'native-test.ts'), ...args];
  const { status, stderr } = spawnSync(process.execPath, command, {
    cwd: packageRoot,
    encoding: 'utf8',
    env: { ...process.env, PATH: path },
  });
  return { status, stderr };
}

test('a variant that does not exist is refused', () => {
  const { status, stderr } = nativeTest(['--sanitize', 'memory']);
  expect(status).toBe(1);
  expect(stderr).toContain('native:test: --sanitize: got memory, expected one of none, address, thread');
});

test('what is not installed is named, with its package', () => {
  const { status, stderr } = nativeTest(['--target', 'aarch64'], '/nonexistent');
  expect(status).toBe(1);
  expect(stderr).toContain('not installed: cmake, make, aarch64-linux-gnu-g++, qemu-aarch64');
  expect(stderr).toContain('apt-get install cmake make g++-aarch64-linux-gnu qemu-user');
});
