/**
 * The training loop: steps, validation, metrics, checkpoints and interruption, for whatever takes steps. What a step
 * is, and what must be saved to go on, is the task's.
 */

import { CheckpointError, DivergenceError } from '../errors.ts';
import type { Checkpoint } from '../io/checkpoint.ts';
import { type Horizon, isReached, type Position, partsDone, progressOf } from './horizon.ts';
import type { Reporter } from './progress.ts';
import { TrainingRecord } from './record.ts';
import type { RunFolder } from './run-folder.ts';
import { Turns } from './turns.ts';

/** Steps from one line of the metrics to the next. */
const METRICS_EVERY = 10;
/** A whole training is validated at most so many times, at equal distances, the last time at its end. */
const MOST_VALIDATIONS = 10;
/** Where the end is a time, validating takes at most this part of the time that is trained between. */
const VALIDATION_PART = 0.25;

export interface StepResult {
  /** Mean over the step's items. */
  readonly loss: number;
  /** Norm of all gradients, before clipping; left out where nobody asked for it. */
  readonly gradNorm?: number;
}

/** What came of an epoch that was closed. */
export interface EpochResult {
  /** Null if nothing is kept for validation. */
  readonly validationLoss: number | null;
  /** Whether no epoch before was as good. */
  readonly best: boolean;
  /** What else was measured, for the log. */
  readonly measured: Readonly<Record<string, unknown>>;
}

/** What is trained. */
export interface TrainingTask {
  readonly itemsPerStep: number;
  readonly stepsPerEpoch: number;
  /**
   * Takes one step, counted from 0, at a learning rate.
   *
   * @throws DivergenceError  before anything is updated, if the loss or the gradient is not finite
   */
  step(index: number, lr: number): StepResult | Promise<StepResult>;
  /** Left out if nothing is kept for validation, and by a task that counts in epochs. */
  readonly validation?: {
    readonly items: number;
    /** The mean loss over these items; null if that was broken off. */
    readonly run: (signal?: AbortSignal) => Promise<number | null>;
  };
  /**
   * After the last step of every epoch of a task that counts in them: validates, and judges whether to go on. Null if the
   * signal broke that off; it is then asked for again.
   */
  closeEpoch?(signal?: AbortSignal): Promise<EpochResult | null>;
  /** Whether the training is over before its horizon. */
  readonly ended?: boolean;
  /** @throws DivergenceError  if what was learned is no longer finite */
  checkFinite(): void;
  /** Everything that is needed to go on, without what the loop itself remembers. */
  snapshot(): Checkpoint;
}

export interface TrainingOptions {
  readonly horizon: Horizon;
  /** The learning rate of a step, by the part of the way before it. */
  readonly rateAt: (progress: number) => number;
  /** Null if nothing is to be saved. */
  readonly folder: RunFolder | null;
  readonly reporter: Reporter;
  /** Save after so many steps, or so many seconds. */
  readonly checkpointEvery: Horizon;
  /** Where a saved training stood. */
  readonly record?: TrainingRecord;
  /** Finish the step under way, save, and return. */
  readonly signal?: AbortSignal;
}

export interface TrainingResult {
  readonly steps: number;
  /** Of training, over all sessions, validation and saving left out. */
  readonly seconds: number;
  readonly items: number;
  readonly itemsPerSecond: number;
  /** Mean of the last steps; NaN before the first. */
  readonly trainLoss: number;
  readonly validationLoss: number | null;
  /** The lowest so far; null before the first validation. */
  readonly bestValidationLoss: number | null;
  readonly interrupted: boolean;
}

/** Measures training time alone. */
class Stopwatch {
  #since = performance.now();

  /** Seconds since the last call; the next ones count from here. */
  lap(): number {
    const now = performance.now();
    const seconds = (now - this.#since) / 1000;
    this.#since = now;
    return seconds;
  }
}

class TrainingLoop {
  readonly #task: TrainingTask;
  readonly #options: TrainingOptions;
  readonly #record: TrainingRecord;
  readonly #watch = new Stopwatch();
  readonly #turns = new Turns();
  /** Where this session began, for its speed. */
  readonly #began: Position;
  /** The last acknowledged checkpoint: where it stands, and when it was written. */
  #saved: { step: number; validatedStep: number; at: number } | null = null;
  /** How long the last validation took. */
  #validationSeconds = 0;
  #metricsFailed = false;

  constructor(task: TrainingTask, options: TrainingOptions) {
    this.#task = task;
    this.#options = options;
    this.#record = options.record ?? new TrainingRecord();
    this.#began = { step: this.#record.step, seconds: this.#record.seconds };
  }

  async run(): Promise<TrainingResult> {
    try {
      return await this.#walk();
    } catch (error) {
      if (!(error instanceof DivergenceError) || this.#saved === null) throw error;
      const kept = `the state of step ${this.#saved.step} is kept in ${this.#options.folder?.checkpointPath}`;
      throw new DivergenceError(`${error.message}; ${kept}`);
    }
  }

  async #walk(): Promise<TrainingResult> {
    const { horizon, signal, folder } = this.#options;
    const record = this.#record;
    if (this.#options.record === undefined) this.#save();
    else if (folder !== null) {
      folder.metrics.cutBack(record.step);
      this.#saved = { step: record.step, validatedStep: record.validated.step, at: performance.now() };
    }
    this.#watch.lap();
    for (;;) {
      if (this.#validationIsDue()) await this.#validate();
      const finished = this.#task.ended === true || isReached(horizon, record);
      // A validation that the signal broke off is still due, and done when the training goes on.
      const interrupted = signal?.aborted === true && (!finished || this.#validationIsDue());
      if (finished || interrupted) {
        if (this.#saved?.step !== record.step || this.#saved.validatedStep !== record.validated.step) this.#save();
        return this.#result(interrupted);
      }
      if (this.#saveIsDue()) this.#saveOrGoOn();
      await this.#step();
      if (this.#turns.isDue) await this.#turns.give();
    }
  }

  async #step(): Promise<void> {
    const { rateAt, horizon } = this.#options;
    const record = this.#record;
    const rate = rateAt(progressOf(horizon, record));
    const { loss, gradNorm } = await this.#task.step(record.step, rate);
    record.add(loss, this.#watch.lap());
    if (record.step % METRICS_EVERY === 0 || isReached(horizon, record)) {
      this.#log({
        step: record.step,
        epoch: record.step / this.#task.stepsPerEpoch,
        loss: record.meanLoss(METRICS_EVERY),
        lr: rate,
        gradNorm,
        seconds: record.seconds,
      });
    }
    this.#report();
  }

  /** By the steps alone where these are the end, so that the course does not depend on the machine's speed. */
  #validationIsDue(): boolean {
    const { horizon } = this.#options;
    const { validation, itemsPerStep, stepsPerEpoch } = this.#task;
    const record = this.#record;
    if (record.step === record.validated.step) return false;
    if (this.#task.closeEpoch !== undefined) return record.step % stepsPerEpoch === 0;
    if (validation === undefined) return false;
    if (isReached(horizon, record)) return true;
    let parts = MOST_VALIDATIONS;
    if ('steps' in horizon) {
      // A short training is not to wait for a long validation again and again.
      parts = Math.max(1, Math.min(parts, Math.floor((horizon.steps * itemsPerStep) / validation.items)));
    } else if (this.#validationSeconds > VALIDATION_PART * (record.seconds - record.validated.seconds)) return false;
    return partsDone(horizon, record, parts) > partsDone(horizon, record.validated, parts);
  }

  /** Validates, unless it is interrupted: a training that goes on from here does it then. */
  async #validate(): Promise<void> {
    const record = this.#record;
    const result = await this.#measure();
    this.#validationSeconds = this.#watch.lap();
    if (result !== null) {
      const { validationLoss, measured } = result;
      const lowest = record.addValidation(validationLoss);
      if (validationLoss !== null || Object.keys(measured).length > 0) {
        this.#log({
          step: record.step,
          ...(validationLoss !== null && { validationLoss }),
          ...measured,
          seconds: record.seconds,
        });
      }
      this.#report();
      if (result.best ?? lowest) this.#try(() => this.#options.folder?.saveBest(this.#checkpoint()));
    }
    this.#watch.lap();
  }

  /** Null if the signal broke it off. The task judges which epoch is best; where it has none, the loss does. */
  async #measure(): Promise<(Omit<EpochResult, 'best'> & { best?: boolean }) | null> {
    const { signal } = this.#options;
    if (this.#task.closeEpoch !== undefined) return this.#task.closeEpoch(signal);
    const loss = await this.#task.validation!.run(signal);
    if (loss === null || Number.isFinite(loss)) return loss === null ? null : { validationLoss: loss, measured: {} };
    const problem = `the validation loss at step ${this.#record.step} is ${loss}`;
    throw new DivergenceError({ op: 'train', problem });
  }

  #saveIsDue(): boolean {
    const { checkpointEvery: every } = this.#options;
    if (this.#saved === null || this.#saved.step === this.#record.step) return false;
    return 'steps' in every
      ? this.#record.step % every.steps === 0
      : performance.now() - this.#saved.at >= every.seconds * 1000;
  }

  /** A disk that is full now may have room at the next attempt: training goes on, and says so. */
  #saveOrGoOn(): void {
    if (!this.#try(() => this.#save()) && this.#saved !== null) this.#saved.at = performance.now();
    this.#watch.lap();
  }

  #save(): void {
    const { folder } = this.#options;
    if (folder === null) return;
    this.#task.checkFinite();
    const record = this.#record;
    folder.save(this.#checkpoint());
    this.#saved = { step: record.step, validatedStep: record.validated.step, at: performance.now() };
    this.#log({ step: record.step, saved: true });
  }

  /** False if a file could not be written; the reason is reported, and everything else thrown. */
  #try(write: () => void): boolean {
    try {
      write();
      return true;
    } catch (error) {
      if (!(error instanceof CheckpointError) || error.code === 'ERR_LOCKED') throw error;
      this.#options.reporter.note(`${error.message}; training goes on`);
      return false;
    }
  }

  #checkpoint(): Checkpoint {
    const { weights, train, documents } = this.#task.snapshot();
    const own = this.#record.snapshot();
    return { weights, train: { ...train, ...own.train }, documents: { ...documents, ...own.documents } };
  }

  #log(line: { step: number; [key: string]: unknown }): void {
    const { folder } = this.#options;
    if (this.#metricsFailed || folder === null) return;
    // Metrics that cannot be written are said once, and not again at every tenth step.
    this.#metricsFailed = !this.#try(() => folder.metrics.append(line));
  }

  #report(): void {
    const { horizon, reporter } = this.#options;
    const record = this.#record;
    const progress = progressOf(horizon, record);
    const steps = record.step - this.#began.step;
    const seconds = record.seconds - this.#began.seconds;
    const perStep = steps > 0 ? seconds / steps : 0;
    reporter.update({
      step: record.step,
      totalSteps: 'steps' in horizon ? horizon.steps : null,
      progress,
      loss: record.meanLoss(),
      validationLoss: record.lastValidation,
      itemsPerSecond: perStep > 0 ? this.#task.itemsPerStep / perStep : 0,
      secondsLeft: 'steps' in horizon ? (horizon.steps - record.step) * perStep : horizon.seconds - record.seconds,
    });
  }

  #result(interrupted: boolean): TrainingResult {
    const record = this.#record;
    const items = record.step * this.#task.itemsPerStep;
    return {
      steps: record.step,
      seconds: record.seconds,
      items,
      itemsPerSecond: record.seconds > 0 ? items / record.seconds : 0,
      trainLoss: record.meanLoss(),
      validationLoss: record.lastValidation,
      bestValidationLoss: record.bestValidation,
      interrupted,
    };
  }
}

/**
 * Trains until the horizon is reached or the signal says stop. The state before the first step is saved at once, so a
 * folder that cannot hold it is found out before any work is done; then as `checkpointEvery` says, and at the end.
 * A checkpoint that cannot be written on the way is reported and tried again at the next occasion.
 *
 * @throws DivergenceError  if the loss, the gradient or a weight is no longer finite; the last checkpoint is good
 * @throws CheckpointError  if the first or the last state cannot be saved, or the folder is taken over
 */
export async function runTraining(task: TrainingTask, options: TrainingOptions): Promise<TrainingResult> {
  try {
    return await new TrainingLoop(task, options).run();
  } finally {
    options.reporter.stop();
  }
}
