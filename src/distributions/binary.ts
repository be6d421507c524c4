/** A probability given as itself or as log-odds, exact at 0 and 1 and far from either. */

import { ConfigError } from '../errors.ts';
import { eq, log, log1p, logsigmoid, mul, neg, sigmoid, sub, where } from '../ops/index.ts';
import type { Tensor } from '../tensor.ts';
import type { Values } from './distribution.ts';
import { checkParameter, real, unitInterval } from './support.ts';

/** Exactly one of the two. */
export interface ProbabilityOptions {
  /** Probabilities; those of a categorical distribution are divided by their sum. */
  probs?: Values;
  /** Log-odds; logarithms of the weights in a categorical distribution. */
  logits?: Values;
}

/** @throws ConfigError  unless exactly one of the two is given */
export function givenOf(
  op: string,
  { probs, logits }: ProbabilityOptions,
): { form: 'probs' | 'logits'; value: Values } {
  if ((probs === undefined) === (logits === undefined)) {
    throw new ConfigError({ op, problem: 'give probs or logits, exactly one of them' });
  }
  return probs === undefined ? { form: 'logits', value: logits! } : { form: 'probs', value: probs };
}

/** p and 1 − p with their logarithms. */
export class Chance {
  readonly form: 'probs' | 'logits';
  readonly given: Tensor;

  constructor(form: 'probs' | 'logits', given: Tensor) {
    this.form = form;
    this.given = given;
  }

  check(op: string): void {
    checkParameter(op, this.form, this.given, this.form === 'probs' ? unitInterval : real);
  }

  get probs(): Tensor {
    return this.form === 'probs' ? this.given : sigmoid(this.given);
  }

  get logits(): Tensor {
    return this.form === 'logits'
      ? this.given
      : sub(this.#log('success', this.given), this.#log('failure', this.given));
  }

  /** 1 − p. */
  get rest(): Tensor {
    return this.form === 'probs' ? sub(1, this.given) : sigmoid(neg(this.given));
  }

  /** weight·log p, or weight·log(1 − p) where it is the failure that is weighted; 0 where the weight is. */
  weightedLog(weight: Tensor, of: 'success' | 'failure'): Tensor {
    const none = eq(weight, 0);
    return where(none, 0, mul(weight, this.#log(of, where(none, this.form === 'probs' ? 0.5 : 0, this.given))));
  }

  #log(of: 'success' | 'failure', given: Tensor): Tensor {
    if (this.form === 'logits') return logsigmoid(of === 'success' ? given : neg(given));
    return of === 'success' ? log(given) : log1p(neg(given));
  }
}
