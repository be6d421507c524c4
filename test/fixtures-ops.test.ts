/** Golden values and gradients: the family `ops`. */

import { testExpressions } from './support/expression-cases.ts';

/** Operations that the library does not have yet, by PyTorch's names. */
const absent = [
  'all',
  'any',
  'argsort',
  'cumprod',
  'cumsum',
  'logcumsumexp',
  'norm',
  'normalize',
  'prod',
  'sort',
  'topk',
  'var_mean',
];

testExpressions('ops', absent);
