/** Convolutions and pooling over any number of axes, by the places each window sees. */

import { at, count, type Dims, Illegal, measured, total, tuples, type Value } from './value.ts';

/** One number an axis of each option. */
export interface Windows {
  readonly kernel: Dims;
  readonly stride: Dims;
  readonly padding: Dims;
  readonly dilation: Dims;
}

/** With an axis for the batch, which `unbatched` takes away again. */
export function batched(x: Value, axes: number): Value {
  return x.shape.length === axes + 2 ? x : { ...x, shape: [1, ...x.shape] };
}

export function unbatched(y: Value, x: Value, axes: number): Value {
  return x.shape.length === axes + 2 ? y : { ...y, shape: y.shape.slice(1) };
}

function sumOf(products: readonly number[], factors: number): { sum: number; bound: number } {
  const size = products.reduce((a, b) => a + Math.abs(b), 0);
  return { sum: total(products).sum, bound: (products.length + factors) * size };
}

export interface Convolution {
  readonly stride: Dims;
  readonly padding: Dims | 'same' | 'valid';
  readonly dilation: Dims;
  readonly groups: number;
}

export function conv(x: Value, w: Value, bias: Value | null, axes: number, options: Convolution): Value | Illegal {
  const { stride, dilation, groups } = options;
  if (options.padding === 'same' && stride.some((s) => s !== 1)) return new Illegal([], 'ConfigError');
  const input = batched(x, axes);
  const [batch, channels, ...size] = input.shape;
  const [filters, depth, ...kernel] = w.shape;
  if (channels % groups !== 0 || filters % groups !== 0) return new Illegal([], 'ConfigError');
  if (channels === 0 || depth !== channels / groups) return new Illegal([x.shape, w.shape]);
  const spans = kernel.map((k, i) => dilation[i] * (k - 1));
  const before = spans.map((span, i) =>
    options.padding === 'same' ? Math.floor(span / 2) : options.padding === 'valid' ? 0 : options.padding[i],
  );
  const after = spans.map((span, i) => (options.padding === 'same' ? span - before[i] : before[i]));
  const rooms = size.map((n, i) => n + before[i] + after[i] - spans[i] - 1);
  if (rooms.some((room) => room < 0)) return new Illegal([x.shape, w.shape]);
  if (bias !== null && bias.shape.join() !== `${filters}`) return new Illegal([bias.shape, [filters]]);
  const out = rooms.map((room, i) => Math.floor(room / stride[i]) + 1);
  const taps = tuples([depth, ...kernel]);
  const y = measured([batch, filters, ...out], ([n, o, ...place]) => {
    const group = Math.floor(o / (filters / groups));
    const products = bias === null ? [] : [bias.data[o]];
    for (const [c, ...tap] of taps) {
      const source = place.map((p, i) => p * stride[i] - before[i] + tap[i] * dilation[i]);
      if (source.some((v, i) => v < 0 || v >= size[i])) continue;
      products.push(at(input, [n, group * depth + c, ...source]) * at(w, [o, c, ...tap]));
    }
    return sumOf(products, 2);
  });
  return unbatched(y, x, axes);
}

/** The number of windows along each axis, or null where one sees nothing. */
export function windowsOf(
  size: Dims,
  { kernel, stride, padding, dilation }: Windows,
  ceilMode: boolean,
): number[] | null {
  const found = size.map((n, i) => {
    const room = n + 2 * padding[i] - dilation[i] * (kernel[i] - 1) - 1;
    let windows = Math.floor((ceilMode ? room + stride[i] - 1 : room) / stride[i]) + 1;
    // A window of `ceilMode` begins inside or in the padding in front.
    if (ceilMode && (windows - 1) * stride[i] >= n + padding[i]) windows--;
    return windows;
  });
  return found.every((n) => n > 0) ? found : null;
}

/** The places a window sees, those in the padding left out. */
export function seen(place: Dims, size: Dims, { kernel, stride, padding, dilation }: Windows): number[][] {
  return tuples(kernel)
    .map((tap) => tap.map((t, i) => place[i] * stride[i] - padding[i] + t * dilation[i]))
    .filter((source) => source.every((v, i) => v >= 0 && v < size[i]));
}

/** The largest of each window, and its place in the plane; the first of equals. */
export function maxPool(x: Value, axes: number, windows: Windows, ceilMode: boolean): [Value, Value] | Illegal {
  // The window may also be too large for the input, which is another fault.
  if (windows.padding.some((p, i) => 2 * p > windows.kernel[i])) return new Illegal([], 'ConfigError', 'ShapeError');
  const input = batched(x, axes);
  const [batch, channels, ...size] = input.shape;
  const out = windowsOf(size, windows, ceilMode);
  if (out === null) return new Illegal();
  const shape = [batch, channels, ...out];
  const best: number[] = [];
  const places: number[] = [];
  for (const [n, c, ...place] of tuples(shape)) {
    const sources = seen(place, size, windows);
    if (sources.length === 0) return new Illegal();
    let most = sources[0];
    for (const s of sources) if (at(input, [n, c, ...s]) > at(input, [n, c, ...most])) most = s;
    best.push(at(input, [n, c, ...most]));
    places.push(most.reduce((all, v, i) => all * size[i] + v, 0));
  }
  const results: [Value, Value] = [
    { shape, data: best },
    { shape, data: places, dtype: 'int32' },
  ];
  return results.map((y) => unbatched(y, x, axes)) as [Value, Value];
}

export interface Averages extends Windows {
  readonly ceilMode: boolean;
  /** The padding counts as zeros that are seen. */
  readonly countPadding: boolean;
  /** What is divided by, if not the number of places. */
  readonly divisor: number | null;
}

/** The mean of each window. */
export function avgPool(x: Value, axes: number, options: Averages): Value | Illegal {
  const { kernel, stride, padding, ceilMode, countPadding, divisor } = options;
  if (padding.some((p, i) => 2 * p > kernel[i])) return new Illegal([], 'ConfigError', 'ShapeError');
  const input = batched(x, axes);
  const [batch, channels, ...size] = input.shape;
  const out = windowsOf(size, options, ceilMode);
  if (out === null) return new Illegal();
  const y = measured([batch, channels, ...out], ([n, c, ...place]) => {
    const values = seen(place, size, options).map((s) => at(input, [n, c, ...s]));
    // Of the padding counts what lies within it; a window of `ceilMode` may pass even that.
    const padded = place.map((p, i) => {
      const start = p * stride[i] - padding[i];
      return Math.min(start + kernel[i], size[i] + padding[i]) - start;
    });
    const by = divisor ?? (countPadding ? count(padded) : values.length);
    const { sum, bound } = total(values);
    return { sum: sum / by, bound: bound / by + 3 * Math.abs(sum / by) };
  });
  return unbatched(y, x, axes);
}

/** The parts that an axis of length `size` is cut into, `count` of them: they may share places. */
function part(size: number, parts: number, i: number): number[] {
  const [from, to] = [Math.floor((i * size) / parts), Math.ceil(((i + 1) * size) / parts)];
  return Array.from({ length: to - from }, (_, j) => from + j);
}

/** The members of each part of a plane that is cut into `out` parts an axis, and their places. */
function partition(x: Value, axes: number, out: Dims): { shape: number[]; members: number[][][] } {
  const [batch, channels, ...size] = x.shape;
  const shape = [batch, channels, ...out];
  const members = tuples(shape).map(([n, c, ...place]) => {
    const ranges = place.map((p, i) => part(size[i], out[i], p));
    return tuples(ranges.map((r) => r.length)).map((pick) => [n, c, ...pick.map((p, i) => ranges[i][p])]);
  });
  if (size.length !== axes) throw new RangeError(`${size.length} axes, not ${axes}`);
  return { shape, members };
}

export function adaptiveAvgPool(x: Value, axes: number, out: Dims): Value {
  const input = batched(x, axes);
  const { shape, members } = partition(input, axes, out);
  const means = members.map((places) => {
    const { sum, bound } = total(places.map((p) => at(input, p)));
    return { sum: sum / places.length, bound: bound / places.length + 3 * Math.abs(sum / places.length) };
  });
  return unbatched({ shape, data: means.map((m) => m.sum), bound: means.map((m) => m.bound) }, x, axes);
}

export function adaptiveMaxPool(x: Value, axes: number, out: Dims): [Value, Value] {
  const input = batched(x, axes);
  const size = input.shape.slice(2);
  const { shape, members } = partition(input, axes, out);
  const best = members.map((places) => places.reduce((a, b) => (at(input, b) > at(input, a) ? b : a)));
  const values: Value = { shape, data: best.map((p) => at(input, p)) };
  const indices: Value = {
    shape,
    data: best.map(([, , ...p]) => p.reduce((all, v, i) => all * size[i] + v, 0)),
    dtype: 'int32',
  };
  return [unbatched(values, x, axes), unbatched(indices, x, axes)];
}

/** Each element of the input times the kernel, added up where they fall. */
export function convTranspose(
  x: Value,
  w: Value,
  bias: Value | null,
  axes: number,
  options: Omit<Convolution, 'padding'> & { readonly padding: Dims; readonly outputPadding: Dims },
): Value | Illegal {
  const { stride, padding, dilation, groups, outputPadding } = options;
  const input = batched(x, axes);
  const [batch, channels, ...size] = input.shape;
  const [depth, perGroup, ...kernel] = w.shape;
  if (channels % groups !== 0) return new Illegal([], 'ConfigError');
  if (depth !== channels) return new Illegal([x.shape, w.shape]);
  const filters = perGroup * groups;
  if (bias !== null && bias.shape.join() !== `${filters}`) return new Illegal([bias.shape, [filters]]);
  const out = size.map(
    (n, i) => (n - 1) * stride[i] - 2 * padding[i] + dilation[i] * (kernel[i] - 1) + outputPadding[i] + 1,
  );
  // Axis by axis: the first fault is the one that is named.
  for (const [i, n] of out.entries()) {
    if (outputPadding[i] >= Math.max(stride[i], dilation[i])) return new Illegal([], 'ConfigError');
    if (n < 1) return new Illegal([x.shape, w.shape]);
  }
  const sums = new Map<string, number[]>();
  const shape = [batch, filters, ...out];
  for (const index of tuples(shape)) sums.set(index.join(), bias === null ? [] : [bias.data[index[1]]]);
  for (const [n, c, ...place] of tuples(input.shape)) {
    const group = Math.floor(c / (channels / groups));
    for (const [o, ...tap] of tuples([perGroup, ...kernel])) {
      const target = place.map((p, i) => p * stride[i] - padding[i] + tap[i] * dilation[i]);
      const terms = sums.get([n, group * perGroup + o, ...target].join());
      terms?.push(at(input, [n, c, ...place]) * at(w, [c, o, ...tap]));
    }
  }
  return unbatched(
    measured(shape, (index) => sumOf(sums.get(index.join())!, 2)),
    x,
    axes,
  );
}
