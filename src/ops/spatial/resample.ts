/** Weighted sums of neighbours along the last two axes: what average pooling and interpolation are made of. */

import type { Band } from '../../backend/arguments.ts';
import type { DType, FloatArray } from '../../core/dtype.ts';
import { newArray } from '../../core/dtype.ts';
import { sizeOf } from '../../core/shape.ts';
import { emptyTensor, type Tensor } from '../../tensor.ts';
import { defineOp, type Op } from '../define.ts';
import { reshape } from '../movement/movement.ts';

/** One output: the elements `first`, `first + 1`, … and what each weighs. */
export interface Weighted {
  readonly first: number;
  readonly weights: readonly number[];
}

/** The elements that one output sums: [first, end). */
type Span = readonly [first: number, end: number];

/**
 * Spans of one length whose beginnings advance evenly, if the given ones are such but for what they leave out beyond the
 * ends of the axis, which counts as 0: the kernels then read whole vectors. Else spans of one length, as far as that goes.
 */
function evened(spans: readonly Span[], inputs: number): readonly Span[] {
  const n = spans.length;
  if (n === 0) return spans;
  const evenly = (from: number, stride: number, step: number): Span[] | null => {
    let longest = from;
    for (let i = from; i < n; i += stride) {
      if (spans[i][1] - spans[i][0] > spans[longest][1] - spans[longest][0]) longest = i;
    }
    const [first, end] = spans[longest];
    const even: Span[] = [];
    for (let i = from; i < n; i += stride) {
      const shift = ((i - longest) / stride) * step;
      const [low, high] = [first + shift, end + shift];
      const fits =
        (spans[i][0] === low || (spans[i][0] === 0 && low < 0)) &&
        (spans[i][1] === high || (spans[i][1] === inputs && high > inputs));
      if (!fits) return null;
      even.push([low, high]);
    }
    return even;
  };
  const whole = evenly(0, 1, 1) ?? evenly(0, 1, 2);
  if (whole !== null || n < 2) return whole ?? lengthened(spans, inputs);
  const [evens, odds] = [evenly(0, 2, 1), evenly(1, 2, 1)];
  return evens === null || odds === null
    ? lengthened(spans, inputs)
    : spans.map((_, i) => (i % 2 === 0 ? evens : odds)[i >> 1]);
}

/**
 * Spans of one length, as far as what is added lies beyond an end of the axis. Where they then all agree the kernels need
 * not look at each element's place.
 */
function lengthened(spans: readonly Span[], inputs: number): readonly Span[] {
  const taps = spans.reduce((most, [first, end]) => Math.max(most, end - first), 0);
  return spans.map(([first, end]): Span => {
    if (first === 0) return [end - taps, end];
    return end === inputs ? [first, first + taps] : [first, end];
  });
}

/** A linear map along one axis whose outputs sum neighbours; its transpose is one too. */
export class AxisMap {
  readonly inputs: number;
  readonly outputs: number;
  readonly #rows: readonly Weighted[];
  readonly #bands: { float32?: Band; float64?: Band } = {};
  #transpose: AxisMap | null = null;

  constructor(inputs: number, rows: readonly Weighted[]) {
    this.inputs = inputs;
    this.outputs = rows.length;
    this.#rows = rows;
  }

  /** As the kernels take it. */
  band(dtype: 'float32' | 'float64'): Band {
    this.#bands[dtype] ??= this.#bandOf(dtype);
    return this.#bands[dtype];
  }

  get transpose(): AxisMap {
    if (this.#transpose === null) {
      this.#transpose = this.#transposed();
      this.#transpose.#transpose = this;
    }
    return this.#transpose;
  }

  #bandOf(dtype: DType): Band {
    const n = this.outputs;
    const own = this.#rows.map(({ first, weights }): Span => [first, first + weights.length]);
    const spans = evened(own, this.inputs);
    const taps = spans.reduce((most, [first, end]) => Math.max(most, end - first), 0);
    const weights = newArray(dtype, taps * n) as FloatArray;
    this.#rows.forEach((row, i) => {
      const skipped = row.first - spans[i][0];
      row.weights.forEach((weight, t) => {
        weights[(skipped + t) * n + i] = weight;
      });
    });
    return {
      taps,
      weights,
      spans: Int32Array.from([...spans.map(([first]) => first), ...spans.map(([a, b]) => b - a)]),
    };
  }

  #transposed(): AxisMap {
    const columns = Array.from({ length: this.inputs }, () => ({ first: 0, weights: [] as number[] }));
    this.#rows.forEach(({ first, weights }, i) => {
      weights.forEach((weight, t) => {
        const column = columns[first + t];
        if (column.weights.length === 0) column.first = i;
        // The outputs that an element enters need not follow each other.
        while (column.first + column.weights.length < i) column.weights.push(0);
        column.weights.push(weight);
      });
    });
    return new AxisMap(this.outputs, columns);
  }
}

/** As many maps as a network has layers; a training loop asks for the same ones at every step. */
const KEPT_MAPS = 64;
const maps = new Map<string, AxisMap>();

/** The map that `make` makes, kept under `key`, which must name all that it depends on. */
export function keptMap(key: string, make: () => AxisMap): AxisMap {
  const found = maps.get(key);
  if (found !== undefined) return found;
  const map = make();
  if (maps.size >= KEPT_MAPS) maps.delete(maps.keys().next().value!);
  maps.set(key, map);
  return map;
}

interface ResampleParams {
  readonly rows: AxisMap | null;
  readonly columns: AxisMap | null;
}

/** x [planes, H, W] → [planes, outH, outW] */
const resampleOp: Op<ResampleParams> = defineOp<ResampleParams>({
  name: 'resample',
  forward(node, [x], { rows, columns }) {
    const [planes, inHeight, inWidth] = x!.shape;
    const [outHeight, outWidth] = [rows?.outputs ?? inHeight, columns?.outputs ?? inWidth];
    const y = emptyTensor([planes, outHeight, outWidth], x!.dtype);
    const dtype = x!.dtype as 'float32' | 'float64';
    const [down, across] = [rows?.band(dtype) ?? null, columns?.band(dtype) ?? null];
    if (y.size === 0) return y;
    if (x!.size === 0 || down?.taps === 0 || across?.taps === 0) {
      y.data.fill(0);
      return y;
    }
    const dims = { planes, inHeight, inWidth, outHeight, outWidth };
    node.kernels.resample(dims, down, across, x!.data as FloatArray, y.data as FloatArray);
    return y;
  },
  backward(_, [dy], { rows, columns }) {
    return [resampleOp.run([dy], { rows: rows?.transpose ?? null, columns: columns?.transpose ?? null })];
  },
  cases: [
    (s) => {
      const rows = new AxisMap(5, [
        { first: 0, weights: [0.5, 0.25] },
        { first: 3, weights: [1] },
        { first: 1, weights: [-1, 2, 0.5] },
      ]);
      const columns = new AxisMap(4, [
        { first: 1, weights: [1, 2] },
        { first: 0, weights: [] },
      ]);
      return { inputs: [s.normal([2, 5, 4])], call: (x) => resampleOp.run([x], { rows, columns }) };
    },
    (s) => ({
      inputs: [s.normal([1, 3, 2])],
      call: (x) => resampleOp.run([x], { rows: null, columns: new AxisMap(2, []) }),
    }),
    (s) => {
      const columns = new AxisMap(2, [{ first: 0, weights: [] }]);
      return { inputs: [s.normal([1, 3, 2])], call: (x) => resampleOp.run([x], { rows: null, columns }) };
    },
  ],
});

/**
 * x resampled along its last two axes, or along the last alone where there is one map.
 *
 * Shapes:   x [..., H, W] → [..., outH, outW]; null keeps an axis
 * Gradient: by the transposed maps, so to any order
 */
export function resample(x: Tensor, rows: AxisMap | null, columns: AxisMap | null): Tensor {
  if (rows === null && columns === null) return x;
  const [height, width] = x.rank < 2 ? [1, x.size] : x.shape.slice(-2);
  const lead = x.shape.slice(0, Math.max(0, x.rank - 2));
  const y = resampleOp.run([reshape(x, [sizeOf(lead), height, width])], { rows, columns });
  return reshape(y, x.rank < 2 ? [y.shape[2]] : [...lead, ...y.shape.slice(1)]);
}
