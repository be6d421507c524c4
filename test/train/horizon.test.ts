import { describe, expect, test } from 'vitest';
import { isReached, partsDone, progressOf, schedules } from '../../src/train/horizon.ts';

const at = (step: number, seconds = 0) => ({ step, seconds });

describe('horizon', () => {
  test('in steps: parts fall on the same steps for every length', () => {
    for (const steps of [1, 3, 7, 10, 30, 97, 100, 1000]) {
      const done = Array.from({ length: steps + 1 }, (_, step) => partsDone({ steps }, at(step), 10));
      expect(done[0]).toBe(0);
      expect(done[steps]).toBe(10);
      for (let step = 0; step <= steps; step++) expect(done[step]).toBe(Math.floor((10 * step) / steps));
      expect([isReached({ steps }, at(steps - 1)), isReached({ steps }, at(steps))]).toEqual([false, true]);
    }
  });

  test('in seconds: whatever the steps', () => {
    const horizon = { seconds: 60 };
    expect([0, 15, 59.9, 60, 99].map((seconds) => progressOf(horizon, at(7, seconds)))).toEqual([
      0,
      0.25,
      59.9 / 60,
      1,
      1,
    ]);
    expect([59.9, 60, 99].map((seconds) => partsDone(horizon, at(7, seconds), 10))).toEqual([9, 10, 10]);
    expect(isReached(horizon, at(1e9, 59.9))).toBe(false);
  });

  test('schedules start at the whole rate; cosine and linear end at nothing', () => {
    for (const factor of Object.values(schedules)) expect(factor(0)).toBe(1);
    expect(schedules.cosine(0.5)).toBeCloseTo(0.5, 15);
    expect([schedules.cosine(1), schedules.linear(1), schedules.constant()]).toEqual([0, 0, 1]);
    expect(schedules.linear(0.25)).toBe(0.75);
  });
});
