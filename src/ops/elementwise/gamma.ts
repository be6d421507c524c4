/**
 * The gamma function's logarithm and its derivatives, and inverses of the error function. Computed element by element in
 * float64 on every backend: the same bits everywhere, and no kernel for what is used a few times a step.
 */

import type { BackwardRule } from '../../autograd/node.ts';
import { floatOf } from '../../core/dtype.ts';
import * as scalar from '../../core/gamma.ts';
import { ConfigError } from '../../errors.ts';
import { emptyTensor, type Tensor } from '../../tensor.ts';
import { checkTensor, defineOp, type Op, type OpProof, type Sampler } from '../define.ts';
import { mul, sub } from './arithmetic.ts';
import { to } from './cast.ts';
import { exp, square } from './unary.ts';

interface ScalarProof<P> extends Omit<OpProof, 'cases'> {
  readonly sample?: (s: Sampler, shape: number[]) => Tensor;
  readonly call: (x: Tensor) => Tensor;
  readonly of: (x: number, params: P) => number;
}

const positive = (s: Sampler, shape: number[]): Tensor => s.uniform(shape, 0.2, 20);
const inside = (s: Sampler, shape: number[]): Tensor => s.uniform(shape, -0.9, 0.9);

function defineScalar<P>({ sample = positive, call, of, ...proof }: ScalarProof<P>, backward: BackwardRule<P>): Op<P> {
  return defineOp<P>({
    tolerance: 0,
    edges: [0, -0, 1, 2, -1, -1.5, 0.5, 1e-40, 3e38, Infinity, -Infinity, NaN],
    ...proof,
    forward(node, [x], params) {
      const y = emptyTensor(x!.shape, x!.dtype);
      const [from, into] = [x!.data, y.data];
      for (let i = 0; i < from.length; i++) into[i] = of(from[i], params);
      node.save(x, y);
      return y;
    },
    backward,
    cases: [[3, 5], [], [0]].map((shape) => (s: Sampler) => ({ inputs: [sample(s, shape)], call })),
  });
}

function onFloats<P>(op: Op<P>, x: Tensor, params: P): Tensor {
  checkTensor(op.name, x);
  return op.run([to(x, floatOf(x.dtype))], params);
}

const lgammaOp = defineScalar<undefined>({ name: 'lgamma', call: lgamma, of: scalar.logGamma }, (node, [dy]) => [
  mul(dy!, digamma(node.saved()[0]!)),
]);
/** log|Γ(x)|; ∞ at 0 and the negative integers. Gradient: dx = dy·ψ(x). */
export function lgamma(x: Tensor): Tensor {
  return onFloats(lgammaOp, x, undefined);
}

const digammaOp = defineScalar<undefined>({ name: 'digamma', call: digamma, of: scalar.digamma }, (node, [dy]) => [
  mul(dy!, polygamma(1, node.saved()[0]!)),
]);
/** ψ(x) = Γ′(x)/Γ(x); ∓∞ at ±0, NaN at the negative integers. Gradient: dx = dy·ψ′(x). */
export function digamma(x: Tensor): Tensor {
  return onFloats(digammaOp, x, undefined);
}

const polygammaOp = defineScalar<number>(
  { name: 'polygamma', call: (x) => polygamma(1, x), of: (x, n) => scalar.polygamma(n, x) },
  (node, [dy], n) => [mul(dy!, polygamma(n + 1, node.saved()[0]!))],
);
/**
 * The n-th derivative of `digamma`. Gradient: that of order n + 1.
 *
 * @throws ConfigError  if n is no integer of at least 0
 */
export function polygamma(n: number, x: Tensor): Tensor {
  if (!Number.isInteger(n) || n < 0) {
    throw new ConfigError({ op: 'polygamma', problem: 'the order is an integer of at least 0', got: n });
  }
  return n === 0 ? digamma(x) : onFloats(polygammaOp, x, n);
}

const erfinvOp = defineScalar<undefined>(
  { name: 'erfinv', call: erfinv, of: scalar.erfinv, sample: inside },
  (node, [dy]) => [mul(dy!, mul(exp(square(node.saved()[1]!)), Math.sqrt(Math.PI) / 2))],
);
/** The inverse of erf; ±∞ at ±1, NaN beyond. Gradient: dx = dy·√π/2·e^(y²). */
export function erfinv(x: Tensor): Tensor {
  return onFloats(erfinvOp, x, undefined);
}

const ndtriOp = defineScalar<undefined>(
  {
    name: 'ndtri',
    call: ndtri,
    of: scalar.normalQuantile,
    sample: (s, shape) => s.uniform(shape, 0.05, 0.95),
  },
  (node, [dy]) => [mul(dy!, mul(exp(mul(square(node.saved()[1]!), 0.5)), Math.sqrt(2 * Math.PI)))],
);
/**
 * The value below which a share x of the standard normal distribution lies: to the last digits in the lower tail, where
 * `erfinv` has lost them.
 *
 * Gradient: dx = dy·√(2π)·e^(y²/2)
 */
export function ndtri(x: Tensor): Tensor {
  return onFloats(ndtriOp, x, undefined);
}

/** log B(a, b) = log(Γ(a)Γ(b)/Γ(a + b)). */
export function lbeta(a: Tensor, b: Tensor): Tensor {
  return sub(lgamma(a).add(lgamma(b)), lgamma(a.add(b)));
}
