/** Averages of the weights over the steps of a training. */

import { kernelsFor } from '../backend/select.ts';
import { type FloatArray, isFloat } from '../core/dtype.ts';
import { ConfigError, StateDictError } from '../errors.ts';
import type { Module, StateDict } from '../nn/index.ts';
import type { Tensor } from '../tensor.ts';
import { zerosOf } from './state.ts';

export interface EMAOptions {
  /** The share of the average that a step keeps; null takes the plain mean of all steps. Default 0.999. */
  decay?: number | null;
  /** Average the buffers of floats as well; without it the average has those of the last step. Default false. */
  useBuffers?: boolean;
}

export interface EMAStateDict {
  steps: number;
  /** The averages by the names of the module's state dict. */
  tensors: StateDict;
}

/** A tensor of the module beside its average. */
interface Pair {
  readonly name: string;
  readonly tensor: Tensor;
  readonly average: Tensor;
  readonly averaged: boolean;
}

function copyInto(target: Tensor, source: Tensor): void {
  target.data.set(source.data);
  target.storage.written('EMA');
}

/**
 * The exponential moving average of a module's weights, or their mean (stochastic weight averaging), as
 * torch.optim.swa_utils.AveragedModel keeps it: the first `update()` copies, each later one gives
 * average ← decay·average + (1 − decay)·weight. For evaluation the averages are put in the place of the weights and taken
 * out again.
 *
 * Source: Polyak, Juditsky, Acceleration of stochastic approximation by averaging, 1992; Izmailov et al., Averaging weights
 * leads to wider optima and better generalization, 2018.
 *
 * @example
 * const net = new Linear(1, 1, { bias: false });
 * const average = new EMA(net, { decay: 0.5 });
 * for (const value of [4, 2, 1]) {
 *   net.weight.data.fill(value); // a training step
 *   average.update();
 * }
 * average.swap();
 * net.weight.item(); // => 2
 */
export class EMA {
  readonly #pairs: readonly Pair[];
  readonly #decay: number | null;
  #steps = 0;
  #applied = false;

  /** @throws ConfigError  if `decay` is outside [0, 1] */
  constructor(module: Module, { decay = 0.999, useBuffers = false }: EMAOptions = {}) {
    if (decay !== null && !(decay >= 0 && decay <= 1)) {
      throw new ConfigError({ op: 'EMA', problem: 'decay must lie in [0, 1], or be null', got: decay });
    }
    this.#decay = decay;
    const parameters = module.namedParameters().map(([name, tensor]) => ({ name, tensor, averaged: true }));
    const buffers = module
      .namedBuffers()
      .map(([name, tensor]) => ({ name, tensor, averaged: useBuffers && isFloat(tensor.dtype) }));
    this.#pairs = [...parameters, ...buffers].map((entry) => {
      const average = zerosOf(entry.tensor);
      average.data.set(entry.tensor.data);
      return { ...entry, average };
    });
  }

  /** How often `update()` was called. */
  get steps(): number {
    return this.#steps;
  }

  /** Takes the weights as they are into the averages. @throws ConfigError  while the averages are in their place */
  update(): void {
    if (this.#applied) {
      throw new ConfigError({ op: 'EMA.update', problem: 'the averages are in place of the weights', hint: 'swap()' });
    }
    const keep = this.#steps === 0 ? 0 : (this.#decay ?? this.#steps / (this.#steps + 1));
    for (const { tensor, average, averaged } of this.#pairs) if (!averaged || keep === 0) copyInto(average, tensor);
    if (keep > 0) {
      // One call: a descent along average − weight with the rate 1 − keep.
      const step = { lr: 1 - keep, momentum: 0, dampening: 0, weightDecay: 1 };
      const flags = { nesterov: false, maximize: true, first: false };
      for (const dtype of ['float32', 'float64'] as const) {
        const pairs = this.#pairs.filter(({ tensor, averaged }) => averaged && tensor.dtype === dtype);
        const arrays = (of: 'average' | 'tensor') => pairs.map((pair) => pair[of].data as FloatArray);
        kernelsFor(dtype).sgd(arrays('average'), arrays('tensor'), null, { ...step, ...flags });
        for (const { average } of pairs) average.storage.written('EMA');
      }
    }
    this.#steps++;
  }

  /** Exchanges the weights and the averages; a second call exchanges them back. */
  swap(): void {
    for (const { tensor, average } of this.#pairs) {
      const weights = tensor.data.slice();
      copyInto(tensor, average);
      average.data.set(weights);
    }
    this.#applied = !this.#applied;
  }

  /** Runs `evaluate` with the averages in place of the weights, which are back when it ends, however it does. */
  async using<T>(evaluate: () => T | Promise<T>): Promise<T> {
    this.swap();
    try {
      return await evaluate();
    } finally {
      this.swap();
    }
  }

  /** The averages, wherever they are at the moment, by name; they share the memory of this object or of the module. */
  stateDict(): EMAStateDict {
    const entries = this.#pairs.map(({ name, tensor, average }) => [name, this.#applied ? tensor.detach() : average]);
    return { steps: this.#steps, tensors: Object.fromEntries(entries) };
  }

  /** @throws StateDictError  naming what does not fit, with nothing changed */
  loadStateDict({ steps, tensors }: EMAStateDict): void {
    const fits = ({ name, average }: Pair): boolean =>
      tensors[name]?.shape.join() === average.shape.join() && tensors[name].dtype === average.dtype;
    const faults = this.#pairs.filter((pair) => !fits(pair)).map(({ name }) => name);
    if (faults.length > 0 || !Number.isSafeInteger(steps) || steps < 0) {
      const problem = faults.length > 0 ? `missing or of another shape: ${faults.join(', ')}` : 'steps is no count';
      throw new StateDictError({ op: 'EMA.loadStateDict', problem, got: steps, hint: 'nothing was changed' });
    }
    for (const { name, tensor, average } of this.#pairs) copyInto(this.#applied ? tensor : average, tensors[name]);
    this.#steps = steps;
  }
}
