/** Golden values and gradients: the family `ops`. */

import { testExpressions } from './support/expression-cases.ts';

/** Operations that the library does not have yet, by PyTorch's names. */
const absent: string[] = [];

testExpressions('ops', absent);
