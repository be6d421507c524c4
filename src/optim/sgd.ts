import { kernelsFor } from '../backend/select.ts';
import { ConfigError } from '../errors.ts';
import { type Batch, BatchOptimizer } from './batch-optimizer.ts';
import type { ParamsInput } from './optimizer.ts';
import { finite, flag, nonNegative, type OptionRules } from './options.ts';
import { arraysOf, type ParameterState, type StateKind, zerosOf } from './state.ts';

export interface SGDOptions {
  /** Learning rate. Default 1e-3. */
  lr: number;
  /** The share of the last step's direction that is kept. Default 0. */
  momentum: number;
  /** The share of the gradient that does not enter the momentum. Default 0. */
  dampening: number;
  /** λ of the L2 penalty, added to the gradient as λ·w. Default 0. */
  weightDecay: number;
  /** Look ahead along the momentum. Default false. */
  nesterov: boolean;
  /** Ascend instead of descend. Default false. */
  maximize: boolean;
}

const rules: OptionRules<SGDOptions> = {
  lr: nonNegative(1e-3),
  momentum: nonNegative(0),
  dampening: finite(0),
  weightDecay: nonNegative(0),
  nesterov: flag(false),
  maximize: flag(false),
};

/**
 * Stochastic gradient descent, torch.optim.SGD's: g ← g + λ·w; b ← μ·b + (1 − dampening)·g (the first b is g itself);
 * w ← w − lr·b, or with Nesterov w − lr·(g + μ·b).
 *
 * Source: Sutskever et al., On the importance of initialization and momentum in deep learning, 2013.
 *
 * @example
 * const [body, head] = [new Linear(8, 8), new Linear(8, 2)];
 * const groups = [{ params: body.parameters() }, { params: head.parameters(), lr: 0.1, weightDecay: 1e-4 }];
 * const optimizer = new SGD(groups, { lr: 0.01, momentum: 0.9 });
 */
export class SGD extends BatchOptimizer<SGDOptions> {
  constructor(params: ParamsInput<SGDOptions>, options: Partial<SGDOptions> = {}) {
    super(params, options, rules);
  }

  protected override checkOptions({ nesterov, momentum, dampening }: SGDOptions): void {
    if (nesterov && (momentum === 0 || dampening !== 0)) {
      throw new ConfigError({
        op: 'SGD',
        problem: 'Nesterov needs momentum and no dampening',
        got: [momentum, dampening],
      });
    }
  }

  protected override stateLayout({ momentum }: SGDOptions): Readonly<Record<string, StateKind>> {
    return momentum === 0 ? {} : { momentum_buffer: 'tensor' };
  }

  protected override cohortOf(state: ParameterState | undefined): boolean {
    return state === undefined;
  }

  protected override apply(group: SGDOptions, { dtype, tensors, params, grads }: Batch): void {
    const kernels = kernelsFor(dtype);
    const { lr, momentum, dampening, weightDecay, nesterov, maximize } = group;
    const first = !this.state.has(tensors[0]);
    const step = { lr, momentum, dampening, weightDecay, nesterov, maximize, first };
    if (momentum === 0) {
      kernels.sgd(params, grads, null, step);
      return;
    }
    const states = tensors.map((parameter) => this.state.get(parameter) ?? { momentum_buffer: zerosOf(parameter) });
    kernels.sgd(params, grads, arraysOf(states, 'momentum_buffer'), step);
    for (const [i, parameter] of tensors.entries()) this.state.set(parameter, states[i]);
  }
}
