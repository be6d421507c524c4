/** Elementwise functions of one tensor. */

import { UnaryOp } from '../../backend/opcodes.ts';
import { ConfigError } from '../../errors.ts';
import type { Tensor } from '../../tensor.ts';
import { type Op, registerOp, type Sampler } from '../define.ts';
import { filled } from '../reduction/broadcast.ts';
import { add, div, gate, mul, sub } from './arithmetic.ts';
import { to } from './cast.ts';
import { ge, gt, le, where } from './compare.ts';
import { defineUnary, kinked, onFloats, onNumbers, positive, type UnaryParams } from './define-unary.ts';

const negOp = defineUnary(UnaryOp.neg, { name: 'neg', call: neg, tolerance: 0 }, 'nothing', (dy) => neg(dy));
/** −x. Gradient: dx = −dy. */
export function neg(x: Tensor): Tensor {
  return onNumbers(negOp, x);
}

const signOp = defineUnary(UnaryOp.sign, { name: 'sign', call: sign, sample: kinked, tolerance: 0 }, 'nothing', (dy) =>
  filled(dy.shape, 0, dy.dtype),
);
/** −1, 0 or 1; NaN stays NaN. Gradient: 0. */
export function sign(x: Tensor): Tensor {
  return onNumbers(signOp, x);
}

const absOp = defineUnary(UnaryOp.abs, { name: 'abs', call: abs, sample: kinked, tolerance: 0 }, 'x', (dy, x) =>
  mul(dy, sign(x)),
);
/** |x|. Gradient: dx = dy·sign(x), 0 at 0. */
export function abs(x: Tensor): Tensor {
  return onNumbers(absOp, x);
}

const squareOp = defineUnary(UnaryOp.square, { name: 'square', call: square, tolerance: 0 }, 'x', (dy, x) =>
  mul(mul(dy, x), 2),
);
/** x². Gradient: dx = 2x·dy. */
export function square(x: Tensor): Tensor {
  return onNumbers(squareOp, x);
}

const sqrtOp = defineUnary(UnaryOp.sqrt, { name: 'sqrt', call: sqrt, sample: positive, tolerance: 0 }, 'y', (dy, y) =>
  div(dy, mul(y, 2)),
);
/** √x; NaN below 0. Gradient: dx = dy/(2√x). */
export function sqrt(x: Tensor): Tensor {
  return onFloats(sqrtOp, x);
}

const rsqrtOp = defineUnary(UnaryOp.rsqrt, { name: 'rsqrt', call: rsqrt, sample: positive }, 'y', (dy, y) =>
  mul(mul(dy, mul(square(y), y)), -0.5),
);
/** 1/√x. Gradient: dx = −dy/(2x√x). */
export function rsqrt(x: Tensor): Tensor {
  return onFloats(rsqrtOp, x);
}

const reciprocalOp = defineUnary(
  UnaryOp.reciprocal,
  { name: 'reciprocal', call: reciprocal, sample: kinked, tolerance: 0 },
  'y',
  (dy, y) => neg(mul(dy, square(y))),
);
/** 1/x. Gradient: dx = −dy/x². */
export function reciprocal(x: Tensor): Tensor {
  return onFloats(reciprocalOp, x);
}

const expOp = defineUnary(UnaryOp.exp, { name: 'exp', call: exp }, 'y', (dy, y) => mul(dy, y));
/** eˣ, within 2 ULP. Gradient: dx = dy·eˣ. */
export function exp(x: Tensor): Tensor {
  return onFloats(expOp, x);
}

const expm1Op = defineUnary(UnaryOp.expm1, { name: 'expm1', call: expm1 }, 'y', (dy, y) => mul(dy, add(y, 1)));
/** eˣ − 1, exact for small x. Gradient: dx = dy·eˣ. */
export function expm1(x: Tensor): Tensor {
  return onFloats(expm1Op, x);
}

const exp2Op = defineUnary(UnaryOp.exp2, { name: 'exp2', call: exp2 }, 'y', (dy, y) => mul(mul(dy, y), Math.LN2));
/** 2ˣ. Gradient: dx = dy·2ˣ·log 2. */
export function exp2(x: Tensor): Tensor {
  return onFloats(exp2Op, x);
}

const logOp = defineUnary(UnaryOp.log, { name: 'log', call: log, sample: positive }, 'x', (dy, x) => div(dy, x));
/** The natural logarithm; −∞ at 0, NaN below. Gradient: dx = dy/x. */
export function log(x: Tensor): Tensor {
  return onFloats(logOp, x);
}

const log2Op = defineUnary(UnaryOp.log2, { name: 'log2', call: log2, sample: positive }, 'x', (dy, x) =>
  div(dy, mul(x, Math.LN2)),
);
/** The logarithm to base 2, exact for powers of 2; −∞ at 0, NaN below. Gradient: dx = dy/(x·log 2). */
export function log2(x: Tensor): Tensor {
  return onFloats(log2Op, x);
}

const log10Op = defineUnary(UnaryOp.log10, { name: 'log10', call: log10, sample: positive }, 'x', (dy, x) =>
  div(dy, mul(x, Math.LN10)),
);
/** The logarithm to base 10; −∞ at 0, NaN below. Gradient: dx = dy/(x·log 10). */
export function log10(x: Tensor): Tensor {
  return onFloats(log10Op, x);
}

const log1pOp = defineUnary(UnaryOp.log1p, { name: 'log1p', call: log1p, sample: positive }, 'x', (dy, x) =>
  div(dy, add(x, 1)),
);
/** log(1 + x), exact for small x. Gradient: dx = dy/(1 + x). */
export function log1p(x: Tensor): Tensor {
  return onFloats(log1pOp, x);
}

const tanhOp = defineUnary(UnaryOp.tanh, { name: 'tanh', call: tanh }, 'y', (dy, y) => mul(dy, sub(1, square(y))));
/** Hyperbolic tangent, within 2 ULP and never past ±1. Gradient: dx = dy·(1 − y²). */
export function tanh(x: Tensor): Tensor {
  return onFloats(tanhOp, x);
}

const sigmoidOp = defineUnary(UnaryOp.sigmoid, { name: 'sigmoid', call: sigmoid }, 'y', (dy, y) =>
  mul(dy, mul(y, sub(1, y))),
);
/** 1/(1 + e⁻ˣ), within 2 ULP at both tails. Gradient: dx = dy·y·(1 − y). */
export function sigmoid(x: Tensor): Tensor {
  return onFloats(sigmoidOp, x);
}

const erfOp = defineUnary(UnaryOp.erf, { name: 'erf', call: erf }, 'x', (dy, x) =>
  mul(dy, mul(exp(neg(square(x))), 2 / Math.sqrt(Math.PI))),
);
/** The error function, within 2 ULP. Gradient: dx = dy·2/√π·e^(−x²). */
export function erf(x: Tensor): Tensor {
  return onFloats(erfOp, x);
}

const erfcOp = defineUnary(UnaryOp.erfc, { name: 'erfc', call: erfc }, 'x', (dy, x) =>
  mul(dy, mul(exp(neg(square(x))), -2 / Math.sqrt(Math.PI))),
);
/** 1 − erf(x), whose upper tail keeps its digits. Gradient: dx = −dy·2/√π·e^(−x²). */
export function erfc(x: Tensor): Tensor {
  return onFloats(erfcOp, x);
}

const geluOp = defineUnary(UnaryOp.gelu, { name: 'gelu', call: (x) => gelu(x) }, 'x', (dy, x) => {
  const below = mul(add(erf(mul(x, Math.SQRT1_2)), 1), 0.5);
  const density = mul(exp(mul(square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
  return mul(dy, add(below, mul(x, density)));
});
registerOp({
  name: 'gelu by tanh',
  cases: [[3, 5], [0]].map((shape) => (s: Sampler) => ({
    inputs: [s.normal(shape)],
    call: (x) => gelu(x, { approximate: 'tanh' }),
  })),
});
/**
 * x·Φ(x), where Φ is the distribution function of the standard normal: within 2 ULP, in the negative tail too.
 * `approximate: 'tanh'` is ½x·(1 + tanh(√(2/π)·(x + 0.044715x³))), as models of that formula were trained with.
 *
 * Gradient: dx = dy·(Φ(x) + x·φ(x))
 *
 * @throws ConfigError  if `approximate` names neither form
 * Source: Hendrycks and Gimpel, Gaussian Error Linear Units, arXiv 1606.08415
 */
export function gelu(x: Tensor, { approximate = 'none' }: { approximate?: 'none' | 'tanh' } = {}): Tensor {
  if (approximate === 'none') return onFloats(geluOp, x);
  if (approximate !== 'tanh') {
    throw new ConfigError({ op: 'gelu', problem: 'unknown form', got: approximate, expected: 'none | tanh' });
  }
  const inner = mul(mul(x, add(mul(square(x), 0.044715), 1)), Math.sqrt(2 / Math.PI));
  return mul(mul(x, 0.5), add(tanh(inner), 1));
}

const reluOp = defineUnary(UnaryOp.relu, { name: 'relu', call: relu, sample: kinked, tolerance: 0 }, 'y', (dy, y) =>
  gate(dy, y),
);
/** max(x, 0); NaN stays NaN. Gradient: dx = dy where x > 0, else 0. */
export function relu(x: Tensor): Tensor {
  return onNumbers(reluOp, x);
}

const leakyReluOp = defineUnary(
  UnaryOp.leakyRelu,
  { name: 'leakyRelu', call: (x) => leakyRelu(x, 0.1), sample: kinked, tolerance: 0 },
  'x',
  (dy, x, { p0 }) => where(gt(x, 0), dy, mul(dy, p0)),
);
/** x above 0, slope·x elsewhere. Gradient: dx = dy or slope·dy. */
export function leakyRelu(x: Tensor, negativeSlope = 0.01): Tensor {
  return onFloats(leakyReluOp, x, { p0: negativeSlope, p1: 0 });
}

const softplusOp = defineUnary(UnaryOp.softplus, { name: 'softplus', call: (x) => softplus(x) }, 'x', (dy, x) =>
  mul(dy, sigmoid(x)),
);
/**
 * log(1 + e^(βx))/β, and x itself where βx passes the threshold.
 *
 * Gradient: dx = dy·σ(βx)
 */
export function softplus(x: Tensor, { beta = 1, threshold = 20 }: { beta?: number; threshold?: number } = {}): Tensor {
  const scaled = beta === 1 ? x : mul(x, beta);
  const soft = softplusAll(scaled);
  // From 18 on the function is x in float32, and its slope 1: there is nothing left to choose.
  if (beta === 1 && threshold >= 18 && soft.dtype === 'float32') return soft;
  const value = beta === 1 ? soft : div(soft, beta);
  return where(gt(scaled, threshold), x, value);
}

/** log(1 + eˣ) of every x, however large. */
export function softplusAll(x: Tensor): Tensor {
  return onFloats(softplusOp, x);
}

const logsigmoidOp = defineUnary(UnaryOp.logsigmoid, { name: 'logsigmoid', call: logsigmoid }, 'x', (dy, x) =>
  mul(dy, sigmoid(neg(x))),
);
/** log σ(x) = −log(1 + e⁻ˣ). Gradient: dx = dy·(1 − σ(x)). */
export function logsigmoid(x: Tensor): Tensor {
  return onFloats(logsigmoidOp, x);
}

const clampOp = defineUnary(
  UnaryOp.clamp,
  { name: 'clamp', call: (x) => clamp(x, -0.55, 0.85), sample: kinked, tolerance: 0 },
  'x',
  (dy, x, { p0, p1 }) => mul(dy, to(mul(to(ge(x, p0), x.dtype), to(le(x, p1), x.dtype)), dy.dtype)),
);
/** min(max(x, low), high); a missing bound does not bind. Gradient: dx = dy inside and at the bounds, 0 outside. */
export function clamp(x: Tensor, low: number | null = null, high: number | null = null): Tensor {
  return onNumbers(clampOp, x, { p0: low ?? -Infinity, p1: high ?? Infinity });
}

function defineStep(name: string, opcode: UnaryOp, what: (x: Tensor) => Tensor): Op<UnaryParams> {
  return defineUnary(
    opcode,
    { name, call: what, sample: (s, shape) => add(s.distinct(shape, 0.1), 0.03), tolerance: 0 },
    'nothing',
    (dy) => filled(dy.shape, 0, dy.dtype),
  );
}

const floorOp = defineStep('floor', UnaryOp.floor, floor);
/** The largest integer not above x. Gradient: 0. */
export function floor(x: Tensor): Tensor {
  return onNumbers(floorOp, x);
}

const ceilOp = defineStep('ceil', UnaryOp.ceil, ceil);
/** The smallest integer not below x. Gradient: 0. */
export function ceil(x: Tensor): Tensor {
  return onNumbers(ceilOp, x);
}

const roundOp = defineStep('round', UnaryOp.round, round);
/** The nearest integer, half to even. Gradient: 0. */
export function round(x: Tensor): Tensor {
  return onNumbers(roundOp, x);
}

const truncOp = defineStep('trunc', UnaryOp.trunc, trunc);
/** The integer part. Gradient: 0. */
export function trunc(x: Tensor): Tensor {
  return onNumbers(truncOp, x);
}

const fracOp = defineUnary(
  UnaryOp.frac,
  { name: 'frac', call: frac, sample: (s, shape) => add(s.distinct(shape, 0.1), 0.03), tolerance: 0 },
  'nothing',
  (dy) => dy,
);
/** The part behind the point, x − trunc(x), with the sign of x; NaN of ±∞. Gradient: dx = dy. */
export function frac(x: Tensor): Tensor {
  return onNumbers(fracOp, x);
}

const reachOp = defineStep('reach', UnaryOp.threshold, (x) => reach(x, 0.5, 2));
/** `value` where x ≥ `from`, else 0: the mask of a dropout, out of uniforms. Gradient: 0. */
export function reach(x: Tensor, from: number, value: number): Tensor {
  return onFloats(reachOp, x, { p0: from, p1: value });
}
