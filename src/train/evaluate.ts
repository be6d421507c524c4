/** How a model does on data it is not trained on, and what it makes of new data. */

import { scope } from '../autograd/index.ts';
import { checkOptions, checkPositiveInteger, type OptionNames } from '../core/options.ts';
import { ConfigError } from '../errors.ts';
import type { Metric } from '../metrics/index.ts';
import { cat } from '../ops/index.ts';
import { Tensor } from '../tensor.ts';
import { type Batches, BatchWalk, samplesIn, sourceOf } from './batches.ts';
import { EvaluationMode } from './evaluation-mode.ts';
import { type Computed, computeBy, LOSS_OPTIONS, type LossOptions, type Model } from './losses.ts';
import { Turns } from './turns.ts';

export interface EvaluateOptions<O, B> extends LossOptions<O, B> {
  readonly metrics?: readonly Metric<O>[];
  /** The axis along which the samples of a batch lie. Default 0. */
  readonly sampleAxis?: number;
  /** Stop before the next batch. */
  readonly signal?: AbortSignal;
}

export interface Evaluation {
  /** The mean over all samples; null without `loss` and `step`. */
  readonly loss: number | null;
  /** What each metric computed, by its name. */
  readonly metrics: Readonly<Record<string, unknown>>;
  readonly samples: number;
}

const EVALUATE_OPTIONS: OptionNames<EvaluateOptions<unknown, unknown>> = {
  metrics: true,
  sampleAxis: true,
  signal: true,
  ...LOSS_OPTIONS,
};

/** The names of the metrics. @throws ConfigError if one is no metric, or two have the same */
export function namesOf(op: string, metrics: readonly Metric<never>[]): string[] {
  for (const metric of metrics) {
    const { update, compute, reset } = metric ?? {};
    if ([update, compute, reset].every((method) => typeof method === 'function')) continue;
    const hint = 'new metrics.Accuracy() is one';
    throw new ConfigError({
      op,
      problem: 'this is no metric',
      got: metric,
      expected: '{ name, update, compute, reset }',
      hint,
    });
  }
  const names = metrics.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice === undefined) return names;
  throw new ConfigError({ op, problem: 'two metrics have one name', got: twice });
}

/** Evaluates the first epoch of a source; null if the signal broke it off. */
export async function evaluateBatches<O, B>(
  op: string,
  model: Model<O>,
  batches: Batches<B>,
  compute: (batch: B) => Computed<O>,
  { metrics = [], sampleAxis = 0, signal }: EvaluateOptions<O, B>,
): Promise<Evaluation | null> {
  const source = sourceOf(op, batches);
  const walk = new BatchWalk(op, source);
  const mode = new EvaluationMode(model);
  const turns = new Turns();
  for (const metric of metrics) metric.reset();
  let total = 0;
  let samples = 0;
  let hasLoss = true;
  try {
    for (let i = 0; i < source.length; i++) {
      if (signal?.aborted) return null;
      const batch = await walk.take(0, i);
      const count = samplesIn(op, batch, sampleAxis);
      if (count === 0) throw new ConfigError({ op, problem: `a batch has no samples (batch ${i + 1})` });
      const { loss, output, target } = mode.run(() => scope(() => valuesOf(compute(batch))));
      if (loss === null) hasLoss = false;
      else total += loss * count;
      samples += count;
      if (metrics.length > 0 && (output === undefined || target === undefined)) {
        const problem = 'metrics need an output and a target, and `step` gives none';
        throw new ConfigError({ op, problem, hint: 'let it return { loss, output, target }' });
      }
      for (const metric of metrics) metric.update(output as O, target as Tensor);
      if (turns.isDue) await turns.give();
    }
  } finally {
    await walk.close();
  }
  const measured = Object.fromEntries(metrics.map((metric) => [metric.name, metric.compute()]));
  return { loss: hasLoss ? total / samples : null, metrics: measured, samples };
}

/** The loss as a number, so that its memory can be reused. */
function valuesOf<O>({ loss, output, target }: Computed<O>): { loss: number | null; output?: O; target?: Tensor } {
  return { loss: loss === null ? null : loss.item(), output, target };
}

/**
 * Loss and metrics of a model over batches, in evaluation mode and without recording; between two batches other work has
 * its turn and finds every module in the mode that it was in.
 *
 * A batch is a list of tensors, inputs and then the target, unless `step` says otherwise. The loss of a batch counts by
 * its samples, so it must be their mean.
 *
 * @throws ConfigError  for options that do not fit, or a batch that is none
 * @throws the signal's reason, if it was aborted
 */
export async function evaluate<O, B = Tensor[]>(
  model: Model<O>,
  batches: Batches<B>,
  options: EvaluateOptions<O, B> = {},
): Promise<Evaluation> {
  checkOptions('evaluate', options, EVALUATE_OPTIONS);
  namesOf('evaluate', options.metrics ?? []);
  const compute = computeBy('evaluate', model, options, { lossRequired: false });
  const result = await evaluateBatches('evaluate', model, batches, compute, options);
  if (result === null) throw options.signal!.reason;
  return result;
}

export interface PredictOptions {
  /** Samples at a time, where the data is one tensor. Default 256. */
  readonly batchSize?: number;
  /** Whether the last tensor of a batch of several is a target, which the model is not shown. Default true. */
  readonly targets?: boolean;
  /** The axis along which samples lie, in inputs and outputs. Default 0. */
  readonly sampleAxis?: number;
  readonly signal?: AbortSignal;
}

const PREDICT_OPTIONS: OptionNames<PredictOptions> = { batchSize: true, targets: true, sampleAxis: true, signal: true };

function partsOf(x: Tensor, size: number, axis: number): Tensor[][] {
  checkPositiveInteger('predict', 'batchSize', size);
  const samples = samplesIn('predict', x, axis);
  const count = Math.max(1, Math.ceil(samples / size));
  return Array.from({ length: count }, (_, i) => [x.narrow(axis, i * size, Math.min(size, samples - i * size))]);
}

/**
 * The outputs of a model for all samples of a tensor or of batches, in evaluation mode and without recording.
 *
 * Shapes: x [N, …] or batches of inputs [B, …] → y [N, …]
 *
 * @throws ConfigError  if a batch is no list of tensors, or the model's output is no tensor
 * @throws the signal's reason, if it was aborted
 */
export async function predict(
  model: Model<Tensor>,
  data: Tensor | Batches<Tensor | readonly Tensor[]>,
  options: PredictOptions = {},
): Promise<Tensor> {
  const op = 'predict';
  checkOptions(op, options, PREDICT_OPTIONS);
  const { batchSize = 256, targets = true, sampleAxis = 0, signal } = options;
  const whole = data instanceof Tensor;
  const source = sourceOf<Tensor | readonly Tensor[]>(op, whole ? partsOf(data, batchSize, sampleAxis) : data);
  const walk = new BatchWalk(op, source);
  const mode = new EvaluationMode(model);
  const turns = new Turns();
  const outputs: Tensor[] = [];
  try {
    for (let i = 0; i < source.length; i++) {
      signal?.throwIfAborted();
      const batch = await walk.take(0, i);
      const parts: readonly unknown[] = Array.isArray(batch) ? batch : [batch];
      if (!parts.every((part) => part instanceof Tensor)) {
        throw new ConfigError({ op, problem: 'a batch must be a tensor or a list of tensors', got: batch });
      }
      const inputs = targets && parts.length > 1 ? parts.slice(0, -1) : parts;
      const output = mode.run(() => scope(() => model.forward(...(inputs as never[]))));
      if (!(output instanceof Tensor)) {
        const hint = 'call its forward for whatever else it gives';
        throw new ConfigError({ op, problem: 'the output of the model is no tensor', got: output, hint });
      }
      outputs.push(output);
      if (turns.isDue) await turns.give();
    }
  } finally {
    await walk.close();
  }
  return outputs.length === 1 ? outputs[0] : cat(outputs, sampleAxis);
}
