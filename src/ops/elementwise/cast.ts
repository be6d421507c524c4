/** Conversions between dtypes, the identity, and operands out of JavaScript numbers. */

import { kernelsFor } from '../../backend/select.ts';
import { checkDType, type DataArray, type DType, isFloat, promote } from '../../core/dtype.ts';
import { allocate } from '../../core/pool.ts';
import type { Shape } from '../../core/shape.ts';
import { DTypeError } from '../../errors.ts';
import { emptyTensor, Tensor, wrapArray } from '../../tensor.ts';
import { checkTensor, defineOp } from '../define.ts';

/** Converts the elements of a tensor as a typed array does (int32 truncates and wraps), and to bool as ≠ 0. */
export function castArray(from: DataArray, into: DataArray, toBool: boolean): void {
  // The kernels take any dtype here, and no range that overlaps another, as a copy within one class may.
  if (from.constructor === into.constructor && !toBool) into.set(from);
  else kernelsFor('float32').convert(from, into, toBool);
}

const toOp = defineOp<DType>({
  name: 'to',
  forward(_, [x], dtype) {
    const y = emptyTensor(x!.shape, dtype);
    castArray(x!.data, y.data, dtype === 'bool');
    return y;
  },
  backward: (node, [dy]) => [to(dy!, node.dtypes[0])],
  cases: [
    (s) => ({ inputs: [s.normal([3, 4])], call: (x) => to(to(x, 'float64'), s.dtype) }),
    (s) => ({ inputs: [s.normal([])], call: (x) => to(x, 'float64') }),
  ],
});

/**
 * `x` with another dtype; `x` itself if it has it already.
 *
 * Shapes:   x [...] → y [...]
 * Gradient: dx = dy, converted back; integers and bools end the graph
 * @throws DTypeError  if `dtype` names none
 */
export function to(x: Tensor, dtype: DType): Tensor {
  if (checkTensor('to', x).dtype === dtype) return x;
  return toOp.run([x], checkDType('to', dtype));
}

const aliasOp = defineOp({
  name: 'alias',
  forward: (_, [x]) => new Tensor(x!.storage, x!.offset, x!.shape, x!.dtype),
  backward: (_, [dy]) => [dy],
  cases: [(s) => ({ inputs: [s.normal([2, 3])], call: (x) => alias(x) })],
});

/** The same values under another name in the graph. */
export function alias(x: Tensor): Tensor {
  return aliasOp.run([x], undefined);
}

/** What arithmetic takes beside a tensor. */
export type Operand = Tensor | number | boolean;

const SCALAR: Shape = [];

/** A 0-d tensor of `value`. */
export function scalar(value: number, dtype: DType): Tensor {
  const data = allocate(dtype, 1);
  data[0] = value;
  return wrapArray(data, SCALAR, dtype);
}

/** A JavaScript number beside `like`: it never raises a float's dtype; a fraction raises an integer to float32. */
export function operand(op: string, value: Operand, like: Tensor): Tensor {
  if (typeof value === 'number') {
    if (isFloat(like.dtype)) return scalar(value, like.dtype);
    if (!Number.isInteger(value)) return scalar(value, 'float32');
    return scalar(value, like.dtype === 'bool' ? 'int32' : like.dtype);
  }
  if (typeof value === 'boolean') return scalar(value ? 1 : 0, 'bool');
  return checkTensor(op, value);
}

/** The two operands of an arithmetic operation; at least one is a tensor. */
export function operands(op: string, a: Operand, b: Operand): [Tensor, Tensor] {
  if (a instanceof Tensor) return [a, operand(op, b, a)];
  if (b instanceof Tensor) return [operand(op, a, b), b];
  return [checkTensor(op, a), checkTensor(op, b)];
}

function category(dtype: DType): number {
  return isFloat(dtype) ? 2 : dtype === 'bool' ? 0 : 1;
}

/** The dtype two operands meet in, as in PyTorch: a 0-d tensor raises another only to a higher category. */
export function resultDType(a: Tensor, b: Tensor): DType {
  if (a.dtype === b.dtype) return a.dtype;
  if (a.rank > 0 && b.rank === 0 && category(b.dtype) <= category(a.dtype)) return a.dtype;
  if (b.rank > 0 && a.rank === 0 && category(a.dtype) <= category(b.dtype)) return b.dtype;
  return promote(a.dtype, b.dtype);
}

/** @throws DTypeError  if `x` does not hold integers */
export function checkIds(op: string, x: Tensor): Tensor {
  checkTensor(op, x);
  if (x.dtype === 'int32') return x;
  if (x.dtype === 'uint8') return to(x, 'int32');
  throw new DTypeError({ op, problem: 'ids must be integers', got: x.dtype, expected: 'int32' });
}

/**
 * `value` as a tensor that can be written into `x`: in its dtype, which it must not raise.
 *
 * @throws DTypeError  if it would
 */
export function valueFor(op: string, value: Operand, x: Tensor): Tensor {
  // Among bools 0 and 1 stand for false and true.
  const isBit = x.dtype === 'bool' && (value === 0 || value === 1);
  const given = isBit ? scalar(value, 'bool') : operand(op, value, x);
  if (resultDType(x, given) === x.dtype) return to(given, x.dtype);
  throw new DTypeError({
    op,
    problem: 'the value does not fit the tensor',
    got: value instanceof Tensor ? value.dtype : value,
    expected: x.dtype,
    hint: 'convert with to',
  });
}
