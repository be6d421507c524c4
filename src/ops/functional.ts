/**
 * Derivatives of functions: what `grad` does for tensors that were computed already, for a function and the point it is
 * to be differentiated at. The inputs enter under other names, so that nothing is left in their `grad`, and partial
 * derivatives come out also where one input was computed from another.
 */

import { type BackwardOptions, gradientsOf } from '../autograd/engine.ts';
import { enableGrad } from '../autograd/mode.ts';
import { isFloat } from '../core/dtype.ts';
import { type Shape, sameShape } from '../core/shape.ts';
import { AutogradError, ConfigError, DTypeError, ShapeError } from '../errors.ts';
import { emptyTensor, Tensor } from '../tensor.ts';
import { checkFloat } from './define.ts';
import { alias } from './elementwise/cast.ts';
import { stack } from './movement/join.ts';
import { reshape } from './movement/movement.ts';
import { filled } from './reduction/broadcast.ts';

/** One tensor, or a list of them. */
export type Tensors = Tensor | readonly Tensor[];

/** A `V` for one tensor, a list of them for a list of tensors. */
export type Each<T extends Tensors, V> = T extends Tensor ? V : V[];

/** Takes each input as an argument of its own. */
export type TensorFunction<Y extends Tensors = Tensors> = (...inputs: Tensor[]) => Y;

export interface FunctionalOptions {
  /** Record the derivative's own computation, so that it can be differentiated with respect to the inputs. Default false. */
  createGraph?: boolean;
  /** An output that does not depend on an input is an AutogradError, and not a derivative of zeros. Default false. */
  strict?: boolean;
}

interface Evaluation {
  readonly op: string;
  readonly options: Required<FunctionalOptions>;
  /** The inputs under the names they have in this evaluation. */
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
}

const listOf = (tensors: Tensors): readonly Tensor[] => (tensors instanceof Tensor ? [tensors] : tensors);

function formOf<T extends Tensors, V>(like: T, list: V[]): Each<T, V> {
  return (like instanceof Tensor ? list[0] : list) as Each<T, V>;
}

/** Runs `fn` at the inputs with recording on, and then `use` on what it gave. */
function evaluate<Y extends Tensors, R>(
  op: string,
  fn: TensorFunction<Y>,
  inputs: Tensors,
  { createGraph = false, strict = false }: FunctionalOptions,
  use: (evaluation: Evaluation, given: Y) => R,
): R {
  if (typeof fn !== 'function') {
    throw new ConfigError({ op, problem: 'the first argument must be a function', got: fn });
  }
  if (!(inputs instanceof Tensor) && !(Array.isArray(inputs) && inputs.length > 0)) {
    throw new ConfigError({ op, problem: 'the inputs must be a tensor or a list of at least one', got: inputs });
  }
  return enableGrad(() => {
    const entered = listOf(inputs).map((x) =>
      createGraph && checkFloat(op, x).requiresGrad ? alias(x) : checkFloat(op, x).detach().requiresGrad_(),
    );
    const given = fn(...entered);
    const outputs = listOf(given);
    if (!Array.isArray(outputs) || !outputs.every((y) => y instanceof Tensor)) {
      throw new DTypeError({ op, problem: 'the function must return a tensor or a list of tensors', got: given });
    }
    return use({ op, options: { createGraph, strict }, inputs: entered, outputs }, given);
  });
}

/** What the caller gets of the outputs: without their graph, unless it was asked for. */
function release<Y extends Tensors>({ options, outputs }: Evaluation, given: Y): Each<Y, Tensor> {
  return formOf(given, options.createGraph ? [...outputs] : outputs.map((y) => y.detach()));
}

/** Σ outputs·seeds differentiated with respect to each of `inputs`; zeros where nothing depends on one. */
function pullBack(
  { op, options }: Evaluation,
  outputs: readonly Tensor[],
  seeds: readonly (Tensor | null)[],
  inputs: readonly Tensor[],
  overrides: BackwardOptions & FunctionalOptions = {},
): Tensor[] {
  const { createGraph, retainGraph, strict } = { ...options, ...overrides };
  const places = outputs.map((_, i) => i).filter((i) => outputs[i].requiresGrad);
  const found = gradientsOf(
    op,
    places.map((i) => outputs[i]),
    places.map((i) => seeds[i] ?? null),
    inputs,
    { createGraph, retainGraph },
  );
  return found.map((gradient, i) => {
    if (gradient !== null) return gradient;
    if (strict) {
      throw new AutogradError({
        op,
        problem: `the outputs do not depend on input ${i}`,
        hint: 'without strict its derivative is zeros',
      });
    }
    return filled(inputs[i].shape, 0, inputs[i].dtype);
  });
}

/** The only output, of one element. */
function singleValue({ op, outputs }: Evaluation): readonly Tensor[] {
  if (outputs.length === 1 && outputs[0].size === 1) return outputs;
  throw new AutogradError({
    op,
    problem: 'the function must return one tensor of one element',
    got: outputs.length === 1 ? outputs[0].shape : `${outputs.length} tensors`,
  });
}

/**
 * A direction with one tensor for each of `like`.
 *
 * @throws ShapeError  if the number or a shape differs
 * @throws DTypeError  if a dtype differs
 */
function checkDirection(op: string, what: string, v: Tensors, like: readonly Tensor[]): readonly Tensor[] {
  const list = listOf(v);
  if (list.length !== like.length) {
    throw new ShapeError({
      op,
      problem: `one tensor for each ${what} is needed`,
      got: list.length,
      expected: like.length,
    });
  }
  for (const [i, each] of list.entries()) {
    if (!(each instanceof Tensor) || !sameShape(each.shape, like[i].shape)) {
      const got = each instanceof Tensor ? each.shape : each;
      throw new ShapeError({
        op,
        problem: `the direction must have the shape of ${what} ${i}`,
        got,
        expected: like[i].shape,
      });
    }
    if (each.dtype !== like[i].dtype) {
      const { dtype } = like[i];
      throw new DTypeError({
        op,
        problem: `the direction must have the dtype of ${what} ${i}`,
        got: each.dtype,
        expected: dtype,
      });
    }
  }
  return list;
}

/**
 * The value of a function and its gradient: `[value, gradient]`, with one gradient an input.
 *
 * @throws AutogradError  if the value has more than one element
 * @example
 * const [value, gradient] = valueAndGrad((x) => x.mul(x).sum(), tensor([1, 2, 3]));
 * [value.item(), gradient.toArray()]; // => [ 14, [ 2, 4, 6 ] ]
 */
export function valueAndGrad<X extends Tensors>(
  fn: TensorFunction<Tensor>,
  inputs: X,
  options: FunctionalOptions = {},
): [value: Tensor, gradient: Each<X, Tensor>] {
  return evaluate('valueAndGrad', fn, inputs, options, (evaluation, given) => {
    const gradients = pullBack(evaluation, singleValue(evaluation), [null], evaluation.inputs);
    return [release(evaluation, given), formOf(inputs, gradients)];
  });
}

/**
 * vᵀJ: the outputs of a function, and how Σ outputs·v changes with each input.
 *
 * Shapes:   v as the outputs; may be left out for a single value → one tensor an input, of its shape
 * @throws ShapeError  if v does not fit the outputs
 */
export function vjp<Y extends Tensors, X extends Tensors>(
  fn: TensorFunction<Y>,
  inputs: X,
  v?: Tensors | null,
  options: FunctionalOptions = {},
): [outputs: Each<Y, Tensor>, product: Each<X, Tensor>] {
  return evaluate('vjp', fn, inputs, options, (evaluation, given) => {
    const { outputs } = evaluation;
    const seeds = v == null ? [null] : checkDirection('vjp', 'output', v, outputs);
    const product = pullBack(evaluation, v == null ? singleValue(evaluation) : outputs, seeds, evaluation.inputs);
    return [release(evaluation, given), formOf(inputs, product)];
  });
}

/**
 * Jv: the outputs of a function, and how they change when the inputs move along v. There are no rules for derivatives
 * forward: vᵀJ is linear in v, so its own gradient with respect to v is J. This takes one walk back and one through it.
 *
 * Shapes:   v as the inputs → one tensor an output, of its shape
 * @throws ShapeError  if v does not fit the inputs
 */
export function jvp<Y extends Tensors, X extends Tensors>(
  fn: TensorFunction<Y>,
  inputs: X,
  v: Tensors,
  options: FunctionalOptions = {},
): [outputs: Each<Y, Tensor>, product: Each<Y, Tensor>] {
  return evaluate('jvp', fn, inputs, options, (evaluation, given) => {
    const { outputs } = evaluation;
    const along = checkDirection('jvp', 'input', v, evaluation.inputs);
    const places = outputs.map((_, i) => i).filter((i) => isFloat(outputs[i].dtype));
    const floats = places.map((i) => outputs[i]);
    const seeds = floats.map((y) => filled(y.shape, 0, y.dtype).requiresGrad_());
    const gradients = pullBack(evaluation, floats, seeds, evaluation.inputs, { createGraph: true });
    const products = pullBack(evaluation, gradients, along, seeds, { strict: false });
    const product = outputs.map((y, i) => products[places.indexOf(i)] ?? filled(y.shape, 0, y.dtype));
    return [release(evaluation, given), formOf(given, product)];
  });
}

/** dy/dx for each of `inputs`, row by row: the shape of y followed by that of x. */
function jacobiansOf(evaluation: Evaluation, y: Tensor, last: boolean, strict: boolean): Tensor[] {
  const { inputs, options } = evaluation;
  const rows = Array.from({ length: y.size }, (_, k) => {
    const seed = filled(y.shape, 0, y.dtype);
    seed.data[k] = 1;
    const retainGraph = options.createGraph || !last || k + 1 < y.size;
    return pullBack(evaluation, [y], [seed], inputs, { retainGraph, strict });
  });
  return inputs.map((x, i) => {
    const shape: Shape = [...y.shape, ...x.shape];
    if (rows.length === 0) return emptyTensor(shape, x.dtype);
    return reshape(stack(rows.map((row) => row[i])), shape);
  });
}

/**
 * The Jacobian of a function: how every element of its outputs changes with every element of its inputs.
 *
 * Shapes:   output [...], input [...] → both shapes one after the other
 * @returns a tensor for one input and one output; a list by input for a list of inputs, by output for a list of outputs,
 *          by output and then by input for both
 * @example
 * jacobian((a, b) => stack([a.mul(b), a.add(b)]), [tensor(2), tensor(3)]).map((j) => j.toArray()); // => [ [ 3, 1 ], [ 2, 1 ] ]
 */
export function jacobian<Y extends Tensors, X extends Tensors>(
  fn: TensorFunction<Y>,
  inputs: X,
  options: FunctionalOptions = {},
): Each<Y, Each<X, Tensor>> {
  return evaluate('jacobian', fn, inputs, options, (evaluation, given) => {
    const { outputs } = evaluation;
    const found = outputs.map((y, i) =>
      formOf(inputs, jacobiansOf(evaluation, y, i + 1 === outputs.length, evaluation.options.strict)),
    );
    return formOf(given, found);
  });
}

/**
 * The Hessian of a function of one value: its second derivatives.
 *
 * Shapes:   inputs a [...], b [...] → both shapes one after the other
 * @returns a tensor for one input; for a list, `hessian[a][b]`
 * @throws AutogradError  if the value has more than one element
 */
export function hessian<X extends Tensors>(
  fn: TensorFunction<Tensor>,
  inputs: X,
  options: FunctionalOptions = {},
): Each<X, Each<X, Tensor>> {
  return evaluate('hessian', fn, inputs, options, (evaluation) => {
    const value = singleValue(evaluation);
    const gradients = pullBack(evaluation, value, [null], evaluation.inputs, { createGraph: true });
    const found = gradients.map((gradient, i) =>
      formOf(inputs, jacobiansOf(evaluation, gradient, i + 1 === gradients.length, false)),
    );
    return formOf(inputs, found);
  });
}

/**
 * Hv: the value of a function, and how its gradient changes when the inputs move along v. The Hessian itself, with the
 * square of the elements, is never formed.
 *
 * Shapes:   v as the inputs → one tensor an input, of its shape
 * @throws AutogradError  if the value has more than one element
 * @throws ShapeError     if v does not fit the inputs
 */
export function hvp<X extends Tensors>(
  fn: TensorFunction<Tensor>,
  inputs: X,
  v: Tensors,
  options: FunctionalOptions = {},
): [value: Tensor, product: Each<X, Tensor>] {
  return evaluate('hvp', fn, inputs, options, (evaluation, given) => {
    const along = checkDirection('hvp', 'input', v, evaluation.inputs);
    const value = singleValue(evaluation);
    const gradients = pullBack(evaluation, value, [null], evaluation.inputs, { createGraph: true });
    const product = pullBack(evaluation, gradients, along, evaluation.inputs, { strict: false });
    return [release(evaluation, given), formOf(inputs, product)];
  });
}
