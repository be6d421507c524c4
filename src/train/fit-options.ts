/** What `fit` is told. */

import type { OptionNames } from '../core/options.ts';
import type { Metric } from '../metrics/index.ts';
import type { Module } from '../nn/index.ts';
import type { LRScheduler, Optimizer, ReduceLROnPlateau } from '../optim/index.ts';
import type { Batches } from './batches.ts';
import type { EpochRecord, History } from './history.ts';
import { LOSS_OPTIONS, type LossOptions, type Model } from './losses.ts';
import type { Reporter } from './progress.ts';
import type { EarlyStoppingOptions, StopOptions } from './stopping.ts';

export type FitData<B> = Batches<B> | { readonly train: Batches<B>; readonly validation?: Batches<B> };

/** A schedule of steps or epochs, or one that watches the monitored value. */
export type Schedule = LRScheduler | ReduceLROnPlateau;

export interface CheckpointOptions {
  /** The folder of this training, created if need be, and held while it runs. */
  readonly folder: string;
  /** Go on with what the folder holds; without it, a folder that holds a training is refused. Default false. */
  readonly resume?: boolean;
  /** How often the state is saved: so many epochs, steps or seconds apart. Default: every epoch. */
  readonly every?: { readonly epochs: number } | { readonly steps: number } | { readonly seconds: number };
}

export const CHECKPOINT_OPTIONS: OptionNames<CheckpointOptions> = { folder: true, resume: true, every: true };

/** Where a training stands, as callbacks see it. */
export interface FitState<O = unknown> {
  readonly model: Model<O>;
  readonly optimizer: Optimizer;
  readonly history: History;
  /** Counted from 1. */
  readonly epoch: number;
  /** Steps taken, over all epochs. */
  readonly step: number;
  /** Ends the training after this step or epoch. */
  stop(): void;
}

export interface BatchRecord {
  readonly loss: number;
  /** Before clipping; only where gradients are clipped. */
  readonly gradNorm?: number;
  readonly lr: number;
}

/** What is called on the way; each may be asynchronous, and may end the training by `state.stop()`. */
export interface FitCallback<O = unknown> {
  onTrainBegin?(state: FitState<O>): void | Promise<void>;
  onEpochBegin?(state: FitState<O>): void | Promise<void>;
  /** After a step of the optimizer. */
  onBatchEnd?(record: BatchRecord, state: FitState<O>): void | Promise<void>;
  /** After validation. */
  onEpochEnd?(record: EpochRecord, state: FitState<O>): void | Promise<void>;
  onTrainEnd?(state: FitState<O>): void | Promise<void>;
}

export interface FitOptions<O, B> extends LossOptions<O, B> {
  /** Over the model's parameters, or made of the model. */
  readonly optimizer: Optimizer | ((model: Module) => Optimizer);
  /** Over the same optimizer, or made of it. */
  readonly schedule?: Schedule | ((optimizer: Optimizer) => Schedule);
  /** What the schedule counts. Default 'epoch'. */
  readonly scheduleBy?: 'step' | 'epoch';
  /** Measured after each epoch over the validation data; over the training data where there is none. */
  readonly metrics?: readonly Metric<O>[];
  /** How often all data is gone through. Default 1. */
  readonly epochs?: number;
  readonly earlyStopping?: EarlyStoppingOptions;
  readonly stop?: StopOptions;
  /** A folder that the state is saved in, at its defaults, or with options. */
  readonly checkpoint?: string | CheckpointOptions;
  readonly callbacks?: FitCallback<O> | readonly FitCallback<O>[];
  /** A bar on the terminal, or a reporter of one's own. Default: a bar if standard error is a terminal. */
  readonly progress?: boolean | Reporter;
  /** Finish the step, save, and return with `interrupted`. */
  readonly signal?: AbortSignal;
  /** The largest norm of all gradients together. Default: no limit, and no norm. */
  readonly clipGradNorm?: number;
  /** Batches whose gradients are summed to one step, each weighted by its samples. Default 1. */
  readonly accumulate?: number;
  /** Seeds the default generator before the first step of a new training: what dropout drops. */
  readonly seed?: number | bigint;
  /** The axis along which the samples of a batch lie. Default 0. */
  readonly sampleAxis?: number;
  /** Reuse the memory of a step in the next. Default true; false for a model that keeps tensors of its forward pass. */
  readonly recycle?: boolean;
}

export const FIT_OPTIONS: OptionNames<FitOptions<unknown, unknown>> = {
  ...LOSS_OPTIONS,
  optimizer: true,
  schedule: true,
  scheduleBy: true,
  metrics: true,
  epochs: true,
  earlyStopping: true,
  stop: true,
  checkpoint: true,
  callbacks: true,
  progress: true,
  signal: true,
  clipGradNorm: true,
  accumulate: true,
  seed: true,
  sampleAxis: true,
  recycle: true,
};
