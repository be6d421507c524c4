import { kernelsFor } from '../backend/select.ts';
import type { Tensor } from '../tensor.ts';
import { type Batch, BatchOptimizer } from './batch-optimizer.ts';
import type { ParamsInput } from './optimizer.ts';
import { decayRates, flag, nonNegative, type OptionRules } from './options.ts';
import { arraysOf, type ParameterState, type StateKind, zerosOf } from './state.ts';

export interface AdamOptions {
  /** Learning rate. Default 1e-3. */
  lr: number;
  /** Decay rates of the running means of g and of g². Default [0.9, 0.999]. */
  betas: [number, number];
  /** Added to the root of the second mean, after its bias is corrected. Default 1e-8. */
  eps: number;
  /** Adam: λ of the L2 penalty, added to the gradient (default 0). AdamW: each step shrinks w by lr·λ (default 0.01). */
  weightDecay: number;
  /** Divide by the largest second mean so far, not the current one. Default false. */
  amsgrad: boolean;
  /** Ascend instead of descend. Default false. */
  maximize: boolean;
}

const rules: OptionRules<AdamOptions> = {
  lr: nonNegative(1e-3),
  betas: decayRates(0.9, 0.999),
  eps: nonNegative(1e-8),
  weightDecay: nonNegative(0),
  amsgrad: flag(false),
  maximize: flag(false),
};

/** Moments by parameter; the state an Adam step needs and advances. */
abstract class AdamFamily extends BatchOptimizer<AdamOptions> {
  /** Whether weight decay acts on the weights (AdamW) and not on the gradient (Adam). */
  protected abstract readonly decoupled: boolean;

  protected override stateLayout({ amsgrad }: AdamOptions): Readonly<Record<string, StateKind>> {
    const layout = { step: 'count', exp_avg: 'tensor', exp_avg_sq: 'tensor' } as const;
    return amsgrad ? { ...layout, max_exp_avg_sq: 'tensor' } : layout;
  }

  /** Parameters that have taken different numbers of steps have different corrections of bias. */
  protected override cohortOf(state: ParameterState | undefined): number {
    return (state?.step as number | undefined) ?? 0;
  }

  protected override apply(group: AdamOptions, { dtype, tensors, params, grads }: Batch): void {
    const { lr, betas, eps, weightDecay, amsgrad, maximize } = group;
    const states = tensors.map((parameter) => this.#stateOf(parameter, amsgrad));
    const t = (states[0].step as number) + 1;
    kernelsFor(dtype).adam(
      params,
      grads,
      arraysOf(states, 'exp_avg'),
      arraysOf(states, 'exp_avg_sq'),
      amsgrad ? arraysOf(states, 'max_exp_avg_sq') : null,
      {
        lr,
        beta1: betas[0],
        beta2: betas[1],
        eps,
        weightDecay,
        decoupled: this.decoupled,
        maximize,
        biasCorrection1: 1 - betas[0] ** t,
        biasCorrection2: 1 - betas[1] ** t,
      },
    );
    for (let i = 0; i < tensors.length; i++) {
      states[i].step = t;
      if (t === 1) this.state.set(tensors[i], states[i]);
    }
  }

  /** What is known of a parameter; it is kept only once a step has succeeded. */
  #stateOf(parameter: Tensor, amsgrad: boolean): ParameterState {
    const state = this.state.get(parameter) ?? { step: 0, exp_avg: zerosOf(parameter), exp_avg_sq: zerosOf(parameter) };
    if (amsgrad) state.max_exp_avg_sq ??= zerosOf(parameter);
    return state;
  }
}

/**
 * Adam, torch.optim.Adam's: m and v are running means of g and g²; w ← w − lr·m̂/(√v̂ + eps), where m̂ and v̂ are
 * corrected for their start at zero.
 *
 * Source: Kingma, Ba, Adam: a method for stochastic optimization, 2015; AMSGrad: Reddi, Kale, Kumar, 2018.
 *
 * @example
 * const net = new Linear(2, 1);
 * const optimizer = new Adam(net.parameters(), { lr: 0.05 });
 * for (let step = 0; step < 100; step++) {
 *   const x = randn([16, 2]);
 *   optimizer.zeroGrad();
 *   backward(mseLoss(net.forward(x), sum(x, 1, { keepdim: true })));
 *   clipGradNorm_(net.parameters(), 1);
 *   optimizer.step();
 * }
 */
export class Adam extends AdamFamily {
  protected override readonly decoupled = false;

  constructor(params: ParamsInput<AdamOptions>, options: Partial<AdamOptions> = {}) {
    super(params, options, rules);
  }
}

/**
 * Adam with weight decay that shrinks the weights themselves, torch.optim.AdamW's.
 *
 * Source: Loshchilov, Hutter, Decoupled weight decay regularization, 2019.
 */
export class AdamW extends AdamFamily {
  protected override readonly decoupled = true;

  constructor(params: ParamsInput<AdamOptions>, options: Partial<AdamOptions> = {}) {
    super(params, options, { ...rules, weightDecay: nonNegative(0.01) });
  }
}
