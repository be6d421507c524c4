/** Curriculum E9: confusion matrices, and what is read off them. */

import { describe, expect, test } from 'vitest';
import { Generator, metrics, rand, tensor } from '../../src/index.ts';

/** Targets and predictions with so many of each. */
function counted(tp: number, fp: number, fn: number, tn: number): [output: number[], target: number[]] {
  const of = (value: number, n: number): number[] => new Array<number>(n).fill(value);
  return [
    [...of(1, tp + fp), ...of(0, fn + tn)],
    [...of(1, tp), ...of(0, fp), ...of(1, fn), ...of(0, tn)],
  ];
}

describe('E9: 40 true positives, 10 false, 5 missed, 45 true negatives', () => {
  const [output, target] = counted(40, 10, 5, 45);

  test('figures', () => {
    expect(metrics.accuracy(output, target)).toBeCloseTo(0.85, 12);
    expect(metrics.precision(output, target)).toBeCloseTo(0.8, 12);
    expect(metrics.recall(output, target)).toBeCloseTo(0.888889, 6);
    expect(metrics.fScore(output, target)).toBeCloseTo(0.842105, 6);
    expect(metrics.falsePositiveRate(output, target)).toBeCloseTo(0.181818, 6);
  });

  test('the matrix says how it lies: rows true, columns predicted', () => {
    const matrix = metrics.confusionMatrix(output, target, { labels: ['no', 'yes'] });
    expect(matrix.toTensor().toArray()).toEqual([
      [45, 10],
      [5, 40],
    ]);
    expect(String(matrix)).toBe('true \\ predicted  no  yes\nno                45   10\nyes                5   40');
  });
});

test('E9: y = 0, 1, 0, 1, 0 with one true positive, one miss, two false positives, one true negative', () => {
  const target = [0, 1, 0, 1, 0];
  const output = [1, 1, 1, 0, 0];
  expect(metrics.accuracy(output, target)).toBeCloseTo(0.4, 12);
  expect(metrics.precision(output, target)).toBeCloseTo(0.333333, 6);
  expect(metrics.recall(output, target)).toBeCloseTo(0.5, 12);
  expect(metrics.fScore(output, target)).toBeCloseTo(0.4, 12);
});

test('E9: the area under the ROC curve is 1 of a perfect order and about ½ of none', () => {
  const n = 4000;
  const target = Int32Array.from({ length: n }, (_, i) => i % 2);
  expect(
    metrics.rocAuc(
      Float64Array.from(target, (y) => y + 0.1),
      target,
    ),
  ).toBe(1);
  const chance = rand([n], { generator: new Generator(3) });
  // The standard deviation of the area of n random scores is √((n + 1)/3)/n = .0091.
  expect(Math.abs(metrics.rocAuc(chance, target) - 0.5)).toBeLessThan(0.03);
});

test('E9: per class, macro and micro', () => {
  const target = tensor(Int32Array.of(0, 0, 0, 0, 1, 1, 1, 2, 2, 2));
  const output = tensor(Int32Array.of(0, 0, 0, 1, 1, 1, 2, 2, 0, 0));
  expect(metrics.precision(output, target, { average: 'none' })).toEqual([3 / 5, 2 / 3, 1 / 2]);
  expect(metrics.recall(output, target, { average: 'none' })).toEqual([3 / 4, 2 / 3, 1 / 3]);
  expect(metrics.precision(output, target, { average: 'macro' })).toBeCloseTo((3 / 5 + 2 / 3 + 1 / 2) / 3, 12);
  expect(metrics.recall(output, target, { average: 'macro' })).toBeCloseTo((3 / 4 + 2 / 3 + 1 / 3) / 3, 12);
  expect(metrics.precision(output, target, { average: 'micro' })).toBeCloseTo(0.6, 12);
  expect(metrics.recall(output, target, { average: 'micro' })).toBeCloseTo(metrics.accuracy(output, target), 12);
});
