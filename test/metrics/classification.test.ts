/** Metrics of classes: by hand, against counting by pairs, and batch by batch. */

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ConfigError, DTypeError, ShapeError } from '../../src/errors.ts';
import * as metrics from '../../src/metrics/index.ts';
import { tensor } from '../../src/ops/index.ts';

const { confusionMatrix, falsePositiveRate, fScore, precision, recall, specificity } = metrics;
const byName = { falsePositiveRate, fScore, precision, recall, specificity };
const runs = { numRuns: 150, seed: Number(process.env.LANEGRAD_SEED ?? 4711) };

/** Predictions and targets of a few classes. */
const labelled = fc
  .integer({ min: 2, max: 5 })
  .chain((classes) =>
    fc.array(fc.tuple(fc.nat({ max: classes - 1 }), fc.nat({ max: classes - 1 })), { minLength: 1, maxLength: 40 }),
  );
const ids = (pairs: readonly (readonly [number, number])[], side: 0 | 1): Int32Array =>
  Int32Array.from(pairs, (pair) => pair[side]);

/** Counts of one class by walking the pairs. */
function count(pairs: readonly (readonly [number, number])[], c: number) {
  const of = (p: boolean, a: boolean): number => pairs.filter(([x, y]) => (x === c) === p && (y === c) === a).length;
  return { tp: of(true, true), fp: of(true, false), fn: of(false, true), tn: of(false, false) };
}
const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);
const byHand = {
  precision: ({ tp, fp }: ReturnType<typeof count>) => ratio(tp, tp + fp),
  recall: ({ tp, fn }: ReturnType<typeof count>) => ratio(tp, tp + fn),
  specificity: ({ tn, fp }: ReturnType<typeof count>) => ratio(tn, tn + fp),
  falsePositiveRate: ({ tn, fp }: ReturnType<typeof count>) => ratio(fp, tn + fp),
  fScore: ({ tp, fp, fn }: ReturnType<typeof count>) => ratio(2 * tp, 2 * tp + fp + fn),
};

describe('against counting', () => {
  test.each(Object.keys(byHand) as (keyof typeof byHand)[])('%s: per class, macro, weighted, micro', (name) => {
    fc.assert(
      fc.property(labelled, (pairs) => {
        const [output, target] = [ids(pairs, 0), ids(pairs, 1)];
        const classes = Math.max(...output, ...target) + 1;
        const each = Array.from({ length: classes }, (_, c) => byHand[name](count(pairs, c)));
        const close = (got: number, want: number) => expect(got).toBeCloseTo(want, 12);
        expect(byName[name](output, target, { average: 'none' })).toEqual(each.map((v) => expect.closeTo(v, 12)));
        const occurring = each.filter((_, c) => output.includes(c) || target.includes(c));
        close(byName[name](output, target, { average: 'macro' }), occurring.reduce((a, b) => a + b) / occurring.length);
        const weighted = each.reduce((sum, v, c) => sum + v * target.filter((t) => t === c).length, 0) / target.length;
        close(byName[name](output, target, { average: 'weighted' }), weighted);
        const sums = Array.from({ length: classes }, (_, c) => count(pairs, c)).reduce((a, b) => ({
          tp: a.tp + b.tp,
          fp: a.fp + b.fp,
          fn: a.fn + b.fn,
          tn: a.tn + b.tn,
        }));
        close(byName[name](output, target, { average: 'micro' }), byHand[name](sums));
        if (classes <= 2) close(byName[name](output, target), byHand[name](count(pairs, 1)));
      }),
      runs,
    );
  });

  test('accuracy, 0–1 error, balanced accuracy; micro averages of precision, recall and F are the accuracy', () => {
    fc.assert(
      fc.property(labelled, (pairs) => {
        const [output, target] = [ids(pairs, 0), ids(pairs, 1)];
        const share = pairs.filter(([p, a]) => p === a).length / pairs.length;
        expect(metrics.accuracy(output, target)).toBeCloseTo(share, 12);
        expect(metrics.zeroOneLoss(output, target)).toBeCloseTo(1 - share, 12);
        for (const name of ['precision', 'recall', 'fScore'] as const) {
          expect(byName[name](output, target, { average: 'micro' })).toBeCloseTo(share, 12);
        }
        const present = [...new Set(target)].map((c) => byHand.recall(count(pairs, c)));
        const mean = present.reduce((a, b) => a + b) / present.length;
        expect(metrics.balancedAccuracy(output, target)).toBeCloseTo(mean, 12);
      }),
      runs,
    );
  });

  test('top-k: the rank of each target by sorting; k = 1 is the accuracy, k = C is 1', () => {
    const scored = fc.array(
      fc.tuple(fc.array(fc.nat({ max: 4 }), { minLength: 4, maxLength: 4 }), fc.nat({ max: 3 })),
      {
        minLength: 1,
        maxLength: 12,
      },
    );
    fc.assert(
      fc.property(scored, fc.integer({ min: 1, max: 4 }), (rows, k) => {
        const output = tensor(rows.map(([scores]) => scores));
        const target = Int32Array.from(rows, ([, id]) => id);
        const hits = rows.filter(([scores, id]) => {
          const order = [0, 1, 2, 3].sort((a, b) => scores[b] - scores[a] || a - b);
          return order.indexOf(id) < k;
        });
        expect(metrics.topKAccuracy(output, target, { k })).toBeCloseTo(hits.length / rows.length, 12);
        expect(metrics.topKAccuracy(output, target, { k: 1 })).toBeCloseTo(metrics.accuracy(output, target), 12);
        expect(metrics.topKAccuracy(output, target, { k: 4 })).toBe(1);
      }),
      runs,
    );
  });
});

describe('what outputs mean', () => {
  const target = Int32Array.of(0, 2, 1);

  test('rows of scores: the highest, the first of equals', () => {
    const logits = [
      [3, 1, 3],
      [-1, 0, 5],
      [0.5, 0.5, 0.25],
    ];
    const matrix = confusionMatrix(logits, target);
    expect(matrix.toTensor().toArray()).toEqual([
      [1, 0, 0],
      [1, 0, 0],
      [0, 0, 1],
    ]);
    expect(metrics.accuracy(tensor(logits), tensor(target))).toBeCloseTo(2 / 3, 12);
    expect(metrics.accuracy(tensor([logits]), tensor([[0, 2, 1]]))).toBeCloseTo(2 / 3, 12);
  });

  test('floats: scores of class 1, cut at the threshold', () => {
    const [scores, truth] = [tensor([0.2, 0.5, 0.9]), tensor([0, 1, 0])];
    expect(metrics.accuracy(scores, truth)).toBeCloseTo(2 / 3, 12);
    expect(metrics.accuracy(scores, truth, { threshold: 0.6 })).toBeCloseTo(1 / 3, 12);
    expect(metrics.accuracy(tensor([[0.2], [0.5], [0.9]]), truth)).toBeCloseTo(2 / 3, 12);
    expect(metrics.accuracy([-2, 3], [0, 1], { threshold: 0 })).toBe(1);
  });

  test('integers, bools and JavaScript numbers: the classes', () => {
    expect(metrics.accuracy([0, 2, 2], [0, 2, 1])).toBeCloseTo(2 / 3, 12);
    expect(metrics.accuracy(tensor([true, false]), tensor([true, true]))).toBe(0.5);
    expect(metrics.accuracy(tensor(Int32Array.of(0, 2, 2)), target)).toBeCloseTo(2 / 3, 12);
  });

  test.each([
    [
      'rows too few',
      () => metrics.accuracy(tensor([[1, 2]]), target),
      ShapeError,
      /accuracy|confusionMatrix: outputs must/,
    ],
    ['a fraction as an id', () => metrics.accuracy([0.5, 1], [0, 1]), ConfigError, /class ids: got 0.5.*threshold/],
    ['a negative target', () => metrics.accuracy([0, 1], [0, -1]), ConfigError, /targets must be class ids: got -1/],
    [
      'scores of two classes, three targets',
      () => metrics.accuracy(tensor([0.1, 0.2]), [0, 2]),
      ConfigError,
      /none of the/,
    ],
    ['NaN', () => metrics.accuracy(tensor([[NaN, 1]]), [0]), ConfigError, /NaN/],
    ['text', () => metrics.accuracy('ab' as never, [0]), DTypeError, /expected a tensor/],
    ['an id beyond the classes', () => confusionMatrix([3], [0], { classes: 2 }), ConfigError, /no class: got 3/],
    [
      'labels too few',
      () => new metrics.ConfusionMatrix({ classes: 2, labels: ['a'] }),
      ConfigError,
      /one label a class/,
    ],
    ['no average for three', () => metrics.precision([0, 2], [0, 1]), ConfigError, /must be chosen: got 3 classes/],
    ['another average', () => metrics.recall([0], [0], { average: 'mean' as never }), ConfigError, /unknown average/],
    ['k of 0', () => metrics.topKAccuracy([[1, 2]], [0], { k: 0 }), ConfigError, /topKAccuracy: k must be/],
    ['top-k of one score', () => metrics.topKAccuracy(tensor([0.5]), [0]), ConfigError, /a score for each class/],
    ['a negative beta', () => metrics.fScore([0], [0], { beta: -1 }), ConfigError, /beta/],
  ] as const)('refuses %s', (_, call, error, message) => {
    expect(call).toThrow(error);
    expect(call).toThrow(message);
  });
});

describe('nothing to divide by', () => {
  test('0, or what zeroDivision says; NaN leaves the class out of an average', () => {
    const [output, target] = [
      [0, 0, 2],
      [0, 1, 2],
    ];
    expect(metrics.precision(output, target, { average: 'none' })).toEqual([0.5, 0, 1]);
    expect(metrics.precision(output, target, { average: 'none', zeroDivision: 1 })).toEqual([0.5, 1, 1]);
    expect(metrics.precision(output, target, { average: 'macro', zeroDivision: Number.NaN })).toBe(0.75);
    expect(metrics.accuracy([], [])).toBeNaN();
  });

  test('a class that nothing is and nothing was taken for does not count in macro', () => {
    expect(metrics.recall([0, 3], [0, 3], { average: 'macro' })).toBe(1);
  });

  test('F-beta: recall counts β times as much', () => {
    const [output, target] = [
      [1, 1, 1, 0],
      [1, 0, 0, 1],
    ];
    const [p, r] = [1 / 3, 1 / 2];
    expect(metrics.fScore(output, target, { beta: 2 })).toBeCloseTo((5 * p * r) / (4 * p + r), 12);
    expect(metrics.fScore(output, target, { beta: 0 })).toBeCloseTo(p, 12);
  });
});

describe('batch by batch', () => {
  const made = (): metrics.MergeableMetric[] => [
    new metrics.Accuracy(),
    new metrics.ZeroOneLoss(),
    new metrics.BalancedAccuracy(),
    new metrics.Precision({ average: 'macro' }),
    new metrics.Recall({ average: 'none' }),
    new metrics.Specificity({ average: 'micro' }),
    new metrics.FalsePositiveRate({ average: 'macro' }),
    new metrics.FScore({ average: 'weighted', beta: 2 }),
  ];

  test('updates and merged parts are as all at once; reset forgets', () => {
    fc.assert(
      fc.property(labelled, fc.nat({ max: 40 }), (pairs, cut) => {
        const parts = [pairs.slice(0, cut), pairs.slice(cut)];
        const [all, stepped, left, right] = [made(), made(), made(), made()];
        all.forEach((whole, i) => {
          whole.update(ids(pairs, 0), ids(pairs, 1));
          stepped[i].update([9], [9]);
          stepped[i].reset();
          for (const part of parts) stepped[i].update(ids(part, 0), ids(part, 1));
          left[i].update(ids(parts[0], 0), ids(parts[0], 1));
          right[i].update(ids(parts[1], 0), ids(parts[1], 1));
          left[i].merge(right[i]);
          expect(stepped[i].compute()).toEqual(whole.compute());
          expect(left[i].compute()).toEqual(whole.compute());
        });
      }),
      runs,
    );
  });
});

describe('printed', () => {
  const truth = [0, 0, 0, 1, 1, 2];
  const guess = [0, 1, 0, 1, 1, 0];
  const labels = ['cat', 'horse', 'ox'];

  test('the matrix: rows true, columns predicted', () => {
    expect(String(confusionMatrix(guess, truth, { labels }))).toBe(
      [
        'true \\ predicted  cat  horse  ox',
        'cat                 2      1   0',
        'horse               0      2   0',
        'ox                  1      0   0',
      ].join('\n'),
    );
  });

  test('the report', () => {
    const report = metrics.classificationReport(guess, truth, { labels, digits: 2 });
    expect(String(report)).toBe(
      [
        '                  precision  recall    F1  support',
        'cat                    0.67    0.67  0.67        3',
        'horse                  0.67    1.00  0.80        2',
        'ox                     0.00    0.00  0.00        1',
        'accuracy                             0.67        6',
        'macro average          0.44    0.56  0.49        6',
        'weighted average       0.56    0.67  0.60        6',
      ].join('\n'),
    );
    expect(report.classes.horse).toEqual({ precision: 2 / 3, recall: 1, fScore: 0.8, support: 2 });
  });
});

test.each([
  ['Accuracy', () => new metrics.Accuracy({ thresh: 0 } as object)],
  ['Precision', () => new metrics.Precision({ beta: 2 } as object)],
  ['precision', () => metrics.precision([0, 1], [0, 1], { classes: 2 } as object)],
  ['fScore', () => metrics.fScore([0, 1], [0, 1], { betas: 2 } as object)],
  ['classificationReport', () => metrics.classificationReport([0, 1], [0, 1], { names: [] } as object)],
  ['logLoss', () => metrics.logLoss([0.5], [1], { logits: true } as object)],
  ['RocAuc', () => new metrics.RocAuc({ averages: 'macro' } as object)],
])('%s refuses an option that it does not know', (op, call) => {
  expect(call).toThrow(`${op}: unknown option: got `);
});
