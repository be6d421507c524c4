/** Golden values and gradients: the family `ops`. */

import { testExpressions } from './support/expression-cases.ts';

/** Operations that the library does not have yet, by PyTorch's names. */
const absent = [
  'all',
  'any',
  'argsort',
  'cdist',
  'cosine_similarity',
  'cumprod',
  'cumsum',
  'diag',
  'diagonal',
  'flip',
  'gather',
  'index',
  'interpolate',
  'logcumsumexp',
  'masked_select',
  'movedim',
  'nonzero',
  'norm',
  'normalize',
  'pad',
  'prod',
  'repeat',
  'repeat_interleave',
  'roll',
  'scatter',
  'scatter_add',
  'sort',
  'topk',
  'trace',
  'tril',
  'triu',
  'unbind',
  'unfold',
  'var_mean',
];

testExpressions('ops', absent);
