/** customFunction: differentiable functions of the user's own, in the form of the operations here. */

import { noGrad } from '../autograd/mode.ts';
import type { Node } from '../autograd/node.ts';
import type { DType } from '../core/dtype.ts';
import type { Shape } from '../core/shape.ts';
import { ConfigError, DTypeError } from '../errors.ts';
import { Tensor } from '../tensor.ts';
import { checkTensor, makeOp } from './define.ts';
import type { Tensors } from './functional.ts';
import { filled } from './reduction/broadcast.ts';

/** What a custom function has at hand: what it saves for its gradient, and which gradients are asked for. */
export interface FunctionNode extends Pick<Node, 'needs' | 'shapes' | 'dtypes'> {
  /** Keeps inputs and outputs for `backward`. */
  save(...tensors: readonly Tensor[]): void;
  /**
   * What was saved, in that order.
   *
   * @throws AutogradError  if it was freed, or written to since
   */
  saved(): readonly Tensor[];
}

export interface CustomFunction<Y extends Tensors> {
  /** As error messages and graphs will call it. */
  readonly name: string;
  /** Computes the outputs; nothing is recorded. `node.save` keeps inputs and outputs for the gradient. */
  readonly forward: (node: FunctionNode, inputs: readonly Tensor[]) => Y;
  /**
   * One gradient an input, of its shape and dtype, or null where it is zero or `node.needs(i)` is false; `dys` has one
   * entry an output. Written over tensors, so that it can be differentiated in its turn: what it needs of the inputs
   * it takes from `node.saved()`, and a value that `forward` computed on the way it computes again. Missing where there
   * is no gradient.
   */
  readonly backward?: (node: FunctionNode, dys: readonly Tensor[]) => readonly (Tensor | null)[];
}

interface Made {
  single: boolean;
  shapes: Shape[];
  dtypes: DType[];
}

function checkDefinition({ name, forward, backward }: CustomFunction<Tensors>): void {
  const op = 'customFunction';
  if (typeof name !== 'string' || name === '') throw new ConfigError({ op, problem: 'a name is needed', got: name });
  for (const [part, fn] of Object.entries({ forward, backward })) {
    if (typeof fn === 'function' || (part === 'backward' && fn === undefined)) continue;
    throw new ConfigError({ op, problem: `the ${part} of ${name} must be a function`, got: fn });
  }
}

/**
 * A function that differentiates by its own rule: for a gradient that is cheaper, stabler or another one than that of the
 * operations it is computed with. `gradcheck` and `gradgradcheck` prove it.
 *
 * @throws ConfigError    if the definition is incomplete
 * @throws DTypeError     when called, if an input or an output is no tensor
 * @throws AutogradError  in the walk, if `backward` gives another number of gradients, or one that does not fit
 * @example
 * const cube = customFunction({
 *   name: 'cube',
 *   forward(node, [x]) {
 *     node.save(x);
 *     return x.mul(x).mul(x);
 *   },
 *   backward(node, [dy]) {
 *     const [x] = node.saved();
 *     return [dy.mul(x).mul(x).mul(3)];
 *   },
 * });
 * const x = tensor([1, 2], { requiresGrad: true });
 * cube(x).sum().backward();
 * x.grad?.toArray(); // => [ 3, 12 ]
 */
export function customFunction<Y extends Tensors>(definition: CustomFunction<Y>): (...inputs: Tensor[]) => Y {
  checkDefinition(definition);
  const { name, forward, backward } = definition;
  const op = makeOp<Made>({
    name,
    forward(node, inputs, made) {
      const given: Tensors = noGrad(() => forward(node as FunctionNode, inputs as Tensor[]));
      made.single = given instanceof Tensor;
      const outputs = given instanceof Tensor ? [given] : given;
      if (!Array.isArray(outputs)) {
        throw new DTypeError({ op: name, problem: 'its forward must return a tensor or a list of them', got: given });
      }
      const own: Tensor[] = [];
      for (const y of outputs) {
        checkTensor(name, y);
        // The graph hangs onto the output: what stands elsewhere already, an input handed through, gets another name.
        own.push(inputs.includes(y) || own.includes(y) || y.requiresGrad ? y.detach() : y);
      }
      made.shapes = own.map((y) => y.shape);
      made.dtypes = own.map((y) => y.dtype);
      return own;
    },
    backward:
      backward &&
      ((node, dys, { shapes, dtypes }) =>
        backward(
          node as FunctionNode,
          dys.map((dy, i) => dy ?? filled(shapes[i], 0, dtypes[i])),
        )),
  });
  return (...inputs) => {
    for (const x of inputs) checkTensor(name, x);
    const made: Made = { single: true, shapes: [], dtypes: [] };
    const outputs = op.runAll(inputs, made);
    return (made.single ? outputs[0] : outputs) as Y;
  };
}
