/** checkpoint: a part of the graph that saves nothing, and is computed a second time when its gradient is asked for. */

import { outsideScopes, type Storage } from '../core/pool.ts';
import { type Generator, type GeneratorState, recordDraws, repeatDraws } from '../core/rng.ts';
import { AutogradError, ConfigError } from '../errors.ts';
import { Tensor } from '../tensor.ts';
import { checkSynchronous, enableGrad } from './mode.ts';
import { Node, nextSequence } from './node.ts';
import { repeatSamples, type SampleState, samplesNow } from './samples.ts';
import { dropped, list, listRecorded, type Recomputation, type Recorded, refilled, type Saved } from './saved.ts';

/** A run of a function, as far as it was recorded. */
interface Run {
  readonly recorded: readonly Recorded[];
  readonly draws: ReadonlyMap<Generator, GeneratorState>;
  readonly samples: SampleState | null;
}

/** The part of a graph that one call of a function recorded; a part inside another is one of its operations. */
class Part implements Recomputation, Recorded {
  readonly opName = 'checkpoint';
  readonly #fn: (...inputs: unknown[]) => unknown;
  /** The arguments that are tensors, null in place of the others; dropped where the part around this one can bring them. */
  #tensors: readonly Saved[];
  readonly #inputs: readonly unknown[];
  #around: Recomputation | null = null;
  #run: Run | null;
  /** What must not have changed when the function runs again. */
  readonly #versions = new Map<Storage, number>();

  constructor(fn: (...inputs: unknown[]) => unknown, inputs: readonly unknown[], run: Run, since: number) {
    this.#fn = fn;
    this.#tensors = inputs.map((input) => (input instanceof Tensor ? input : null));
    this.#inputs = inputs.map((input) => (input instanceof Tensor ? null : input));
    this.#run = run;
    for (const part of run.recorded) {
      if (part instanceof Node) {
        for (const edge of part.edges) if (edge !== null && edge.leaf !== null) this.#watch(edge.leaf);
      }
      part.dropSaved(since, this);
    }
    for (const tensor of this.#tensors) if (tensor instanceof Tensor) this.#watch(tensor);
  }

  dropSaved(since: number, owner: Recomputation): void {
    if (this.#run === null) return;
    this.#tensors = dropped(this.#tensors, since);
    this.#around = owner;
  }

  refillFrom(again: Recorded): void {
    this.#tensors = refilled(this.opName, this.#tensors, (again as Part).#tensors);
    this.#around = null;
  }

  recompute(): void {
    this.#around?.recompute();
    const run = this.#run;
    if (run === null) return;
    for (const [storage, version] of this.#versions) {
      if (storage.version === version) continue;
      throw new AutogradError({
        op: 'checkpoint',
        problem: `what the function was computed from was changed in place by ${storage.writer}`,
        hint: 'change it after backward()',
      });
    }
    const inputs = this.#inputs.map((input, i) => this.#tensors[i] ?? input);
    const compute = (): unknown => enableGrad(() => outsideScopes(() => this.#fn(...inputs)));
    const [, recorded] = listRecorded(() => repeatSamples(run.samples, () => repeatDraws(run.draws, compute)));
    if (recorded.length !== run.recorded.length) {
      throw new AutogradError({
        op: 'checkpoint',
        problem: 'the function computed something else the second time',
        got: `${recorded.length} operations`,
        expected: run.recorded.length,
      });
    }
    for (const [i, part] of run.recorded.entries()) {
      if (part.opName !== recorded[i].opName) {
        throw new AutogradError({
          op: 'checkpoint',
          problem: `the function computed something else the second time, in its operation ${i}`,
          got: recorded[i].opName,
          expected: part.opName,
        });
      }
      part.refillFrom(recorded[i]);
    }
    this.#run = null;
  }

  #watch({ storage }: Tensor): void {
    this.#versions.set(storage, storage.version);
  }
}

/**
 * Calls `fn` with `inputs`, and keeps nothing of what its operations save for their gradients: `fn` runs a second time
 * when a walk back reaches it. Memory for time: of a deep network in which each block is checkpointed, only what passes
 * from block to block stays, and one block at a time is there as a whole. Generators draw the same numbers again, so
 * dropout drops the same elements. Parts may be nested, and differentiated to any order.
 *
 * `fn` must compute the same whenever it is called: what it counts, it counts twice.
 *
 * @returns what `fn` returns
 * @throws ConfigError    if `fn` is no function, or returns a promise
 * @throws AutogradError  in the walk, if an input or a leaf was changed in place since, or `fn` computes something else
 * @example
 * const x = tensor([1, 2], { requiresGrad: true });
 * checkpoint((a) => a.mul(a).mul(a).sum(), x).backward();
 * x.grad?.toArray(); // => [ 3, 12 ]
 */
export function checkpoint<A extends unknown[], R>(fn: (...inputs: A) => R, ...inputs: A): R {
  if (typeof fn !== 'function') {
    throw new ConfigError({ op: 'checkpoint', problem: 'the first argument must be a function', got: fn });
  }
  const since = nextSequence();
  const compute = (): R =>
    checkSynchronous(
      'checkpoint',
      outsideScopes(() => fn(...inputs)),
    );
  const samples = samplesNow();
  const [[result, draws], recorded] = listRecorded(() => recordDraws(compute));
  if (recorded.length > 0)
    list(new Part(fn as (...inputs: unknown[]) => unknown, inputs, { recorded, draws, samples }, since));
  return result;
}
