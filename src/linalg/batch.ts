/** Batches of matrices: the checks every operation begins with, and how one matrix is taken out of a tensor. */

import { broadcastShapes, type Shape, sameShape, sizeOf } from '../core/shape.ts';
import { LinAlgError, ShapeError } from '../errors.ts';
import { checkFloat } from '../ops/define.ts';
import { to } from '../ops/elementwise/cast.ts';
import { transpose } from '../ops/movement/movement.ts';
import { expandTo } from '../ops/reduction/broadcast.ts';
import type { Tensor } from '../tensor.ts';

/** One matrix, row-major in float64. */
export interface Dense {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float64Array;
}

/**
 * @throws DTypeError  if `x` is not a tensor of floats
 * @throws ShapeError  if it has fewer than two axes
 */
export function checkMatrices(op: string, x: Tensor): Tensor {
  if (checkFloat(op, x).rank >= 2) return x;
  throw new ShapeError({ op, problem: 'expected a matrix or a batch of matrices', got: x.shape });
}

/** As `checkMatrices`. @throws ShapeError if the matrices are not square */
export function checkSquare(op: string, x: Tensor): Tensor {
  const [rows, columns] = sizesOf(checkMatrices(op, x));
  if (rows === columns) return x;
  throw new ShapeError({ op, problem: 'the matrices must be square', got: x.shape });
}

/** The last two sizes. */
export function sizesOf(x: Tensor): [rows: number, columns: number] {
  return [x.shape[x.rank - 2], x.shape[x.rank - 1]];
}

/** The axes in front of the matrix. */
export function batchShape(x: Tensor): Shape {
  return x.shape.slice(0, -2);
}

/** How many matrices there are; a matrix without elements counts too. */
export function batchSize(x: Tensor): number {
  return sizeOf(x.shape, 0, x.rank - 2);
}

/** Matrix `b` of a float64 tensor: the memory itself. */
export function matrixAt(x: Tensor, b: number): Dense {
  const [rows, columns] = sizesOf(x);
  const size = rows * columns;
  return { rows, columns, data: (x.data as Float64Array).subarray(b * size, (b + 1) * size) };
}

/** Both with the batch that theirs broadcast to. @throws ShapeError if they do not broadcast */
export function broadcastBatches(op: string, a: Tensor, b: Tensor): [Tensor, Tensor] {
  const batch = broadcastShapes(op, batchShape(a), batchShape(b));
  const whole = (x: Tensor): Tensor =>
    sameShape(batchShape(x), batch) ? x : expandTo(x, [...batch, ...x.shape.slice(-2)]);
  return [whole(a), whole(b)];
}

/** Runs `fn` on `x` in float64 and gives its result in the dtype of `x`. */
export function inDouble(x: Tensor, fn: (x: Tensor) => Tensor): Tensor {
  return to(fn(to(x, 'float64')), x.dtype);
}

/** With rows and columns exchanged. */
export function adjoint(x: Tensor): Tensor {
  return transpose(x, -2, -1);
}

/** Where a matrix stands, for a message: nothing for a single one, `matrix [1, 0] of the batch` else. */
export function placeInBatch(x: Tensor, b: number): string | undefined {
  if (x.rank === 2) return undefined;
  const index: number[] = [];
  let rest = b;
  for (let axis = x.rank - 3; axis >= 0; axis--) {
    index.unshift(rest % x.shape[axis]);
    rest = Math.floor(rest / x.shape[axis]);
  }
  return `matrix [${index.join(', ')}] of the batch`;
}

/** What iterates to a result never ends, or ends anywhere, on a NaN. @throws LinAlgError */
export function checkFinite(op: string, x: Tensor): void {
  const { data } = x;
  for (let i = 0; i < data.length; i++) {
    if (Number.isFinite(data[i])) continue;
    const [rows, columns] = sizesOf(x);
    throw new LinAlgError({
      op,
      problem: 'the matrix holds a value that is not finite',
      got: data[i],
      hint: placeInBatch(x, Math.floor(i / (rows * columns))),
      code: 'ERR_NON_FINITE',
    });
  }
}
