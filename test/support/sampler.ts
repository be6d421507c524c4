/** Seeded inputs for the cases of operations, drawn without the library's own generator. */

import type { DataArray, DType } from '../../src/core/dtype.ts';
import { newArray } from '../../src/core/dtype.ts';
import { sizeOf } from '../../src/core/shape.ts';
import type { Sampler } from '../../src/ops/index.ts';
import { type Tensor, wrapArray } from '../../src/tensor.ts';

/** A small generator of its own (mulberry32): a fault in the library's cannot hide in its tests. */
export function mulberry(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function hash(text: string): number {
  let h = 2166136261;
  for (const char of text) h = Math.imul(h ^ char.charCodeAt(0), 16777619);
  return h >>> 0;
}

function gaussian(draw: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw());
}

/** The inputs of case `place` of operation `name`: the same at each call, whatever the backend. */
export function sampler(name: string, place: number, dtype: 'float32' | 'float64'): Sampler {
  const draw = mulberry(hash(`${name}/${place}`));
  const make = (shape: readonly number[], type: DType, value: (i: number) => number): Tensor => {
    const data: DataArray = newArray(type, sizeOf(shape));
    for (let i = 0; i < data.length; i++) data[i] = value(i);
    return wrapArray(data, [...shape], type);
  };
  return {
    dtype,
    normal: (shape) => make(shape, dtype, () => gaussian(draw)),
    uniform: (shape, low, high) => make(shape, dtype, () => low + (high - low) * draw()),
    distinct(shape, gap = 0.05) {
      const n = sizeOf(shape);
      const half = Math.ceil(n / 2);
      const values = Array.from({ length: n }, (_, i) => {
        const step = gap * (1.3 + 1.2 * (i % half)) + 0.01 * draw() * gap;
        return i < half ? step : -step - 0.1 * gap;
      });
      for (let i = n - 1; i > 0; i--) {
        const j = Math.floor(draw() * (i + 1));
        [values[i], values[j]] = [values[j], values[i]];
      }
      return make(shape, dtype, (i) => values[i]);
    },
    ids: (shape, high) => make(shape, 'int32', () => Math.floor(draw() * high)),
    bool: (shape) => make(shape, 'bool', () => (draw() < 0.5 ? 1 : 0)),
  };
}
