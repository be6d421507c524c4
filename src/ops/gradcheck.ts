/** gradcheck: backward against central differences, in float64. */

import { grad } from '../autograd/engine.ts';
import { enableGrad, noGrad } from '../autograd/mode.ts';
import { isFloat } from '../core/dtype.ts';
import { placeOf } from '../core/shape.ts';
import { AutogradError, ConfigError, DTypeError } from '../errors.ts';
import type { Tensor } from '../tensor.ts';
import { checkTensor } from './define.ts';
import { filled } from './reduction/broadcast.ts';

export interface GradcheckOptions {
  /** Step of the differences. Default 1e-6. */
  eps?: number;
  /** Allowed: |analytic − numeric| ≤ atol + rtol·|numeric|. Default 1e-7. */
  atol?: number;
  /** Default 1e-5. */
  rtol?: number;
}

type Differentiable = (...inputs: Tensor[]) => Tensor | readonly Tensor[];

/** The element whose derivative is furthest off, in multiples of the tolerance. */
interface Deviation {
  readonly error: number;
  readonly output: number;
  readonly input: number;
  readonly element: string;
  readonly analytic: number;
  readonly numeric: number;
}

interface Check {
  readonly op: string;
  readonly fn: Differentiable;
  readonly inputs: readonly Tensor[];
  /** Places of the inputs that require a gradient. */
  readonly wanted: readonly number[];
  readonly eps: number;
  readonly atol: number;
  readonly rtol: number;
}

function overlap(a: Tensor, b: Tensor): boolean {
  return a !== b && a.storage === b.storage && a.offset < b.offset + b.size && b.offset < a.offset + a.size;
}

function prepare(op: string, fn: Differentiable, inputs: readonly Tensor[], options: GradcheckOptions): Check {
  const { eps = 1e-6, atol = 1e-7, rtol = 1e-5 } = options;
  if (typeof fn !== 'function')
    throw new ConfigError({ op, problem: 'the first argument must be a function', got: fn });
  if (!Array.isArray(inputs)) throw new ConfigError({ op, problem: 'the inputs must be a list', got: inputs });
  for (const [name, value] of Object.entries({ eps, atol, rtol })) {
    if (value > 0 || (name !== 'eps' && value === 0)) continue;
    throw new ConfigError({ op, problem: `${name} must be a positive number`, got: value });
  }
  for (const x of inputs) checkTensor(op, x);
  const wanted = inputs.map((_, i) => i).filter((i) => inputs[i].requiresGrad);
  if (wanted.length === 0) {
    throw new ConfigError({
      op,
      problem: 'no input requires a gradient',
      hint: 'make them with { requiresGrad: true }',
    });
  }
  for (const i of wanted) {
    if (inputs[i].dtype !== 'float64') {
      throw new DTypeError({ op, problem: 'differences need float64', got: inputs[i].dtype, expected: 'float64' });
    }
    const other = inputs.findIndex((x) => overlap(x, inputs[i]));
    if (other >= 0) {
      throw new ConfigError({ op, problem: `inputs ${i} and ${other} share memory: a step in one moves both` });
    }
  }
  return { op, fn, inputs, wanted, eps, atol, rtol };
}

/** The outputs that can be differentiated. */
function floatOutputs({ op, fn, inputs }: Check): readonly Tensor[] {
  const given = fn(...inputs);
  const outputs = (Array.isArray(given) ? (given as readonly Tensor[]) : [given as Tensor]).filter((y) =>
    isFloat(checkTensor(op, y).dtype),
  );
  if (outputs.length === 0 || outputs.some((y) => y.dtype !== 'float64')) {
    const got = outputs.map((y) => y.dtype);
    throw new DTypeError({ op, problem: 'the function must give float64', got: got.length > 0 ? got : 'no floats' });
  }
  return outputs;
}

/** Weights for the elements of an output, so that each counts differently: Σ output·weights is what is differentiated. */
function weightsFor(y: Tensor, place: number): Tensor {
  const w = filled(y.shape, 0, y.dtype);
  for (let i = 0; i < w.size; i++) w.data[i] = Math.sin(1 + i + 7 * place) + 0.1;
  return w;
}

function inner(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < a.length; i++) total += a[i] * b[i];
  return total;
}

const sameBits = (a: Tensor | null, b: Tensor | null): boolean =>
  a === b || (a !== null && b !== null && a.data.every((value, i) => Object.is(value, b.data[i])));

/** By output and by wanted input: the gradient of Σ output·weights, or null for zeros. */
function analyticOf(check: Check, outputs: readonly Tensor[], weights: readonly Tensor[]): (Tensor | null)[][] {
  const xs = check.wanted.map((i) => check.inputs[i]);
  return outputs.map((y, k) => {
    if (!y.requiresGrad) return xs.map(() => null);
    const again = (): (Tensor | null)[] => grad(y, xs, { seeds: weights[k], retainGraph: true, allowUnused: true });
    const found = again();
    if (again().every((gradient, i) => sameBits(gradient, found[i]))) return found;
    throw new AutogradError({ op: check.op, problem: `the gradient of output ${k} differs from one walk to the next` });
  });
}

function worstDeviation(check: Check): Deviation | null {
  const { op, inputs, wanted, eps, atol, rtol } = check;
  const outputs = enableGrad(() => floatOutputs(check));
  const weights = outputs.map(weightsFor);
  const twice = noGrad(() => floatOutputs(check));
  if (twice.length !== outputs.length || !twice.every((y, k) => sameBits(y, outputs[k]))) {
    throw new AutogradError({ op, problem: 'the function gives another result each time', hint: 'seed what it draws' });
  }
  const analytic = analyticOf(check, outputs, weights);
  let worst: Deviation | null = null;
  for (const [at, i] of wanted.entries()) {
    const { data, shape } = inputs[i];
    for (let j = 0; j < data.length; j++) {
      const centre = data[j];
      const sumsAt = (value: number): number[] => {
        data[j] = value;
        return noGrad(() => floatOutputs(check)).map((y, k) => inner(y.data, weights[k].data));
      };
      let [above, below]: number[][] = [[], []];
      try {
        [above, below] = [sumsAt(centre + eps), sumsAt(centre - eps)];
      } finally {
        data[j] = centre;
      }
      for (let k = 0; k < outputs.length; k++) {
        const numeric = (above[k] - below[k]) / (2 * eps);
        const got = analytic[k][at]?.data[j] ?? 0;
        const error = Math.abs(got - numeric) / (atol + rtol * Math.abs(numeric));
        if (worst !== null && error <= worst.error) continue;
        worst = { error, output: k, input: i, element: `[${placeOf(j, shape).join(', ')}]`, analytic: got, numeric };
      }
    }
  }
  return worst;
}

function pass(check: Check): true {
  const worst = worstDeviation(check);
  if (worst === null || worst.error <= 1) return true;
  const { output, input, element, analytic, numeric, error } = worst;
  throw new AutogradError({
    op: check.op,
    problem: `the gradient of output ${output} with respect to element ${element} of input ${input} is wrong`,
    got: analytic,
    expected: `${numeric} by central differences`,
    hint: `${error.toPrecision(3)} times the tolerance; each output counts as the sum of its elements times fixed weights`,
  });
}

/**
 * The largest |analytic − numeric| / (atol + rtol·|numeric|) over all outputs and all elements of all inputs that require
 * a gradient: at most 1 where `fn` differentiates itself rightly.
 *
 * @throws DTypeError     if such an input, or an output, is not float64
 * @throws ConfigError    if no input requires a gradient, or two share memory
 * @throws AutogradError  if `fn` or its gradient is another one each time
 */
export function gradcheckError(fn: Differentiable, inputs: readonly Tensor[], options: GradcheckOptions = {}): number {
  return worstDeviation(prepare('gradcheck', fn, inputs, options))?.error ?? 0;
}

/**
 * Checks the gradient of `fn` with respect to every input that requires one, against central differences.
 *
 * @returns true
 * @throws AutogradError  naming the element that is furthest off, if they differ; and as `gradcheckError` does
 */
export function gradcheck(fn: Differentiable, inputs: readonly Tensor[], options: GradcheckOptions = {}): true {
  return pass(prepare('gradcheck', fn, inputs, options));
}

/**
 * Checks the gradient of the gradient: that of `fn`'s backward pass with respect to the inputs, and to what flows in.
 *
 * @returns true
 * @throws AutogradError  as `gradcheck` does
 */
export function gradgradcheck(fn: Differentiable, inputs: readonly Tensor[], options: GradcheckOptions = {}): true {
  const op = 'gradgradcheck';
  const check = prepare(op, fn, inputs, options);
  const seeds = noGrad(() => floatOutputs(check)).map((y, k) => weightsFor(y, k).requiresGrad_());
  const backwardOf: Differentiable = (...all) =>
    // The differences are taken without recording; the inner gradient needs it.
    enableGrad(() => {
      const xs = all.slice(0, inputs.length);
      const wanted = check.wanted.map((i) => xs[i]);
      const outputs = floatOutputs({ ...check, inputs: xs });
      const used = outputs.map((_, k) => k).filter((k) => outputs[k].requiresGrad);
      const found = grad(
        used.map((k) => outputs[k]),
        wanted,
        { seeds: used.map((k) => all[inputs.length + k]), createGraph: true, allowUnused: true },
      );
      return found.map((gradient, i) => gradient ?? filled(wanted[i].shape, 0, 'float64'));
    });
  return pass(prepare(op, backwardOf, [...inputs, ...seeds], options));
}
