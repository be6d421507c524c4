/** One step of an optimizer over all parameters. The formulas, and the order of their terms, are PyTorch's. */

import type { FloatArray } from '../../core/dtype.ts';
import type { AdamStep, SgdStep } from '../arguments.ts';
import { sumSquaresRow } from './reduce.ts';

export function adam(
  params: readonly FloatArray[],
  grads: readonly FloatArray[],
  m: readonly FloatArray[],
  v: readonly FloatArray[],
  vMax: readonly FloatArray[] | null,
  step: AdamStep,
): void {
  for (let i = 0; i < params.length; i++) {
    adamOne(params[i], grads[i], m[i], v[i], vMax === null ? null : vMax[i], step);
  }
}

function adamOne(
  p: FloatArray,
  g: FloatArray,
  m: FloatArray,
  v: FloatArray,
  vMax: FloatArray | null,
  { lr, beta1, beta2, eps, weightDecay, decoupled, maximize, biasCorrection1, biasCorrection2 }: AdamStep,
): void {
  const sign = maximize ? -1 : 1;
  const keep = decoupled ? 1 - lr * weightDecay : 1;
  const gradDecay = decoupled ? 0 : weightDecay;
  const stepSize = lr / biasCorrection1;
  const rootCorrection = Math.sqrt(biasCorrection2);
  for (let i = 0; i < p.length; i++) {
    const weight = p[i];
    // A decay of 0 leaves the gradient alone: 0·∞ would make it NaN.
    const grad = gradDecay === 0 ? sign * g[i] : sign * g[i] + gradDecay * weight;
    const first = m[i] + (grad - m[i]) * (1 - beta1);
    const second = beta2 * v[i] + (1 - beta2) * grad * grad;
    m[i] = first;
    v[i] = second;
    let spread = second;
    if (vMax !== null) {
      spread = Math.max(vMax[i], second);
      vMax[i] = spread;
    }
    p[i] = keep * weight - (stepSize * first) / (Math.sqrt(spread) / rootCorrection + eps);
  }
}

export function sgd(
  params: readonly FloatArray[],
  grads: readonly FloatArray[],
  momentum: readonly FloatArray[] | null,
  step: SgdStep,
): void {
  for (let i = 0; i < params.length; i++) {
    if (momentum === null) sgdPlain(params[i], grads[i], step);
    else sgdMomentum(params[i], grads[i], momentum[i], step);
  }
}

function sgdPlain(p: FloatArray, g: FloatArray, { lr, weightDecay, maximize }: SgdStep): void {
  const sign = maximize ? -1 : 1;
  for (let i = 0; i < p.length; i++) {
    const grad = weightDecay === 0 ? sign * g[i] : sign * g[i] + weightDecay * p[i];
    p[i] -= lr * grad;
  }
}

function sgdMomentum(
  p: FloatArray,
  g: FloatArray,
  buffer: FloatArray,
  { lr, momentum, dampening, weightDecay, nesterov, maximize, first }: SgdStep,
): void {
  const sign = maximize ? -1 : 1;
  for (let i = 0; i < p.length; i++) {
    const grad = weightDecay === 0 ? sign * g[i] : sign * g[i] + weightDecay * p[i];
    const velocity = first ? grad : momentum * buffer[i] + (1 - dampening) * grad;
    buffer[i] = velocity;
    p[i] -= lr * (nesterov ? grad + momentum * velocity : velocity);
  }
}

export function sumSquares(arrays: readonly FloatArray[]): number {
  let total = 0;
  for (const x of arrays) total += sumSquaresRow(x, 0, x.length);
  return total;
}

export function scale(arrays: readonly FloatArray[], factor: number): void {
  for (const x of arrays) {
    // A factor has the precision of the data, so that a product is the correctly rounded one on every backend.
    const rounded = x instanceof Float32Array ? Math.fround(factor) : factor;
    for (let i = 0; i < x.length; i++) x[i] *= rounded;
  }
}
