/** Gradient clipping, in place, over all parameters at once. */

import { kernelsFor } from '../backend/select.ts';
import type { FloatArray } from '../core/dtype.ts';
import { ConfigError, DivergenceError } from '../errors.ts';
import { Tensor } from '../tensor.ts';

export interface ClipNormOptions {
  /** p of the norm: 2 (default), 1, Infinity, or any other positive number. */
  normType?: number;
  /** Throw if the norm is infinite or not a number. Default false. */
  errorIfNonfinite?: boolean;
}

/** The gradients there are; two parameters that share one are listed once. */
function gradientsOf(params: Tensor | Iterable<Tensor>): Tensor[] {
  const found = new Map<unknown, Tensor>();
  for (const parameter of params instanceof Tensor ? [params] : params) {
    if (parameter.grad !== null) found.set(parameter.grad.storage, parameter.grad);
  }
  return [...found.values()];
}

/** The arrays of each dtype, in order. */
function byDType(gradients: readonly Tensor[]): ['float32' | 'float64', FloatArray[]][] {
  return (['float32', 'float64'] as const)
    .map((dtype): ['float32' | 'float64', FloatArray[]] => [
      dtype,
      gradients.filter((gradient) => gradient.dtype === dtype).map((gradient) => gradient.data as FloatArray),
    ])
    .filter(([, arrays]) => arrays.length > 0);
}

function largest(arrays: readonly FloatArray[]): number {
  let max = 0;
  for (const array of arrays) {
    for (let i = 0; i < array.length; i++) {
      const size = Math.abs(array[i]);
      if (!(size <= max)) max = size;
      if (Number.isNaN(max)) return max;
    }
  }
  return max;
}

function sumOfPowers(arrays: readonly FloatArray[], p: number): number {
  let sum = 0;
  for (const array of arrays) for (let i = 0; i < array.length; i++) sum += Math.abs(array[i]) ** p;
  return sum;
}

function normOf(gradients: readonly Tensor[], p: number): number {
  const groups = byDType(gradients);
  if (p === 2) return Math.sqrt(groups.reduce((sum, [dtype, arrays]) => sum + kernelsFor(dtype).sumSquares(arrays), 0));
  const arrays = groups.flatMap(([, list]) => list);
  return p === Infinity ? largest(arrays) : sumOfPowers(arrays, p) ** (1 / p);
}

/**
 * Scales the gradients of all parameters by one factor, maxNorm/(norm + 1e-6) where that is below 1, so that their
 * norm, taken over all of them together, is at most `maxNorm`. As in PyTorch a norm that is not finite makes them so too.
 *
 * @returns the norm before clipping, computed in float64
 * @throws ConfigError      if `maxNorm` is negative or `normType` not positive
 * @throws DivergenceError  if the norm is not finite and `errorIfNonfinite` is set; nothing is scaled
 */
export function clipGradNorm_(
  params: Tensor | Iterable<Tensor>,
  maxNorm: number,
  { normType = 2, errorIfNonfinite = false }: ClipNormOptions = {},
): number {
  const op = 'clipGradNorm_';
  if (!(maxNorm >= 0)) throw new ConfigError({ op, problem: 'maxNorm must not be negative', got: maxNorm });
  if (!(normType > 0)) throw new ConfigError({ op, problem: 'normType must be positive', got: normType });
  const gradients = gradientsOf(params);
  const norm = normOf(gradients, normType);
  if (errorIfNonfinite && !Number.isFinite(norm)) {
    throw new DivergenceError({ op, problem: 'the norm of the gradients is not finite', got: norm });
  }
  const factor = maxNorm / (norm + 1e-6);
  if (factor >= 1) return norm;
  for (const [dtype, arrays] of byDType(gradients)) kernelsFor(dtype).scale(arrays, factor);
  for (const gradient of gradients) gradient.storage.written(op);
  return norm;
}

/**
 * Brings every element of every gradient into [−clipValue, clipValue].
 *
 * @throws ConfigError  if `clipValue` is negative
 */
export function clipGradValue_(params: Tensor | Iterable<Tensor>, clipValue: number): void {
  if (!(clipValue >= 0)) {
    throw new ConfigError({ op: 'clipGradValue_', problem: 'clipValue must not be negative', got: clipValue });
  }
  for (const { data, storage } of gradientsOf(params)) {
    for (let i = 0; i < data.length; i++) {
      if (data[i] > clipValue) data[i] = clipValue;
      else if (data[i] < -clipValue) data[i] = -clipValue;
    }
    storage.written('clipGradValue_');
  }
}
