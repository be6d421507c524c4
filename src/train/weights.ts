/** What was learned: whether it is still made of numbers, and copies of it. */

import type { DataArray } from '../core/dtype.ts';
import { DivergenceError } from '../errors.ts';
import type { Module, StateDict } from '../nn/index.ts';
import { wrapArray } from '../tensor.ts';

export function allFinite(array: DataArray): boolean {
  for (let i = 0; i < array.length; i++) if (array[i] - array[i] !== 0) return false;
  return true;
}

/** Watches that parameters and buffers stay finite: running statistics may go astray while every weight is still good. */
export class FiniteCheck {
  readonly #op: string;
  readonly #modules: readonly Module[];
  /** Buffers that were not finite to begin with, such as the −∞ of a mask. */
  readonly #exempt: ReadonlySet<string>;

  constructor(op: string, modules: readonly Module[]) {
    this.#op = op;
    this.#modules = modules;
    const buffers = modules.flatMap((module) => module.namedBuffers());
    this.#exempt = new Set(buffers.filter(([, { data }]) => !allFinite(data)).map(([name]) => name));
  }

  /** @throws DivergenceError  naming the first that is not finite */
  check(): void {
    for (const module of this.#modules) {
      const buffers = module.namedBuffers().filter(([name]) => !this.#exempt.has(name));
      for (const [name, { data }] of [...module.namedParameters(), ...buffers]) {
        if (allFinite(data)) continue;
        const problem = `${name} is no longer finite`;
        throw new DivergenceError({ op: this.#op, problem, hint: 'try a smaller rate' });
      }
    }
  }
}

/** A state dict of its own memory, which no later step changes. */
export function copyWeights(module: Module): StateDict {
  const tensors = Object.entries(module.stateDict());
  return Object.fromEntries(
    tensors.map(([name, { data, shape, dtype }]) => [name, wrapArray(data.slice(), shape, dtype)]),
  );
}

/** A state dict under names with a prefix, as part of a larger one. */
export function prefixed(prefix: string, dict: StateDict): StateDict {
  return Object.fromEntries(Object.entries(dict).map(([name, tensor]) => [prefix + name, tensor]));
}

/** The part of a larger state dict that `prefixed` put there. */
export function partOf(prefix: string, dict: StateDict): StateDict {
  const mine = Object.entries(dict).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(mine.map(([name, tensor]) => [name.slice(prefix.length), tensor]));
}
