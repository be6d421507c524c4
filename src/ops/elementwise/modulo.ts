/** The rests of divisions. */

import { BinaryOp } from '../../backend/opcodes.ts';
import type { Tensor } from '../../tensor.ts';
import type { Op } from '../define.ts';
import { sumTo } from '../reduction/broadcast.ts';
import { broadcastCases, defineBinary, div, floorDivide, integerDivision, mul } from './arithmetic.ts';
import type { Operand } from './cast.ts';

const EDGES = [0, -0, 1, -1, 2, 3.5, -3.5, 5.5, 1e-40, 1e-42, 1e30, 3e38, -3e38, Infinity, -Infinity, NaN];

/** a − b·quotient(a, b): the quotient is a constant between its steps. */
function defineRest(
  name: string,
  opcode: BinaryOp,
  call: (a: Tensor, b: Tensor) => Tensor,
  quotient: (a: Tensor, b: Tensor) => Tensor,
): Op<undefined> {
  return defineBinary(
    opcode,
    { name, edges: EDGES },
    broadcastCases(call, (s, shape) => s.distinct(shape, 0.37)).slice(0, -1),
    true,
    (node, [dy]) => {
      const [a, b] = node.saved() as [Tensor, Tensor];
      return [
        node.needs(0) ? sumTo(dy!, node.shapes[0]) : null,
        node.needs(1) ? sumTo(mul(mul(dy!, quotient(a, b)), -1), node.shapes[1]) : null,
      ];
    },
  );
}

const fmodOp = defineRest('fmod', BinaryOp.fmod, fmod, (a, b) => div(a, b, { roundingMode: 'trunc' }));
/**
 * a − b·trunc(a/b), exactly: the rest with the sign of a, as C's fmod; integers stay integers.
 *
 * Shapes:   broadcast
 * Gradient: da = dy, db = −dy·trunc(a/b)
 * @throws ShapeError   if the shapes do not broadcast
 * @throws ConfigError  for an integer divided by 0
 */
export function fmod(a: Operand, b: Operand): Tensor {
  return fmodOp.run(integerDivision('fmod', a, b), undefined);
}

const remainderOp = defineRest('remainder', BinaryOp.remainder, remainder, floorDivide);
/**
 * a − b·floor(a/b): the rest with the sign of b, as Python's `%`; integers stay integers.
 *
 * Shapes:   broadcast
 * Gradient: da = dy, db = −dy·floor(a/b)
 * @throws ShapeError   if the shapes do not broadcast
 * @throws ConfigError  for an integer divided by 0
 */
export function remainder(a: Operand, b: Operand): Tensor {
  return remainderOp.run(integerDivision('remainder', a, b), undefined);
}
