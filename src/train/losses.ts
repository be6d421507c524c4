/** From a batch to its loss: the model's output and a loss, or a step of the user's own. */

import { backward, type StepDraws, scope, withSamples } from '../autograd/index.ts';
import type { OptionNames } from '../core/options.ts';
import { ConfigError, DivergenceError } from '../errors.ts';
import { Module } from '../nn/index.ts';
import { mul } from '../ops/index.ts';
import { Tensor } from '../tensor.ts';
import { splitBatch } from './batches.ts';

/** A module that makes an output of the inputs of a batch. */
export type Model<O> = Module & { forward(...inputs: never[]): O };

/** Of an output and its target: a function, or a module such as `CrossEntropyLoss`. */
export type LossFunction<O> = ((output: O, target: Tensor) => Tensor) | { forward(output: O, target: Tensor): Tensor };

/** What a step of one's own gives: its loss, and what metrics are to see. */
export interface StepOutcome<O> {
  readonly loss: Tensor;
  readonly output?: O;
  readonly target?: Tensor;
}

/** The loss of a batch: the mean over its samples, or whatever is to become small. */
export type StepFunction<O, B> = (model: Model<O>, batch: B) => Tensor | StepOutcome<O>;

export interface LossOptions<O, B> {
  readonly loss?: LossFunction<O>;
  readonly step?: StepFunction<O, B>;
}

export const LOSS_OPTIONS: OptionNames<LossOptions<unknown, unknown>> = { loss: true, step: true };

/** Output, target and loss of a batch; the loss is null where none is asked for. */
export interface Computed<O> {
  readonly loss: Tensor | null;
  readonly output?: O;
  readonly target?: Tensor;
}

function checkLoss(op: string, loss: unknown): Tensor {
  if (!(loss instanceof Tensor)) throw new ConfigError({ op, problem: 'the loss must be a tensor', got: loss });
  if (loss.size === 1) return loss;
  const hint = 'reduce it, by its mean for one';
  throw new ConfigError({ op, problem: 'the loss must be one number', got: loss.shape, hint });
}

/** @throws ConfigError  if it is neither a function nor a module: its name, its class */
function lossFunction<O>(op: string, loss: LossFunction<O>): (output: O, target: Tensor) => Tensor {
  const forward: unknown = (loss as { forward?: unknown } | null)?.forward;
  if (typeof forward === 'function') return forward.bind(loss);
  const isClass = typeof loss === 'function' && loss.prototype?.forward !== undefined;
  if (typeof loss === 'function' && !isClass) return loss;
  const expected = 'a function of output and target, or a module such as new CrossEntropyLoss()';
  throw new ConfigError({ op, problem: 'this is no loss', got: loss, expected });
}

/** The loss of these options where it is a module, with parameters and buffers of its own. */
export function lossModuleOf<O, B>({ loss }: LossOptions<O, B>): Module | null {
  return loss instanceof Module ? loss : null;
}

/** How a batch becomes a loss under these options. @throws ConfigError if there is neither `loss` nor `step`, or both */
export function computeBy<O, B>(
  op: string,
  model: Model<O>,
  { loss, step }: LossOptions<O, B>,
  { lossRequired }: { lossRequired: boolean },
): (batch: B) => Computed<O> {
  if (loss !== undefined && step !== undefined) {
    throw new ConfigError({ op, problem: '`step` computes the loss, so `loss` cannot', hint: 'leave one out' });
  }
  if (step !== undefined) {
    return (batch) => {
      const outcome = step(model, batch);
      return outcome instanceof Tensor
        ? { loss: checkLoss(op, outcome) }
        : { ...outcome, loss: checkLoss(op, outcome.loss) };
    };
  }
  if (loss === undefined && lossRequired) throw new ConfigError({ op, problem: 'there is no `loss`, and no `step`' });
  if (typeof model.forward !== 'function')
    throw new ConfigError({ op, problem: 'the model has no forward', got: model });
  const lossOf = loss === undefined ? undefined : lossFunction(op, loss);
  return (batch) => {
    const [inputs, target] = splitBatch(op, batch);
    const output = model.forward(...(inputs as never[]));
    return { loss: lossOf === undefined ? null : checkLoss(op, lossOf(output, target)), output, target };
  };
}

/** Part of a step's batch, whose gradient is one of those that are summed. */
export interface Share<B> {
  readonly batch: B;
  /** The number of its first sample in the step's batch. */
  readonly first: number;
  readonly count: number;
  /** Samples in the whole of it. */
  readonly total: number;
  readonly draws: StepDraws;
}

/**
 * Adds the gradient of one share to the parameters, weighted by its part of the samples, and returns its loss. Shares
 * that are added in order give the same bits as gradients that are computed apart and summed in that order.
 *
 * @param recycle  Reuse the memory of everything computed on the way.
 * @throws DivergenceError  if the loss is not finite; no gradient was added then
 */
export function addGradients<O, B>(
  compute: (batch: B) => Computed<O>,
  { batch, first, count, total, draws }: Share<B>,
  recycle = true,
): number {
  const run = (): number => {
    const loss = withSamples({ first, count, total, draws }, () => compute(batch).loss!);
    const value = loss.item();
    if (!Number.isFinite(value)) throw new DivergenceError({ op: 'fit', problem: `the loss is ${value}` });
    backward(count === total ? loss : mul(loss, count / total));
    return value;
  };
  return recycle ? scope(run) : run();
}
