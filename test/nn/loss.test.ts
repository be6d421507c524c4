/** Losses as modules: their functions, with the options kept and the weights as buffers. */

import { describe, expect, test } from 'vitest';
import { Generator } from '../../src/core/rng.ts';
import * as nn from '../../src/nn/index.ts';
import * as ops from '../../src/ops/index.ts';
import { ones, rand, randn, sign, tensor } from '../../src/ops/index.ts';
import type { Tensor } from '../../src/tensor.ts';

const generator = new Generator(5);
const draw = (): Tensor => randn([3, 4], { dtype: 'float64', generator });
const [x, y, z] = [draw(), draw(), draw()];
const p = rand([3, 4], { dtype: 'float64', generator });
const side = sign(draw());
const ids = tensor(Int32Array.of(1, 3, 0));
const lists = tensor(Int32Array.of(1, 3, -1, 0, 2, -1, 0, 0, 0, 1, 2, 3), { shape: [3, 4] });
const weight = tensor([1, 2, 3, 4], { dtype: 'float64' });
const reduction = 'none';

/** The module by its options, and its function by the same: with none, and with every one other than its default. */
const pairs: Record<string, [(o?: never) => nn.Module, (...args: never[]) => Tensor, unknown[], object]> = {
  L1Loss: [(o) => new nn.L1Loss(o), ops.l1Loss, [x, y], { reduction }],
  MSELoss: [(o) => new nn.MSELoss(o), ops.mseLoss, [x, y], { reduction }],
  SmoothL1Loss: [(o) => new nn.SmoothL1Loss(o), ops.smoothL1Loss, [x, y], { reduction, beta: 0.3 }],
  HuberLoss: [(o) => new nn.HuberLoss(o), ops.huberLoss, [x, y], { reduction, delta: 0.3 }],
  NLLLoss: [(o) => new nn.NLLLoss(o), ops.nllLoss, [x, ids], { reduction, weight, ignoreIndex: 3 }],
  BCELoss: [(o) => new nn.BCELoss(o), ops.binaryCrossEntropy, [p, p], { reduction, weight }],
  KLDivLoss: [(o) => new nn.KLDivLoss(o), ops.klDiv, [x, p], { reduction: 'batchmean', logTarget: true }],
  PoissonNLLLoss: [
    (o) => new nn.PoissonNLLLoss(o),
    ops.poissonNllLoss,
    [p, p],
    { reduction, logInput: false, full: true, eps: 0.1 },
  ],
  GaussianNLLLoss: [
    (o) => new nn.GaussianNLLLoss(o),
    ops.gaussianNllLoss,
    [x, y, p],
    { reduction, full: true, eps: 2 },
  ],
  CTCLoss: [
    (o) => new nn.CTCLoss(o),
    ops.ctcLoss,
    [x, tensor(Int32Array.of(1, 2)), 3, 2],
    { reduction, blank: 3, zeroInfinity: true },
  ],
  SoftMarginLoss: [(o) => new nn.SoftMarginLoss(o), ops.softMarginLoss, [x, side], { reduction }],
  HingeEmbeddingLoss: [
    (o) => new nn.HingeEmbeddingLoss(o),
    ops.hingeEmbeddingLoss,
    [x, side],
    { reduction, margin: 0.2 },
  ],
  MarginRankingLoss: [
    (o) => new nn.MarginRankingLoss(o),
    ops.marginRankingLoss,
    [x, y, side],
    { reduction, margin: 0.2 },
  ],
  CosineEmbeddingLoss: [
    (o) => new nn.CosineEmbeddingLoss(o),
    ops.cosineEmbeddingLoss,
    [x, y, tensor([1, -1, -1])],
    { reduction, margin: -0.9 },
  ],
  TripletMarginLoss: [
    (o) => new nn.TripletMarginLoss(o),
    ops.tripletMarginLoss,
    [x, y, z],
    { reduction, margin: 3, p: 1, eps: 0.1, swap: true },
  ],
  MultiMarginLoss: [
    (o) => new nn.MultiMarginLoss(o),
    ops.multiMarginLoss,
    [x, ids],
    { reduction, p: 2, margin: 0.5, weight },
  ],
  MultiLabelMarginLoss: [(o) => new nn.MultiLabelMarginLoss(o), ops.multilabelMarginLoss, [x, lists], { reduction }],
  MultiLabelSoftMarginLoss: [
    (o) => new nn.MultiLabelSoftMarginLoss(o),
    ops.multilabelSoftMarginLoss,
    [x, p],
    { reduction, weight },
  ],
};

describe.each(Object.entries(pairs))('%s', (_, [make, loss, args, options]) => {
  const run = (module: nn.Module): Tensor =>
    (module as unknown as { forward(...a: unknown[]): Tensor }).forward(...args);

  test('is its function, with and without options', () => {
    const [plain, chosen] = [loss(...(args as never[])), loss(...(args as never[]), options as never)];
    expect(run(make()).toArray()).toEqual(plain.toArray());
    expect(run(make(options as never)).toArray()).toEqual(chosen.toArray());
    expect(chosen.toArray()).not.toEqual(plain.toArray());
  });

  test('has its weight, and nothing else, in the state dict', () => {
    expect(Object.keys(make(options as never).stateDict())).toEqual('weight' in options ? ['weight'] : []);
    expect(make(options as never).parameters()).toEqual([]);
  });
});

test('a weight of the state dict is loaded into the module', () => {
  const loss = new nn.NLLLoss({ weight: ones([4]) });
  loss.loadStateDict({ weight: tensor([1, 2, 3, 4]) });
  expect(loss.weight?.toArray()).toEqual([1, 2, 3, 4]);
});
