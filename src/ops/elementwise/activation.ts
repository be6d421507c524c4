/** Activation functions beside those that are elementary functions themselves. */

import { BinaryOp, UnaryOp } from '../../backend/opcodes.ts';
import { floatOf } from '../../core/dtype.ts';
import { checkAxis } from '../../core/shape.ts';
import { ConfigError, ShapeError } from '../../errors.ts';
import type { Tensor } from '../../tensor.ts';
import { checkTensor, registerOp, type Sampler } from '../define.ts';
import { narrow, reshape } from '../movement/movement.ts';
import { filled, sumTo } from '../reduction/broadcast.ts';
import { add, defineBinary, div, meet, mul, sub } from './arithmetic.ts';
import { ge, gt, le, logicalOr, lt, where } from './compare.ts';
import { defineUnary, kinked, onFloats, onNumbers } from './define-unary.ts';
import { abs, exp, reciprocal, sigmoid, softplusAll, square, tanh } from './unary.ts';

const zero = (like: Tensor): Tensor => filled([], 0, like.dtype);
/** Both sides of every kink of the hard functions, and no kink itself. */
const wide = (s: Sampler, shape: number[]): Tensor => add(s.distinct(shape, 0.7), 0.013);

const siluOp = defineUnary(UnaryOp.silu, { name: 'silu', call: silu }, 'x', (dy, x) => {
  const s = sigmoid(x);
  return mul(dy, mul(s, add(mul(x, sub(1, s)), 1)));
});
/**
 * x·σ(x), also called swish; −0 of −∞.
 *
 * Gradient: dx = dy·σ(x)·(1 + x·(1 − σ(x)))
 * Source: Elfwing, Uchibe and Doya, Sigmoid-weighted linear units, arXiv 1702.03118
 */
export function silu(x: Tensor): Tensor {
  return onFloats(siluOp, x);
}

const mishOp = defineUnary(UnaryOp.mish, { name: 'mish', call: mish }, 'x', (dy, x) => {
  const t = tanh(softplusAll(x));
  return mul(dy, add(t, mul(mul(x, sigmoid(x)), sub(1, square(t)))));
});
/**
 * x·tanh(log(1 + eˣ)); −0 of −∞.
 *
 * Gradient: dx = dy·(t + x·σ(x)·(1 − t²)) with t = tanh(log(1 + eˣ))
 * Source: Misra, Mish: a self regularized non-monotonic activation function, arXiv 1908.08681
 */
export function mish(x: Tensor): Tensor {
  return onFloats(mishOp, x);
}

const eluOp = defineUnary(
  UnaryOp.elu,
  { name: 'elu', call: (x) => elu(x, 0.7), sample: kinked },
  'x',
  (dy, x, { p0, p1 }) => {
    const below = le(x, 0);
    // An exponential of the other branch may be infinite, and times a gradient of 0 it would be NaN.
    const slope = mul(exp(mul(where(below, x, zero(x)), p1)), p0 * p1);
    return where(below, mul(dy, slope), dy);
  },
);
/**
 * x above 0, alpha·(eˣ − 1) elsewhere.
 *
 * Gradient: dx = dy above 0, dy·alpha·eˣ elsewhere
 * Source: Clevert, Unterthiner and Hochreiter, Exponential linear units, arXiv 1511.07289
 */
export function elu(x: Tensor, alpha = 1): Tensor {
  return onFloats(eluOp, x, { p0: alpha, p1: 1 });
}

registerOp({
  name: 'celu',
  cases: [[3, 5], []].map((shape) => (s: Sampler) => ({ inputs: [kinked(s, shape)], call: (x) => celu(x, 0.6) })),
});
/**
 * x above 0, alpha·(e^(x/alpha) − 1) elsewhere: an elu whose slope is continuous for any alpha.
 *
 * Gradient: dx = dy above 0, dy·e^(x/alpha) elsewhere
 * @throws ConfigError  if alpha is 0
 * Source: Barron, Continuously differentiable exponential linear units, arXiv 1704.07483
 */
export function celu(x: Tensor, alpha = 1): Tensor {
  if (alpha === 0) throw new ConfigError({ op: 'celu', problem: 'alpha must not be 0', got: alpha });
  return onFloats(eluOp, x, { p0: alpha, p1: 1 / alpha });
}

/** The constants whose map of mean and variance has (0, 1) as its fixed point. */
const SELU_ALPHA = 1.6732632423543772;
const SELU_SCALE = 1.0507009873554805;

const seluOp = defineUnary(UnaryOp.selu, { name: 'selu', call: selu, sample: kinked }, 'x', (dy, x, { p0, p1 }) => {
  const below = le(x, 0);
  // As in elu: no exponential of the other branch.
  return mul(where(below, mul(dy, mul(exp(where(below, x, zero(x))), p0)), dy), p1);
});
/**
 * scale·elu(x, alpha) with the two constants that keep mean 0 and variance 1 from layer to layer.
 *
 * Gradient: dx = dy·scale above 0, dy·scale·alpha·eˣ elsewhere
 * Source: Klambauer and others, Self-normalizing neural networks, arXiv 1706.02515
 */
export function selu(x: Tensor): Tensor {
  return onFloats(seluOp, x, { p0: SELU_ALPHA, p1: SELU_SCALE });
}

const softsignOp = defineUnary(UnaryOp.softsign, { name: 'softsign', call: softsign, sample: kinked }, 'x', (dy, x) =>
  mul(dy, square(reciprocal(add(abs(x), 1)))),
);
/** x/(1 + |x|); ±1 of ±∞. Gradient: dx = dy/(1 + |x|)². */
export function softsign(x: Tensor): Tensor {
  return onFloats(softsignOp, x);
}

registerOp({
  name: 'tanhshrink',
  cases: [[3, 5], [], [0]].map((shape) => (s: Sampler) => ({ inputs: [s.normal(shape)], call: tanhshrink })),
});
/** x − tanh x. Gradient: dx = dy·tanh² x. */
export function tanhshrink(x: Tensor): Tensor {
  return sub(x, tanh(x));
}

const hardsigmoidOp = defineUnary(
  UnaryOp.hardsigmoid,
  { name: 'hardsigmoid', call: hardsigmoid, sample: wide },
  'x',
  (dy, x) => where(lt(abs(x), 3), div(dy, 6), zero(x)),
);
/** min(max(x + 3, 0), 6)/6. Gradient: dx = dy/6 inside (−3, 3), else 0. */
export function hardsigmoid(x: Tensor): Tensor {
  return onFloats(hardsigmoidOp, x);
}

const hardswishOp = defineUnary(
  UnaryOp.hardswish,
  { name: 'hardswish', call: hardswish, sample: wide },
  'x',
  (dy, x) => {
    const slope = mul(dy, add(div(x, 3), 0.5));
    return where(lt(x, -3), zero(x), where(le(x, 3), slope, dy));
  },
);
/**
 * x·hardsigmoid(x); −0 of −∞.
 *
 * Gradient: 0 below −3, dx = dy·(x/3 + ½) up to 3, dy above
 * Source: Howard and others, Searching for MobileNetV3, arXiv 1905.02244
 */
export function hardswish(x: Tensor): Tensor {
  return onFloats(hardswishOp, x);
}

const hardtanhOp = defineUnary(
  UnaryOp.clamp,
  { name: 'hardtanh', call: (x) => hardtanh(x, -0.55, 0.85), sample: kinked, tolerance: 0 },
  'x',
  (dy, x, { p0, p1 }) => where(logicalOr(le(x, p0), ge(x, p1)), zero(x), dy),
);
/** x kept between `low` and `high`. Gradient: dx = dy strictly inside, 0 at the bounds too (as clamp's is not). */
export function hardtanh(x: Tensor, low = -1, high = 1): Tensor {
  return onNumbers(hardtanhOp, x, { p0: low, p1: high });
}

registerOp({
  name: 'relu6',
  tolerance: 0,
  cases: [[3, 5], [], [0]].map((shape) => (s: Sampler) => ({ inputs: [wide(s, shape)], call: relu6 })),
});
/** min(max(x, 0), 6). Gradient: dx = dy inside (0, 6), else 0. */
export function relu6(x: Tensor): Tensor {
  return hardtanh(x, 0, 6);
}

const softshrinkOp = defineUnary(
  UnaryOp.softshrink,
  { name: 'softshrink', call: (x) => softshrink(x, 0.36), sample: kinked, tolerance: 0 },
  'x',
  (dy, x, { p0 }) => where(gt(abs(x), p0), dy, zero(x)),
);
/**
 * x drawn towards 0 by `lambda`, and 0 within it.
 *
 * Gradient: dx = dy where |x| > lambda, else 0
 * @throws ConfigError  if lambda is negative
 */
export function softshrink(x: Tensor, lambda = 0.5): Tensor {
  if (lambda >= 0) return onFloats(softshrinkOp, x, { p0: lambda, p1: 0 });
  throw new ConfigError({ op: 'softshrink', problem: 'lambda must not be negative', got: lambda });
}

const hardshrinkOp = defineUnary(
  UnaryOp.hardshrink,
  { name: 'hardshrink', call: (x) => hardshrink(x, 0.36), sample: kinked, tolerance: 0 },
  'x',
  (dy, x, { p0 }) => where(gt(abs(x), p0), dy, zero(x)),
);
/** 0 where |x| ≤ lambda, else x. Gradient: dx = dy where |x| > lambda, else 0. */
export function hardshrink(x: Tensor, lambda = 0.5): Tensor {
  return onFloats(hardshrinkOp, x, { p0: lambda, p1: 0 });
}

const preluOp = defineBinary(
  BinaryOp.prelu,
  { name: 'prelu' },
  [
    (s) => ({ inputs: [s.distinct([2, 3, 4]), s.normal([3])], call: prelu }),
    (s) => ({ inputs: [s.distinct([3, 4]), s.normal([1])], call: prelu }),
    (s) => ({ inputs: [s.distinct([5]), s.normal([])], call: prelu }),
    (s) => ({ inputs: [s.distinct([]), s.normal([1])], call: prelu }),
    (s) => ({ inputs: [s.distinct([0, 3]), s.normal([3])], call: prelu }),
  ],
  true,
  (node, [dy]) => {
    const [x, weight] = node.saved() as [Tensor, Tensor];
    const above = gt(x, 0);
    return [
      node.needs(0) ? where(above, dy!, mul(dy!, weight)) : null,
      node.needs(1) ? sumTo(where(above, zero(x), mul(dy!, x)), node.shapes[1]) : null,
    ];
  },
);
/**
 * x above 0, weight·x elsewhere, with one weight, or one a channel.
 *
 * Shapes:   x [N, C, ...], weight [C], [1] or [] → [N, C, ...]; x of another rank than these takes one weight
 * Gradient: dx = dy above 0, weight·dy elsewhere; dweight = Σ x·dy over x ≤ 0
 * @throws ShapeError  if there is neither one weight nor one a channel
 * Source: He and others, Delving deep into rectifiers, arXiv 1502.01852
 */
export function prelu(x: Tensor, weight: Tensor): Tensor {
  const [tx, tw] = meet('prelu', x, weight, floatOf);
  if (tw.size === 1 && tw.rank <= 1) return preluOp.run([tx, reshape(tw, [])], undefined);
  if (tw.rank !== 1 || tx.rank < 2 || tx.shape[1] !== tw.size) {
    throw new ShapeError({
      op: 'prelu',
      problem: 'the weight does not fit the input',
      got: [x.shape, weight.shape],
      expected: 'one weight, or one for each channel on axis 1',
    });
  }
  const perChannel = reshape(tw, [tw.size, ...new Array<number>(tx.rank - 2).fill(1)]);
  return preluOp.run([tx, perChannel], undefined);
}

registerOp({
  name: 'glu',
  cases: [
    (s) => ({ inputs: [s.normal([3, 4])], call: (x) => glu(x) }),
    (s) => ({ inputs: [s.normal([4, 2, 3])], call: (x) => glu(x, 0) }),
    (s) => ({ inputs: [s.normal([2, 0])], call: (x) => glu(x) }),
  ],
});
/**
 * The first half along an axis, gated by the sigmoid of the second.
 *
 * Shapes:   x [..., 2n, ...] → [..., n, ...]
 * Gradient: of a·σ(b)
 * @throws ShapeError  if the axis has an odd length, or x no axis
 * Source: Dauphin and others, Language modeling with gated convolutional networks, arXiv 1612.08083
 */
export function glu(x: Tensor, axis = -1): Tensor {
  checkTensor('glu', x);
  if (x.rank === 0) throw new ShapeError({ op: 'glu', problem: 'a scalar has no axis to halve', got: x.shape });
  const at = checkAxis('glu', axis, x.rank);
  const length = x.shape[at];
  if (length % 2 !== 0) {
    throw new ShapeError({ op: 'glu', problem: `axis ${at} cannot be halved`, got: x.shape });
  }
  const half = length / 2;
  return mul(narrow(x, at, 0, half), sigmoid(narrow(x, at, half, half)));
}
