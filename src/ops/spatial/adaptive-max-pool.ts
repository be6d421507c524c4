/** Max pooling over as many windows as the output shall have. */

import type { Tensor } from '../../tensor.ts';
import { tensor } from '../create.ts';
import { type OpCase, registerOp, type Sampler } from '../define.ts';
import { indexSelect } from '../indexing/index-axis.ts';
import { reshape } from '../movement/movement.ts';
import type { Extreme } from '../reduction/reduce.ts';
import { adaptiveSpan, checkLengths, checkPlanes, type OutputSize, outputSizes } from './average-pool.ts';
import { maxPool2d } from './pool.ts';

export interface AdaptivePoolOptions {
  /** Give also the place of each value in its plane. */
  returnIndices?: boolean;
}

/** The places of all windows one behind the other, each filled up to the longest with its last place. */
function windowPlaces(inputs: number, outputs: number): [places: Tensor, window: number] {
  const spans = Array.from({ length: outputs }, (_, i) => adaptiveSpan(i, inputs, outputs));
  const window = Math.max(1, ...spans.map(([first, end]) => end - first));
  const places = spans.flatMap(([first, end]) =>
    Array.from({ length: window }, (_, t) => Math.min(first + t, end - 1)),
  );
  return [tensor(Int32Array.from(places)), window];
}

/** Windows of one length already lie side by side. */
function divides(inputs: number, outputs: number): boolean {
  return outputs > 0 && inputs % outputs === 0;
}

/**
 * A window's last place stands for those it lacks: where it is the largest, or holds the last NaN, the place is the same;
 * else it changes nothing.
 */
function pool(x: Tensor, outputs: readonly [number, number]): Extreme {
  const [height, width] = x.shape.slice(-2);
  if (divides(height, outputs[0]) && divides(width, outputs[1])) {
    return maxPool2d(x, [height / outputs[0], width / outputs[1]], { returnIndices: true });
  }
  const [rows, windowRows] = windowPlaces(height, outputs[0]);
  const [columns, windowColumns] = windowPlaces(width, outputs[1]);
  const spread = indexSelect(indexSelect(x, -2, rows), -1, columns);
  const { values, indices } = maxPool2d(spread, [windowRows, windowColumns], { returnIndices: true });
  const places = indices.data as Int32Array;
  const [ys, xs] = [rows.data as Int32Array, columns.data as Int32Array];
  const own = places.map((p) => ys[Math.floor(p / xs.length)] * width + xs[p % xs.length]);
  return { values, indices: reshape(tensor(own), indices.shape) };
}

function adaptive(
  op: string,
  axes: 1 | 2,
  x: Tensor,
  outputSize: OutputSize,
  returnIndices: boolean,
): Tensor | Extreme {
  checkPlanes(op, x, axes);
  const lengths = x.shape.slice(x.rank - axes);
  checkLengths(op, x, lengths);
  const outputs = outputSizes(op, outputSize, lengths);
  const lead = x.shape.slice(0, x.rank - axes);
  const planes = axes === 1 ? reshape(x, [...lead, 1, lengths[0]]) : x;
  const { values, indices } = pool(planes, axes === 1 ? [1, outputs[0]] : [outputs[0], outputs[1]]);
  const shape = [...lead, ...outputs];
  if (!returnIndices) return reshape(values, shape);
  return { values: reshape(values, shape), indices: reshape(indices, shape) };
}

/**
 * The largest of each of as many windows as the output has elements; window i of n lies over the elements ⌊i·in/n⌋ to
 * ⌈(i + 1)·in/n⌉.
 *
 * Shapes:   x [N, C, H, W] or [C, H, W] → its last axes as `outputSize` says, null keeping one; indices (int32) as y,
 *           each a place row·W + column of its plane
 * Gradient: to the largest, of equals to the first; to any order
 * @throws ShapeError   if the rank is another, or the input is empty along a pooled axis
 * @throws ConfigError  if an output size is no integer
 */
export function adaptiveMaxPool2d(
  x: Tensor,
  outputSize: OutputSize,
  options: AdaptivePoolOptions & { readonly returnIndices: true },
): Extreme;
export function adaptiveMaxPool2d(
  x: Tensor,
  outputSize: OutputSize,
  options?: AdaptivePoolOptions & { readonly returnIndices?: false },
): Tensor;
export function adaptiveMaxPool2d(
  x: Tensor,
  outputSize: OutputSize,
  { returnIndices = false }: AdaptivePoolOptions = {},
): Tensor | Extreme {
  return adaptive('adaptiveMaxPool2d', 2, x, outputSize, returnIndices);
}

/** The largest of each window along the last axis: see `adaptiveMaxPool2d`. */
export function adaptiveMaxPool1d(
  x: Tensor,
  outputSize: OutputSize,
  options: AdaptivePoolOptions & { readonly returnIndices: true },
): Extreme;
export function adaptiveMaxPool1d(
  x: Tensor,
  outputSize: OutputSize,
  options?: AdaptivePoolOptions & { readonly returnIndices?: false },
): Tensor;
export function adaptiveMaxPool1d(
  x: Tensor,
  outputSize: OutputSize,
  { returnIndices = false }: AdaptivePoolOptions = {},
): Tensor | Extreme {
  return adaptive('adaptiveMaxPool1d', 1, x, outputSize, returnIndices);
}

const on = (shape: number[], call: (x: Tensor) => Tensor): ((s: Sampler) => OpCase) => {
  return (s) => ({ inputs: [s.distinct(shape)], call });
};

registerOp({
  name: 'adaptiveMaxPool2d',
  tolerance: 0,
  cases: [
    on([2, 5, 7], (x) => adaptiveMaxPool2d(x, [3, 2])),
    on([1, 2, 4, 6], (x) => adaptiveMaxPool2d(x, 2)),
    on([1, 3, 4], (x) => adaptiveMaxPool2d(x, [null, 5])),
  ],
});

registerOp({
  name: 'adaptiveMaxPool1d',
  tolerance: 0,
  cases: [on([2, 3, 7], (x) => adaptiveMaxPool1d(x, 3))],
});
