/** The base of the optimizers whose step is one call of the backend's `update`. */

import type { UpdateStates, UpdateStep } from '../backend/arguments.ts';
import type { UpdateRule } from '../backend/opcodes.ts';
import { kernelsFor } from '../backend/select.ts';
import { type Batch, BatchOptimizer } from './batch-optimizer.ts';
import { arraysOf, type ParameterState, type StateKind, zerosOf } from './state.ts';

interface RuleOptions {
  lr: number;
  maximize: boolean;
  weightDecay?: number;
}

/** What a rule that does not read a number gets for it. */
const unread: UpdateStep = {
  rate: 0,
  beta1: 0,
  beta2: 0,
  eps: 0,
  weightDecay: 0,
  keep: 1,
  momentum: 0,
  correction: 1,
  average: 1,
  grow: 1,
  shrink: 1,
  low: 0,
  high: 0,
  adaptive: true,
  maximize: false,
};

export abstract class RuleOptimizer<O extends RuleOptions> extends BatchOptimizer<O> {
  protected abstract readonly rule: UpdateRule;

  /** The tensors of the state in the order in which the rule takes them; null in the place of one that is not kept. */
  protected abstract slots(group: O): readonly (string | null)[];

  /** The numbers of step t; the state is that before the step. */
  protected abstract factors(group: O, t: number, state: ParameterState): Partial<UpdateStep>;

  /** What a tensor of the state begins with. */
  protected start(_slot: string, _group: O): number {
    return 0;
  }

  /** Numbers that the state holds beside its steps, as they begin. */
  protected numbers(_group: O): Record<string, number> {
    return {};
  }

  /** Those numbers after step t. Parameters of one cohort must have them in common. */
  protected advance(_group: O, _t: number, _state: ParameterState): Record<string, number> {
    return {};
  }

  protected override stateLayout(group: O): Readonly<Record<string, StateKind>> {
    const layout: Record<string, StateKind> = { step: 'count' };
    for (const name of Object.keys(this.numbers(group))) layout[name] = 'number';
    for (const slot of this.slots(group)) if (slot !== null) layout[slot] = 'tensor';
    return layout;
  }

  /** Parameters that have taken different numbers of steps are at different places of the formula. */
  protected override cohortOf(state: ParameterState | undefined): number | string {
    return (state?.step as number | undefined) ?? 0;
  }

  protected override apply(group: O, { dtype, tensors, params, grads }: Batch): void {
    const slots = this.slots(group);
    const states = tensors.map((parameter) => {
      const state = this.state.get(parameter) ?? { step: 0, ...this.numbers(group) };
      for (const slot of slots) if (slot !== null) state[slot] ??= zerosOf(parameter, this.start(slot, group));
      return state;
    });
    const t = (states[0].step as number) + 1;
    const lists = slots.map((slot) => (slot === null ? null : arraysOf(states, slot)));
    const { weightDecay = 0, maximize } = group;
    const step = { ...unread, weightDecay, maximize, ...this.factors(group, t, states[0]) };
    kernelsFor(dtype).update(this.rule, params, grads, lists as unknown as UpdateStates, step);
    const numbers = this.advance(group, t, states[0]);
    for (const [i, state] of states.entries()) {
      Object.assign(state, numbers);
      state.step = (state.step as number) + 1;
      this.state.set(tensors[i], state);
    }
  }
}
