/** Interpolation: images and signals in another size. */

import type { Shape } from '../../core/shape.ts';
import { ConfigError, ShapeError } from '../../errors.ts';
import type { Tensor } from '../../tensor.ts';
import { checkFloat, type OpCase, registerOp, type Sampler } from '../define.ts';
import { reshape } from '../movement/movement.ts';
import { adaptiveAverages } from './average-pool.ts';
import { AxisMap, keptMap, resample, type Weighted } from './resample.ts';

export type InterpolateMode = 'nearest' | 'nearest-exact' | 'linear' | 'bilinear' | 'bicubic' | 'trilinear' | 'area';

export interface InterpolateOptions {
  /** The lengths of the output; this or `scaleFactor`. */
  size?: number | readonly number[] | null;
  /** What the lengths are multiplied by, rounded down. */
  scaleFactor?: number | readonly number[] | null;
  /** Default 'nearest'. 'linear' is for one axis, 'bilinear' and 'bicubic' for two, 'trilinear' for three. */
  mode?: InterpolateMode;
  /** Places are counted between the centres of the corners' elements, and not between the edges. */
  alignCorners?: boolean | null;
  /** Take the places from the lengths, and not from `scaleFactor` itself. */
  recomputeScaleFactor?: boolean | null;
  /** Widen the filter where the image shrinks ('bilinear' and 'bicubic'). */
  antialias?: boolean;
}

const OP = 'interpolate';
const MODES: Record<InterpolateMode, readonly number[]> = {
  nearest: [1, 2, 3],
  'nearest-exact': [1, 2, 3],
  linear: [1],
  bilinear: [2],
  bicubic: [2],
  trilinear: [3],
  area: [1, 2, 3],
};

function refuse(problem: string, got?: unknown, expected?: unknown): never {
  throw new ConfigError({ op: OP, problem, got, expected });
}

/** One axis of an interpolation. */
interface Axis {
  readonly inputs: number;
  readonly outputs: number;
  /** Elements of the input an element of the output. */
  readonly step: number;
  readonly alignCorners: boolean;
}

/** Elements with their weights, places clipped to the axis, as a run of neighbours. */
function weighted(taps: readonly (readonly [place: number, weight: number])[], inputs: number): Weighted {
  const sums = new Map<number, number>();
  for (const [place, weight] of taps) {
    const at = Math.min(Math.max(place, 0), inputs - 1);
    // What weighs nothing is left out, so that an infinity there does not matter.
    if (weight !== 0) sums.set(at, (sums.get(at) ?? 0) + weight);
  }
  if (sums.size === 0) return { first: 0, weights: [] };
  const first = Math.min(...sums.keys());
  const length = Math.max(...sums.keys()) - first + 1;
  return { first, weights: Array.from({ length }, (_, t) => sums.get(first + t) ?? 0) };
}

/** Where output i lies in the input. */
function sourceOf({ step, alignCorners }: Axis, i: number): number {
  return alignCorners ? step * i : step * (i + 0.5) - 0.5;
}

/** PyTorch finds the nearest element in float32, whatever the tensor's dtype. */
function nearest({ inputs, step }: Axis, i: number, shift: number): Weighted {
  const place = Math.floor(Math.fround(Math.fround(i + shift) * Math.fround(step)));
  return { first: Math.min(place, inputs - 1), weights: [1] };
}

function linear(axis: Axis, i: number): Weighted {
  const source = Math.max(sourceOf(axis, i), 0);
  const place = Math.min(Math.floor(source), axis.inputs - 1);
  const rest = Math.min(Math.max(source - place, 0), 1);
  return weighted(
    [
      [place, 1 - rest],
      [place + 1, rest],
    ],
    axis.inputs,
  );
}

/** Keys' cubic convolution kernel. Source: Keys, "Cubic Convolution Interpolation for Digital Image Processing", 1981. */
function cubicKernel(x: number, a: number): number {
  const d = Math.abs(x);
  if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? (((d - 5) * d + 8) * d - 4) * a : 0;
}

function cubic(axis: Axis, i: number): Weighted {
  const source = sourceOf(axis, i);
  const place = Math.floor(source);
  const taps = [-1, 0, 1, 2].map((t) => [place + t, cubicKernel(source - place - t, -0.75)] as const);
  return weighted(taps, axis.inputs);
}

/** A filter as wide as the step where the image shrinks, its weights made to sum to 1. */
function antialiased({ inputs, step }: Axis, i: number, reach: number, kernel: (x: number) => number): Weighted {
  const scale = Math.max(step, 1);
  const support = reach * scale;
  const centre = step * (i + 0.5);
  const first = Math.max(Math.trunc(centre - support + 0.5), 0);
  const end = Math.min(Math.trunc(centre + support + 0.5), inputs);
  const raw = Array.from({ length: Math.max(0, end - first) }, (_, t) => kernel((first + t - centre + 0.5) / scale));
  const total = raw.reduce((a, b) => a + b, 0);
  return { first, weights: total === 0 ? raw : raw.map((weight) => weight / total) };
}

const triangle = (x: number): number => Math.max(0, 1 - Math.abs(x));

function rowOf(mode: InterpolateMode, axis: Axis, i: number, antialias: boolean): Weighted {
  switch (mode) {
    case 'nearest':
      return nearest(axis, i, 0);
    case 'nearest-exact':
      return nearest(axis, i, 0.5);
    case 'bicubic':
      return antialias ? antialiased(axis, i, 2, (x) => cubicKernel(x, -0.5)) : cubic(axis, i);
    default:
      return antialias ? antialiased(axis, i, 1, triangle) : linear(axis, i);
  }
}

/** The map of one axis; null where it stays as it is. */
function mapOf(mode: InterpolateMode, axis: Axis, antialias: boolean): AxisMap | null {
  const { inputs, outputs, step, alignCorners } = axis;
  if (mode === 'area') return inputs === outputs ? null : adaptiveAverages(inputs, outputs);
  // A filter that reaches further than its neighbours is asked at any size, and so is what is nearest.
  const plain = mode !== 'nearest' && mode !== 'nearest-exact' && mode !== 'bicubic' && !antialias;
  if (inputs === outputs && (step === 1 || plain)) return null;
  const key = `${mode} ${inputs} ${outputs} ${step} ${alignCorners} ${antialias}`;
  return keptMap(key, () => {
    return new AxisMap(
      inputs,
      Array.from({ length: outputs }, (_, i) => rowOf(mode, axis, i, antialias)),
    );
  });
}

function perLength(name: string, value: number | readonly number[], count: number): readonly number[] {
  const list = typeof value === 'number' ? new Array<number>(count).fill(value) : value;
  if (list.length !== count) refuse(`${name} must have one value an axis`, value, `${count} values`);
  return list;
}

function axesOf(lengths: Shape, options: InterpolateOptions): Axis[] {
  const { size = null, scaleFactor = null, mode = 'nearest', recomputeScaleFactor = false } = options;
  if ((size === null) === (scaleFactor === null)) refuse('give either size or scaleFactor', [size, scaleFactor]);
  const alignCorners = options.alignCorners === true;
  const scales = scaleFactor === null ? null : perLength('scaleFactor', scaleFactor, lengths.length);
  if (scales?.some((s) => !(s > 0 && Number.isFinite(s)))) refuse('scaleFactor must be positive', scaleFactor);
  if (recomputeScaleFactor === true && scales === null) refuse('recomputeScaleFactor goes with scaleFactor');
  const outputs =
    scales === null
      ? perLength('size', size!, lengths.length)
      : lengths.map((length, i) => Math.floor(length * scales[i]));
  return lengths.map((inputs, i) => {
    const output = outputs[i];
    // As in PyTorch an average over no element is nothing, and every other mode needs a place to look at.
    if (!Number.isInteger(output) || output < (mode === 'area' ? 0 : 1)) {
      refuse('the output must have a positive length', output);
    }
    const given = scales !== null && recomputeScaleFactor !== true && mode !== 'area' ? 1 / scales[i] : null;
    const corners = output > 1 ? (inputs - 1) / (output - 1) : 0;
    return { inputs, outputs: output, step: alignCorners ? corners : (given ?? inputs / output), alignCorners };
  });
}

/**
 * x in another size along all axes behind the channels, as PyTorch's: 'nearest' as its pixels, 'nearest-exact' as
 * those of PIL, 'linear', 'bilinear' and 'trilinear' between two elements an axis, 'bicubic' between four, 'area' as
 * averages.
 *
 * Shapes:   x [N, C, L], [N, C, H, W] or [N, C, D, H, W] → those lengths as `size` says, or times `scaleFactor`
 * Gradient: by the transposed sums; to any order
 * @throws ShapeError   if the rank does not fit the mode, or a length is 0
 * @throws ConfigError  if an option is out of its range, or does not go with the mode
 * @throws DTypeError   if x is not of floats
 */
export function interpolate(x: Tensor, options: InterpolateOptions): Tensor {
  checkFloat(OP, x);
  const { mode = 'nearest', alignCorners = null, antialias = false } = options;
  if (!Object.hasOwn(MODES, mode)) refuse('unknown mode', mode, Object.keys(MODES).join(' | '));
  const lengths = x.shape.slice(2);
  if (!MODES[mode].includes(lengths.length) || lengths.includes(0)) {
    const expected = `[N, C] and ${MODES[mode].join(' or ')} lengths`;
    throw new ShapeError({ op: OP, problem: `the input does not fit mode '${mode}'`, got: x.shape, expected });
  }
  const interpolates = /linear|cubic/.test(mode);
  if (alignCorners !== null && !interpolates) refuse(`alignCorners does not go with mode '${mode}'`, alignCorners);
  if (antialias && mode !== 'bilinear' && mode !== 'bicubic') refuse(`antialias does not go with mode '${mode}'`);
  const maps = axesOf(lengths, options).map((axis) => mapOf(mode, axis, antialias));
  if (maps.length === 1) return resample(x, null, maps[0]);
  const plane = resample(x, maps[maps.length - 2], maps[maps.length - 1]);
  if (maps.length === 2) return plane;
  // The first of three axes, the other two as one.
  const [n, c, depth, height, width] = plane.shape;
  const y = resample(reshape(plane, [n, c, depth, height * width]), maps[0], null);
  return reshape(y, [n, c, y.shape[2], height, width]);
}

const on = (shape: Shape, options: InterpolateOptions): ((s: Sampler) => OpCase) => {
  return (s) => ({ inputs: [s.normal(shape)], call: (x) => interpolate(x, options) });
};

registerOp({
  name: 'interpolate',
  cases: [
    on([1, 2, 3, 4], { scaleFactor: 2 }),
    on([1, 1, 5], { size: 3, mode: 'nearest-exact' }),
    on([2, 1, 4], { size: 7, mode: 'linear' }),
    on([1, 2, 3, 5], { scaleFactor: [2, 1.6], mode: 'bilinear' }),
    on([1, 1, 4, 3], { size: [7, 5], mode: 'bilinear', alignCorners: true }),
    on([1, 1, 4, 5], { scaleFactor: 1.7, mode: 'bicubic' }),
    on([1, 1, 3, 20], { scaleFactor: 2, mode: 'bicubic' }),
    on([1, 1, 7, 5], { size: [3, 2], mode: 'bicubic', antialias: true }),
    on([1, 1, 6, 5], { size: 3, mode: 'bilinear', antialias: true }),
    on([1, 1, 5, 6], { size: [2, 4], mode: 'area' }),
    on([1, 1, 2, 3, 2], { scaleFactor: 2, mode: 'trilinear' }),
  ],
});
