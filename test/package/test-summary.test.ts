import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root, runNode } from '../support/package.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lanegrad-summary-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function report(name: string, counts: [passed: number, failed: number, skipped: number, todo: number], unloaded = 0) {
  const [numPassedTests, numFailedTests, numPendingTests, numTodoTests] = counts;
  const testResults = [
    { status: 'passed', assertionResults: [{}] },
    ...Array.from({ length: unloaded }, () => ({ status: 'failed', assertionResults: [] })),
  ];
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify({ numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults }));
  return path;
}

function summarize(...legs: string[]): { status: number | null; last: string | undefined } {
  const { status, stdout } = runNode(folder, [join(root, 'scripts', 'test-summary.cjs'), ...legs]);
  return { status, last: stdout.trimEnd().split('\n').at(-1) };
}

test('adds up reports and plain legs', () => {
  const legs = [`native=0:${report('a.json', [10, 0, 2, 1])}`, `ts=0:${report('b.json', [7, 0, 0, 0])}`, 'types=0'];
  expect(summarize(...legs)).toEqual({ status: 0, last: '18 passed, 0 failed, 3 skipped' });
});

test('counts failed tests, files that could not be loaded, and plain legs that failed', () => {
  const legs = [`native=1:${report('c.json', [5, 2, 0, 0], 1)}`, 'style=1'];
  expect(summarize(...legs)).toEqual({ status: 1, last: '5 passed, 4 failed, 0 skipped' });
});

test('takes no leg for good that ended badly, reported nothing, or never wrote its report', () => {
  expect(summarize(`ts=1:${report('d.json', [5, 0, 0, 0])}`)).toEqual({
    status: 1,
    last: '5 passed, 1 failed, 0 skipped',
  });
  expect(summarize(`ts=0:${join(folder, 'missing.json')}`).last).toBe('0 passed, 1 failed, 0 skipped');
  expect(summarize(`ts=0:${report('e.json', [0, 0, 0, 0])}`).status).toBe(1);
});

test('counts a leg that was left out as skipped', () => {
  expect(summarize('native=-', 'layers=0')).toEqual({ status: 0, last: '1 passed, 0 failed, 1 skipped' });
});
