import { expect, test } from 'vitest';
import { geometricMean, median, quantile, significant, spread } from '../../bench/statistics.ts';

test('the median lies in the middle of odd and even counts, whatever the order', () => {
  expect(median([5, 1, 3])).toBe(3);
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([7])).toBe(7);
  expect(median([])).toBeNaN();
});

test('it leaves what it is given as it was', () => {
  const values = [3, 1, 2];
  median(values);
  expect(values).toEqual([3, 1, 2]);
});

test('quantiles interpolate between neighbours', () => {
  expect(quantile([0, 10], 0.25)).toBe(2.5);
  expect(quantile([0, 1, 2, 3, 4], 0.75)).toBe(3);
  expect(quantile([2, 9, 4], 0)).toBe(2);
  expect(quantile([2, 9, 4], 1)).toBe(9);
});

test('the spread is the middle half over the median, so one outlier does not count', () => {
  expect(spread([1, 2, 3, 4, 5])).toBeCloseTo(2 / 3);
  expect(spread([1, 2, 3, 4, 5000])).toBeCloseTo(2 / 3);
  expect(spread([4, 4, 4])).toBe(0);
});

test('the geometric mean of ratios takes twice as fast and half as fast for even', () => {
  expect(geometricMean([2, 0.5])).toBeCloseTo(1);
  expect(geometricMean([1, 3, 9])).toBeCloseTo(3);
  expect(geometricMean([])).toBeNaN();
});

test('significant digits', () => {
  expect(significant(1234.5)).toBe(1230);
  expect(significant(0.0012345, 2)).toBe(0.0012);
  expect(significant(0)).toBe(0);
});
