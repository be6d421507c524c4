/** Curves and areas: by hand, by all pairs, and batch by batch. */

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ConfigError, ShapeError } from '../../src/errors.ts';
import * as metrics from '../../src/metrics/index.ts';
import { tensor } from '../../src/ops/index.ts';

const runs = { numRuns: 200, seed: Number(process.env.LANEGRAD_SEED ?? 4711) };
/** Scores with many ties, and which of them are positive. */
const scored = fc.array(fc.tuple(fc.nat({ max: 6 }), fc.boolean()), { minLength: 2, maxLength: 30 });
const halves = (rows: readonly (readonly [number, boolean])[]): [Float64Array, Int32Array] => [
  Float64Array.from(rows, ([score]) => score / 7),
  Int32Array.from(rows, ([, hit]) => Number(hit)),
];

/** How often a positive scores higher than a negative, ties counting half. */
function byPairs(rows: readonly (readonly [number, boolean])[]): number {
  let [ordered, pairs] = [0, 0];
  for (const [a, hit] of rows) {
    for (const [b, other] of rows) {
      if (!hit || other) continue;
      pairs++;
      ordered += a > b ? 1 : a === b ? 0.5 : 0;
    }
  }
  return ordered / pairs;
}

describe('AUC', () => {
  test('is the probability of the right order, and the area under the ROC curve', () => {
    fc.assert(
      fc.property(scored, (rows) => {
        const [scores, target] = halves(rows);
        const area = metrics.rocAuc(scores, target);
        const want = byPairs(rows);
        if (Number.isNaN(want)) {
          expect(area).toBeNaN();
          return;
        }
        expect(area).toBeCloseTo(want, 12);
        const { falsePositiveRate: x, truePositiveRate: y } = metrics.rocCurve(scores, target);
        expect(metrics.auc(x, y)).toBeCloseTo(want, 12);
      }),
      runs,
    );
  });

  test('1 of a perfect order, 0 of its reverse, ½ of no order', () => {
    const target = [0, 0, 1, 1];
    expect(metrics.rocAuc(tensor([0.1, 0.2, 0.8, 0.9]), target)).toBe(1);
    expect(metrics.rocAuc(tensor([0.9, 0.8, 0.2, 0.1]), target)).toBe(0);
    expect(metrics.rocAuc(tensor([0.3, 0.3, 0.3, 0.3]), target)).toBe(0.5);
  });

  test('two scores a target rank by their difference', () => {
    const rows = [
      [0, 1],
      [5, 5.5],
      [2, 0],
    ];
    expect(metrics.rocAuc(rows, [1, 0, 0])).toBe(1);
    expect(metrics.rocAuc(rows, [0, 1, 0])).toBe(0.5);
  });

  test('more classes: each against the rest, their mean', () => {
    const rows = [
      [0.7, 0.2, 0.1],
      [0.3, 0.4, 0.3],
      [0.2, 0.2, 0.6],
      [0.5, 0.3, 0.2],
    ];
    const target = [0, 1, 2, 1];
    const each = [0, 1, 2].map((c) =>
      metrics.rocAuc(
        Float64Array.from(rows, (row) => row[c]),
        target.map((t) => Number(t === c)),
      ),
    );
    expect(metrics.rocAuc(rows, target, { average: 'none' })).toEqual(each);
    expect(metrics.rocAuc(rows, target)).toBeCloseTo((each[0] + each[1] + each[2]) / 3, 12);
    expect(metrics.rocAuc(rows, target, { average: 'weighted' })).toBeCloseTo(
      (each[0] + 2 * each[1] + each[2]) / 4,
      12,
    );
  });
});

test('the ROC curve of four scores', () => {
  const { falsePositiveRate, truePositiveRate, thresholds } = metrics.rocCurve(
    tensor([0.1, 0.4, 0.35, 0.8]),
    [0, 0, 1, 1],
  );
  expect([...falsePositiveRate]).toEqual([0, 0, 0.5, 0.5, 1]);
  expect([...truePositiveRate]).toEqual([0, 0.5, 0.5, 1, 1]);
  expect([...thresholds]).toEqual([Infinity, 0.8, 0.4, 0.35, 0.1].map((v) => Math.fround(v)));
});

describe('precision and recall', () => {
  test('of four scores', () => {
    const curve = metrics.precisionRecallCurve(Float64Array.of(0.1, 0.4, 0.35, 0.8), [0, 0, 1, 1]);
    expect([...curve.precision]).toEqual([0.5, 2 / 3, 0.5, 1, 1]);
    expect([...curve.recall]).toEqual([1, 1, 0.5, 0.5, 0]);
    expect([...curve.thresholds]).toEqual([0.1, 0.35, 0.4, 0.8]);
    expect(metrics.averagePrecision(Float64Array.of(0.1, 0.4, 0.35, 0.8), [0, 0, 1, 1])).toBeCloseTo(0.8333333, 6);
  });

  test('average precision is Σ ΔR·P over the curve', () => {
    fc.assert(
      fc.property(scored, (rows) => {
        const [scores, target] = halves(rows);
        const { precision, recall, thresholds } = metrics.precisionRecallCurve(scores, target);
        let want = 0;
        for (let i = 0; i < thresholds.length; i++) {
          const from = [...scores.keys()].filter((j) => scores[j] >= thresholds[i]);
          const hits = from.filter((j) => target[j] === 1).length;
          expect(precision[i]).toBeCloseTo(hits / from.length, 12);
          want += (recall[i] - recall[i + 1]) * precision[i];
        }
        if (target.includes(1)) expect(metrics.averagePrecision(scores, target)).toBeCloseTo(want, 12);
        else expect(metrics.averagePrecision(scores, target)).toBe(0);
      }),
      runs,
    );
  });
});

test('batch by batch and merged: as all at once', () => {
  fc.assert(
    fc.property(scored, fc.nat({ max: 30 }), (rows, cut) => {
      const makers: (() => metrics.MergeableMetric)[] = [
        () => new metrics.RocAuc(),
        () => new metrics.AveragePrecision(),
      ];
      for (const make of makers) {
        const [all, stepped, other] = [make(), make(), make()];
        all.update(...halves(rows));
        stepped.update(...halves(rows));
        stepped.reset();
        stepped.update(...halves(rows.slice(0, cut)));
        other.update(...halves(rows.slice(cut)));
        stepped.merge(other);
        expect(stepped.compute()).toEqual(all.compute());
      }
    }),
    runs,
  );
});

test('a hundred thousand distinct scores', () => {
  const n = 200_000;
  const scores = Float64Array.from({ length: n }, (_, i) => i);
  const target = Int32Array.from({ length: n }, (_, i) => Number(i >= n / 2));
  expect(metrics.rocAuc(scores, target)).toBe(1);
  expect(metrics.rocCurve(scores, target).thresholds.length).toBe(n + 1);
  expect(metrics.precisionRecallCurve(scores, target).precision.length).toBe(n + 1);
});

test.each([
  ['three scores a curve', () => metrics.rocCurve([[1, 2, 3]], [0]), ConfigError, /of two classes: got 3/],
  ['NaN', () => metrics.rocAuc(tensor([Number.NaN]), [0]), ConfigError, /NaN/],
  [
    'targets too few',
    () => metrics.averagePrecision(tensor([1, 2]), [0]),
    ShapeError,
    /averagePrecision: outputs must/,
  ],
  ['another average', () => new metrics.RocAuc({ average: 'micro' as never }), ConfigError, /unknown average/],
  ['a curve that turns', () => metrics.auc([0, 1, 0.5], [0, 1, 1]), ConfigError, /rise or fall/],
  ['lengths that differ', () => metrics.auc([0, 1], [0]), ShapeError, /differ in length/],
] as const)('refuses %s', (_, call, error, message) => {
  expect(call).toThrow(error);
  expect(call).toThrow(message);
});
