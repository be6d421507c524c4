/** Powers: apart from the other arithmetic because their gradient takes a logarithm. */

import { BinaryOp } from '../../backend/opcodes.ts';
import { isFloat } from '../../core/dtype.ts';
import type { Tensor } from '../../tensor.ts';
import { filled, sumTo } from '../reduction/broadcast.ts';
import { broadcastCases, defineBinary, meet, mul, sub } from './arithmetic.ts';
import { type Operand, to } from './cast.ts';
import { eq, ge, where } from './compare.ts';
import { log } from './unary.ts';

const powOp = defineBinary(
  BinaryOp.pow,
  { name: 'pow', tolerance: 2e-6 },
  [
    ...broadcastCases(pow, (s, shape) => s.uniform(shape, 0.5, 2)),
    (s) => ({ inputs: [s.distinct([4])], call: (x) => pow(x, 3) }),
    (s) => ({ inputs: [s.distinct([4])], call: (x) => pow(x, 2) }),
    (s) => ({ inputs: [s.distinct([4])], call: (x) => pow(2, x) }),
  ],
  true,
  (node, [dy]) => {
    const [a, b] = node.saved() as [Tensor, Tensor];
    const zero = (like: Tensor): Tensor => filled([], 0, like.dtype);
    let da = null;
    if (node.needs(0)) {
      // a^(b−1) is infinite at a = 0 for b < 1; where b is 0 the power is a constant, and so its gradient 0.
      const slope = mul(mul(b, pow(a, sub(b, 1))), dy!);
      da = sumTo(where(eq(b, 0), zero(a), slope), node.shapes[0]);
    }
    let db = null;
    if (node.needs(1)) {
      // log 0 would turn 0·∞ into NaN where a = 0 and b ≥ 0; there the power is constant in b.
      const flat = mul(to(eq(a, 0), 'int32'), to(ge(b, 0), 'int32'));
      const safe = where(eq(a, 0), filled([], 1, a.dtype), a);
      const slope = mul(mul(pow(a, b), log(safe)), dy!);
      db = sumTo(where(to(flat, 'bool'), zero(a), slope), node.shapes[1]);
    }
    return [da, db];
  },
);

/**
 * a to the power b. Integers stay integers, computed in float64.
 *
 * Shapes:   broadcast
 * Gradient: da = b·a^(b−1)·dy (0 where b = 0), db = a^b·log a·dy (0 where a = 0 and b ≥ 0)
 * @throws ShapeError  if the shapes do not broadcast
 */
export function pow(a: Operand, b: Operand): Tensor {
  const [ta, tb] = meet('pow', a, b);
  if (isFloat(ta.dtype)) return powOp.run([ta, tb], undefined);
  const exact = powOp.run([to(ta, 'float64'), to(tb, 'float64')], undefined);
  return to(exact, ta.dtype === 'bool' ? 'int32' : ta.dtype);
}
