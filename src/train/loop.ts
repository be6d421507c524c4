/**
 * The training loop: steps, validation, metrics, checkpoints and interruption, for whatever takes steps. What a step
 * is, and what must be saved to go on, is the task's.
 */

import { setImmediate } from 'node:timers/promises';
import { CheckpointError, DivergenceError } from '../errors.ts';
import type { Checkpoint } from '../io/checkpoint.ts';
import {
  type Horizon,
  isReached,
  type Position,
  partsDone,
  progressOf,
  type ScheduleName,
  schedules,
} from './horizon.ts';
import type { Reporter } from './progress.ts';
import { TrainingRecord } from './record.ts';
import type { RunFolder } from './run-folder.ts';

/** Steps from one line of the metrics to the next. */
const METRICS_EVERY = 10;
/** A whole training is validated at most so many times, at equal distances, the last time at its end. */
const MOST_VALIDATIONS = 10;
/** Where the end is a time, validating takes at most this part of the time that is trained between. */
const VALIDATION_PART = 0.25;
/** The loop lets timers, signals and servers have their turn after so many milliseconds. */
const YIELD_MS = 20;

export interface StepResult {
  /** Mean over the step's items. */
  readonly loss: number;
  /** Norm of all gradients, before clipping. */
  readonly gradNorm: number;
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
  step(index: number, lr: number): StepResult;
  /** Left out if nothing is kept for validation. */
  readonly validation?: {
    readonly items: number;
    /** The mean loss over these items; null if that was broken off. */
    readonly run: (signal?: AbortSignal) => Promise<number | null>;
  };
  /** @throws DivergenceError  if what was learned is no longer finite */
  checkFinite(): void;
  /** Everything that is needed to go on, without what the loop itself remembers. */
  snapshot(): Checkpoint;
}

export interface TrainingOptions {
  readonly horizon: Horizon;
  readonly lr: number;
  readonly schedule: ScheduleName;
  readonly folder: RunFolder;
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
  /** Where this session began, for its speed. */
  readonly #began: Position;
  /** The last acknowledged checkpoint: where it stands, and when it was written. */
  #saved: { step: number; validatedStep: number; at: number } | null = null;
  /** How long the last validation took. */
  #validationSeconds = 0;
  #yieldedAt = performance.now();
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
      const kept = `the state of step ${this.#saved.step} is kept in ${this.#options.folder.checkpointPath}`;
      throw new DivergenceError(`${error.message}; ${kept}`);
    }
  }

  async #walk(): Promise<TrainingResult> {
    const { horizon, signal, folder } = this.#options;
    const record = this.#record;
    if (this.#options.record === undefined) this.#save();
    else {
      folder.metrics.cutBack(record.step);
      this.#saved = { step: record.step, validatedStep: record.validated.step, at: performance.now() };
    }
    this.#watch.lap();
    for (;;) {
      if (this.#validationIsDue()) await this.#validate();
      const finished = isReached(horizon, record);
      // A validation that the signal broke off is still due, and done when the training goes on.
      const interrupted = signal?.aborted === true && (!finished || this.#validationIsDue());
      if (finished || interrupted) {
        if (this.#saved?.step !== record.step || this.#saved.validatedStep !== record.validated.step) this.#save();
        return this.#result(interrupted);
      }
      if (this.#saveIsDue()) this.#saveOrGoOn();
      this.#step();
      await this.#letOthersRun();
    }
  }

  #step(): void {
    const { lr, schedule, horizon } = this.#options;
    const record = this.#record;
    const rate = lr * schedules[schedule](progressOf(horizon, record));
    const { loss, gradNorm } = this.#task.step(record.step, rate);
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
    const { validation, itemsPerStep } = this.#task;
    const record = this.#record;
    if (validation === undefined || record.step === record.validated.step) return false;
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
    const loss = await this.#task.validation!.run(this.#options.signal);
    this.#validationSeconds = this.#watch.lap();
    if (loss !== null) {
      if (!Number.isFinite(loss)) {
        throw new DivergenceError({ op: 'train', problem: `the validation loss at step ${record.step} is ${loss}` });
      }
      const best = record.addValidation(loss);
      this.#log({ step: record.step, validationLoss: loss, seconds: record.seconds });
      this.#report();
      if (best) this.#try(() => this.#options.folder.saveBest(this.#checkpoint()));
    }
    this.#watch.lap();
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
    this.#task.checkFinite();
    const { folder } = this.#options;
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
    if (this.#metricsFailed) return;
    // Metrics that cannot be written are said once, and not again at every tenth step.
    this.#metricsFailed = !this.#try(() => this.#options.folder.metrics.append(line));
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

  async #letOthersRun(): Promise<void> {
    if (performance.now() - this.#yieldedAt < YIELD_MS) return;
    await setImmediate();
    this.#yieldedAt = performance.now();
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
