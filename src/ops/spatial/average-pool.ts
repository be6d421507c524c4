/** Average pooling, over windows of one size and over as many as the output shall have. */

import { type Shape, sizeOf } from '../../core/shape.ts';
import { ConfigError, ShapeError } from '../../errors.ts';
import type { Tensor } from '../../tensor.ts';
import { checkFloat, type OpCase, registerOp, type Sampler } from '../define.ts';
import { mul } from '../elementwise/arithmetic.ts';
import { pow } from '../elementwise/power.ts';
import { type PerAxis, perAxis } from './conv.ts';
import { type PoolAxis, windowsOf } from './pool.ts';
import { AxisMap, keptMap, resample, type Weighted } from './resample.ts';

export interface AvgPoolOptions {
  /** Steps of the window; its own size by default. */
  stride?: PerAxis | null;
  /** Zeros on both sides; at most half the window. */
  padding?: PerAxis;
  /** A window that begins inside counts also where it does not end there. */
  ceilMode?: boolean;
  /** Divide by the padding a window holds as well. Default true. */
  countIncludePad?: boolean;
  /** What every sum is divided by, in place of the window's size. */
  divisorOverride?: number | null;
}

/** @throws ShapeError  if x is no batch of planes (or lines), with or without the batch */
export function checkPlanes(op: string, x: Tensor, axes: number): void {
  checkFloat(op, x);
  if (x.rank === axes + 1 || x.rank === axes + 2) return;
  const lengths = axes === 1 ? 'L' : 'H, W';
  throw new ShapeError({
    op,
    problem: 'the input does not fit',
    got: x.shape,
    expected: `[N, C, ${lengths}] or [C, ${lengths}]`,
  });
}

/** The sums of windows; `share(begin, end)` is what the elements of one, padding included, weigh each. */
function windowSums(
  op: string,
  axis: PoolAxis,
  ceilMode: boolean,
  share: (begin: number, end: number) => number,
): AxisMap {
  const { size, kernel, stride, padding } = axis;
  return new AxisMap(
    size,
    Array.from({ length: windowsOf(op, axis, ceilMode) }, (_, i): Weighted => {
      const begin = i * stride - padding;
      const end = Math.min(begin + kernel, size + padding);
      const [first, last] = [Math.max(begin, 0), Math.min(end, size)];
      return { first, weights: new Array<number>(Math.max(0, last - first)).fill(share(begin, end)) };
    }),
  );
}

function averages(op: string, axis: PoolAxis, ceilMode: boolean, countIncludePad: boolean): AxisMap {
  const { size, kernel, stride, padding } = axis;
  const key = `average ${size} ${kernel} ${stride} ${padding} ${ceilMode} ${countIncludePad}`;
  return keptMap(key, () =>
    windowSums(op, axis, ceilMode, (begin, end) =>
      countIncludePad ? 1 / (end - begin) : 1 / (Math.min(end, size) - Math.max(begin, 0)),
    ),
  );
}

function sums(op: string, axis: PoolAxis, ceilMode: boolean): AxisMap {
  const { size, kernel, stride, padding } = axis;
  return keptMap(`sum ${size} ${kernel} ${stride} ${padding} ${ceilMode}`, () =>
    windowSums(op, axis, ceilMode, () => 1),
  );
}

function axesOf(op: string, axes: number, x: Tensor, kernelSize: PerAxis, options: AvgPoolOptions): PoolAxis[] {
  const kernels = perAxis(op, 'kernelSize', kernelSize, axes, 1);
  const strides = perAxis(op, 'stride', options.stride ?? kernelSize, axes, 1);
  const paddings = perAxis(op, 'padding', options.padding ?? 0, axes, 0);
  return kernels.map((kernel, i) => ({
    size: x.shape[x.rank - axes + i],
    kernel,
    stride: strides[i],
    padding: paddings[i],
    dilation: 1,
  }));
}

/** x with each of its last axes mapped. */
function along(x: Tensor, maps: readonly AxisMap[]): Tensor {
  return maps.length === 1 ? resample(x, null, maps[0]) : resample(x, maps[0], maps[1]);
}

function averagePool(op: string, axes: number, x: Tensor, kernelSize: PerAxis, options: AvgPoolOptions): Tensor {
  checkPlanes(op, x, axes);
  const { ceilMode = false, countIncludePad = true, divisorOverride = null } = options;
  const list = axesOf(op, axes, x, kernelSize, options);
  if (divisorOverride === null) {
    return along(
      x,
      list.map((axis) => averages(op, axis, ceilMode, countIncludePad)),
    );
  }
  if (!Number.isInteger(divisorOverride) || divisorOverride === 0) {
    throw new ConfigError({
      op,
      problem: 'divisorOverride does not fit',
      got: divisorOverride,
      expected: 'an integer ≠ 0',
    });
  }
  const total = along(
    x,
    list.map((axis) => sums(op, axis, ceilMode)),
  );
  return mul(total, 1 / divisorOverride);
}

/**
 * The average of each window, as PyTorch's.
 *
 * Shapes:   x [N, C, H, W] or [C, H, W] → y of the same rank, out = ⌊(in + 2·padding − k)/stride⌋ + 1 (⌈…⌉ with
 *           `ceilMode`)
 * Gradient: dy spread evenly over its window; to any order
 * @throws ShapeError   if the rank is another, or the input is smaller than the window
 * @throws ConfigError  if an option is no integer in its range, or padding passes half the window
 * @throws DTypeError   if x is not of floats
 */
export function avgPool2d(x: Tensor, kernelSize: PerAxis, options: AvgPoolOptions = {}): Tensor {
  return averagePool('avgPool2d', 2, x, kernelSize, options);
}

/**
 * The average of each window along the last axis: see `avgPool2d`.
 *
 * Shapes:   x [N, C, L] or [C, L] → y [N, C, outL] or [C, outL]
 * @throws ShapeError, ConfigError, DTypeError  as `avgPool2d`
 */
export function avgPool1d(x: Tensor, kernelSize: PerAxis, options: AvgPoolOptions = {}): Tensor {
  return averagePool('avgPool1d', 1, x, kernelSize, options);
}

/** One output size an axis; null keeps the input's. */
export type OutputSize = number | readonly (number | null)[];

/** @throws ConfigError  if it is no such thing */
export function outputSizes(op: string, size: OutputSize, lengths: Shape): number[] {
  const list = typeof size === 'number' ? lengths.map(() => size) : size;
  const fits = list.length === lengths.length && list.every((d) => d === null || (Number.isInteger(d) && d >= 0));
  if (fits) return list.map((d, i) => d ?? lengths[i]);
  const expected = `${lengths.length} integers ≥ 0 or null`;
  throw new ConfigError({ op, problem: 'the output size does not fit', got: size, expected });
}

/** Where window i of `outputs` over `inputs` elements lies: they cover all of them, in parts as equal as can be. */
export function adaptiveSpan(i: number, inputs: number, outputs: number): [first: number, end: number] {
  return [Math.floor((i * inputs) / outputs), Math.ceil(((i + 1) * inputs) / outputs)];
}

/** @throws ShapeError  if there is nothing to pool */
export function checkLengths(op: string, x: Tensor, lengths: Shape): void {
  if (sizeOf(lengths) > 0) return;
  throw new ShapeError({ op, problem: 'there is nothing to pool', got: x.shape });
}

/** Averages over `outputs` windows that cover the axis. */
export function adaptiveAverages(inputs: number, outputs: number): AxisMap {
  return keptMap(`adaptive ${inputs} ${outputs}`, () => {
    const rows = Array.from({ length: outputs }, (_, i): Weighted => {
      const [first, end] = adaptiveSpan(i, inputs, outputs);
      return { first, weights: new Array<number>(end - first).fill(1 / (end - first)) };
    });
    return new AxisMap(inputs, rows);
  });
}

function adaptive(op: string, axes: number, x: Tensor, outputSize: OutputSize): Tensor {
  checkPlanes(op, x, axes);
  const lengths = x.shape.slice(x.rank - axes);
  checkLengths(op, x, lengths);
  const outputs = outputSizes(op, outputSize, lengths);
  return along(
    x,
    outputs.map((n, i) => adaptiveAverages(lengths[i], n)),
  );
}

/**
 * Averages over as many windows as the output has elements; window i of n lies over the elements ⌊i·in/n⌋ to
 * ⌈(i + 1)·in/n⌉.
 *
 * Shapes:   x [N, C, H, W] or [C, H, W] → its last axes as `outputSize` says, null keeping one
 * Gradient: dy spread evenly over its window; to any order
 * @throws ShapeError   if the rank is another, or the input is empty along a pooled axis
 * @throws ConfigError  if an output size is no integer
 */
export function adaptiveAvgPool2d(x: Tensor, outputSize: OutputSize): Tensor {
  return adaptive('adaptiveAvgPool2d', 2, x, outputSize);
}

/** Averages along the last axis: see `adaptiveAvgPool2d`. */
export function adaptiveAvgPool1d(x: Tensor, outputSize: OutputSize): Tensor {
  return adaptive('adaptiveAvgPool1d', 1, x, outputSize);
}

export interface LpPoolOptions {
  /** Steps of the window; its own size by default. */
  stride?: PerAxis | null;
  ceilMode?: boolean;
}

function powerPool(
  op: string,
  axes: number,
  x: Tensor,
  p: number,
  kernelSize: PerAxis,
  options: LpPoolOptions,
): Tensor {
  checkPlanes(op, x, axes);
  const { ceilMode = false } = options;
  const list = axesOf(op, axes, x, kernelSize, options);
  // A window that is cut counts for a whole one: its mean times the window's size, as PyTorch has it.
  const powers = along(
    pow(x, p),
    list.map((axis) => averages(op, axis, ceilMode, true)),
  );
  return pow(mul(powers, sizeOf(list.map((axis) => axis.kernel))), 1 / p);
}

/**
 * The p-norm of each window: (Σ xᵖ)^(1/p).
 *
 * Shapes:   as `avgPool2d`, without padding
 * @throws ShapeError, ConfigError, DTypeError  as `avgPool2d`
 */
export function lpPool2d(x: Tensor, p: number, kernelSize: PerAxis, options: LpPoolOptions = {}): Tensor {
  return powerPool('lpPool2d', 2, x, p, kernelSize, options);
}

/** The p-norm of each window along the last axis: see `lpPool2d`. */
export function lpPool1d(x: Tensor, p: number, kernelSize: PerAxis, options: LpPoolOptions = {}): Tensor {
  return powerPool('lpPool1d', 1, x, p, kernelSize, options);
}

const on = (shape: Shape, call: (x: Tensor) => Tensor): ((s: Sampler) => OpCase) => {
  return (s) => ({ inputs: [s.normal(shape)], call });
};

registerOp({
  name: 'avgPool2d',
  cases: [
    on([2, 4, 6], (x) => avgPool2d(x, 2)),
    on([1, 2, 5, 7], (x) => avgPool2d(x, [3, 2], { stride: [2, 1], padding: [1, 0] })),
    on([1, 5, 5], (x) => avgPool2d(x, 3, { stride: 2, padding: 1, countIncludePad: false })),
    on([1, 5, 6], (x) => avgPool2d(x, 2, { ceilMode: true, divisorOverride: 3 })),
    on([2, 7, 40], (x) => avgPool2d(x, 3, { stride: 1, padding: 1, ceilMode: true })),
  ],
});

registerOp({
  name: 'avgPool1d',
  cases: [
    on([2, 3, 9], (x) => avgPool1d(x, 3, { stride: 2, padding: 1 })),
    on([2, 8], (x) => avgPool1d(x, 2, { ceilMode: true })),
  ],
});

registerOp({
  name: 'adaptiveAvgPool2d',
  cases: [
    on([2, 5, 7], (x) => adaptiveAvgPool2d(x, [3, 2])),
    on([1, 2, 4, 6], (x) => adaptiveAvgPool2d(x, 1)),
    on([1, 3, 4], (x) => adaptiveAvgPool2d(x, [null, 6])),
  ],
});

registerOp({
  name: 'adaptiveAvgPool1d',
  cases: [on([2, 3, 7], (x) => adaptiveAvgPool1d(x, 3))],
});

const positive = (shape: Shape, call: (x: Tensor) => Tensor): ((s: Sampler) => OpCase) => {
  return (s) => ({ inputs: [s.uniform(shape, 0.5, 2)], call });
};

registerOp({
  name: 'lpPool2d',
  tolerance: 4e-6,
  cases: [positive([2, 4, 5], (x) => lpPool2d(x, 2, 2)), positive([1, 4, 6], (x) => lpPool2d(x, 3, 2, { stride: 1 }))],
});

registerOp({
  name: 'lpPool1d',
  tolerance: 4e-6,
  cases: [positive([2, 7], (x) => lpPool1d(x, 2, 3, { stride: 2 }))],
});
