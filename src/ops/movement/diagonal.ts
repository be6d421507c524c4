/** Diagonals: read, laid into a matrix, summed; and the triangles they bound. */

import { checkAxis, mergeAxes, type Shape, stridesOf } from '../../core/shape.ts';
import { ShapeError } from '../../errors.ts';
import { emptyTensor, type Tensor } from '../../tensor.ts';
import { checkTensor, defineOp, type Op, registerOp } from '../define.ts';
import { sum } from '../reduction/broadcast.ts';
import { copyWhole } from './movement.ts';

export interface DiagonalOptions {
  /** Which diagonal: above the main one if positive, below if negative. */
  offset?: number;
  /** The axes of the matrix: rows, then columns. */
  axis1?: number;
  axis2?: number;
}

/** The diagonal of a shape: two axes become one, the last. */
interface Diagonal {
  readonly whole: Shape;
  readonly rows: number;
  readonly columns: number;
  readonly offset: number;
}

const diagonalLength = ({ whole, rows, columns, offset }: Diagonal): number =>
  Math.max(
    0,
    offset >= 0 ? Math.min(whole[rows], whole[columns] - offset) : Math.min(whole[rows] + offset, whole[columns]),
  );

/** The diagonal's own shape, and where it lies in the whole. */
function placed(diagonal: Diagonal): { shape: Shape; strides: readonly number[]; start: number } {
  const { whole, rows, columns, offset } = diagonal;
  const strides = stridesOf(whole);
  const rest = whole.map((_, i) => i).filter((i) => i !== rows && i !== columns);
  return {
    shape: [...rest.map((i) => whole[i]), diagonalLength(diagonal)],
    strides: [...rest.map((i) => strides[i]), strides[rows] + strides[columns]],
    start: offset >= 0 ? offset * strides[columns] : -offset * strides[rows],
  };
}

const diagonalOp: Op<Diagonal> = defineOp<Diagonal>({
  name: 'diagonal',
  tolerance: 0,
  forward(node, [x], diagonal) {
    const { shape, strides, start } = placed(diagonal);
    const y = emptyTensor(shape, x!.dtype);
    if (y.size > 0) node.kernels.copyStrided(x!.data, start, y.data, 0, mergeAxes(shape, [strides, stridesOf(shape)]));
    return y;
  },
  backward: (_, [dy], diagonal) => [diagEmbedOp.run([dy], diagonal)],
  cases: [
    (s) => ({ inputs: [s.normal([3, 4])], call: (x) => diagonal(x) }),
    (s) => ({ inputs: [s.normal([3, 4])], call: (x) => diagonal(x, { offset: -1 }) }),
    (s) => ({ inputs: [s.normal([2, 3, 4])], call: (x) => diagonal(x, { offset: 1, axis1: -1, axis2: 0 }) }),
    (s) => ({ inputs: [s.normal([2, 2])], call: (x) => diagonal(x, { offset: 5 }) }),
  ],
});

/** Zeros with the diagonal in its place. */
const diagEmbedOp: Op<Diagonal> = defineOp<Diagonal>({
  name: 'diagEmbed',
  tolerance: 0,
  forward(node, [x], diagonal) {
    const { shape, strides, start } = placed(diagonal);
    const y = emptyTensor(diagonal.whole, x!.dtype);
    y.data.fill(0);
    const layout = mergeAxes(shape, [stridesOf(shape), strides]);
    if (x!.size > 0) node.kernels.copyStrided(x!.data, 0, y.data, start, layout);
    return y;
  },
  backward: (_, [dy], diagonal) => [diagonalOp.run([dy], diagonal)],
  cases: [
    (s) => ({ inputs: [s.normal([2, 3])], call: (x) => diagEmbed(x) }),
    (s) => ({ inputs: [s.normal([2, 3])], call: (x) => diagEmbed(x, { offset: -2, axis1: 2, axis2: 0 }) }),
    (s) => ({ inputs: [s.normal([3])], call: (x) => diag(x, 1) }),
    (s) => ({ inputs: [s.normal([3, 2])], call: (x) => diag(x, -1) }),
  ],
});

function matrixAxes(
  op: string,
  x: Tensor,
  rank: number,
  axis1: number,
  axis2: number,
  offset: number,
): [number, number] {
  const [rows, columns] = [checkAxis(op, axis1, rank), checkAxis(op, axis2, rank)];
  if (rows === columns) throw new ShapeError({ op, problem: 'a diagonal runs along two axes', got: [axis1, axis2] });
  if (!Number.isInteger(offset))
    throw new ShapeError({ op, problem: 'the offset is an integer', got: offset, expected: x.shape });
  return [rows, columns];
}

/**
 * A diagonal of the matrices in two axes, as a new last axis.
 *
 * Shapes:   x [..., n, ..., m, ...] → y [..., length of the diagonal]
 * Gradient: dx = dy on the diagonal, 0 elsewhere
 * @throws ShapeError  if the axes are out of range or equal
 */
export function diagonal(x: Tensor, { offset = 0, axis1 = 0, axis2 = 1 }: DiagonalOptions = {}): Tensor {
  checkTensor('diagonal', x);
  const [rows, columns] = matrixAxes('diagonal', x, x.rank, axis1, axis2, offset);
  return diagonalOp.run([x], { whole: x.shape, rows, columns, offset });
}

/**
 * Square matrices of zeros with the last axis of `x` on a diagonal.
 *
 * Shapes:   x [..., n] → y with two axes of n + |offset|, at `axis1` and `axis2` (by default the last two)
 * Gradient: dx = dy on the diagonal
 * @throws ShapeError  if there is no last axis, or the axes are out of range or equal
 */
export function diagEmbed(x: Tensor, { offset = 0, axis1 = -2, axis2 = -1 }: DiagonalOptions = {}): Tensor {
  if (checkTensor('diagEmbed', x).rank === 0) {
    throw new ShapeError({ op: 'diagEmbed', problem: 'expected a tensor with axes', got: x.shape });
  }
  const rank = x.rank + 1;
  const [rows, columns] = matrixAxes('diagEmbed', x, rank, axis1, axis2, offset);
  const side = x.shape[x.rank - 1] + Math.abs(offset);
  const batch = x.shape.slice(0, -1);
  const whole = Array.from({ length: rank }, (_, i) => (i === rows || i === columns ? side : batch.shift()!));
  return diagEmbedOp.run([x], { whole, rows, columns, offset });
}

/**
 * The diagonal of a matrix, or the matrix with a vector on its diagonal.
 *
 * Shapes:   x [n] → y [n + |offset|, n + |offset|];  x [n, m] → y [length of the diagonal]
 * @throws ShapeError  if x is neither a vector nor a matrix
 */
export function diag(x: Tensor, offset = 0): Tensor {
  checkTensor('diag', x);
  if (x.rank === 1) return diagEmbed(x, { offset });
  if (x.rank === 2) return diagonal(x, { offset });
  throw new ShapeError({ op: 'diag', problem: 'expected a vector or a matrix', got: x.shape });
}

/**
 * The sum of a matrix's diagonal.
 *
 * Shapes:   x [n, m] → y []
 * Gradient: dx = dy on the diagonal
 * @throws ShapeError  if x is no matrix
 */
export function trace(x: Tensor): Tensor {
  if (checkTensor('trace', x).rank !== 2) {
    throw new ShapeError({ op: 'trace', problem: 'expected a matrix', got: x.shape });
  }
  return sum(diagonal(x));
}

registerOp({
  name: 'trace',
  cases: [
    (s) => ({ inputs: [s.normal([3, 4])], call: (x) => trace(x) }),
    (s) => ({ inputs: [s.normal([3, 3])], call: (x) => trace(x) }),
  ],
});

interface Triangle {
  readonly upper: boolean;
  readonly offset: number;
}

const triangleOp: Op<Triangle> = defineOp<Triangle>({
  name: 'triangle',
  tolerance: 0,
  forward(node, [x], { upper, offset }) {
    const y = emptyTensor(x!.shape, x!.dtype);
    const { data } = y;
    copyWhole(node.kernels, x!, y);
    const [rows, columns] = x!.shape.slice(-2);
    const clip = (column: number): number => Math.min(Math.max(column, 0), columns);
    for (let at = 0, row = 0; at < data.length; at += columns, row = (row + 1) % rows) {
      // The first column of the row that is beyond the diagonal.
      const edge = clip(row + offset + (upper ? 0 : 1));
      const [from, until] = upper ? [at, at + edge] : [at + edge, at + columns];
      if (until - from > SHORT_RUN) data.fill(0, from, until);
      else for (let i = from; i < until; i++) data[i] = 0;
    }
    return y;
  },
  backward: (_, [dy], triangle) => [triangleOp.run([dy], triangle)],
  cases: [
    (s) => ({ inputs: [s.normal([3, 4])], call: (x) => tril(x) }),
    (s) => ({ inputs: [s.normal([2, 4, 3])], call: (x) => triu(x, 1) }),
    (s) => ({ inputs: [s.normal([4, 3])], call: (x) => tril(x, -1) }),
    (s) => ({ inputs: [s.normal([2, 2])], call: (x) => triu(x, -7) }),
    (s) => ({ inputs: [s.normal([2, 0, 3])], call: (x) => tril(x) }),
  ],
});

/** Below this many elements a loop is done before `fill` has begun. */
const SHORT_RUN = 16;

function triangle(op: string, x: Tensor, offset: number, upper: boolean): Tensor {
  if (checkTensor(op, x).rank < 2) throw new ShapeError({ op, problem: 'expected matrices', got: x.shape });
  if (!Number.isInteger(offset)) throw new ShapeError({ op, problem: 'the offset is an integer', got: offset });
  return triangleOp.run([x], { upper, offset });
}

/**
 * The lower triangles of matrices, with the diagonal at `offset`; zeros above.
 *
 * Shapes:   x [..., n, m] → y [..., n, m]
 * Gradient: dx = dy in the triangle, 0 elsewhere
 * @throws ShapeError  if x has fewer than two axes
 */
export function tril(x: Tensor, offset = 0): Tensor {
  return triangle('tril', x, offset, false);
}

/** The upper triangles of matrices, with the diagonal at `offset`; zeros below. As `tril` otherwise. */
export function triu(x: Tensor, offset = 0): Tensor {
  return triangle('triu', x, offset, true);
}
