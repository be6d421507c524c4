/** The losses of `torch.nn.functional`, as the library's. */

import type { Lengths, Reduction } from '../../src/ops/index.ts';
import * as ops from '../../src/ops/index.ts';
import type { Tensor } from '../../src/tensor.ts';
import type { Callable } from './python.ts';
import { row } from './torch-rows.ts';

/** `None` leaves the library's default. */
const given = <T extends Record<string, unknown>>(options: T): { [K in keyof T]?: NonNullable<T[K]> } =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== null && value !== undefined)) as never;

type Pair = (x: Tensor, target: Tensor, options: { reduction?: Reduction }) => Tensor;
const pair = (loss: Pair): Callable =>
  row('input target size_average reduce reduction', (x: Tensor, t: Tensor, _a: null, _r: null, reduction?: Reduction) =>
    loss(x, t, given({ reduction })),
  );

export const losses: Readonly<Record<string, Callable>> = {
  binary_cross_entropy: row(
    'input target weight size_average reduce reduction',
    (x: Tensor, t: Tensor, weight?: Tensor, _a?: null, _r?: null, reduction?: Reduction) =>
      ops.binaryCrossEntropy(x, t, given({ weight, reduction })),
  ),
  binary_cross_entropy_with_logits: row(
    'input target weight size_average reduce reduction pos_weight',
    (x: Tensor, t: Tensor, weight?: Tensor, _a?: null, _r?: null, reduction?: Reduction, posWeight?: Tensor) =>
      ops.binaryCrossEntropyWithLogits(x, t, given({ weight, reduction, posWeight })),
  ),
  cosine_embedding_loss: row(
    'input1 input2 target margin size_average reduce reduction',
    (a: Tensor, b: Tensor, t: Tensor, margin?: number, _a?: null, _r?: null, reduction?: Reduction) =>
      ops.cosineEmbeddingLoss(a, b, t, given({ margin, reduction })),
  ),
  cross_entropy: row(
    'input target weight size_average ignore_index reduce reduction label_smoothing',
    (
      x: Tensor,
      t: Tensor,
      weight?: Tensor,
      _a?: null,
      ignoreIndex?: number,
      _r?: null,
      reduction?: Reduction,
      labelSmoothing?: number,
    ) => ops.crossEntropy(x, t, given({ weight, ignoreIndex, reduction, labelSmoothing })),
  ),
  ctc_loss: row(
    'log_probs targets input_lengths target_lengths blank reduction zero_infinity',
    (
      x: Tensor,
      t: Tensor,
      inputLengths: Lengths,
      targetLengths: Lengths,
      blank?: number,
      reduction?: Reduction,
      zeroInfinity?: boolean,
    ) => ops.ctcLoss(x, t, inputLengths, targetLengths, given({ blank, reduction, zeroInfinity })),
  ),
  gaussian_nll_loss: row(
    'input target var full eps reduction',
    (x: Tensor, t: Tensor, variance: Tensor, full?: boolean, eps?: number, reduction?: Reduction) =>
      ops.gaussianNllLoss(x, t, variance, given({ full, eps, reduction })),
  ),
  hinge_embedding_loss: row(
    'input target margin size_average reduce reduction',
    (x: Tensor, t: Tensor, margin?: number, _a?: null, _r?: null, reduction?: Reduction) =>
      ops.hingeEmbeddingLoss(x, t, given({ margin, reduction })),
  ),
  huber_loss: row('input target reduction delta', (x: Tensor, t: Tensor, reduction?: Reduction, delta?: number) =>
    ops.huberLoss(x, t, given({ reduction, delta })),
  ),
  kl_div: row(
    'input target size_average reduce reduction log_target',
    (x: Tensor, t: Tensor, _a?: null, _r?: null, reduction?: Reduction | 'batchmean', logTarget?: boolean) =>
      ops.klDiv(x, t, given({ reduction, logTarget })),
  ),
  l1_loss: pair(ops.l1Loss),
  margin_ranking_loss: row(
    'input1 input2 target margin size_average reduce reduction',
    (a: Tensor, b: Tensor, t: Tensor, margin?: number, _a?: null, _r?: null, reduction?: Reduction) =>
      ops.marginRankingLoss(a, b, t, given({ margin, reduction })),
  ),
  mse_loss: pair(ops.mseLoss),
  multi_margin_loss: row(
    'input target p margin weight size_average reduce reduction',
    (x: Tensor, t: Tensor, p?: 1 | 2, margin?: number, weight?: Tensor, _a?: null, _r?: null, reduction?: Reduction) =>
      ops.multiMarginLoss(x, t, given({ p, margin, weight, reduction })),
  ),
  multilabel_margin_loss: pair(ops.multilabelMarginLoss),
  multilabel_soft_margin_loss: row(
    'input target weight size_average reduce reduction',
    (x: Tensor, t: Tensor, weight?: Tensor, _a?: null, _r?: null, reduction?: Reduction) =>
      ops.multilabelSoftMarginLoss(x, t, given({ weight, reduction })),
  ),
  nll_loss: row(
    'input target weight size_average ignore_index reduce reduction',
    (x: Tensor, t: Tensor, weight?: Tensor, _a?: null, ignoreIndex?: number, _r?: null, reduction?: Reduction) =>
      ops.nllLoss(x, t, given({ weight, ignoreIndex, reduction })),
  ),
  poisson_nll_loss: row(
    'input target log_input full size_average eps reduce reduction',
    (
      x: Tensor,
      t: Tensor,
      logInput?: boolean,
      full?: boolean,
      _a?: null,
      eps?: number,
      _r?: null,
      reduction?: Reduction,
    ) => ops.poissonNllLoss(x, t, given({ logInput, full, eps, reduction })),
  ),
  smooth_l1_loss: row(
    'input target size_average reduce reduction beta',
    (x: Tensor, t: Tensor, _a?: null, _r?: null, reduction?: Reduction, beta?: number) =>
      ops.smoothL1Loss(x, t, given({ reduction, beta })),
  ),
  soft_margin_loss: pair(ops.softMarginLoss),
  triplet_margin_loss: row(
    'anchor positive negative margin p eps swap size_average reduce reduction',
    (
      anchor: Tensor,
      positive: Tensor,
      negative: Tensor,
      margin?: number,
      p?: number,
      eps?: number,
      swap?: boolean,
      _a?: null,
      _r?: null,
      reduction?: Reduction,
    ) => ops.tripletMarginLoss(anchor, positive, negative, given({ margin, p, eps, swap, reduction })),
  ),
};
