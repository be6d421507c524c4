/** Golden values and gradients: the family `losses`. */

import { testExpressions } from './support/expression-cases.ts';

/** Losses that the library does not have yet, by PyTorch's names. */
const absent = [
  'binary_cross_entropy',
  'cosine_embedding_loss',
  'ctc_loss',
  'gaussian_nll_loss',
  'hinge_embedding_loss',
  'huber_loss',
  'kl_div',
  'l1_loss',
  'margin_ranking_loss',
  'multi_margin_loss',
  'multilabel_soft_margin_loss',
  'nll_loss',
  'poisson_nll_loss',
  'smooth_l1_loss',
  'soft_margin_loss',
  'triplet_margin_loss',
];

testExpressions('losses', absent);
