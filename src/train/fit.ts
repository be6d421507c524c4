/** fit: training a model on batches. */

import { checkOptions, checkPositiveInteger } from '../core/options.ts';
import { manualSeed } from '../core/rng.ts';
import { ConfigError } from '../errors.ts';
import { loadCheckpoint } from '../io/checkpoint.ts';
import type { Module } from '../nn/index.ts';
import type { Optimizer } from '../optim/index.ts';
import type { Tensor } from '../tensor.ts';
import { type Batches, sourceOf } from './batches.ts';
import {
  CHECKPOINT_OPTIONS,
  type CheckpointOptions,
  FIT_OPTIONS,
  type FitData,
  type FitOptions,
} from './fit-options.ts';
import { FitTask } from './fit-task.ts';
import type { History } from './history.ts';
import type { Horizon } from './horizon.ts';
import { runTraining } from './loop.ts';
import { computeBy, lossModuleOf, type Model } from './losses.ts';
import { checkOwned } from './optimizer-state.ts';
import { createReporter, type Reporter, silentReporter } from './progress.ts';
import { TrainingRecord } from './record.ts';
import { RunFolder } from './run-folder.ts';

async function reporterFor(progress: boolean | Reporter | undefined): Promise<Reporter> {
  if (typeof progress === 'object') return progress;
  const wanted = progress ?? process.stderr.isTTY === true;
  return wanted ? createReporter(process.stderr, 'samples') : silentReporter;
}

function intervalOf({ every = { epochs: 1 } }: CheckpointOptions, stepsPerEpoch: number): Horizon {
  if ('seconds' in every) {
    if (every.seconds >= 0) return { seconds: every.seconds };
    throw new ConfigError({ op: 'fit', problem: 'checkpoint.every.seconds must not be negative', got: every.seconds });
  }
  if ('steps' in every) return { steps: checkPositiveInteger('fit', 'checkpoint.every.steps', every.steps) };
  return { steps: checkPositiveInteger('fit', 'checkpoint.every.epochs', every.epochs) * stepsPerEpoch };
}

function splitData<B>(data: FitData<B>): { train: Batches<B>; validation: Batches<B> | null } {
  const given = data as { train?: Batches<B>; validation?: Batches<B> } | null;
  if (given?.train === undefined) return { train: data as Batches<B>, validation: null };
  return { train: given.train, validation: given.validation ?? null };
}

/** The optimizer that is given, or made of the model. @throws ConfigError if it is none: its name, its class */
function optimizerOf(model: Module, given: Optimizer | ((model: Module) => Optimizer)): Optimizer {
  const isClass = typeof given === 'function' && given.prototype?.step !== undefined;
  const optimizer: unknown = typeof given === 'function' && !isClass ? given(model) : given;
  const { paramGroups, step } = (optimizer ?? {}) as Partial<Optimizer>;
  if (Array.isArray(paramGroups) && typeof step === 'function') return optimizer as Optimizer;
  const expected = 'an optimizer, or a function such as (model) => new Adam(model.parameters())';
  throw new ConfigError({ op: 'fit', problem: 'there is no optimizer', got: optimizer, expected });
}

/** Two trainings of one model would add up their gradients and step over each other's. */
const underway = new WeakSet<Module>();

function prepare<O, B>(model: Model<O>, data: FitData<B>, options: FitOptions<O, B>): FitTask<O, B> {
  const { train, validation } = splitData(data);
  checkPositiveInteger('fit', 'epochs', options.epochs ?? 1);
  checkPositiveInteger('fit', 'accumulate', options.accumulate ?? 1);
  const { clipGradNorm, optimizer: given, schedule } = options;
  if (clipGradNorm !== undefined && !(clipGradNorm > 0)) {
    throw new ConfigError({ op: 'fit', problem: 'clipGradNorm must be positive', got: clipGradNorm });
  }
  const optimizer = optimizerOf(model, given);
  const lossModule = lossModuleOf(options);
  if (options.checkpoint !== undefined) checkOwned('fit', model, lossModule, optimizer);
  return new FitTask({
    model,
    lossModule,
    train: sourceOf('fit', train),
    validation: validation === null ? null : sourceOf('fit', validation),
    optimizer,
    schedule: (typeof schedule === 'function' ? schedule(optimizer) : schedule) ?? null,
    compute: computeBy('fit', model, options, { lossRequired: true }),
    options,
  });
}

/**
 * Trains a model: for each batch the loss of its output, the gradient and a step of the optimizer, epoch after epoch.
 *
 * A batch is a list of tensors, inputs and then the target; `step` says how the loss comes from any other. After each
 * epoch follow validation and metrics, early stopping and what else may end the training, a step of the schedule, and
 * the callbacks. Between two batches other work of the process has its turn.
 *
 * With a `checkpoint` the state is saved on the way. A training that goes on from it gives the same bits as one that
 * was never interrupted, in the middle of an epoch too, provided that it is given the same data and options.
 *
 * Trainings of different models may run at the same time and share a loader, but they draw from one default generator:
 * what dropout drops in each then depends on the others.
 *
 * @returns the course of the training, which prints as a table
 * @throws ConfigError      for options that do not fit, a model that is being trained, or a folder that holds a training and is not to be resumed
 * @throws DivergenceError  if the loss, a gradient that is clipped, or a weight that is saved is not finite; the last
 *                          checkpoint is good
 * @throws CheckpointError  if the first or the last state cannot be saved, or the saved one does not fit
 * @example
 * manualSeed(1);
 * const x = randn([64, 3]);
 * const batches = [[x, x.matmul(tensor([[1], [-2], [3]]))]];
 * const model = new nn.Linear(3, 1);
 * const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
 * const history = await fit(model, batches, { loss: mseLoss, optimizer, epochs: 200 });
 * history.epochs.at(-1)!.trainLoss < 1e-6; // => true
 */
export async function fit<O, B = Tensor[]>(
  model: Model<O>,
  data: FitData<B>,
  options: FitOptions<O, B>,
): Promise<History> {
  checkOptions('fit', options, FIT_OPTIONS);
  if (underway.has(model)) {
    throw new ConfigError({
      op: 'fit',
      problem: 'this model is being trained by another call of fit',
      hint: 'wait for that one, or train a copy',
    });
  }
  underway.add(model);
  try {
    return await train(model, data, options);
  } finally {
    underway.delete(model);
  }
}

async function train<O, B>(model: Model<O>, data: FitData<B>, options: FitOptions<O, B>): Promise<History> {
  const { epochs = 1, signal, seed } = options;
  const checkpoint = typeof options.checkpoint === 'string' ? { folder: options.checkpoint } : options.checkpoint;
  if (checkpoint !== undefined) checkOptions('fit.checkpoint', checkpoint, CHECKPOINT_OPTIONS);
  const task = prepare(model, data, options);
  const { history, stepsPerEpoch } = task;
  const every = intervalOf(checkpoint ?? { folder: '' }, stepsPerEpoch);
  const resumed = checkpoint?.resume === true && RunFolder.holdsRun(checkpoint.folder);
  const open = resumed ? RunFolder.reopen : RunFolder.create;
  const modes = model.modules().map((module) => [module, module.training] as const);
  const folder = checkpoint === undefined ? null : open(checkpoint.folder);
  try {
    const saved = resumed ? loadCheckpoint(checkpoint.folder) : null;
    const record = saved === null ? undefined : TrainingRecord.restore(saved);
    if (saved !== null) task.restore(saved);
    else if (seed !== undefined) manualSeed(seed);
    if (!model.training) model.train();
    history.steps = record?.step ?? 0;
    await task.begin();
    const result = await runTraining(task, {
      horizon: { steps: epochs * stepsPerEpoch },
      rateAt: () => task.lr,
      folder,
      reporter: await reporterFor(options.progress),
      checkpointEvery: every,
      record,
      signal,
    });
    history.steps = result.steps;
    history.seconds = result.seconds;
    history.reason = result.interrupted ? 'interrupted' : (task.reason ?? 'epochs');
    if (!result.interrupted) task.restoreBest();
    await task.end();
    return history;
  } finally {
    for (const [module, training] of modes) module.training = training;
    try {
      await task.close();
    } finally {
      folder?.close();
    }
  }
}
