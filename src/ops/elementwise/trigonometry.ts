/** Trigonometric and hyperbolic functions, and their inverses. */

import type { BackwardRule } from '../../autograd/node.ts';
import { BinaryOp, UnaryOp } from '../../backend/opcodes.ts';
import { floatOf } from '../../core/dtype.ts';
import type { Tensor } from '../../tensor.ts';
import type { Sampler } from '../define.ts';
import { sumTo } from '../reduction/broadcast.ts';
import { add, broadcastCases, defineBinary, div, meet, mul, sub } from './arithmetic.ts';
import type { Operand } from './cast.ts';
import { defineUnary, onFloats } from './define-unary.ts';
import { neg, reciprocal, rsqrt, square } from './unary.ts';

/** Samples inside (−1, 1). */
const inner = (s: Sampler, shape: number[]): Tensor => s.uniform(shape, -0.9, 0.9);
/** Samples where the tangent is tame. */
const nearZero = (s: Sampler, shape: number[]): Tensor => s.uniform(shape, -1.2, 1.2);
/** Samples above 1. */
const aboveOne = (s: Sampler, shape: number[]): Tensor => s.uniform(shape, 1.2, 4);

const sinOp = defineUnary(UnaryOp.sin, { name: 'sin', call: sin }, 'x', (dy, x) => mul(dy, cos(x)));
/** Sine of radians, of any size; NaN of ±∞. Gradient: dx = dy·cos x. */
export function sin(x: Tensor): Tensor {
  return onFloats(sinOp, x);
}

const cosOp = defineUnary(UnaryOp.cos, { name: 'cos', call: cos }, 'x', (dy, x) => neg(mul(dy, sin(x))));
/** Cosine of radians, of any size; NaN of ±∞. Gradient: dx = −dy·sin x. */
export function cos(x: Tensor): Tensor {
  return onFloats(cosOp, x);
}

const tanOp = defineUnary(UnaryOp.tan, { name: 'tan', call: tan, sample: nearZero }, 'y', (dy, y) =>
  mul(dy, add(square(y), 1)),
);
/** Tangent of radians, of any size; NaN of ±∞. Gradient: dx = dy·(1 + y²). */
export function tan(x: Tensor): Tensor {
  return onFloats(tanOp, x);
}

const asinOp = defineUnary(UnaryOp.asin, { name: 'asin', call: asin, sample: inner }, 'x', (dy, x) =>
  mul(dy, rsqrt(sub(1, square(x)))),
);
/** Arc sine in [−π/2, π/2]; NaN outside [−1, 1]. Gradient: dx = dy/√(1 − x²). */
export function asin(x: Tensor): Tensor {
  return onFloats(asinOp, x);
}

const acosOp = defineUnary(UnaryOp.acos, { name: 'acos', call: acos, sample: inner }, 'x', (dy, x) =>
  neg(mul(dy, rsqrt(sub(1, square(x))))),
);
/** Arc cosine in [0, π]; NaN outside [−1, 1]. Gradient: dx = −dy/√(1 − x²). */
export function acos(x: Tensor): Tensor {
  return onFloats(acosOp, x);
}

const atanOp = defineUnary(UnaryOp.atan, { name: 'atan', call: atan }, 'x', (dy, x) => div(dy, add(square(x), 1)));
/** Arc tangent in [−π/2, π/2]. Gradient: dx = dy/(1 + x²). */
export function atan(x: Tensor): Tensor {
  return onFloats(atanOp, x);
}

const sinhOp = defineUnary(UnaryOp.sinh, { name: 'sinh', call: sinh }, 'x', (dy, x) => mul(dy, cosh(x)));
/** Hyperbolic sine. Gradient: dx = dy·cosh x. */
export function sinh(x: Tensor): Tensor {
  return onFloats(sinhOp, x);
}

const coshOp = defineUnary(UnaryOp.cosh, { name: 'cosh', call: cosh }, 'x', (dy, x) => mul(dy, sinh(x)));
/** Hyperbolic cosine. Gradient: dx = dy·sinh x. */
export function cosh(x: Tensor): Tensor {
  return onFloats(coshOp, x);
}

const asinhOp = defineUnary(UnaryOp.asinh, { name: 'asinh', call: asinh }, 'x', (dy, x) =>
  mul(dy, rsqrt(add(square(x), 1))),
);
/** Inverse hyperbolic sine. Gradient: dx = dy/√(x² + 1). */
export function asinh(x: Tensor): Tensor {
  return onFloats(asinhOp, x);
}

const acoshOp = defineUnary(UnaryOp.acosh, { name: 'acosh', call: acosh, sample: aboveOne }, 'x', (dy, x) =>
  mul(dy, rsqrt(sub(square(x), 1))),
);
/** Inverse hyperbolic cosine; NaN below 1. Gradient: dx = dy/√(x² − 1). */
export function acosh(x: Tensor): Tensor {
  return onFloats(acoshOp, x);
}

const atanhOp = defineUnary(UnaryOp.atanh, { name: 'atanh', call: atanh, sample: inner }, 'x', (dy, x) =>
  div(dy, sub(1, square(x))),
);
/** Inverse hyperbolic tangent; ±∞ at ±1, NaN outside. Gradient: dx = dy/(1 − x²). */
export function atanh(x: Tensor): Tensor {
  return onFloats(atanhOp, x);
}

const EDGES = [0, -0, 1, -1, 0.5, -2.5, 1e-40, 3e38, -3e38, Infinity, -Infinity, NaN];
/** Away from the origin, where neither function has a slope. */
const awayFromZero = (s: Sampler, shape: number[]): Tensor => s.distinct(shape, 0.2);

const atan2Backward: BackwardRule<undefined> = (node, [dy]) => {
  const [a, b] = node.saved() as [Tensor, Tensor];
  const scaled = mul(dy!, reciprocal(add(square(a), square(b))));
  return [
    node.needs(0) ? sumTo(mul(scaled, b), node.shapes[0]) : null,
    node.needs(1) ? sumTo(neg(mul(scaled, a)), node.shapes[1]) : null,
  ];
};
const atan2Op = defineBinary(
  BinaryOp.atan2,
  { name: 'atan2', edges: EDGES, tolerance: 2e-6 },
  broadcastCases(atan2, awayFromZero),
  true,
  atan2Backward,
);

/**
 * The angle in (−π, π] of the point (x, y), as C's atan2.
 *
 * Shapes:   broadcast
 * Gradient: dy = g·x/(x² + y²), dx = −g·y/(x² + y²), where g is the output's
 * @throws ShapeError  if the shapes do not broadcast
 */
export function atan2(y: Operand, x: Operand): Tensor {
  return atan2Op.run(meet('atan2', y, x, floatOf), undefined);
}

const hypotOp = defineBinary(
  BinaryOp.hypot,
  { name: 'hypot', edges: EDGES, tolerance: 2e-6 },
  broadcastCases(hypot, awayFromZero),
  true,
  (node, [dy]) => {
    const [a, b] = node.saved() as [Tensor, Tensor];
    const length = hypot(a, b);
    return [
      node.needs(0) ? sumTo(mul(dy!, div(a, length)), node.shapes[0]) : null,
      node.needs(1) ? sumTo(mul(dy!, div(b, length)), node.shapes[1]) : null,
    ];
  },
);

/**
 * √(a² + b²), without overflow on the way.
 *
 * Shapes:   broadcast
 * Gradient: da = dy·a/y, db = dy·b/y; NaN at the origin
 * @throws ShapeError  if the shapes do not broadcast
 */
export function hypot(a: Operand, b: Operand): Tensor {
  return hypotOp.run(meet('hypot', a, b, floatOf), undefined);
}
