/** Evaluation between the steps of something else: modes hold for one synchronous call, never across an `await`. */

import { noGrad } from '../autograd/index.ts';
import type { Module } from '../nn/index.ts';

/** Runs functions with a model in evaluation mode and without recording. */
export class EvaluationMode {
  readonly #modules: readonly Module[];

  constructor(model: Module) {
    this.#modules = model.modules();
  }

  /** Afterwards every module is in the mode that it was in: a part may be frozen while the rest is in training. */
  run<T>(fn: () => T): T {
    const before = this.#modules.map(({ training }) => training);
    for (const module of this.#modules) module.training = false;
    try {
      return noGrad(fn);
    } finally {
      for (const [i, module] of this.#modules.entries()) module.training = before[i];
    }
  }
}
