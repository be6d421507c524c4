/** Golden values and gradients: the family `linalg`. */

import { testExpressions } from './support/expression-cases.ts';

/** Linear algebra is not part of the library yet. */
const absent = [
  'cholesky_solve',
  'eig',
  'linalg.cholesky',
  'linalg.cond',
  'linalg.det',
  'linalg.eigh',
  'linalg.eigvalsh',
  'linalg.inv',
  'linalg.lstsq',
  'linalg.matrix_exp',
  'linalg.matrix_norm',
  'linalg.matrix_power',
  'linalg.matrix_rank',
  'linalg.pinv',
  'linalg.qr',
  'linalg.slogdet',
  'linalg.solve',
  'linalg.solve_triangular',
  'linalg.svd',
  'linalg.svdvals',
  'null_space',
  'triu',
];

testExpressions('linalg', absent);
