/** Metrics of numbers and of probabilities: by their formulas, and batch by batch. */

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ConfigError, ShapeError } from '../../src/errors.ts';
import * as metrics from '../../src/metrics/index.ts';
import { crossEntropy, softmax, tensor } from '../../src/ops/index.ts';

const runs = { numRuns: 150, seed: Number(process.env.LANEGRAD_SEED ?? 4711) };
const real = fc.double({ min: -100, max: 100, noNaN: true });
const pairs = fc.array(fc.tuple(real, real), { minLength: 2, maxLength: 30 });
const side = (rows: readonly (readonly [number, number])[], s: 0 | 1): Float64Array =>
  Float64Array.from(rows, (r) => r[s]);
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

test('errors and the share that is explained, by their formulas', () => {
  fc.assert(
    fc.property(pairs, (rows) => {
      const [output, target] = [side(rows, 0), side(rows, 1)];
      const close = (got: number, want: number) =>
        expect(Math.abs(got - want)).toBeLessThanOrEqual(1e-9 * (1 + Math.abs(want)));
      const square = mean(rows.map(([a, b]) => (a - b) ** 2));
      close(metrics.meanAbsoluteError(output, target), mean(rows.map(([a, b]) => Math.abs(a - b))));
      close(metrics.meanSquaredError(output, target), square);
      close(metrics.rootMeanSquaredError(output, target), Math.sqrt(square));
      const centre = mean([...target]);
      const variance = mean(rows.map(([, b]) => (b - centre) ** 2));
      if (variance > 1e-6) close(metrics.r2Score(output, target), 1 - square / variance);
    }),
    runs,
  );
});

describe('R²', () => {
  test('of targets that are all the same: 1 if met, else 0; of one sample NaN', () => {
    expect(metrics.r2Score([2, 2], [2, 2])).toBe(1);
    expect(metrics.r2Score([2, 1], [2, 2])).toBe(0);
    expect(metrics.r2Score([1], [1])).toBeNaN();
  });

  test('of several outputs a row: the mean of theirs', () => {
    const [output, target] = [
      [
        [0, 2],
        [-1, 2],
        [8, -5],
      ],
      [
        [0.5, 1],
        [-1, 1],
        [7, -6],
      ],
    ];
    const of = (d: number): number =>
      metrics.r2Score(
        output.map((r) => r[d]),
        target.map((r) => r[d]),
      );
    expect(metrics.r2Score(output, target)).toBeCloseTo((of(0) + of(1)) / 2, 12);
  });

  test('does not lose its digits far from 0', () => {
    const target = Float64Array.from({ length: 1000 }, (_, i) => 1e9 + (i % 7));
    const output = target.map((y) => y + 0.5);
    const variance = mean([...target].map((y) => (y - mean([...target])) ** 2));
    expect(metrics.r2Score(output, target)).toBeCloseTo(1 - 0.25 / variance, 6);
  });
});

describe('log loss', () => {
  const logits = tensor(
    [
      [0.5, -1, 2],
      [1, 1, -3],
    ],
    { dtype: 'float64' },
  );
  const target = tensor(Int32Array.of(2, 0));

  test('of logits and of probabilities: the cross-entropy', () => {
    const want = crossEntropy(logits, target).item();
    expect(metrics.logLoss(logits, target, { fromLogits: true })).toBeCloseTo(want, 12);
    expect(metrics.logLoss(softmax(logits, 1), target)).toBeCloseTo(want, 12);
    expect(metrics.perplexity(logits, target)).toBeCloseTo(Math.exp(want), 12);
    expect(metrics.bitsPerCharacter(logits, target)).toBeCloseTo(want / Math.LN2, 12);
  });

  test('of one probability or one logit a target', () => {
    const p = Float64Array.of(0.9, 0.2, 0.6);
    const want = -(Math.log(0.9) + Math.log(0.8) + Math.log(0.6)) / 3;
    expect(metrics.logLoss(p, [1, 0, 1])).toBeCloseTo(want, 12);
    const x = p.map((v) => Math.log(v / (1 - v)));
    expect(metrics.logLoss(x, [1, 0, 1], { fromLogits: true })).toBeCloseTo(want, 12);
    expect(metrics.logLoss(Float64Array.of(1000), [0], { fromLogits: true })).toBe(1000);
  });

  test('a certain mistake costs the rounding error’s logarithm, not infinity', () => {
    expect(metrics.logLoss(Float64Array.of(0), [1])).toBeCloseTo(52 * Math.LN2, 10);
    expect(metrics.logLoss(Float32Array.of(0), [1])).toBeCloseTo(23 * Math.LN2, 10);
  });

  test('ignored targets count for nothing', () => {
    const kept = metrics.perplexity(logits, tensor(Int32Array.of(2, -100)));
    expect(Math.log(kept)).toBeCloseTo(crossEntropy(logits, tensor(Int32Array.of(2, -100))).item(), 12);
  });

  test('a model that knows nothing of C tokens has perplexity C', () => {
    expect(metrics.perplexity(tensor([[0, 0, 0, 0]]), [3])).toBeCloseTo(4, 12);
    expect(metrics.bitsPerCharacter(tensor([[0, 0, 0, 0]]), [3])).toBeCloseTo(2, 12);
  });
});

test('batch by batch and merged: as all at once', () => {
  fc.assert(
    fc.property(pairs, fc.nat({ max: 30 }), (rows, cut) => {
      const made = (): metrics.MergeableMetric<number>[] => [
        new metrics.MeanAbsoluteError(),
        new metrics.MeanSquaredError(),
        new metrics.RootMeanSquaredError(),
        new metrics.R2Score(),
      ];
      const [all, stepped, other] = [made(), made(), made()];
      all.forEach((whole, i) => {
        const feed = (metric: (typeof all)[0], part: typeof rows): void => metric.update(side(part, 0), side(part, 1));
        feed(whole, rows);
        feed(stepped[i], rows);
        stepped[i].reset();
        feed(stepped[i], rows.slice(0, cut));
        feed(other[i], rows.slice(cut));
        stepped[i].merge(other[i]);
        const [got, want] = [stepped[i].compute(), whole.compute()];
        expect(Math.abs(got - want)).toBeLessThanOrEqual(1e-6 * (1 + Math.abs(want)));
      });
    }),
    runs,
  );
});

test('of nothing: NaN', () => {
  expect(new metrics.MeanSquaredError().compute()).toBeNaN();
  expect(new metrics.Perplexity().compute()).toBeNaN();
});

test.each([
  ['shapes that differ', () => metrics.meanSquaredError([1, 2], [1]), ShapeError, /meanSquaredError: .*one shape/],
  ['a batch of other outputs', () => twoBatches(), ShapeError, /r2Score: a batch has another number/],
  ['a row that does not sum to 1', () => metrics.logLoss([[0.5, 0.2]], [0]), ConfigError, /logLoss: .*sum.*fromLogits/],
  ['no probability', () => metrics.logLoss(Float64Array.of(1.5), [0]), ConfigError, /between 0 and 1: got 1.5/],
] as const)('refuses %s', (_, call, error, message) => {
  expect(call).toThrow(error);
  expect(call).toThrow(message);
});

function twoBatches(): void {
  const metric = new metrics.R2Score();
  metric.update([1, 2], [1, 2]);
  metric.update([[1, 2]], [[1, 2]]);
}
