/** The operations that write in place; their names end in `_`. Everything else leaves its inputs as they are. */

import { isGradEnabled } from '../autograd/mode.ts';
import { BinaryOp } from '../backend/opcodes.ts';
import { kernelsFor } from '../backend/select.ts';
import { type BroadcastPlan, PlanKind, sameShape } from '../core/shape.ts';
import { AutogradError, DTypeError, ShapeError } from '../errors.ts';
import { Tensor } from '../tensor.ts';
import { checkTensor } from './define.ts';
import { castArray, type Operand, valueFor } from './elementwise/cast.ts';
import { expandTo } from './reduction/broadcast.ts';

/**
 * Runs a write to `x` and counts it, so that what autograd saved of it is known to be stale.
 *
 * @throws AutogradError  outside `noGrad`, if `x` requires a gradient
 */
export function written(op: string, x: Tensor, write: () => void): Tensor {
  checkTensor(op, x);
  if (x.requiresGrad && isGradEnabled()) {
    throw new AutogradError({
      op,
      problem: 'a tensor that requires a gradient cannot be written in place',
      hint: 'wrap the write in noGrad(), or use the operation without the underscore',
    });
  }
  write();
  x.storage.written(op);
  return x;
}

/** `value` as a tensor that can be written over `x`. @throws ShapeError if it does not broadcast to `x` */
function fitting(op: string, x: Tensor, value: Operand): Tensor {
  return spread(op, x, valueFor(op, value instanceof Tensor ? value.detach() : value, x));
}

function spread(op: string, x: Tensor, value: Tensor): Tensor {
  const lead = x.rank - value.rank;
  if (lead < 0 || value.shape.some((d, i) => d !== 1 && d !== x.shape[i + lead])) {
    throw new ShapeError({
      op,
      problem: 'the value does not broadcast to the tensor',
      got: value.shape,
      expected: x.shape,
    });
  }
  return sameShape(x.shape, value.shape) ? value : expandTo(value, x.shape);
}

function arithmetic(op: string, opcode: BinaryOp, x: Tensor, value: Operand): Tensor {
  return written(op, x, () => {
    if (x.dtype === 'bool') throw new DTypeError({ op, problem: 'bools have no arithmetic in place', got: 'bool' });
    const other = fitting(op, x, value);
    const plan: BroadcastPlan = { shape: x.shape, size: x.size, kind: PlanKind.same, layout: null };
    kernelsFor(x.dtype).binary(opcode, plan, x.data, other.data, x.data);
  });
}

/** x ← x + value. */
export function add_(x: Tensor, value: Operand): Tensor {
  return arithmetic('add_', BinaryOp.add, x, value);
}

/** x ← x − value. */
export function sub_(x: Tensor, value: Operand): Tensor {
  return arithmetic('sub_', BinaryOp.sub, x, value);
}

/** x ← x · value. */
export function mul_(x: Tensor, value: Operand): Tensor {
  return arithmetic('mul_', BinaryOp.mul, x, value);
}

/** x ← x / value. @throws DTypeError for integers, whose quotient is no integer */
export function div_(x: Tensor, value: Operand): Tensor {
  return arithmetic('div_', BinaryOp.div, floatsOnly('div_', x), value);
}

function floatsOnly(op: string, x: Tensor): Tensor {
  if (checkTensor(op, x).dtype !== 'float32' && x.dtype !== 'float64') {
    throw new DTypeError({
      op,
      problem: 'a quotient does not fit integers',
      got: x.dtype,
      expected: 'float32 | float64',
    });
  }
  return x;
}

/** x ← source, broadcast and converted to the dtype of x. */
export function copy_(x: Tensor, source: Tensor): Tensor {
  return written('copy_', x, () => {
    checkTensor('copy_', source);
    castArray(spread('copy_', x, source.detach()).data, x.data, x.dtype === 'bool');
  });
}

function filledWith(op: string, x: Tensor, value: number | boolean): Tensor {
  return written(op, x, () => {
    x.data.fill(x.dtype === 'bool' ? Number(Boolean(value)) : Number(value));
  });
}

/** Every element ← value. */
export function fill_(x: Tensor, value: number | boolean): Tensor {
  return filledWith('fill_', x, value);
}

/** Every element ← 0. */
export function zero_(x: Tensor): Tensor {
  return filledWith('zero_', x, 0);
}
