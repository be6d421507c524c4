/** Module: parameters found by walking fields, PyTorch's state-dict names, and the tree that `console.log` prints. */

import { inspect } from 'node:util';
import { ConfigError } from '../errors.ts';
import { Tensor } from '../tensor.ts';
import { describeTree } from './describe.ts';
import { Parameter } from './parameter.ts';
import { type LoadReport, loadTensors, type StateDict } from './state-dict.ts';

export interface LoadOptions {
  /** Refuse names that are missing or unexpected; without it they are only reported. Default true. */
  strict?: boolean;
}

/** The fields of a module that are tensors or modules, in insertion order; elements of an array as `field.index`. */
function* membersOf(module: Module): Generator<[name: string, member: Tensor | Module]> {
  for (const [field, value] of Object.entries(module)) {
    if (value instanceof Tensor || value instanceof Module) yield [field, value];
    if (!Array.isArray(value)) continue;
    for (const [i, element] of value.entries()) {
      if (element instanceof Tensor || element instanceof Module) yield [`${field}.${i}`, element];
    }
  }
}

/**
 * The base of every layer and model: a class with fields.
 *
 * Its own enumerable fields are walked in insertion order: a `Parameter` is learned, a `Module` is a child, any other
 * `Tensor` is a buffer, and an array of these names its elements `field.0`, `field.1` …. Whatever else a module keeps is
 * ignored, and a private cache belongs in a `#field`, which the walk does not see. The names of a state dict are the names
 * of the fields, so a PyTorch name is had by naming the field so.
 *
 * There is no abstract `forward`: a module declares the one it needs, and it is called by name.
 *
 * @example
 * import { nn, type Tensor, tanh } from 'lanegrad';
 *
 * class Net extends nn.Module {
 *   readonly hidden = new nn.Linear(2, 8);
 *   readonly out = new nn.Linear(8, 1, { bias: false });
 *
 *   forward(x: Tensor): Tensor {
 *     return this.out.forward(tanh(this.hidden.forward(x)));
 *   }
 * }
 * Object.keys(new Net().stateDict()); // => [ 'hidden.weight', 'hidden.bias', 'out.weight' ]
 */
export class Module {
  /** Whether layers such as dropout act as in training; set by `train()` and `eval()`. */
  training = true;

  /** Every parameter of this module and those below it, once, in the order of the walk. */
  parameters(): Parameter[] {
    return this.namedParameters().map(([, parameter]) => parameter);
  }

  /** As `parameters()`, with the first name under which each was found. */
  namedParameters(): [name: string, parameter: Parameter][] {
    return this.#distinct((tensor) => tensor instanceof Parameter) as [string, Parameter][];
  }

  /** The tensors that are part of the state but are not learned, once, each with its first name. */
  namedBuffers(): [name: string, buffer: Tensor][] {
    return this.#distinct((tensor) => !(tensor instanceof Parameter));
  }

  buffers(): Tensor[] {
    return this.namedBuffers().map(([, buffer]) => buffer);
  }

  /** The modules that are fields of this one, once, each with its first name. */
  namedChildren(): [name: string, child: Module][] {
    const seen = new Set<Module>();
    const found: [string, Module][] = [];
    for (const [name, member] of membersOf(this)) {
      if (member instanceof Tensor || seen.has(member)) continue;
      seen.add(member);
      found.push([name, member]);
    }
    return found;
  }

  children(): Module[] {
    return this.namedChildren().map(([, child]) => child);
  }

  /** This module (under the name '') and all below it, once, each with its first name. */
  namedModules(): [name: string, module: Module][] {
    const seen = new Set<Module>();
    const found: [string, Module][] = [];
    const visit = (name: string, module: Module): void => {
      if (seen.has(module)) return;
      seen.add(module);
      found.push([name, module]);
      for (const [field, child] of module.namedChildren()) visit(name === '' ? field : `${name}.${field}`, child);
    };
    visit('', this);
    return found;
  }

  modules(): Module[] {
    return this.namedModules().map(([, module]) => module);
  }

  /**
   * Every parameter and buffer under its dotted name; one that is reached by two names stands under both. The tensors
   * share the memory of the module and are outside the graph.
   */
  stateDict(): StateDict {
    const dict: StateDict = {};
    for (const [name, tensor] of this.#tensors()) dict[name] = tensor.detach();
    return dict;
  }

  /**
   * Copies the values of `dict` into this module's parameters and buffers; floats of another width are converted.
   *
   * @returns the names that were missing and those that were not wanted (both empty when strict)
   * @throws StateDictError  naming every tensor at fault, with the module unchanged, if one has another shape or cannot be
   *                         converted, or, when strict, if one is missing or unexpected
   */
  loadStateDict(dict: StateDict, { strict = true }: LoadOptions = {}): LoadReport {
    return loadTensors(this.constructor.name, this.#tensors(), dict, strict);
  }

  /** Sets this module and all below it to training (or, with false, to evaluation). */
  train(mode = true): this {
    for (const module of this.modules()) module.training = mode;
    return this;
  }

  /** Sets this module and all below it to evaluation: dropout lets everything pass. */
  eval(): this {
    return this.train(false);
  }

  /** Lets every parameter learn, or freezes it. */
  requiresGrad_(value = true): this {
    for (const parameter of this.parameters()) parameter.requiresGrad_(value);
    return this;
  }

  /** Forgets the gradient of every parameter. */
  zeroGrad(): void {
    for (const parameter of this.parameters()) parameter.grad = null;
  }

  /** What stands between the brackets when this module is printed: its sizes and options. */
  extraRepr(): string {
    return '';
  }

  toString(): string {
    return describeTree(this);
  }

  [inspect.custom](): string {
    return this.toString();
  }

  /** Every tensor with every name it has. @throws ConfigError if a module contains itself */
  #tensors(): [string, Tensor][] {
    const found: [string, Tensor][] = [];
    const visit = (prefix: string, module: Module, above: readonly Module[]): void => {
      if (above.includes(module)) {
        throw new ConfigError({
          op: this.constructor.name,
          problem: 'a module contains itself',
          got: prefix.slice(0, -1),
          hint: 'keep a reference to an owner in a #field',
        });
      }
      for (const [name, member] of membersOf(module)) {
        if (member instanceof Tensor) found.push([prefix + name, member]);
        else visit(`${prefix}${name}.`, member, [...above, module]);
      }
    };
    visit('', this, []);
    return found;
  }

  #distinct(wanted: (tensor: Tensor) => boolean): [string, Tensor][] {
    const seen = new Set<Tensor>();
    return this.#tensors().filter(([, tensor]) => {
      if (seen.has(tensor) || !wanted(tensor)) return false;
      seen.add(tensor);
      return true;
    });
  }
}
