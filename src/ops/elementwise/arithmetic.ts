/** Binary arithmetic with broadcasting and promotion. */

import type { BackwardRule } from '../../autograd/node.ts';
import { BinaryOp } from '../../backend/opcodes.ts';
import { type DType, floatOf, isFloat } from '../../core/dtype.ts';
import { broadcastShapes, planBroadcast } from '../../core/shape.ts';
import { ConfigError, DTypeError } from '../../errors.ts';
import { emptyTensor, Tensor } from '../../tensor.ts';
import { defineOp, type Op, type OpCase, type OpProof, type Sampler } from '../define.ts';
import { filled, sumTo } from '../reduction/broadcast.ts';
import { type Operand, operands, resultDType, to } from './cast.ts';
import { eq, gt, lt } from './compare.ts';

type Cases = readonly ((s: Sampler) => OpCase)[];

/** The broadcasts every binary operation is proven on: equal, by a scalar, by a row, by both sides, and nothing. */
export function broadcastCases(
  call: (a: Tensor, b: Tensor) => Tensor,
  of: (s: Sampler, shape: number[]) => Tensor,
): Cases {
  const shapes = [
    [
      [3, 4],
      [3, 4],
    ],
    [[2, 3], []],
    [[], [2, 3]],
    [[2, 3, 4], [4]],
    [
      [3, 1],
      [1, 4],
    ],
    [
      [2, 1, 3],
      [4, 1],
    ],
    [
      [0, 3],
      [1, 3],
    ],
  ];
  const pairs: Cases = shapes.map(([a, b]) => (s: Sampler) => ({ inputs: [of(s, a), of(s, b)], call }));
  return [...pairs, (s) => ({ inputs: [of(s, [5])], call: (x) => call(x, x) })];
}

const normal = (s: Sampler, shape: number[]): Tensor => s.normal(shape);
/** Away from 0, both signs. */
const awayFromZero = (s: Sampler, shape: number[]): Tensor => s.distinct(shape, 0.2);

/** Defines an elementwise operation of two operands that meet in one dtype. */
export function defineBinary(
  opcode: BinaryOp,
  proof: Omit<OpProof, 'cases'>,
  cases: Cases,
  saves: boolean,
  backward: BackwardRule<undefined>,
): Op<undefined> {
  return defineOp({
    tolerance: 0,
    ...proof,
    cases,
    forward(node, [a, b]) {
      const plan = planBroadcast(proof.name, a!.shape, b!.shape);
      const y = emptyTensor(plan.shape, a!.dtype);
      node.kernels.binary(opcode, plan, a!.data, b!.data, y.data);
      if (saves) node.save(a, b);
      return y;
    },
    backward,
  });
}

const itself = (dtype: DType): DType => dtype;

/** Both operands in the dtype they meet in; floats stay what they are whatever `dtypeOf` makes of the rest. */
export function meet(op: string, a: Operand, b: Operand, dtypeOf: (dtype: DType) => DType = itself): [Tensor, Tensor] {
  // Nearly all arithmetic is between two tensors of floats.
  if (a instanceof Tensor && b instanceof Tensor && a.dtype === b.dtype && isFloat(a.dtype)) return [a, b];
  const [ta, tb] = operands(op, a, b);
  const dtype = dtypeOf(resultDType(ta, tb));
  return [to(ta, dtype), to(tb, dtype)];
}

const EDGES = [0, -0, 1, -1, 3.5, -3.5, 1e-40, 3e38, -3e38, Infinity, -Infinity, NaN];

const addOp = defineBinary(
  BinaryOp.add,
  { name: 'add', edges: EDGES },
  broadcastCases(add, normal),
  false,
  (node, [dy]) => [
    node.needs(0) ? sumTo(dy!, node.shapes[0]) : null,
    node.needs(1) ? sumTo(dy!, node.shapes[1]) : null,
  ],
);

export interface ScaledOptions {
  /** A factor of the second operand. Default 1. */
  alpha?: number;
}

/**
 * a + alpha·b.
 *
 * Shapes:   broadcast
 * Gradient: da = dy, db = alpha·dy
 * @throws ShapeError  if the shapes do not broadcast
 */
export function add(a: Operand, b: Operand, { alpha = 1 }: ScaledOptions = {}): Tensor {
  const [ta, tb] = meet('add', a, alpha === 1 ? b : scaled(b, alpha));
  // As in PyTorch, bools add as "or" and multiply as "and".
  return ta.dtype === 'bool' ? maximumOp.run([ta, tb], undefined) : addOp.run([ta, tb], undefined);
}

function scaled(b: Operand, alpha: number): Operand {
  return typeof b === 'number' ? b * alpha : mul(b, alpha);
}

const subOp = defineBinary(
  BinaryOp.sub,
  { name: 'sub', edges: EDGES },
  broadcastCases(sub, normal),
  false,
  (node, [dy]) => [
    node.needs(0) ? sumTo(dy!, node.shapes[0]) : null,
    node.needs(1) ? sumTo(mul(dy!, -1), node.shapes[1]) : null,
  ],
);

/**
 * a − alpha·b.
 *
 * Shapes:   broadcast
 * Gradient: da = dy, db = −alpha·dy
 * @throws ShapeError  if the shapes do not broadcast
 * @throws DTypeError  for two bools, which have no difference
 */
export function sub(a: Operand, b: Operand, { alpha = 1 }: ScaledOptions = {}): Tensor {
  const [ta, tb] = meet('sub', a, alpha === 1 ? b : scaled(b, alpha));
  if (ta.dtype === 'bool') {
    throw new DTypeError({
      op: 'sub',
      problem: 'bools cannot be subtracted',
      hint: 'compare with ne, or convert with to',
    });
  }
  return subOp.run([ta, tb], undefined);
}

const mulOp = defineBinary(
  BinaryOp.mul,
  { name: 'mul', edges: EDGES },
  broadcastCases(mul, normal),
  true,
  (node, [dy]) => {
    const [a, b] = node.saved();
    return [
      node.needs(0) ? sumTo(mul(dy!, b!), node.shapes[0]) : null,
      node.needs(1) ? sumTo(mul(dy!, a!), node.shapes[1]) : null,
    ];
  },
);

/**
 * a · b, element by element.
 *
 * Shapes:   broadcast
 * Gradient: da = dy·b, db = dy·a
 * @throws ShapeError  if the shapes do not broadcast
 */
export function mul(a: Operand, b: Operand): Tensor {
  const [ta, tb] = meet('mul', a, b);
  return ta.dtype === 'bool' ? minimumOp.run([ta, tb], undefined) : mulOp.run([ta, tb], undefined);
}

const divOp = defineBinary(
  BinaryOp.div,
  { name: 'div', edges: EDGES },
  broadcastCases(div, awayFromZero),
  true,
  (node, [dy]) => {
    const [a, b] = node.saved();
    const da = div(dy!, b!);
    return [
      node.needs(0) ? sumTo(da, node.shapes[0]) : null,
      node.needs(1) ? sumTo(mul(mul(da, div(a!, b!)), -1), node.shapes[1]) : null,
    ];
  },
);

/** A quotient brought to an integer: flat between its steps. */
function defineIntegerQuotient(name: string, opcode: BinaryOp, call: (a: Tensor, b: Tensor) => Tensor): Op<undefined> {
  return defineBinary(
    opcode,
    { name, edges: EDGES, tolerance: 2e-6 },
    broadcastCases(call, (s, shape) => s.distinct(shape, 0.37)).slice(0, -1),
    false,
    (node, [dy]) => [0, 1].map((i) => (node.needs(i) ? filled(node.shapes[i], 0, dy!.dtype) : null)),
  );
}

const floorDivideOp = defineIntegerQuotient('floorDivide', BinaryOp.floorDivide, floorDivide);
const truncDivideOp = defineIntegerQuotient('div towards 0', BinaryOp.truncDivide, (a, b) =>
  div(a, b, { roundingMode: 'trunc' }),
);

/**
 * The operands of a division that stays with integers where both are.
 *
 * @throws DTypeError   for two bools
 * @throws ConfigError  for an integer divided by 0
 */
export function integerDivision(op: string, a: Operand, b: Operand): [Tensor, Tensor] {
  const [ta, tb] = meet(op, a, b);
  broadcastShapes(op, ta.shape, tb.shape);
  if (ta.dtype === 'bool') {
    throw new DTypeError({ op, problem: 'bools cannot be divided', hint: 'convert with to' });
  }
  if (!isFloat(ta.dtype) && ta.size > 0 && tb.data.includes(0)) {
    throw new ConfigError({ op, problem: 'an integer is divided by 0', hint: 'floats give an infinity or NaN' });
  }
  return [ta, tb];
}

export interface DivOptions {
  /** Towards −∞, or towards 0; then integers stay integers. Default: not rounded. */
  roundingMode?: 'floor' | 'trunc' | null;
}

/**
 * a / b; integers give float32, unless the quotient is rounded.
 *
 * Shapes:   broadcast
 * Gradient: da = dy/b, db = −dy·a/b²; 0 of a rounded quotient
 * @throws ShapeError   if the shapes do not broadcast
 * @throws ConfigError  if `roundingMode` names no way of rounding
 */
export function div(a: Operand, b: Operand, { roundingMode = null }: DivOptions = {}): Tensor {
  if (roundingMode === null) return divOp.run(meet('div', a, b, floatOf), undefined);
  if (roundingMode === 'floor') return floorDivide(a, b);
  if (roundingMode === 'trunc') return truncDivideOp.run(integerDivision('div', a, b), undefined);
  const expected = 'floor | trunc | null';
  throw new ConfigError({ op: 'div', problem: 'unknown rounding', got: roundingMode, expected });
}

/**
 * The largest integer not above the exact quotient, as Python's `//`; integers stay integers.
 *
 * Shapes:   broadcast
 * Gradient: 0
 * @throws ShapeError   if the shapes do not broadcast
 * @throws ConfigError  for an integer divided by 0
 */
export function floorDivide(a: Operand, b: Operand): Tensor {
  return floorDivideOp.run(integerDivision('floorDivide', a, b), undefined);
}

const gateOp = defineBinary(
  BinaryOp.gate,
  { name: 'gate' },
  [[12], [3, 4]].map((shape) => (s: Sampler) => {
    const y = s.distinct(shape, 0.1);
    return { inputs: [s.normal(shape)], call: (dy) => gate(dy, y) };
  }),
  true,
  (node, [dy]) => [gate(dy!, node.saved()[1]!), null],
);

/**
 * dy where y > 0, else 0: the gradient of a ReLU whose output is y, in one pass. It does not depend on y's own gradient.
 *
 * Shapes:   dy and y [...] → [...]
 * Gradient: d(dy) = gate of it by y
 */
export function gate(dy: Tensor, y: Tensor): Tensor {
  return gateOp.run([dy, y.detach()], undefined);
}

/** The gradient of max or min: to the side that was chosen, half to each where both are equal. */
function extremeBackward(wins: typeof gt): BackwardRule<undefined> {
  return (node, [dy]) => {
    const [a, b] = node.saved();
    const half = mul(to(eq(a!, b!), a!.dtype), 0.5);
    const share = (x: Tensor, y: Tensor): Tensor => mul(dy!, add(to(wins(x, y), x.dtype), half));
    return [
      node.needs(0) ? sumTo(share(a!, b!), node.shapes[0]) : null,
      node.needs(1) ? sumTo(share(b!, a!), node.shapes[1]) : null,
    ];
  };
}

/** The broadcast cases without x with itself, a tie that finite differences cannot see. */
const extremeCases = (call: (a: Tensor, b: Tensor) => Tensor): Cases => [
  ...broadcastCases(call, (s, shape) => s.distinct(shape, 0.05)).slice(0, 1),
  (s) => ({ inputs: [s.distinct([2, 1, 3]), s.uniform([4, 1], 5, 6)], call }),
  (s) => ({ inputs: [s.distinct([2, 3]), s.uniform([], -6, -5)], call }),
];

const maximumOp = defineBinary(
  BinaryOp.maximum,
  { name: 'maximum', edges: EDGES },
  extremeCases(maximum),
  true,
  extremeBackward(gt),
);

/**
 * The larger of a and b; NaN if either is.
 *
 * Shapes:   broadcast
 * Gradient: to the larger; half to each of equals
 * @throws ShapeError  if the shapes do not broadcast
 */
export function maximum(a: Operand, b: Operand): Tensor {
  return maximumOp.run(meet('maximum', a, b), undefined);
}

const minimumOp = defineBinary(
  BinaryOp.minimum,
  { name: 'minimum', edges: EDGES },
  extremeCases(minimum),
  true,
  extremeBackward(lt),
);

/**
 * The smaller of a and b; NaN if either is.
 *
 * Shapes:   broadcast
 * Gradient: to the smaller; half to each of equals
 * @throws ShapeError  if the shapes do not broadcast
 */
export function minimum(a: Operand, b: Operand): Tensor {
  return minimumOp.run(meet('minimum', a, b), undefined);
}
