/** gradcheck: backward against central differences, in float64. */

import { grad } from '../autograd/engine.ts';
import { enableGrad, noGrad } from '../autograd/mode.ts';
import { AutogradError, DTypeError } from '../errors.ts';
import { Tensor } from '../tensor.ts';
import { add, mul } from './arithmetic.ts';
import { filled, sum } from './broadcast.ts';

export interface GradcheckOptions {
  /** Step of the differences. */
  eps?: number;
  atol?: number;
  rtol?: number;
}

type Differentiable = (...inputs: Tensor[]) => Tensor | readonly Tensor[];

/** Weights for the outputs, so that each counts differently: Σ outputs·weights is what is differentiated. */
function weightsFor(y: Tensor, place: number): Tensor {
  const w = filled(y.shape, 0, y.dtype);
  for (let i = 0; i < w.size; i++) w.data[i] = Math.sin(1 + i + 7 * place) + 0.1;
  return w;
}

function weightedSum(outputs: Tensor | readonly Tensor[]): Tensor {
  const list = outputs instanceof Tensor ? [outputs] : outputs;
  const terms = list.filter((y) => y.dtype === 'float64').map((y, i) => sum(mul(y, weightsFor(y, i))));
  if (terms.length === 0) throw new DTypeError({ op: 'gradcheck', problem: 'the function has no float64 output' });
  return terms.reduce((a, b) => add(a, b));
}

/**
 * The largest |analytic − numeric| / (atol + rtol·|numeric|) over all elements of all inputs that require a gradient:
 * at most 1 where `fn` differentiates itself rightly.
 *
 * @throws DTypeError  if an input that requires a gradient is not float64
 */
export function gradcheckError(
  fn: Differentiable,
  inputs: readonly Tensor[],
  { eps = 1e-6, atol = 1e-7, rtol = 1e-5 }: GradcheckOptions = {},
): number {
  const wanted = inputs.filter((x) => x.requiresGrad);
  for (const x of wanted) {
    if (x.dtype !== 'float64') {
      throw new DTypeError({ op: 'gradcheck', problem: 'differences need float64', got: x.dtype, expected: 'float64' });
    }
  }
  const analytic = grad(weightedSum(fn(...inputs)), wanted, { allowUnused: true });
  let worst = 0;
  wanted.forEach((x, i) => {
    const values = x.data;
    for (let j = 0; j < values.length; j++) {
      const centre = values[j];
      const at = (value: number): number => {
        values[j] = value;
        return noGrad(() => weightedSum(fn(...inputs))).item();
      };
      const numeric = (at(centre + eps) - at(centre - eps)) / (2 * eps);
      values[j] = centre;
      const got = analytic[i]?.data[j] ?? 0;
      const error = Math.abs(got - numeric) / (atol + rtol * Math.abs(numeric));
      if (!(error <= worst)) worst = error;
    }
  });
  return worst;
}

/**
 * Checks the gradient of `fn` with respect to every input that requires one, against central differences.
 *
 * @returns true
 * @throws AutogradError  if they differ
 */
export function gradcheck(fn: Differentiable, inputs: readonly Tensor[], options: GradcheckOptions = {}): true {
  const error = gradcheckError(fn, inputs, options);
  if (error <= 1) return true;
  throw new AutogradError({
    op: 'gradcheck',
    problem: 'the gradient differs from central differences',
    got: `${error.toPrecision(3)} times the tolerance`,
  });
}

/** Checks the gradient of the gradient: `gradcheck` of a function that differentiates `fn` with `createGraph`. */
export function gradgradcheck(fn: Differentiable, inputs: readonly Tensor[], options: GradcheckOptions = {}): true {
  const first: Differentiable = (...xs) => {
    const wanted = xs.filter((x) => x.requiresGrad);
    // The differences are taken without recording; the inner gradient needs it.
    const found = enableGrad(() => grad(weightedSum(fn(...xs)), wanted, { createGraph: true, allowUnused: true }));
    return found.map((g, i) => g ?? filled(wanted[i].shape, 0, 'float64'));
  };
  // A gradient that is constant in the inputs has no graph; the sum ties it to one.
  return gradcheck((...xs) => [...(first(...xs) as Tensor[]), ...xs.filter((x) => x.requiresGrad)], inputs, options);
}
