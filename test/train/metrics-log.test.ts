import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CheckpointError } from '../../src/errors.ts';
import { MetricsLog } from '../../src/train/metrics-log.ts';
import { filesIn, temporaryFolder } from '../io/folder.ts';

function logOf(steps: readonly number[]): MetricsLog {
  const log = new MetricsLog(join(temporaryFolder(), 'metrics.jsonl'));
  for (const step of steps) log.append({ step, loss: 1 / (step + 1) });
  return log;
}

const stepsIn = (log: MetricsLog) =>
  readFileSync(log.path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => (JSON.parse(line) as { step: number }).step);

describe('MetricsLog', () => {
  test('a file appears with its first line', () => {
    const folder = temporaryFolder();
    const log = new MetricsLog(join(folder, 'metrics.jsonl'));
    expect(filesIn(folder)).toEqual([]);
    log.append({ step: 0, saved: true });
    log.append({ step: 1, loss: Number.NaN });
    expect(readFileSync(log.path, 'utf8')).toBe('{"step":0,"saved":true}\n{"step":1,"loss":null}\n');
    log.close();
  });

  test.each([
    [5, [0, 0, 3, 5, 5]],
    [4, [0, 0, 3]],
    [0, [0, 0]],
    [9, [0, 0, 3, 5, 5, 9]],
    [100, [0, 0, 3, 5, 5, 9]],
  ])('cut back to step %d', (step, left) => {
    const log = logOf([0, 0, 3, 5, 5, 9]);
    log.cutBack(step);
    expect(stepsIn(log)).toEqual(left);
    log.append({ step: step + 1 });
    expect(stepsIn(log)).toEqual([...left, step + 1]);
    log.close();
  });

  test.each(['{"step":7,"lo', '{"step":7}', 'not JSON\n{"step":1}\n', '{"loss":1}\n', '\0\0\0\n'])(
    'a tail that a death left goes as well: %j',
    (tail) => {
      const log = logOf([1, 2]);
      appendFileSync(log.path, tail);
      log.cutBack(10);
      expect(stepsIn(log)).toEqual([1, 2]);
      log.close();
    },
  );

  test('lines longer than a piece that is read, and lines across its border', () => {
    const path = join(temporaryFolder(), 'metrics.jsonl');
    const line = (step: number, length: number) => `${JSON.stringify({ step, note: 'x'.repeat(length) })}\n`;
    writeFileSync(path, line(1, 3_000_000) + line(2, 1_048_000) + line(3, 100) + line(4, 2_000_000));
    const log = new MetricsLog(path);
    log.cutBack(3);
    expect(stepsIn(log)).toEqual([1, 2, 3]);
  });

  test('nothing to cut', () => {
    const folder = temporaryFolder();
    new MetricsLog(join(folder, 'metrics.jsonl')).cutBack(3);
    expect(filesIn(folder)).toEqual([]);
  });

  test('a file that cannot be written', () => {
    const log = new MetricsLog(join(temporaryFolder(), 'none', 'metrics.jsonl'));
    expect(() => log.append({ step: 1 })).toThrow(CheckpointError);
  });
});
