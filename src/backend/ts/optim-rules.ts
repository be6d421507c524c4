/** The rules of `update`. Their formulas stand at `UpdateRule`; the order of their terms is PyTorch's. */

import type { FloatArray } from '../../core/dtype.ts';
import type { UpdateStates, UpdateStep } from '../arguments.ts';
import { UpdateRule } from '../opcodes.ts';

/** Moves one parameter by its gradient. */
type Rule = (p: FloatArray, g: FloatArray, states: readonly (FloatArray | null)[], step: UpdateStep) => void;

/** The gradient as the step sees it. A decay of 0 leaves it alone: 0·∞ would make it NaN. */
function stepGradient(g: number, p: number, sign: number, weightDecay: number): number {
  return weightDecay === 0 ? sign * g : sign * g + weightDecay * p;
}

const signOf = ({ maximize }: UpdateStep): number => (maximize ? -1 : 1);

const adagrad: Rule = (p, g, [sum], step) => {
  const { rate, eps, weightDecay } = step;
  const sign = signOf(step);
  for (let i = 0; i < p.length; i++) {
    const grad = stepGradient(g[i], p[i], sign, weightDecay);
    const total = sum![i] + grad * grad;
    sum![i] = total;
    p[i] -= (rate * grad) / (Math.sqrt(total) + eps);
  }
};

const rmsprop: Rule = (p, g, [square, mean, momentum], step) => {
  const { rate, beta2, eps, weightDecay } = step;
  const sign = signOf(step);
  for (let i = 0; i < p.length; i++) {
    const grad = stepGradient(g[i], p[i], sign, weightDecay);
    let spread = beta2 * square![i] + (1 - beta2) * grad * grad;
    square![i] = spread;
    if (mean !== null) {
      const average = mean[i] + (grad - mean[i]) * (1 - beta2);
      mean[i] = average;
      // A variance is not negative, but its rounding can be.
      spread = Math.max(spread - average * average, 0);
    }
    let direction = grad / (Math.sqrt(spread) + eps);
    if (momentum !== null) {
      direction += step.momentum * momentum[i];
      momentum[i] = direction;
    }
    p[i] -= rate * direction;
  }
};

const adadelta: Rule = (p, g, [square, deltas], step) => {
  const { rate, beta2, eps, weightDecay } = step;
  const sign = signOf(step);
  for (let i = 0; i < p.length; i++) {
    const grad = stepGradient(g[i], p[i], sign, weightDecay);
    const spread = beta2 * square![i] + (1 - beta2) * grad * grad;
    const delta = (Math.sqrt(deltas![i] + eps) / Math.sqrt(spread + eps)) * grad;
    square![i] = spread;
    deltas![i] = beta2 * deltas![i] + (1 - beta2) * delta * delta;
    p[i] -= rate * delta;
  }
};

const adamax: Rule = (p, g, [mean, largest], step) => {
  const { rate, beta1, beta2, eps, weightDecay } = step;
  const sign = signOf(step);
  for (let i = 0; i < p.length; i++) {
    const grad = stepGradient(g[i], p[i], sign, weightDecay);
    const first = mean![i] + (grad - mean![i]) * (1 - beta1);
    const bound = Math.max(beta2 * largest![i], Math.abs(grad) + eps);
    mean![i] = first;
    largest![i] = bound;
    p[i] -= (rate * first) / bound;
  }
};

const nadam: Rule = (p, g, [mean, square], step) => {
  const { rate, momentum, beta1, beta2, eps, weightDecay, keep, correction } = step;
  const sign = signOf(step);
  for (let i = 0; i < p.length; i++) {
    const grad = stepGradient(g[i], p[i], sign, weightDecay);
    const first = mean![i] + (grad - mean![i]) * (1 - beta1);
    const second = beta2 * square![i] + (1 - beta2) * grad * grad;
    mean![i] = first;
    square![i] = second;
    p[i] = keep * p[i] - (rate * grad + momentum * first) / (Math.sqrt(second) * correction + eps);
  }
};

const radam: Rule = (p, g, [mean, square], step) => {
  const { rate, beta1, beta2, eps, weightDecay, keep, adaptive } = step;
  const sign = signOf(step);
  for (let i = 0; i < p.length; i++) {
    const grad = stepGradient(g[i], p[i], sign, weightDecay);
    const first = mean![i] + (grad - mean![i]) * (1 - beta1);
    const second = beta2 * square![i] + (1 - beta2) * grad * grad;
    mean![i] = first;
    square![i] = second;
    p[i] = keep * p[i] - (rate * first) / (adaptive ? Math.sqrt(second) + eps : 1);
  }
};

const rprop: Rule = (p, g, [previous, size], step) => {
  const { grow, shrink, low, high, weightDecay } = step;
  const sign = signOf(step);
  for (let i = 0; i < p.length; i++) {
    const grad = stepGradient(g[i], p[i], sign, weightDecay);
    const before = previous![i];
    // By signs: a product of small gradients would be 0.
    const agree = (grad > 0 && before > 0) || (grad < 0 && before < 0);
    const differ = (grad > 0 && before < 0) || (grad < 0 && before > 0);
    const reach = Math.min(Math.max(size![i] * (agree ? grow : differ ? shrink : 1), low), high);
    const taken = differ ? 0 : grad;
    size![i] = reach;
    previous![i] = taken;
    if (taken > 0) p[i] -= reach;
    else if (taken < 0) p[i] += reach;
  }
};

const asgd: Rule = (p, g, [mean], step) => {
  const { rate, keep, average, weightDecay } = step;
  const sign = signOf(step);
  for (let i = 0; i < p.length; i++) {
    const next = keep * p[i] - rate * stepGradient(g[i], p[i], sign, weightDecay);
    p[i] = next;
    mean![i] = average === 1 ? next : mean![i] + (next - mean![i]) * average;
  }
};

const rules: Readonly<Record<UpdateRule, Rule>> = {
  [UpdateRule.adagrad]: adagrad,
  [UpdateRule.rmsprop]: rmsprop,
  [UpdateRule.adadelta]: adadelta,
  [UpdateRule.adamax]: adamax,
  [UpdateRule.nadam]: nadam,
  [UpdateRule.radam]: radam,
  [UpdateRule.rprop]: rprop,
  [UpdateRule.asgd]: asgd,
};

export function update(
  rule: UpdateRule,
  params: readonly FloatArray[],
  grads: readonly FloatArray[],
  states: UpdateStates,
  step: UpdateStep,
): void {
  const [first, second = null, third = null] = states;
  for (let i = 0; i < params.length; i++) {
    const own = [first[i], second === null ? null : second[i], third === null ? null : third[i]];
    rules[rule](params[i], grads[i], own, step);
  }
}
