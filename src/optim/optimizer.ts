/** Optimizer: parameter groups, the state of each parameter, and their state dict; the rules stand in the subclasses. */

import { isFloat } from '../core/dtype.ts';
import { sameShape } from '../core/shape.ts';
import { AutogradError, ConfigError, DTypeError, ShapeError, StateDictError } from '../errors.ts';
import { Tensor } from '../tensor.ts';
import { nonNegative, type OptionRules, optionFaults, resolveOptions } from './options.ts';
import {
  copyState,
  isStateDict,
  type OptimizerStateDict,
  type ParameterState,
  type StateKind,
  stateFaults,
} from './state.ts';

/** Parameters and the options they are updated with; an option may be changed between two steps. */
export type ParamGroup<O> = O & {
  readonly params: Tensor[];
  /** The rate before any schedule changed it; set by the first schedule. */
  initialLr?: number;
};

/** A group as it is given: options left out are those of the optimizer. */
export type ParamGroupInput<O> = Partial<O> & { params: Iterable<Tensor> };

export type ParamsInput<O> = Iterable<Tensor> | Iterable<ParamGroupInput<O>>;

/** The base of the optimizers. A parameter without a gradient is left as it is, its state too. */
export abstract class Optimizer<O extends { lr: number } = { lr: number }> {
  readonly paramGroups: ParamGroup<O>[] = [];
  protected readonly state = new Map<Tensor, ParameterState>();
  readonly #rules: OptionRules<O>;
  readonly #defaults: O;

  /**
   * @throws ConfigError    for an unknown option, a bad value, no parameters, or a parameter given twice
   * @throws DTypeError     if a parameter is no tensor of floats
   * @throws AutogradError  if a parameter is no leaf
   */
  constructor(params: ParamsInput<O>, options: Partial<O>, rules: OptionRules<O>) {
    this.#rules = rules;
    this.#defaults = resolveOptions(this.constructor.name, rules, options as Record<string, unknown>);
    this.checkOptions(this.#defaults);
    const given: readonly (Tensor | ParamGroupInput<O>)[] = [...params];
    if (given.length === 0) throw this.#refuse('there are no parameters');
    if (given[0] instanceof Tensor) this.addParamGroup({ params: given as Tensor[] } as unknown as ParamGroupInput<O>);
    else for (const group of given as ParamGroupInput<O>[]) this.addParamGroup(group);
  }

  /** Adds a group; throws as the constructor does. */
  addParamGroup(input: ParamGroupInput<O>): void {
    if (typeof input !== 'object' || input === null || typeof input.params?.[Symbol.iterator] !== 'function') {
      throw this.#refuse('a group has a list of params', input);
    }
    const { params, ...given } = input;
    const options = resolveOptions(this.constructor.name, this.#rules, given, this.#defaults);
    this.checkOptions(options);
    const known = new Set(this.paramGroups.flatMap((group) => group.params));
    const tensors = [...params];
    for (const parameter of tensors) {
      this.#checkParameter(parameter);
      if (known.has(parameter)) throw this.#refuse('a parameter is given twice', parameter.shape);
      known.add(parameter);
    }
    this.paramGroups.push({ ...options, params: tensors });
  }

  /**
   * Forgets the gradient of every parameter. With `recycle` its memory goes to the gradients to come, which spares a
   * training loop new pages every step; a gradient that somebody still holds then throws a BufferError when touched.
   */
  zeroGrad({ recycle = false }: { recycle?: boolean } = {}): void {
    for (const group of this.paramGroups) {
      for (const parameter of group.params) {
        if (recycle) parameter.grad?.storage.release();
        parameter.grad = null;
      }
    }
  }

  /**
   * One update of every parameter that has a gradient. A `closure` computes the gradients first and gives the loss,
   * which is returned.
   */
  abstract step(): void;
  abstract step(closure: () => Tensor): Tensor;

  /** The state and options as plain data; the tensors are the optimizer's own, not copies. */
  stateDict(): OptimizerStateDict {
    const state: Record<string, ParameterState> = {};
    let number = 0;
    const paramGroups = this.paramGroups.map(({ params, ...options }) => {
      const numbers = params.map((parameter) => {
        const saved = this.state.get(parameter);
        if (saved !== undefined) state[number] = { ...saved };
        return number++;
      });
      return { ...structuredClone(options), params: numbers };
    });
    return { state, paramGroups };
  }

  /**
   * Takes over what another optimizer of the same kind, over parameters of the same shapes, saved.
   *
   * @throws StateDictError  naming everything at fault, with this optimizer unchanged
   */
  loadStateDict(dict: OptimizerStateDict): void {
    const op = `${this.constructor.name}.loadStateDict`;
    if (!isStateDict(dict))
      throw new StateDictError({ op, problem: 'this is not the state of an optimizer', got: dict });
    const faults: string[] = [];
    const loaded = new Map<Tensor, ParameterState>();
    if (dict.paramGroups.length !== this.paramGroups.length) {
      faults.push(`${dict.paramGroups.length} groups, not ${this.paramGroups.length}`);
    }
    const groups = dict.paramGroups
      .slice(0, this.paramGroups.length)
      .map(({ params: numbers, initialLr, ...given }, g) => {
        const { params } = this.paramGroups[g];
        faults.push(...optionFaults(this.#rules, given).map((fault) => `group ${g}: ${fault}`));
        if (initialLr !== undefined && !nonNegative(0).accepts(initialLr))
          faults.push(`group ${g}: initialLr is no rate`);
        if (numbers.length !== params.length) {
          faults.push(`group ${g}: ${numbers.length} parameters, not ${params.length}`);
          return given;
        }
        const layout = this.stateLayout({ ...this.#defaults, ...given } as O);
        for (const [i, number] of numbers.entries()) {
          if (!Object.hasOwn(dict.state, number)) continue;
          const found = stateFaults(String(number), params[i], layout, dict.state[number]);
          faults.push(...found);
          if (found.length === 0) loaded.set(params[i], copyState(params[i], dict.state[number]));
        }
        return { ...structuredClone(given), ...(initialLr === undefined ? {} : { initialLr }) };
      });
    if (faults.length > 0) {
      throw new StateDictError({ op, problem: faults.join('; '), hint: 'nothing was changed' });
    }
    for (const [g, options] of groups.entries()) Object.assign(this.paramGroups[g], options);
    this.state.clear();
    for (const [parameter, saved] of loaded) this.state.set(parameter, saved);
  }

  /** Options that exclude each other. @throws ConfigError */
  protected checkOptions(_options: O): void {}

  /** What is kept of each parameter under these options. */
  protected abstract stateLayout(options: O): Readonly<Record<string, StateKind>>;

  #checkParameter(parameter: unknown): asserts parameter is Tensor {
    const op = this.constructor.name;
    if (!(parameter instanceof Tensor) || !isFloat(parameter.dtype)) {
      const got = parameter instanceof Tensor ? parameter.dtype : parameter;
      throw new DTypeError({ op, problem: 'a parameter must be a tensor of floats', got });
    }
    if (!parameter.isLeaf) {
      throw new AutogradError({ op, problem: 'the result of an operation cannot be optimized', hint: 'pass a leaf' });
    }
  }

  /** @throws ShapeError  if a gradient is not of its parameter's shape and dtype */
  protected checkGradient(parameter: Tensor, gradient: Tensor): void {
    if (sameShape(parameter.shape, gradient.shape) && parameter.dtype === gradient.dtype) return;
    throw new ShapeError({
      op: this.constructor.name,
      problem: 'a gradient does not fit its parameter',
      got: `${gradient.dtype} [${gradient.shape.join(', ')}]`,
      expected: `${parameter.dtype} [${parameter.shape.join(', ')}]`,
    });
  }

  #refuse(problem: string, got?: unknown): ConfigError {
    return new ConfigError({ op: this.constructor.name, problem, got });
  }
}
