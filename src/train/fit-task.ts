/** What `fit` trains: batches of a source, counted in epochs, with everything that is judged between them. */

import { StepDraws } from '../autograd/index.ts';
import { defaultGenerator, type GeneratorState } from '../core/rng.ts';
import type { BatchSource } from '../data/index.ts';
import { CheckpointError, ConfigError, DivergenceError } from '../errors.ts';
import type { Checkpoint } from '../io/checkpoint.ts';
import type { Module, StateDict } from '../nn/index.ts';
import { clipGradNorm_, LBFGS, type Optimizer, ReduceLROnPlateau } from '../optim/index.ts';
import { wrapArray } from '../tensor.ts';
import { type Batches, BatchWalk, samplesIn } from './batches.ts';
import { checkSameData, identityOf } from './data-identity.ts';
import { evaluateBatches, namesOf } from './evaluate.ts';
import type { BatchRecord, FitCallback, FitOptions, FitState, Schedule } from './fit-options.ts';
import { type EpochRecord, History, type StopReason } from './history.ts';
import type { EpochResult, StepResult, TrainingTask } from './loop.ts';
import { addGradients, type Computed, type Model, type Share } from './losses.ts';
import { restoreOptimizer, saveOptimizer } from './optimizer-state.ts';
import { Stopping } from './stopping.ts';
import { Turns } from './turns.ts';
import { allFinite, copyWeights, FiniteCheck, partOf, prefixed } from './weights.ts';

const BEST = 'best.';
const LOSS = 'loss.';
const BEST_LOSS = 'bestLoss.';

/** What was gone through of the epoch under way. */
interface Sums {
  loss: number;
  samples: number;
  /** Milliseconds; of these, spent waiting for batches. */
  elapsed: number;
  waited: number;
}

const nothing = (): Sums => ({ loss: 0, samples: 0, elapsed: 0, waited: 0 });

export interface FitParts<O, B> {
  readonly model: Model<O>;
  /** The loss, where it is a module: it may have parameters of its own. */
  readonly lossModule: Module | null;
  readonly train: BatchSource<B>;
  readonly validation: Batches<B> | null;
  readonly optimizer: Optimizer;
  readonly schedule: Schedule | null;
  readonly compute: (batch: B) => Computed<O>;
  readonly options: FitOptions<O, B>;
}

export class FitTask<O, B> implements TrainingTask {
  readonly stepsPerEpoch: number;
  readonly history = new History();
  readonly #parts: FitParts<O, B>;
  readonly #walk: BatchWalk<B>;
  readonly #stopping: Stopping;
  readonly #finite: FiniteCheck;
  readonly #callbacks: readonly FitCallback<O>[];
  readonly #accumulate: number;
  readonly #turns = new Turns();
  #sums = nothing();
  /** When the part of the epoch that `#sums` does not know yet began. */
  #since = performance.now();
  #steps = 0;
  #items = 0;
  #best: { readonly model: StateDict; readonly loss: StateDict } | null = null;
  #reason: StopReason | null = null;

  constructor(parts: FitParts<O, B>) {
    const { train, validation, options } = parts;
    const { callbacks = [], accumulate = 1, metrics = [] } = options;
    this.#parts = parts;
    this.#finite = new FiniteCheck('fit', this.#modules());
    // Several batches of one step are there together, so none may be given back before the last is used.
    this.#walk = new BatchWalk('fit', train, { recycle: accumulate === 1 && options.recycle !== false });
    this.#accumulate = accumulate;
    this.stepsPerEpoch = Math.ceil(train.length / accumulate);
    this.#callbacks = Array.isArray(callbacks) ? callbacks : [callbacks];
    const measured = { validated: validation !== null, metrics: namesOf('fit', metrics) };
    this.#stopping = new Stopping(options.earlyStopping, options.stop, measured);
  }

  get itemsPerStep(): number {
    return this.#steps > 0 ? this.#items / this.#steps : 0;
  }

  get ended(): boolean {
    return this.#reason !== null;
  }

  /** Why the training ended, once it has; null while it could go on. */
  get reason(): StopReason | null {
    return this.#reason;
  }

  /** The rate of the first group: what the log and the history show. */
  get lr(): number {
    return this.#parts.optimizer.paramGroups[0].lr;
  }

  async step(index: number): Promise<StepResult> {
    const { optimizer, schedule, options } = this.#parts;
    const epoch = Math.floor(index / this.stepsPerEpoch);
    const within = index % this.stepsPerEpoch;
    const state = this.#state(epoch, index + 1);
    if (within === 0) {
      this.#sums = nothing();
      this.#since = performance.now();
      await this.#call((callback) => callback.onEpochBegin?.(state));
    }
    const shares = await this.#sharesOf(epoch, within);
    const { lr } = this;
    const { loss, gradNorm } =
      optimizer instanceof LBFGS ? this.#search(optimizer, shares, index) : await this.#descend(shares, index);
    if (schedule !== null && options.scheduleBy === 'step') (schedule as { step(): void }).step();
    const { total } = shares[0];
    this.#sums.loss += loss * total;
    this.#sums.samples += total;
    this.#steps++;
    this.#items += total;
    const record: BatchRecord = { loss, lr, ...(gradNorm !== undefined && { gradNorm }) };
    await this.#call((callback) => callback.onBatchEnd?.(record, state));
    return record;
  }

  async closeEpoch(signal?: AbortSignal): Promise<EpochResult | null> {
    const { model, train, validation, schedule, compute, options } = this.#parts;
    const { metrics = [], sampleAxis, scheduleBy = 'epoch' } = options;
    let validationLoss: number | null = null;
    let measured: Record<string, unknown> = {};
    if (validation !== null || metrics.length > 0) {
      const result = await evaluateBatches('fit', model, validation ?? train, compute, { metrics, sampleAxis, signal });
      if (result === null) return null;
      if (validation !== null) validationLoss = result.loss;
      measured = result.metrics;
    }
    const epoch = this.history.epochs.length + 1;
    if (validationLoss !== null && !Number.isFinite(validationLoss)) {
      throw new DivergenceError({ op: 'fit', problem: `the validation loss of epoch ${epoch} is ${validationLoss}` });
    }
    const { loss, samples, elapsed, waited } = this.#lap();
    const numbers = Object.entries(measured).filter((entry): entry is [string, number] => typeof entry[1] === 'number');
    const row: EpochRecord = {
      epoch,
      trainLoss: loss / samples,
      validationLoss,
      metrics: Object.fromEntries(numbers),
      lr: this.lr,
      seconds: elapsed / 1000,
      waitedSeconds: waited / 1000,
    };
    this.history.epochs.push(row);
    const { best, reason } = this.#stopping.judge(row);
    this.history.best = this.#stopping.best;
    this.#reason ??= reason;
    if (best && this.#stopping.restoresBest) this.#best = { model: copyWeights(model), loss: this.#lossCopy() };
    if (schedule instanceof ReduceLROnPlateau) schedule.step(this.#stopping.valueOf(row));
    else if (scheduleBy === 'epoch') schedule?.step();
    const state = this.#state(epoch - 1, epoch * this.stepsPerEpoch);
    await this.#call((callback) => callback.onEpochEnd?.(row, state));
    return { validationLoss, best, measured: { epoch, trainLoss: row.trainLoss, ...measured } };
  }

  checkFinite(): void {
    this.#finite.check();
  }

  /** Gives the model the weights of the best epoch, if these were asked for. */
  restoreBest(): void {
    if (this.#best === null) return;
    const { model, lossModule } = this.#parts;
    model.loadStateDict(this.#best.model);
    lossModule?.loadStateDict(this.#best.loss);
  }

  /** Nothing is prefetched any more. */
  async close(): Promise<void> {
    await this.#walk.close();
  }

  begin(): Promise<void> {
    const { steps } = this.history;
    return this.#call((callback) =>
      callback.onTrainBegin?.(this.#state(Math.floor(steps / this.stepsPerEpoch), steps)),
    );
  }

  end(): Promise<void> {
    const { steps } = this.history;
    const epoch = Math.floor(Math.max(0, steps - 1) / this.stepsPerEpoch);
    return this.#call((callback) => callback.onTrainEnd?.(this.#state(epoch, steps)));
  }

  snapshot(): Checkpoint {
    const { model, lossModule, optimizer, schedule, train: source } = this.#parts;
    const { train, documents } = saveOptimizer(model, lossModule, optimizer);
    const { rows, times } = this.history.save();
    const { loss, samples, elapsed, waited } = this.#lap();
    const sums = wrapArray(Float64Array.of(loss, samples), [2], 'float64');
    return {
      weights: model.stateDict(),
      train: {
        ...train,
        ...prefixed(LOSS, lossModule?.stateDict() ?? {}),
        ...prefixed(BEST, this.#best?.model ?? {}),
        ...prefixed(BEST_LOSS, this.#best?.loss ?? {}),
        epoch_sums: sums,
      },
      documents: {
        ...documents,
        generator: defaultGenerator.getState(),
        ...(schedule !== null && { schedule: schedule.stateDict() }),
        fit: {
          data: identityOf(source, this.#accumulate),
          history: rows,
          stopping: this.#stopping.stateDict(),
          reason: this.#reason,
        },
        fitTimes: { epoch: [elapsed, waited], history: times },
      },
    };
  }

  /**
   * Takes over what `snapshot` gave.
   *
   * @throws CheckpointError  if something is missing, or the data is cut into other batches
   * @throws StateDictError   if something does not fit this model, loss, optimizer or schedule
   */
  restore({ weights, train, documents }: Checkpoint): void {
    const { model, lossModule, optimizer, schedule, train: source } = this.#parts;
    const saved = documents.fit as Record<string, unknown> | undefined;
    const { epoch_sums: sums } = train;
    if (typeof saved !== 'object' || saved === null || sums?.size !== 2) {
      throw new CheckpointError({ op: 'resume', problem: 'this checkpoint was not written by fit' });
    }
    checkSameData(saved.data, identityOf(source, this.#accumulate));
    if ((schedule === null) !== (documents.schedule === undefined)) {
      const problem = `this checkpoint has ${schedule === null ? 'the' : 'no'} state of a schedule`;
      const hint = schedule === null ? 'give fit the same `schedule`' : 'leave `schedule` out';
      throw new CheckpointError({ op: 'resume', problem, hint });
    }
    if (lossModule === null && Object.keys(partOf(LOSS, train)).length > 0) {
      const problem = 'the loss in this checkpoint is a module with a state of its own';
      throw new CheckpointError({ op: 'resume', problem, hint: 'give fit the same `loss`' });
    }
    const times = documents.fitTimes as { epoch: number[]; history: unknown };
    this.history.restore(saved.history, times?.history);
    this.#stopping.loadStateDict(saved.stopping);
    this.history.best = this.#stopping.best;
    model.loadStateDict(weights);
    lossModule?.loadStateDict(partOf(LOSS, train));
    // The rates are the optimizer's: whoever changed one since the schedule's last step is heard.
    schedule?.loadStateDict(documents.schedule as never);
    restoreOptimizer(model, lossModule, optimizer, { train, documents });
    defaultGenerator.setState(documents.generator as GeneratorState);
    const best = partOf(BEST, train);
    this.#best = Object.keys(best).length === 0 ? null : { model: best, loss: partOf(BEST_LOSS, train) };
    this.#reason = saved.reason as StopReason | null;
    const [elapsed = 0, waited = 0] = times.epoch;
    this.#sums = { loss: sums.data[0], samples: sums.data[1], elapsed, waited };
    this.#since = performance.now();
  }

  /** The batches of a step, and which samples of it each has. */
  async #sharesOf(epoch: number, within: number): Promise<Share<B>[]> {
    const { train, options } = this.#parts;
    const from = within * this.#accumulate;
    const to = Math.min(from + this.#accumulate, train.length);
    const batches: B[] = [];
    for (let i = from; i < to; i++) batches.push(await this.#walk.take(epoch, i));
    const counts = batches.map((batch) => samplesIn('fit', batch, options.sampleAxis ?? 0));
    const total = counts.reduce((sum, count) => sum + count, 0);
    if (counts.includes(0)) {
      const place = `epoch ${epoch + 1}, batch ${from + counts.indexOf(0) + 1}`;
      throw new ConfigError({ op: 'fit', problem: `a batch has no samples (${place})` });
    }
    const draws = new StepDraws();
    let first = 0;
    return batches.map((batch, i) => {
      const share = { batch, first, count: counts[i], total, draws };
      first += counts[i];
      return share;
    });
  }

  /** A step along the gradient of all shares, with room for others between them. */
  async #descend(shares: readonly Share<B>[], index: number): Promise<StepResult> {
    const { optimizer } = this.#parts;
    this.#zeroGrad();
    let loss = 0;
    for (const [i, share] of shares.entries()) {
      if (i > 0 && this.#turns.isDue) await this.#turns.give();
      loss += this.#addGradients(share, index);
    }
    const gradNorm = this.#clip(index, loss);
    optimizer.step();
    return { loss, gradNorm };
  }

  /** A step of an optimizer that asks for the gradient at several places; the loss is that of the first. */
  #search(optimizer: LBFGS, shares: readonly Share<B>[], index: number): StepResult {
    const found: StepResult[] = [];
    optimizer.step(() => {
      this.#zeroGrad();
      const loss = shares.reduce((sum, share) => sum + this.#addGradients(share, index), 0);
      found.push({ loss, gradNorm: this.#clip(index, loss) });
      return wrapArray(Float64Array.of(loss), [], 'float64');
    });
    return found[0];
  }

  /** What is trained, or may be. */
  #modules(): Module[] {
    const { model, lossModule } = this.#parts;
    return lossModule === null ? [model] : [model, lossModule];
  }

  #lossCopy(): StateDict {
    const { lossModule } = this.#parts;
    return lossModule === null ? {} : copyWeights(lossModule);
  }

  #zeroGrad(): void {
    const { optimizer, options } = this.#parts;
    optimizer.zeroGrad({ recycle: options.recycle !== false });
  }

  /** The loss of a share, weighted by its part of the samples. */
  #addGradients(share: Share<B>, index: number): number {
    try {
      return addGradients(this.#parts.compute, share, this.#parts.options.recycle) * (share.count / share.total);
    } catch (error) {
      if (error instanceof DivergenceError) throw this.#diverged(index, error.message.replace(/^fit: /, ''));
      throw error;
    }
  }

  #clip(index: number, loss: number): number | undefined {
    const { optimizer, options } = this.#parts;
    const { clipGradNorm } = options;
    if (clipGradNorm === undefined) return undefined;
    const norm = clipGradNorm_(
      optimizer.paramGroups.flatMap((group) => group.params),
      clipGradNorm,
    );
    if (Number.isFinite(norm)) return norm;
    const named = this.#modules().flatMap((module) => module.namedParameters());
    const bad = named.find(([, { grad }]) => grad !== null && !allFinite(grad.data));
    const where = bad === undefined ? '' : `, first in ${bad[0]}`;
    throw this.#diverged(index, `the loss is ${loss} and the gradient norm ${norm}${where}`);
  }

  #diverged(index: number, what: string): DivergenceError {
    const place = `epoch ${Math.floor(index / this.stepsPerEpoch) + 1}, step ${index + 1}`;
    const problem = `the training diverged in ${place}: ${what}, learning rate ${this.lr}`;
    return new DivergenceError({ op: 'fit', problem, hint: 'try a smaller learning rate, or clipGradNorm' });
  }

  #state(epoch: number, step: number): FitState<O> {
    const { model, optimizer } = this.#parts;
    const { history } = this;
    const stop = (): void => {
      this.#reason ??= 'callback';
    };
    return { model, optimizer, history, epoch: epoch + 1, step, stop };
  }

  async #call(hook: (callback: FitCallback<O>) => void | Promise<void>): Promise<void> {
    for (const callback of this.#callbacks) await hook(callback);
  }

  /** The sums of the epoch with its times up to now. */
  #lap(): Sums {
    const now = performance.now();
    this.#sums.elapsed += now - this.#since;
    this.#sums.waited += this.#walk.waited;
    this.#since = now;
    this.#walk.waited = 0;
    return this.#sums;
  }
}
