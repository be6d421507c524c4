/** Comparisons, and the choices made with them. */

import { CompareOp } from '../../backend/opcodes.ts';
import { planBroadcast } from '../../core/shape.ts';
import { DTypeError } from '../../errors.ts';
import { emptyTensor, Tensor } from '../../tensor.ts';
import { checkTensor, defineOp, type Sampler } from '../define.ts';
import { nonzero } from '../indexing/nonzero.ts';
import { broadcastTogether, filled } from '../reduction/broadcast.ts';
import { type Operand, operand, operands, resultDType, to } from './cast.ts';

function defineCompare(name: string, opcode: CompareOp): (a: Operand, b: Operand) => Tensor {
  const op = defineOp({
    name,
    differentiable: false,
    tolerance: 0,
    edges: [0, -0, 1, -1, Infinity, -Infinity, NaN],
    forward(node, [a, b]) {
      const plan = planBroadcast(name, a!.shape, b!.shape);
      const y = emptyTensor(plan.shape, 'bool');
      node.kernels.compare(opcode, plan, a!.data, b!.data, y.data as Uint8Array);
      return y;
    },
    cases: [
      (s: Sampler) => ({ inputs: [s.normal([3, 4]), s.normal([4])], call: (a, b) => compare(a, b) }),
      (s: Sampler) => ({ inputs: [s.ids([5], 3), s.ids([5], 3)], call: (a, b) => compare(a, b) }),
      (s: Sampler) => ({ inputs: [s.normal([2, 3])], call: (a) => compare(a, 0) }),
    ],
  });
  const compare = (a: Operand, b: Operand): Tensor => {
    const [ta, tb] = operands(name, a, b);
    const dtype = resultDType(ta, tb);
    return op.run([to(ta, dtype), to(tb, dtype)], undefined);
  };
  return compare;
}

/** a = b, broadcast, as bool. NaN equals nothing. */
export const eq = defineCompare('eq', CompareOp.eq);
/** a ≠ b, broadcast, as bool. */
export const ne = defineCompare('ne', CompareOp.ne);
/** a < b, broadcast, as bool. */
export const lt = defineCompare('lt', CompareOp.lt);
/** a ≤ b, broadcast, as bool. */
export const le = defineCompare('le', CompareOp.le);
/** a > b, broadcast, as bool. */
export const gt = defineCompare('gt', CompareOp.gt);
/** a ≥ b, broadcast, as bool. */
export const ge = defineCompare('ge', CompareOp.ge);

/** a ≠ 0 and b ≠ 0, broadcast, as bool; NaN is not 0. */
export const logicalAnd = defineCompare('logicalAnd', CompareOp.and);
/** a ≠ 0 or b ≠ 0, broadcast, as bool; NaN is not 0. */
export const logicalOr = defineCompare('logicalOr', CompareOp.or);
/** Whether just one of a and b is not 0, broadcast, as bool; NaN is not 0. */
export const logicalXor = defineCompare('logicalXor', CompareOp.xor);
/** True where x is 0. */
export function logicalNot(x: Tensor): Tensor {
  return eq(x, checkTensor('logicalNot', x).dtype === 'bool' ? false : 0);
}

/** |a| < b, broadcast, as bool. */
export const within = defineCompare('within', CompareOp.within);
/** |a| ≥ b, broadcast, as bool. */
export const beyond = defineCompare('beyond', CompareOp.beyond);

const whereOp = defineOp({
  name: 'where',
  tolerance: 0,
  forward(node, [mask, a, b]) {
    const y = emptyTensor(a!.shape, a!.dtype);
    node.kernels.select(mask!.data as Uint8Array, a!.data, b!.data, y.data);
    node.save(mask);
    return y;
  },
  backward(node, [dy]) {
    const [mask] = node.saved();
    const zero = filled([], 0, dy!.dtype);
    return [null, node.needs(1) ? where(mask!, dy!, zero) : null, node.needs(2) ? where(mask!, zero, dy!) : null];
  },
  cases: [
    (s) => {
      const mask = s.bool([3, 4]);
      return { inputs: [s.normal([3, 4]), s.normal([3, 4])], call: (a, b) => where(mask, a, b) };
    },
    (s) => {
      const mask = s.bool([3, 1]);
      return { inputs: [s.normal([4]), s.normal([])], call: (a, b) => where(mask, a, b) };
    },
  ],
});

/** @throws DTypeError  if the mask is not bool (or uint8) */
export function checkMask(op: string, mask: Tensor): Tensor {
  if (mask instanceof Tensor && (mask.dtype === 'bool' || mask.dtype === 'uint8')) return mask;
  throw new DTypeError({
    op,
    problem: 'the mask must be a tensor of bools',
    got: mask instanceof Tensor ? mask.dtype : mask,
    expected: 'bool',
  });
}

/**
 * `a` where the mask holds, `b` elsewhere; without them the coordinates where it holds, as `nonzero` with `asTuple`.
 *
 * Shapes:   all three broadcast together
 * Gradient: to the side that was chosen
 * @throws ShapeError  if the shapes do not broadcast
 * @throws DTypeError  if the mask is not bool (or uint8)
 */
export function where(mask: Tensor): Tensor[];
export function where(mask: Tensor, a: Operand, b: Operand): Tensor;
export function where(mask: Tensor, a?: Operand, b?: Operand): Tensor | Tensor[];
export function where(mask: Tensor, a?: Operand, b?: Operand): Tensor | Tensor[] {
  if (a === undefined || b === undefined) return nonzero(mask, { asTuple: true });
  return choose('where', mask, a, b);
}

/** `where` for the operation `op`, which the errors name. */
function choose(op: string, mask: Tensor, a: Operand, b: Operand): Tensor {
  checkMask(op, mask);
  const [ta, tb] = a instanceof Tensor || b instanceof Tensor ? operands(op, a, b) : numbers(op, a, b);
  const dtype = resultDType(ta, tb);
  return whereOp.run(broadcastTogether(op, mask, to(ta, dtype), to(tb, dtype)), undefined);
}

/** Two JavaScript numbers: float32, as numbers make it. */
function numbers(op: string, a: Operand, b: Operand): [Tensor, Tensor] {
  const like = filled([], 0, 'float32');
  return [operand(op, a, like), operand(op, b, like)];
}

/**
 * `x` with `value` in the places where the mask holds.
 *
 * Shapes:   x and mask broadcast together
 * Gradient: dx = dy where the mask does not hold
 */
export function maskedFill(x: Tensor, mask: Tensor, value: number | Tensor): Tensor {
  return choose('maskedFill', mask, operand('maskedFill', value, x), x);
}
