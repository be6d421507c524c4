/** Penalties on the size of weights: terms of a loss, and the step that makes weights exactly zero. */

import { UnaryOp } from '../backend/opcodes.ts';
import { kernelsFor } from '../backend/select.ts';
import { type FloatArray, isFloat } from '../core/dtype.ts';
import { ConfigError, DTypeError } from '../errors.ts';
import { abs, add, mul, square, sum } from '../ops/index.ts';
import { Tensor } from '../tensor.ts';

type Params = Tensor | Iterable<Tensor>;

const listOf = (params: Params): Tensor[] => (params instanceof Tensor ? [params] : [...params]);

function penalty(op: string, term: (x: Tensor) => Tensor, params: Params, weight: number): Tensor {
  const list = listOf(params);
  if (list.length === 0) throw new ConfigError({ op, problem: 'there are no parameters' });
  const total = list.map((parameter) => sum(term(parameter))).reduce((all, one) => add(all, one));
  return weight === 1 ? total : mul(total, weight);
}

/**
 * λ·Σ|w| over all parameters, to be added to a loss. By gradient steps no weight becomes exactly zero; `proximalL1_` makes
 * them so.
 *
 * Shapes:   each of any shape → []
 * Gradient: λ·sign(w), 0 at 0
 */
export function l1Penalty(params: Params, weight = 1): Tensor {
  return penalty('l1Penalty', abs, params, weight);
}

/**
 * λ·Σw² over all parameters, to be added to a loss. Under plain gradient descent it is the `weightDecay` 2λ.
 *
 * Shapes:   each of any shape → []
 * Gradient: 2λ·w
 *
 * @example
 * const w = tensor([1, 2], { requiresGrad: true });
 * const penalty = l2Penalty(w, 0.1);
 * backward(penalty);
 * [penalty.item().toFixed(2), ...w.grad!.data].map(Number).map((x) => x.toFixed(1)); // => [ '0.5', '0.2', '0.4' ]
 */
export function l2Penalty(params: Params, weight = 1): Tensor {
  return penalty('l2Penalty', square, params, weight);
}

/**
 * Moves every weight towards 0 by `amount` and stops it there, in place: w ← sign(w)·max(|w| − amount, 0). After a gradient step
 * with rate η on the loss alone, `amount` = η·λ is the step of the penalty λ·Σ|w| (ISTA), which gives exact zeros.
 *
 * Source: Daubechies, Defrise, De Mol, An iterative thresholding algorithm for linear inverse problems, 2004.
 *
 * @throws ConfigError  if `amount` is negative
 * @throws DTypeError   if a parameter is no tensor of floats
 */
export function proximalL1_(params: Params, amount: number): void {
  const op = 'proximalL1_';
  if (!(amount >= 0)) throw new ConfigError({ op, problem: 'amount must not be negative', got: amount });
  const list = listOf(params);
  for (const { dtype } of list) {
    if (!isFloat(dtype)) throw new DTypeError({ op, problem: 'a parameter must be a tensor of floats', got: dtype });
  }
  for (const { dtype, data, storage } of list) {
    kernelsFor(dtype).unary(UnaryOp.softshrink, data as FloatArray, data as FloatArray, amount, 0);
    storage.written(op);
  }
}
