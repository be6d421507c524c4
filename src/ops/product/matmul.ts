/** Matrix products. One operation stands under all of them; a transpose in front of a product copies nothing. */

import { type FloatArray, isFloat } from '../../core/dtype.ts';
import { broadcastShapes, type Shape, sameShape, sizeOf } from '../../core/shape.ts';
import { DTypeError, ShapeError } from '../../errors.ts';
import { emptyTensor, type Tensor } from '../../tensor.ts';
import { checkSameDType, checkTensor, defineOp, type OpCase, registerOp, type Sampler } from '../define.ts';
import { add, mul } from '../elementwise/arithmetic.ts';
import { resultDType, to } from '../elementwise/cast.ts';
import { reshape } from '../movement/movement.ts';
import { expandTo, sum, sumTo } from '../reduction/broadcast.ts';

export interface Transposes {
  /** The first operand is stored the other way round in its last two axes. */
  transA?: boolean;
  transB?: boolean;
}

/**
 * op(a)·op(b) (+ bias), of two matrices or over a leading batch axis on both sides, of which a length of 1 is repeated.
 * a [(A,) m, k] (or [(A,) k, m]), b [(B,) k, n] (or [(B,) n, k]), bias [n] → [(max(A, B),) m, n]
 */
const productOp = defineOp<Required<Transposes>>({
  name: 'product',
  forward(node, [a, b, bias], { transA, transB }) {
    const first = a!.rank - 2;
    const rowsA = a!.shape[first];
    const colsA = a!.shape[first + 1];
    const rowsB = b!.shape[first];
    const colsB = b!.shape[first + 1];
    const m = transA ? colsA : rowsA;
    const k = transA ? rowsA : colsA;
    const n = transB ? rowsB : colsB;
    const batchA = first === 0 ? 1 : a!.shape[0];
    const batchB = first === 0 ? 1 : b!.shape[0];
    const batch = batchA === 1 ? batchB : batchA;
    const y = emptyTensor(first === 0 ? [m, n] : [batch, m, n], a!.dtype);
    node.kernels.gemm(
      transA,
      transB,
      m,
      n,
      k,
      a!.data as FloatArray,
      b!.data as FloatArray,
      y.data as FloatArray,
      false,
      bias === null ? null : (bias.data as FloatArray),
      batch,
      batchA === 1 ? 0 : m * k,
      batchB === 1 ? 0 : k * n,
      m * n,
    );
    node.save(node.needs(1) ? a : null, node.needs(0) ? b : null);
    return y;
  },
  backward(node, [dy], { transA, transB }) {
    const [a, b] = node.saved();
    const da = (): Tensor => (transA ? product(b!, dy!, transB, true) : product(dy!, b!, false, !transB));
    const db = (): Tensor => (transB ? product(dy!, a!, true, transA) : product(a!, dy!, !transA, false));
    return [
      node.needs(0) ? sumTo(da(), node.shapes[0]) : null,
      node.needs(1) ? sumTo(db(), node.shapes[1]) : null,
      node.needs(2) ? sum(dy!, dy!.rank === 2 ? 0 : [0, 1]) : null,
    ];
  },
  cases: [
    ...[false, true].flatMap((transA) =>
      [false, true].map(
        (transB) =>
          (s: Sampler): OpCase => ({
            inputs: [s.normal(transA ? [4, 3] : [3, 4]), s.normal(transB ? [5, 4] : [4, 5])],
            call: (a, b) => matmul(a, b, { transA, transB }),
          }),
      ),
    ),
    (s) => ({ inputs: [s.normal([2, 3, 4]), s.normal([2, 4, 2])], call: (a, b) => matmul(a, b) }),
    (s) => ({ inputs: [s.normal([2, 1, 3, 4]), s.normal([3, 4, 2])], call: (a, b) => matmul(a, b) }),
    (s) => ({ inputs: [s.normal([2, 3, 4]), s.normal([4, 5])], call: (a, b) => matmul(a, b) }),
    (s) => ({ inputs: [s.normal([3, 4]), s.normal([2, 4, 5])], call: (a, b) => matmul(a, b) }),
    (s) => ({ inputs: [s.normal([4]), s.normal([4])], call: (a, b) => matmul(a, b) }),
    (s) => ({ inputs: [s.normal([4]), s.normal([4, 3])], call: (a, b) => matmul(a, b) }),
    (s) => ({ inputs: [s.normal([2, 3, 4]), s.normal([4])], call: (a, b) => matmul(a, b) }),
    (s) => ({ inputs: [s.normal([3, 0]), s.normal([0, 2])], call: (a, b) => matmul(a, b) }),
    (s) => ({ inputs: [s.normal([7, 33]), s.normal([33, 17])], call: (a, b) => matmul(a, b) }),
  ],
  tolerance: 4e-6,
});

function product(a: Tensor, b: Tensor, transA: boolean, transB: boolean, bias: Tensor | null = null): Tensor {
  return productOp.run([a, b, bias], { transA, transB });
}

/** Both as floats of one dtype. Integers are multiplied in float64 and come back as integers. */
function meet(op: string, a: Tensor, b: Tensor): [Tensor, Tensor, (y: Tensor) => Tensor] {
  checkTensor(op, a);
  checkTensor(op, b);
  const dtype = resultDType(a, b);
  if (isFloat(dtype)) return [to(a, dtype), to(b, dtype), (y) => y];
  if (dtype === 'bool')
    throw new DTypeError({ op, problem: 'bools have no product of matrices', hint: 'convert with to' });
  return [to(a, 'float64'), to(b, 'float64'), (y) => to(y, dtype)];
}

function inner(shape: Shape, trans: boolean, first: boolean): number {
  return shape[shape.length - (trans === first ? 2 : 1)];
}

/**
 * The product of matrices, of vectors, or of batches of matrices, as PyTorch's: a vector in front counts as a row, one
 * behind as a column, and all axes but the last two are broadcast.
 *
 * Shapes:   a [..., m, k], b [..., k, n] → y [..., m, n]; with `transA` a is [..., k, m], with `transB` b is [..., n, k]
 * Gradient: da = dy·bᵀ, db = aᵀ·dy
 * @throws ShapeError  if the inner dimensions differ, the batches do not broadcast, or an operand is 0-d
 */
export function matmul(a: Tensor, b: Tensor, options: Transposes = {}): Tensor {
  return multiply('matmul', a, b, options);
}

/** `matmul` for the operation `op`, which the errors name. */
function multiply(op: string, a: Tensor, b: Tensor, { transA = false, transB = false }: Transposes = {}): Tensor {
  const [ta, tb, back] = meet(op, a, b);
  if (ta.rank === 0 || tb.rank === 0) {
    throw new ShapeError({ op, problem: 'a 0-d tensor has no product of matrices', hint: 'use mul' });
  }
  const [rowVector, columnVector] = [ta.rank === 1, tb.rank === 1];
  const ma = rowVector ? reshape(ta, [1, ta.size]) : ta;
  const mb = columnVector ? reshape(tb, [tb.size, 1]) : tb;
  const [tA, tB] = [transA && !rowVector, transB && !columnVector];
  const [ka, kb] = [inner(ma.shape, tA, true), inner(mb.shape, !tB, true)];
  if (ka !== kb) {
    throw new ShapeError({
      op,
      problem: `inner dimensions differ: [${a.shape.join(', ')}]${transA ? 'ᵀ' : ''} × [${b.shape.join(', ')}]${transB ? 'ᵀ' : ''}`,
      hint: `${ka} ≠ ${kb}`,
    });
  }
  const y = batched(op, ma, mb, tA, tB);
  if (!rowVector && !columnVector) return back(y);
  const out = [
    ...y.shape.slice(0, -2),
    ...(rowVector ? [] : [y.shape[y.rank - 2]]),
    ...(columnVector ? [] : [y.shape[y.rank - 1]]),
  ];
  return back(reshape(y, out));
}

/** Matrices with any leading axes, inner dimensions known to fit. */
function batched(op: string, a: Tensor, b: Tensor, transA: boolean, transB: boolean): Tensor {
  const isColumn = b.rank === 2 && b.shape[transB ? 0 : 1] === 1;
  if (isColumn && (a.rank === 2 || !transA)) {
    // As a row in front: products of one row read the other operand where it lies.
    const rows = a.shape.slice(0, -2).concat(a.shape[a.rank - (transA ? 1 : 2)]);
    const tall = a.rank === 2 ? a : reshape(a, [sizeOf(rows), b.size]);
    return reshape(product(reshape(b, [1, b.size]), tall, false, !transA), [...rows, 1]);
  }
  if (a.rank === 2 && b.rank === 2) return product(a, b, transA, transB);
  if (b.rank === 2 && !transA) {
    // One tall product in place of a batch of small ones.
    const y = product(reshape(a, [sizeOf(a.shape.slice(0, -1)), a.shape[a.rank - 1]]), b, false, transB);
    return reshape(y, [...a.shape.slice(0, -1), y.shape[1]]);
  }
  const lead = broadcastShapes(op, a.shape.slice(0, -2), b.shape.slice(0, -2));
  const batch = sizeOf(lead);
  const asBatch = (x: Tensor): Tensor => {
    const single = sizeOf(x.shape.slice(0, -2)) === 1 && batch > 0;
    const whole = single ? x : expandTo(x, [...lead, ...x.shape.slice(-2)]);
    return reshape(whole, [single ? 1 : batch, ...x.shape.slice(-2)]);
  };
  const y = product(asBatch(a), asBatch(b), transA, transB);
  return reshape(y, [...lead, ...y.shape.slice(1)]);
}

/** The product of two operands of these ranks for the operation `op`. @throws ShapeError as `matmul`, or if a rank differs */
export function ranked(op: string, a: Tensor, b: Tensor, rankA: number, rankB = rankA): Tensor {
  checkRank(op, a, rankA);
  checkRank(op, b, rankB);
  if (rankA === 3 && a.shape[0] !== b.shape[0]) {
    throw new ShapeError({ op, problem: 'batches differ', got: [a.shape, b.shape] });
  }
  return multiply(op, a, b);
}

/** The product of two matrices. @throws ShapeError if one is no matrix, or the inner dimensions differ */
export function mm(a: Tensor, b: Tensor): Tensor {
  return ranked('mm', a, b, 2);
}

/** The products of two batches of matrices: a [B, m, k], b [B, k, n] → [B, m, n]. */
export function bmm(a: Tensor, b: Tensor): Tensor {
  return ranked('bmm', a, b, 3);
}

/** The sum of the products of two vectors of one length. */
export function dot(a: Tensor, b: Tensor): Tensor {
  return ranked('dot', a, b, 1);
}

/** @throws ShapeError  if x has not `rank` axes */
export function checkRank(op: string, x: Tensor, rank: number): void {
  if (checkTensor(op, x).rank !== rank) {
    throw new ShapeError({ op, problem: `expected a tensor with ${rank} axes`, got: x.shape });
  }
}

export interface AddmmOptions {
  /** Factor of what is added to; at 0 it is left out, also where it is no number. Default 1. */
  beta?: number;
  /** Factor of the product. Default 1. */
  alpha?: number;
}

/** β·x + α·y for the operation `op`. @throws ShapeError if x does not broadcast to y */
export function scaledSum(op: string, x: Tensor, y: Tensor, { beta = 1, alpha = 1 }: AddmmOptions): Tensor {
  if (!sameShape(broadcastShapes(op, checkTensor(op, x).shape, y.shape), y.shape)) {
    throw new ShapeError({
      op,
      problem: 'what is added to does not broadcast to the product',
      got: [x.shape, y.shape],
    });
  }
  const scaled = alpha === 1 ? y : mul(y, alpha);
  if (beta === 0) return scaled;
  return add(beta === 1 ? x : mul(x, beta), scaled);
}

/** β·x + α·a·b, x broadcast to the product. */
export function addmm(x: Tensor, a: Tensor, b: Tensor, options: AddmmOptions = {}): Tensor {
  return scaledSum('addmm', x, ranked('addmm', a, b, 2), options);
}

registerOp({
  name: 'addmm',
  cases: [
    (s) => ({
      inputs: [s.normal([5]), s.normal([3, 4]), s.normal([4, 5])],
      call: (x, a, b) => addmm(x, a, b, { beta: 0.5, alpha: 2 }),
    }),
  ],
  tolerance: 4e-6,
});

/**
 * x·weightᵀ + bias, the bias added by the product's kernel.
 *
 * Shapes:   x [..., in], weight [out, in], bias [out] → y [..., out]
 * Gradient: dx = dy·weight, dweight = dyᵀ·x, dbias = Σ dy
 * @throws ShapeError  if the sizes do not fit
 */
export function linear(x: Tensor, weight: Tensor, bias: Tensor | null = null): Tensor {
  checkTensor('linear', x);
  checkRank('linear', weight, 2);
  const [outputs, inputs] = weight.shape;
  if (x.rank === 0 || x.shape[x.rank - 1] !== inputs) {
    throw new ShapeError({
      op: 'linear',
      problem: `the last axis of the input must be the weight's second`,
      got: [x.shape, weight.shape],
      expected: `[…, ${inputs}]`,
    });
  }
  if (bias !== null && (bias.rank !== 1 || bias.shape[0] !== outputs)) {
    throw new ShapeError({
      op: 'linear',
      problem: 'the bias must have one value an output',
      got: bias.shape,
      expected: [outputs],
    });
  }
  checkSameDType('linear', x, weight, bias);
  if (x.rank === 2) return product(x, weight, false, true, bias);
  const y = product(reshape(x, [sizeOf(x.shape.slice(0, -1)), inputs]), weight, false, true, bias);
  return reshape(y, [...x.shape.slice(0, -1), outputs]);
}

registerOp({
  name: 'linear',
  cases: [
    (s) => ({ inputs: [s.normal([3, 4]), s.normal([5, 4]), s.normal([5])], call: (x, w, b) => linear(x, w, b) }),
    (s) => ({ inputs: [s.normal([2, 3, 4]), s.normal([5, 4])], call: (x, w) => linear(x, w) }),
    (s) => ({ inputs: [s.normal([4]), s.normal([5, 4]), s.normal([5])], call: (x, w, b) => linear(x, w, b) }),
  ],
  tolerance: 4e-6,
});
