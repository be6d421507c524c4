/** What would be published: nothing but what a user needs, and all of it. */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pack, readSourcesList, root } from '../support/package.ts';

const ALLOWED = [
  /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|binding\.gyp|scripts\/install\.cjs|native\/sources\.json)$/,
  /^native\/(binding|core|core\/args|kernels|simd)\/[a-z0-9_]+(\.inl\.h|\.h|\.cc)$/,
  /^native\/(simd\/)?README\.md$/,
  /^dist\/([a-z-]+\/)*[a-z0-9-]+(\.js|\.d\.ts)$/,
  /^dist\/index\.(cjs|d\.cts)$/,
];
const LARGEST = 1024 * 1024;

let folder = '';
let packed: ReturnType<typeof pack>;
let paths: readonly string[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lanegrad-pack-'));
  packed = pack(folder);
  paths = packed.files.map(({ path }) => path);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('holds only what is allowed, in less than a megabyte', () => {
  expect(paths.filter((path) => !ALLOWED.some((pattern) => pattern.test(path)))).toEqual([]);
  expect(packed.size).toBeLessThan(LARGEST);
});

test('holds every file that package.json names, and the licence', () => {
  const { main, types, bin, exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const conditions = Object.values(exports['.']) as { types: string; default: string }[];
  const named = [main, types, ...Object.values(bin), ...conditions.flatMap((entry) => [entry.types, entry.default])];
  for (const path of named as string[]) expect(paths).toContain(path.replace('./', ''));
  expect(paths).toContain('LICENSE');
  expect(paths).toContain('README.md');
});

test('holds every source that the addon is compiled from', () => {
  for (const path of readSourcesList()) expect(paths).toContain(path);
});

test('lists every module that patches or registers as one with side effects', () => {
  const { sideEffects } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { sideEffects: string[] };
  const patterns = sideEffects.map((glob) => new RegExp(`^${glob.replaceAll('.', '\\.').replaceAll('*', '[^/]*')}$`));
  const acting = paths.filter((path) => {
    if (!path.endsWith('.js')) return false;
    const text = readFileSync(join(root, path), 'utf8');
    return /^(registerEngineOps|registerOp|const \w+ = defineOp)\b/m.test(text) || /Tensor\.prototype/.test(text);
  });
  expect(acting.length).toBeGreaterThan(10);
  expect(acting.filter((path) => !patterns.some((pattern) => pattern.test(`./${path}`)))).toEqual([]);
});
