/** Normalisation of channels: batch, group and instance norm. */

import type { ChannelNormDims } from '../../backend/arguments.ts';
import type { Backend } from '../../backend/backend.ts';
import type { FloatArray } from '../../core/dtype.ts';
import { type Shape, sizeOf } from '../../core/shape.ts';
import { ConfigError, ShapeError } from '../../errors.ts';
import { emptyTensor, type Tensor } from '../../tensor.ts';
import { checkFloat, checkSameDType, defineOp, registerOp } from '../define.ts';
import { add, div, mul, sub } from '../elementwise/arithmetic.ts';
import { sqrt, square } from '../elementwise/unary.ts';
import { written } from '../in-place.ts';
import { reshape } from '../movement/movement.ts';
import { mean } from '../reduction/reduce.ts';
import { layerNorm } from './norm.ts';

interface ChannelNormParams {
  readonly dims: ChannelNormDims;
  readonly eps: number;
  /** Mean and variance [channels] that do not come from x; the memory of nobody else. */
  readonly fixed: { readonly mean: Tensor; readonly variance: Tensor } | null;
  /** Told the mean and the biased variance of each set of statistics. */
  readonly measured: ((mean: FloatArray, variance: FloatArray) => void) | null;
}

/** Elements that share a mean and a variance. */
const membersOf = ({ batch, channels, inner, groups }: ChannelNormDims): number =>
  groups === 0 ? batch * inner : (channels / groups) * inner;

/** Fills the mean and the biased variance of each set of statistics. */
function measure(kernels: Backend, x: FloatArray, dims: ChannelNormDims, mean: FloatArray, variance: FloatArray): void {
  const { batch, channels, inner, groups } = dims;
  if (groups === 0) {
    kernels.batchMoments(x, mean, variance, batch, channels, inner);
    return;
  }
  const n = membersOf(dims);
  if (n === 0) return; // nothing will be normalised by them
  kernels.moments(x, mean, variance, batch * groups, n, 1);
  for (let i = 0; i < variance.length; i++) variance[i] /= n;
}

/** x [batch, channels, inner], weight and bias [channels] */
const channelNormOp = defineOp<ChannelNormParams>({
  name: 'channelNorm',
  tolerance: 1e-5,
  forward(node, [x, weight, bias], { dims, eps, fixed, measured }) {
    const y = emptyTensor(x!.shape, x!.dtype);
    const sets = dims.groups === 0 ? dims.channels : dims.batch * dims.groups;
    const mean = node.scratch(x!.dtype, sets) as FloatArray;
    const rstd = node.scratch(x!.dtype, sets) as FloatArray;
    if (fixed === null) measure(node.kernels, x!.data as FloatArray, dims, mean, rstd);
    else {
      mean.set(fixed.mean.data);
      rstd.set(fixed.variance.data);
    }
    measured?.(mean, rstd);
    for (let i = 0; i < sets; i++) rstd[i] = 1 / Math.sqrt(rstd[i] + eps);
    const [w, b] = [weight?.data ?? null, bias?.data ?? null] as (FloatArray | null)[];
    const from = { x: x!.data as FloatArray, weight: w, bias: b, mean, rstd };
    node.kernels.channelNorm(dims, from, y.data as FloatArray);
    node.save(x, weight, bias);
    return y;
  },
  backward(node, [dy], { dims, fixed }) {
    const [x, weight] = node.saved();
    const [mean, rstd] = node.scratchArrays() as FloatArray[];
    const grads = [0, 1, 2].map((i) => (node.needs(i) ? emptyTensor(node.shapes[i], dy!.dtype) : null));
    const [dx, dWeight, dBias] = grads.map((t) => (t?.data ?? null) as FloatArray | null);
    const [xs, w, dys] = [x!.data, weight?.data ?? null, dy!.data] as [FloatArray, FloatArray | null, FloatArray];
    const from = { x: xs, weight: w, mean, rstd, dy: dys, fixed: fixed !== null };
    node.kernels.channelNormBackward(dims, from, { dx, dWeight, dBias });
    return grads;
  },
  twin([x, weight, bias], { dims, eps, fixed }) {
    const { batch, channels, inner, groups } = dims;
    const perChannel = (t: Tensor): Tensor => reshape(t, [channels, 1]);
    // Sets of statistics along axis 0 and 2 of [batch, channels, inner], or along the last of [batch·groups, members].
    const axes = groups === 0 ? [0, 2] : 1;
    const sets = groups === 0 ? x! : reshape(x!, [batch * groups, membersOf(dims)]);
    const centre = fixed === null ? mean(sets, axes, { keepdim: true }) : perChannel(fixed.mean);
    const centred = sub(sets, centre);
    const spread = fixed === null ? mean(square(centred), axes, { keepdim: true }) : perChannel(fixed.variance);
    let y = reshape(div(centred, sqrt(add(spread, eps))), [batch, channels, inner]);
    if (weight !== null) y = mul(y, perChannel(weight));
    return [bias === null ? y : add(y, perChannel(bias))];
  },
  cases: [
    (s) => ({
      inputs: [s.normal([4, 3, 5]), s.normal([3]), s.normal([3])],
      call: (x, weight, bias) => batchNorm(x, { weight, bias, training: true }),
    }),
    (s) => ({
      inputs: [s.normal([2, 4, 3]), s.normal([4])],
      call: (x, weight) => groupNorm(x, 2, { weight, eps: 1e-3 }),
    }),
  ],
});

/** @throws ConfigError  if eps or momentum is no number, or eps negative */
function checkNumbers(op: string, eps: number, momentum: number): void {
  if (!(eps >= 0)) throw new ConfigError({ op, problem: 'eps must not be negative', got: eps });
  if (!Number.isFinite(momentum)) throw new ConfigError({ op, problem: 'momentum must be a number', got: momentum });
}

/** @throws ShapeError  if a parameter or statistic is there and has not one element a channel */
function checkPerChannel(op: string, channels: number, given: Readonly<Record<string, Tensor | null>>): void {
  for (const [name, t] of Object.entries(given)) {
    if (t === null || (t.rank === 1 && t.size === channels)) continue;
    throw new ShapeError({
      op,
      problem: `${name} must have one element a channel`,
      got: t.shape,
      expected: [channels],
    });
  }
}

/** x as [batch, channels, inner]. @throws ShapeError if it has no axis of channels */
function checkChannels(op: string, x: Tensor, least: number): [batch: number, channels: number, inner: number] {
  checkFloat(op, x);
  if (x.rank < least) {
    const expected = least === 2 ? '[N, C, …]' : '[N, C, L, …]';
    throw new ShapeError({ op, problem: 'the input does not fit', got: x.shape, expected });
  }
  return [x.shape[0], x.shape[1], sizeOf(x.shape.slice(2))];
}

/** @throws ShapeError  if one value alone is left to normalise: its variance is 0 whatever it is */
function checkSeveral(op: string, what: string, count: number, shape: Shape): void {
  if (count !== 1) return;
  throw new ShapeError({ op, problem: `more than one value ${what} is needed to normalise it`, got: shape });
}

/** What running statistics become: (1 − momentum)·running + momentum·seen. */
function follow(op: string, running: Tensor, momentum: number, seen: (channel: number) => number): void {
  written(op, running, () => {
    const values = running.data;
    for (let c = 0; c < values.length; c++) values[c] = (1 - momentum) * values[c] + momentum * seen(c);
  });
}

export interface BatchNormOptions {
  /** Scale of each channel; 1 without it. */
  weight?: Tensor | null;
  /** Offset of each channel; 0 without it. */
  bias?: Tensor | null;
  /** Statistics over many batches: used without training, changed in place with it. */
  runningMean?: Tensor | null;
  runningVar?: Tensor | null;
  /** Normalise by the batch's own statistics. Default false. */
  training?: boolean;
  /** How far the running statistics go towards those of this batch. Default 0.1. */
  momentum?: number;
  /** Added to the variance. Default 1e-5. */
  eps?: number;
}

/**
 * (x − mean)/√(variance + eps)·weight + bias, mean and biased variance those of each channel over the batch (training) or
 * the running ones. In training running statistics that are given are changed in place, the variance by the unbiased one;
 * a batch of nothing leaves them.
 *
 * Shapes:   x [N, C, ...], weight, bias and running statistics [C] → y as x
 * Gradient: through the batch's statistics in training, to any order; none to the running ones
 * Source:   Ioffe and Szegedy, "Batch Normalization", 2015
 * @throws ShapeError   if an operand does not fit, or in training a channel has one value alone
 * @throws ConfigError  if there are no running statistics to use, or a number is out of range
 */
export function batchNorm(x: Tensor, options: BatchNormOptions = {}): Tensor {
  const { weight = null, bias = null, runningMean = null, runningVar = null } = options;
  const { training = false, momentum = 0.1, eps = 1e-5 } = options;
  const op = 'batchNorm';
  const [batch, channels, inner] = checkChannels(op, x, 2);
  checkSameDType(op, x, weight, bias, runningMean, runningVar);
  checkPerChannel(op, channels, { weight, bias, runningMean, runningVar });
  checkNumbers(op, eps, momentum);
  const dims = { batch, channels, inner, groups: 0 };
  if (!training) {
    if (runningMean === null || runningVar === null) {
      throw new ConfigError({ op, problem: 'without training, running statistics are needed', got: null });
    }
    return normalize(x, weight, bias, { dims, eps, fixed: copies(runningMean, runningVar), measured: null });
  }
  const count = batch * inner;
  checkSeveral(op, 'a channel', count, x.shape);
  const measured = (centre: FloatArray, variance: FloatArray): void => {
    if (count === 0) return;
    if (runningMean !== null) follow(op, runningMean, momentum, (c) => centre[c]);
    if (runningVar !== null) follow(op, runningVar, momentum, (c) => (variance[c] * count) / (count - 1));
  };
  return normalize(x, weight, bias, { dims, eps, fixed: null, measured });
}

/** The statistics as they are now: a backward may come after they have changed. */
function copies(runningMean: Tensor, runningVar: Tensor): NonNullable<ChannelNormParams['fixed']> {
  const copy = (t: Tensor): Tensor => {
    const c = emptyTensor(t.shape, t.dtype);
    c.data.set(t.data);
    return c;
  };
  return { mean: copy(runningMean), variance: copy(runningVar) };
}

function normalize(x: Tensor, weight: Tensor | null, bias: Tensor | null, params: ChannelNormParams): Tensor {
  const { batch, channels, inner } = params.dims;
  const planes = reshape(x, [batch, channels, inner]);
  return reshape(channelNormOp.run([planes, weight, bias], params), x.shape);
}

export interface GroupNormOptions {
  weight?: Tensor | null;
  bias?: Tensor | null;
  /** Added to the variance. Default 1e-5. */
  eps?: number;
}

/**
 * (x − mean)/√(variance + eps)·weight + bias, mean and biased variance those of each of `numGroups` groups of channels in
 * each sample.
 *
 * Shapes:   x [N, C, ...], weight and bias [C] → y as x
 * Gradient: through the statistics, to any order
 * Source:   Wu and He, "Group Normalization", 2018
 * @throws ShapeError   if an operand does not fit, or there is one value alone to normalise
 * @throws ConfigError  if the groups do not divide the channels, or eps is negative
 */
export function groupNorm(
  x: Tensor,
  numGroups: number,
  { weight = null, bias = null, eps = 1e-5 }: GroupNormOptions = {},
): Tensor {
  const op = 'groupNorm';
  const [batch, channels, inner] = checkChannels(op, x, 2);
  checkSameDType(op, x, weight, bias);
  checkPerChannel(op, channels, { weight, bias });
  checkNumbers(op, eps, 0);
  if (!(Number.isSafeInteger(numGroups) && numGroups > 0 && channels % numGroups === 0)) {
    throw new ConfigError({ op, problem: 'the groups must divide the channels', got: numGroups, expected: channels });
  }
  const dims = { batch, channels, inner, groups: numGroups };
  checkSeveral(op, 'a group', batch * membersOf(dims), x.shape);
  if (inner === 1 && x.size > 0) return normalizeRows(x, dims, weight, bias, eps);
  return normalize(x, weight, bias, { dims, eps, fixed: null, measured: null });
}

/** Groups of features are rows, which the layer norm takes many of at a time; the channel kernels would take one feature. */
function normalizeRows(
  x: Tensor,
  dims: ChannelNormDims,
  weight: Tensor | null,
  bias: Tensor | null,
  eps: number,
): Tensor {
  const { batch, channels, groups } = dims;
  const members = channels / groups;
  const rows = reshape(x, [batch * groups, members]);
  if (groups === 1) return reshape(layerNorm(rows, [members], weight, bias, eps), x.shape);
  let y = reshape(layerNorm(rows, [members], null, null, eps), [batch, channels]);
  if (weight !== null) y = mul(y, weight);
  if (bias !== null) y = add(y, bias);
  return reshape(y, x.shape);
}

export interface InstanceNormOptions extends Omit<BatchNormOptions, 'training'> {
  /** Normalise by each sample's own statistics, not by the running ones. Default true. */
  useInputStats?: boolean;
}

/**
 * (x − mean)/√(variance + eps)·weight + bias, mean and biased variance those of each channel in each sample, or running
 * ones. Running statistics that are given are changed in place, by the averages over the batch.
 *
 * Shapes:   x [N, C, L, ...], weight, bias and running statistics [C] → y as x
 * Gradient: through the statistics, to any order
 * Source:   Ulyanov, Vedaldi and Lempitsky, "Instance Normalization", 2016
 * @throws ShapeError   if an operand does not fit, or a channel of a sample has one value alone
 * @throws ConfigError  if there are no running statistics to use, or a number is out of range
 */
export function instanceNorm(x: Tensor, options: InstanceNormOptions = {}): Tensor {
  const { useInputStats = true, ...rest } = options;
  const { weight = null, bias = null, runningMean = null, runningVar = null, momentum = 0.1, eps = 1e-5 } = rest;
  const op = 'instanceNorm';
  const [batch, channels, inner] = checkChannels(op, x, 3);
  if (!useInputStats) return batchNorm(x, rest);
  checkSameDType(op, x, weight, bias, runningMean, runningVar);
  checkPerChannel(op, channels, { weight, bias, runningMean, runningVar });
  checkNumbers(op, eps, momentum);
  checkSeveral(op, 'a channel', inner, x.shape);
  // One group a channel; channels of no samples have no group to be in.
  const dims = { batch, channels, inner, groups: channels };
  const measured = (centre: FloatArray, variance: FloatArray): void => {
    if (batch * inner === 0) return;
    const average = (of: FloatArray, c: number): number => {
      let total = 0;
      for (let i = c; i < of.length; i += channels) total += of[i];
      return total / batch;
    };
    if (runningMean !== null) follow(op, runningMean, momentum, (c) => average(centre, c));
    if (runningVar === null) return;
    follow(op, runningVar, momentum, (c) => (average(variance, c) * inner) / (inner - 1));
  };
  return normalize(x, weight, bias, { dims, eps, fixed: null, measured });
}

registerOp({
  name: 'batchNorm',
  tolerance: 1e-5,
  cases: [
    (s) => ({
      inputs: [s.normal([6, 3]), s.normal([3]), s.normal([3])],
      call: (x, weight, bias) => batchNorm(x, { weight, bias, training: true }),
    }),
    (s) => ({ inputs: [s.normal([2, 2, 3, 3])], call: (x) => batchNorm(x, { training: true, eps: 1e-2 }) }),
    (s) => {
      const [runningMean, runningVar] = [s.normal([3]), s.uniform([3], 0.5, 2)];
      return {
        inputs: [s.normal([2, 3, 4]), s.normal([3]), s.normal([3])],
        call: (x, weight, bias) => batchNorm(x, { weight, bias, runningMean, runningVar }),
      };
    },
  ],
});

registerOp({
  name: 'groupNorm',
  tolerance: 1e-5,
  cases: [
    (s) => ({
      inputs: [s.normal([2, 6, 4]), s.normal([6]), s.normal([6])],
      call: (x, weight, bias) => groupNorm(x, 3, { weight, bias }),
    }),
    (s) => ({ inputs: [s.normal([3, 4])], call: (x) => groupNorm(x, 1) }),
    (s) => ({
      inputs: [s.normal([3, 6, 1]), s.normal([6]), s.normal([6])],
      call: (x, weight, bias) => groupNorm(x, 2, { weight, bias }),
    }),
    (s) => ({ inputs: [s.normal([2, 4, 2, 3]), s.normal([4])], call: (x, bias) => groupNorm(x, 2, { bias }) }),
  ],
});

registerOp({
  name: 'instanceNorm',
  tolerance: 1e-5,
  cases: [
    (s) => ({
      inputs: [s.normal([2, 3, 5]), s.normal([3]), s.normal([3])],
      call: (x, weight, bias) => instanceNorm(x, { weight, bias }),
    }),
    (s) => ({ inputs: [s.normal([1, 2, 3, 3])], call: (x) => instanceNorm(x, { eps: 1e-2 }) }),
  ],
});
