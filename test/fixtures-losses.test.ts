/** Golden values and gradients: the family `losses`. */

import { testExpressions } from './support/expression-cases.ts';

testExpressions('losses', []);
