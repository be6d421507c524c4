/** Search over settings: many trainings, each with a choice of its own, compared by one number. */

import { inspect } from 'node:util';
import { checkOptions, checkPositiveInteger, type OptionNames } from '../core/options.ts';
import { formatTable } from '../core/table.ts';
import type { Collated, Dataset, Labels, Subset } from '../data/index.ts';
import { trainTestSplit } from '../data/index.ts';
import { ConfigError, DivergenceError } from '../errors.ts';
import type { Module, StateDict } from '../nn/index.ts';
import type { CheckpointOptions } from './fit-options.ts';
import { type Choice, checkSpace, choiceOf, describeSpace, gridSize, nameOf, type Space } from './search-space.ts';
import { seedFor, withSeed } from './seeds.ts';
import type { MonitorMode } from './stopping.ts';
import { TrialStore } from './trial-store.ts';
import { copyWeights } from './weights.ts';

/** What a trial is given beside its choice. */
export interface TrialContext<T = unknown, B = Collated<T>> {
  /** Counted from 0. */
  readonly trial: number;
  /** The trial's own; the default generator is seeded with it. */
  readonly seed: bigint;
  /** For `fit`: where the trial saves its state, to go on from there. Undefined where the search has no folder. */
  readonly checkpoint: CheckpointOptions | undefined;
  readonly signal: AbortSignal | undefined;
  /** The parts of `data`, the same in every trial. @throws ConfigError if the search was given none */
  readonly train: Subset<T, B>;
  readonly validation: Subset<T, B>;
}

/** How good a choice is, with what else was measured, and the model, whose weights are kept. */
export type TrialOutcome =
  | number
  | { readonly value: number; readonly metrics?: Readonly<Record<string, number>>; readonly model?: Module };

export interface SearchOptions<T = unknown, B = Collated<T>> {
  /** All points of a grid in order, or points at random. Default 'grid'. */
  readonly kind?: 'grid' | 'random';
  /** How many; default for a grid: all. */
  readonly trials?: number;
  /** Default 0. */
  readonly seed?: number | bigint;
  /** Whether a small or a large value is good. Default 'min'. */
  readonly mode?: MonitorMode;
  /** Samples that are split once for all trials. */
  readonly data?: Dataset<T, B>;
  /** The part of `data` that is held out: a fraction, or a number of samples. Default 0.2. */
  readonly validation?: number;
  /** The class of each sample of `data`: both parts then have their share of each. */
  readonly stratify?: Labels;
  /** A folder in which finished trials are kept: value, metrics and weights, and the course of each, but no states. */
  readonly folder?: string;
  /** Go on with the search that the folder holds. Default false. */
  readonly resume?: boolean;
  readonly onTrial?: (trial: Trial) => void | Promise<void>;
  /** Stop before the next trial; `fit` stops the one under way if it is given the signal. */
  readonly signal?: AbortSignal;
}

const OPTIONS: OptionNames<SearchOptions> = {
  kind: true,
  trials: true,
  seed: true,
  mode: true,
  data: true,
  validation: true,
  stratify: true,
  folder: true,
  resume: true,
  onTrial: true,
  signal: true,
};

export interface Trial<S extends Space = Space> {
  readonly trial: number;
  readonly choice: Choice<S>;
  /** Not a number where the training diverged. */
  readonly value: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly seconds: number;
}

/** The trials of a search, best first. */
export class SearchResult<S extends Space = Space> {
  readonly trials: readonly Trial<S>[];
  /** The weights of the best trial, if it gave its model; empty otherwise. */
  readonly bestWeights: StateDict;
  /** Whether the signal ended it before its last trial. */
  readonly interrupted: boolean;

  constructor(trials: readonly Trial<S>[], bestWeights: StateDict, interrupted: boolean) {
    this.trials = trials;
    this.bestWeights = bestWeights;
    this.interrupted = interrupted;
  }

  /** Null if no trial came to an end with a number. */
  get best(): Trial<S> | null {
    const [first] = this.trials;
    return first === undefined || Number.isNaN(first.value) ? null : first;
  }

  toString(): string {
    const [first] = this.trials;
    if (first === undefined) return 'no trials';
    const names = Object.keys(first.choice);
    const metrics = [...new Set(this.trials.flatMap((trial) => Object.keys(trial.metrics)))];
    const rows = this.trials.map(({ trial, choice, value, metrics: measured, seconds }) => [
      trial,
      ...names.map((name) => {
        const chosen = (choice as Record<string, unknown>)[name];
        return typeof chosen === 'number' ? chosen : nameOf(chosen);
      }),
      value,
      ...metrics.map((name) => measured[name]),
      Number(seconds.toFixed(2)),
    ]);
    return formatTable(['trial', ...names, 'value', ...metrics, 'seconds'], rows);
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

class Context<T, B> implements TrialContext<T, B> {
  readonly trial: number;
  readonly seed: bigint;
  readonly checkpoint: CheckpointOptions | undefined;
  readonly signal: AbortSignal | undefined;
  readonly #parts: { train: Subset<T, B>; test: Subset<T, B> } | undefined;

  constructor(
    trial: number,
    seed: bigint,
    checkpoint: CheckpointOptions | undefined,
    signal: AbortSignal | undefined,
    parts: { train: Subset<T, B>; test: Subset<T, B> } | undefined,
  ) {
    this.trial = trial;
    this.seed = seed;
    this.checkpoint = checkpoint;
    this.signal = signal;
    this.#parts = parts;
  }

  get train(): Subset<T, B> {
    return this.#split().train;
  }

  get validation(): Subset<T, B> {
    return this.#split().test;
  }

  #split(): { train: Subset<T, B>; test: Subset<T, B> } {
    if (this.#parts !== undefined) return this.#parts;
    throw new ConfigError({ op: 'search', problem: 'there is no data to split', hint: 'pass the option `data`' });
  }
}

/** Whether a trial stands before another: a number before none, the better before the worse. */
function isBetter(a: number, b: number, mode: MonitorMode): boolean {
  if (Number.isNaN(a) || Number.isNaN(b)) return !Number.isNaN(a) && Number.isNaN(b);
  return mode === 'min' ? a < b : a > b;
}

function checkTrials(kind: 'grid' | 'random', trials: number | undefined, space: Space): number {
  const op = 'search';
  if (kind !== 'grid' && kind !== 'random') {
    throw new ConfigError({ op, problem: 'unknown kind', got: kind, expected: "'grid' | 'random'" });
  }
  checkSpace(space, kind);
  if (kind === 'random') return checkPositiveInteger(op, 'trials', trials);
  const points = gridSize(space);
  return trials === undefined ? points : Math.min(checkPositiveInteger(op, 'trials', trials), points);
}

async function runTrial<S extends Space, T, B>(
  run: (choice: Choice<S>, context: TrialContext<T, B>) => TrialOutcome | Promise<TrialOutcome>,
  choice: Choice<S>,
  context: TrialContext<T, B>,
): Promise<{ value: number; metrics: Readonly<Record<string, number>>; weights: StateDict }> {
  try {
    const outcome = await withSeed(context.seed, async () => run(choice, context));
    const { value, metrics = {}, model } = typeof outcome === 'number' ? { value: outcome } : (outcome ?? {});
    if (typeof value === 'number') return { value, metrics, weights: model === undefined ? {} : copyWeights(model) };
    const expected = 'a number, or { value, metrics, model }';
    throw new ConfigError({ op: 'search', problem: 'a trial gave no value', got: outcome, expected });
  } catch (error) {
    // A rate that is too large is an answer, not the end of a search.
    if (error instanceof DivergenceError) return { value: Number.NaN, metrics: {}, weights: {} };
    throw error;
  }
}

/**
 * Runs a training for each of many choices and compares what they give: every point of a grid, or points at random.
 *
 * Trial n draws by a seed of its own and chooses by it, so that its result depends on the space, the seed and n alone.
 * With a `folder`, a search that goes on repeats no finished trial, hands the one under way the checkpoint that it was
 * at, and ends with the same table and the same best weights as one that was never interrupted. A training that
 * diverges is the worst of all; any other error ends the search.
 *
 * @param space  For each name a list of values or, in a random search, a range: `uniform`, `logUniform`, `integer`.
 * @param run    Trains with a choice and says how good it is.
 * @throws ConfigError      for options that do not fit, or a folder that holds another search
 * @throws CheckpointError  if the folder cannot be written, or is in use
 * @example
 * const result = await search({ a: [1, 2, 3], b: [10, 20] }, ({ a, b }) => (a * b - 40) ** 2);
 * [result.best!.choice, result.trials.length]; // => [ { a: 2, b: 20 }, 6 ]
 */
export async function search<const S extends Space, T = unknown, B = Collated<T>>(
  space: S,
  run: (choice: Choice<S>, context: TrialContext<T, B>) => TrialOutcome | Promise<TrialOutcome>,
  options: SearchOptions<T, B> = {},
): Promise<SearchResult<S>> {
  checkOptions('search', options, OPTIONS);
  const { kind = 'grid', seed = 0, mode = 'min', data, validation = 0.2, stratify, folder, signal } = options;
  if (mode !== 'min' && mode !== 'max') {
    throw new ConfigError({ op: 'search', problem: 'unknown mode', got: mode, expected: "'min' | 'max'" });
  }
  const count = checkTrials(kind, options.trials, space);
  const parts = data === undefined ? undefined : trainTestSplit(data, { testSize: validation, stratify, seed });
  const signature = { kind, seed: String(seed), mode, space: describeSpace(space) };
  const store = folder === undefined ? null : TrialStore.open(folder, signature, options.resume === true);
  const trials: Trial<S>[] = [];
  let bestValue = Number.NaN;
  let bestWeights: StateDict = {};
  let interrupted = false;
  try {
    for (let number = 0; number < count && !interrupted; number++) {
      const trialSeed = seedFor(seed, number);
      const choice = choiceOf(space, kind, number, trialSeed);
      const saved = store?.load(number) ?? null;
      interrupted = saved === null && signal?.aborted === true;
      if (interrupted) break;
      let found: { value: number; metrics: Readonly<Record<string, number>>; weights: StateDict; seconds: number };
      if (saved !== null) found = { ...saved.trial, weights: saved.weights };
      else {
        const checkpoint = store === null ? undefined : { folder: store.folderOf(number), resume: true };
        const context = new Context(number, trialSeed, checkpoint, signal, parts);
        const since = performance.now();
        const outcome = await runTrial(run, choice, context);
        // What an interrupted trial measured is not its result.
        interrupted = signal?.aborted === true;
        if (interrupted) break;
        found = { ...outcome, seconds: (performance.now() - since) / 1000 };
        const { value, metrics, seconds, weights } = found;
        store?.save(number, { value, metrics, seconds }, weights);
      }
      const { weights, ...measured } = found;
      const trial = { trial: number, choice, ...measured };
      trials.push(trial);
      if (isBetter(trial.value, bestValue, mode)) {
        bestValue = trial.value;
        bestWeights = weights;
      }
      if (saved === null) await options.onTrial?.(trial as unknown as Trial);
    }
  } finally {
    store?.close();
  }
  trials.sort((a, b) =>
    isBetter(a.value, b.value, mode) ? -1 : isBetter(b.value, a.value, mode) ? 1 : a.trial - b.trial,
  );
  return new SearchResult(trials, bestWeights, interrupted);
}
