/** Losses where they bend, end or refuse, as PyTorch does it. */

import { describe, expect, test, vi } from 'vitest';
import { grad } from '../../src/autograd/index.ts';
import { ConfigError, DTypeError, ShapeError } from '../../src/errors.ts';
import * as ops from '../../src/ops/index.ts';
import { gradgradcheck, logSoftmax, sum, tensor, zeros } from '../../src/ops/index.ts';
import type { Tensor } from '../../src/tensor.ts';

const wide = (values: Parameters<typeof tensor>[0]): Tensor => tensor(values, { dtype: 'float64', requiresGrad: true });
const ids = (...values: number[]): Tensor => tensor(Int32Array.from(values));
const none = { reduction: 'none' } as const;
const slope = (loss: (x: Tensor) => Tensor, x: Tensor): unknown => grad(sum(loss(x)), [x])[0].toArray();

describe('kinks and ends', () => {
  test('smooth L1 and Huber where the parabola ends; beta 0 is L1', () => {
    const x = wide([0.5, -0.5, 0, 7]);
    const t = zeros([4], { dtype: 'float64' });
    expect(ops.smoothL1Loss(x, t, { ...none, beta: 0.5 }).toArray()).toEqual([0.25, 0.25, 0, 6.75]);
    expect(slope((v) => ops.smoothL1Loss(v, t, { ...none, beta: 0.5 }), x)).toEqual([1, -1, 0, 1]);
    expect(ops.huberLoss(x, t, { ...none, delta: 0.5 }).toArray()).toEqual([0.125, 0.125, 0, 3.375]);
    expect(slope((v) => ops.huberLoss(v, t, { ...none, delta: 0.5 }), x)).toEqual([0.5, -0.5, 0, 0.5]);
    expect(ops.smoothL1Loss(x, t, { ...none, beta: 0 }).toArray()).toEqual([0.5, 0.5, 0, 7]);
  });

  test('binary cross-entropy: certain mistakes cost 100, and their slope is finite', () => {
    const [x, t] = [wide([0, 0, 1, 1]), tensor([0, 1, 1, 0], { dtype: 'float64' })];
    expect(ops.binaryCrossEntropy(x, t, none).toArray()).toEqual([0, 100, 0, 100].map((v) => expect.closeTo(v, 12)));
    expect(slope((v) => ops.binaryCrossEntropy(v, t, none), x)).toEqual([0, -1e12, 0, 1e12]);
  });

  test('hinge embedding sums both sides for a target that is neither', () => {
    const x = wide([0.5, 0.5, 0.5, 1, 3]);
    const t = tensor([1, -1, 0, -1, 0.5], { dtype: 'float64' });
    expect(ops.hingeEmbeddingLoss(x, t, none).toArray()).toEqual([0.5, 0.5, 1, 0, 3]);
    expect(slope((v) => ops.hingeEmbeddingLoss(v, t, none), x)).toEqual([1, -1, 0, -1, 1]);
  });

  test('a ranking that is met by nothing still has its slope', () => {
    const [a, b] = [wide([0.5, 1]), wide([0.5, 1])];
    const t = tensor([1, -1], { dtype: 'float64' });
    expect(slope((v) => ops.marginRankingLoss(v, b, t, none), a)).toEqual([-1, 1]);
  });

  test('a variance below eps is raised, and keeps its gradient', () => {
    const v = wide([0, 0.5]);
    const [x, t] = [tensor([1, 2], { dtype: 'float64' }), tensor([0, 1], { dtype: 'float64' })];
    expect(ops.gaussianNllLoss(x, t, v, none).toArray()).toEqual([499993.092244721, 0.6534264097200273]);
    expect(slope((w) => ops.gaussianNllLoss(x, t, w, none), v)).toEqual([expect.closeTo(-499999500000, 3), -1]);
  });

  test('large logits do not overflow', () => {
    const x = tensor([1000, -1000, 1000]);
    expect(ops.binaryCrossEntropyWithLogits(x, tensor([1, 0, 0]), none).toArray()).toEqual([0, 0, 1000]);
    expect(ops.softMarginLoss(x, tensor([1, -1, -1]), none).toArray()).toEqual([0, 0, 1000]);
  });

  test('no target that counts: the mean is NaN, the sum 0, the gradient 0', () => {
    const x = wide([[0.1, 0.2]]);
    expect(ops.nllLoss(x, ids(-100)).item()).toBeNaN();
    expect(ops.nllLoss(x, ids(-100), { reduction: 'sum' }).item()).toBe(0);
    expect(ops.nllLoss(wide([[-Infinity, 1]]), ids(-100), { weight: tensor([0, 0]), ...none }).toArray()).toEqual([0]);
    expect(slope((v) => ops.nllLoss(v, ids(-100), { reduction: 'sum' }), x)).toEqual([[0, 0]]);
  });
});

describe('shapes that broadcast', () => {
  test.each([
    [
      'mseLoss',
      ops.mseLoss,
      [
        [0, 4, 1],
        [4, 0, 9],
      ],
      [[-2], [10]],
      [-4, 4, -8],
    ],
    [
      'l1Loss',
      ops.l1Loss,
      [
        [0, 2, 1],
        [2, 0, 3],
      ],
      [[0], [2]],
      [-1, 1, -2],
    ],
    [
      'smoothL1Loss',
      ops.smoothL1Loss,
      [
        [0, 1.5, 0.5],
        [1.5, 0, 2.5],
      ],
      [[0], [2]],
      [-1, 1, -2],
    ],
    [
      'huberLoss',
      ops.huberLoss,
      [
        [0, 1.5, 0.5],
        [1.5, 0, 2.5],
      ],
      [[0], [2]],
      [-1, 1, -2],
    ],
  ] as const)('%s: every pair, the gradients summed back, one warning', (_, loss, want, dx, dt) => {
    // biome-ignore format: a table
    const [x, t] = [wide([[1], [3]]), wide([1, 3, 0])];
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    try {
      expect(loss(x, t, none).toArray()).toEqual(want);
      expect(grad(loss(x, t, { reduction: 'sum' }), [x, t]).map((g) => g.toArray())).toEqual([dx, dt]);
      expect(warn.mock.calls.map(([message]) => message)).toEqual([
        expect.stringMatching(/Loss: input \[2, 1\] and target \[3\] are broadcast to \[2, 3\]$/),
      ]);
    } finally {
      warn.mockRestore();
    }
  });
});

describe('CTC', () => {
  const rows = wide([0.3, -0.2, 0.9, 0.1, 0.4, -1, 0.8, 0.2, 0.5, 0.6, -0.4, 0.7]).detach();
  const x = ops.reshape(rows, [4, 1, 3]).requiresGrad_();

  test('more labels than steps: Infinity, or 0 with a gradient of 0', () => {
    const target = ids(1, 1, 2, 1, 2);
    const short = (v: Tensor) => ops.ctcLoss(v, target, [4], [5]);
    expect(short(x).item()).toBe(Infinity);
    expect((slope(short, x) as number[][][])[0][0]).toEqual([NaN, NaN, NaN]);
    const zero = (v: Tensor) => ops.ctcLoss(v, target, [4], [5], { zeroInfinity: true });
    expect(zero(x).item()).toBe(0);
    expect((slope(zero, x) as number[][][]).flat(2).every((g) => g === 0)).toBe(true);
  });

  test('no label at all: every step is blank', () => {
    const loss = ops.ctcLoss(x, ids(), [4], [0]);
    expect(loss.item()).toBeCloseTo(-(0.3 + 0.1 + 0.8 + 0.6), 12);
    expect(ops.ctcLoss(x, ids(), [0], [0]).item()).toBe(0);
  });

  test('padded, one after another, and as tensors: the same', () => {
    const two = ops.cat([x.detach(), ops.mul(x.detach(), -1)], 1);
    const padded = tensor(Int32Array.of(1, 2, 2, 0), { shape: [2, 2] });
    const want = ops.ctcLoss(two, padded, [4, 3], [2, 1], none).toArray();
    expect(ops.ctcLoss(two, ids(1, 2, 2), ids(4, 3), ids(2, 1), none).toArray()).toEqual(want);
    expect(ops.ctcLoss(ops.select(two, 1, 0), ids(1, 2), 4, 2, none).item()).toBe((want as number[])[0]);
  });

  test('behind a log-softmax, to the second order', () => {
    const loss = (v: Tensor) => ops.ctcLoss(logSoftmax(v, 2), ids(1, 2), [4], [2]);
    expect(gradgradcheck(loss, [x])).toBe(true);
  });
});

describe('refusals', () => {
  const [x, three] = [zeros([2, 3]), zeros([3])];
  const lp = zeros([4, 2, 3]);
  const cases: readonly (readonly [string, () => Tensor, typeof ShapeError | typeof ConfigError, RegExp])[] = [
    [
      'targets of another shape',
      () => ops.binaryCrossEntropy(x, three),
      ShapeError,
      /^binaryCrossEntropy: .*one shape.*\[3\].*\[2, 3\]/,
    ],
    ['targets that do not broadcast', () => ops.l1Loss(x, zeros([2])), ShapeError, /^l1Loss: .*\[2, 3\].*\[2\]/],
    [
      'class ids made as floats',
      () => ops.crossEntropy(x, tensor([0, 1])),
      ShapeError,
      /shape of the logits: got \[2\], expected \[2, 3\].*to\('int32'\)/,
    ],
    [
      'a reduction that is none',
      () => ops.mseLoss(x, x, { reduction: 'max' as never }),
      ConfigError,
      /mseLoss: unknown/,
    ],
    ['a negative beta', () => ops.smoothL1Loss(x, x, { beta: -1 }), ConfigError, /beta/],
    ['a delta of 0', () => ops.huberLoss(x, x, { delta: 0 }), ConfigError, /delta must be above 0: got 0/],
    [
      'no probability',
      () => ops.binaryCrossEntropy(tensor([1.5]), tensor([1])),
      ConfigError,
      /between 0 and 1: got 1.5/,
    ],
    ['NaN as a probability', () => ops.binaryCrossEntropy(tensor([NaN]), tensor([1])), ConfigError, /got NaN/],
    ['integer targets', () => ops.klDiv(x, ids(1, 2, 3)), DTypeError, /klDiv: targets must be floats/],
    ['a weight too many', () => ops.nllLoss(x, ids(0, 1), { weight: zeros([4]) }), ShapeError, /one value a class/],
    ['a target that is no class', () => ops.nllLoss(x, ids(0, 3)), ShapeError, /nllLoss: id out of range at place 1/],
    ['float targets', () => ops.nllLoss(x, three), DTypeError, /nllLoss: ids must be integers/],
    ['another power', () => ops.multiMarginLoss(x, ids(0, 1), { p: 3 as never }), ConfigError, /1 \| 2/],
    ['a row too few', () => ops.multiMarginLoss(x, ids(0)), ShapeError, /one target a row/],
    ['a negative variance', () => ops.gaussianNllLoss(three, three, tensor([1, -1, 1])), ConfigError, /got -1/],
    ['a variance a column', () => ops.gaussianNllLoss(x, x, zeros([1, 3])), ShapeError, /one variance an element/],
    ['other ranks', () => ops.tripletMarginLoss(x, three, x), ShapeError, /one rank: got \[\[2, 3\], \[3\]/],
    ['one target for rows', () => ops.cosineEmbeddingLoss(x, x, zeros([])), ShapeError, /rows of vectors/],
    ['a blank beyond', () => ops.ctcLoss(lp, ids(1, 2), [4, 4], [1, 1], { blank: 3 }), ConfigError, /the blank/],
    ['a target that is blank', () => ops.ctcLoss(lp, ids(1, 0), [4, 4], [1, 1]), ConfigError, /a target is the blank/],
    ['steps beyond', () => ops.ctcLoss(lp, ids(1, 2), [5, 4], [1, 1]), ShapeError, /input lengths.*got 5/],
    ['labels that do not add up', () => ops.ctcLoss(lp, ids(1, 2, 2), [4, 4], [1, 1]), ShapeError, /their lengths/],
    ['one length', () => ops.ctcLoss(lp, ids(1, 2), [4], [1, 1]), ShapeError, /for each sequence: got 1, expected 2/],
  ];

  test.each(cases)('%s', (_, call, error, message) => {
    expect(call).toThrow(error);
    expect(call).toThrow(message);
  });
});
