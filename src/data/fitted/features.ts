/** Values by feature: what the transforms that are fitted have in common. */

import type { DataArray } from '../../core/dtype.ts';
import { floatOf, newArray } from '../../core/dtype.ts';
import type { OptionNames } from '../../core/options.ts';
import { checkAxis, type Shape, sizeOf } from '../../core/shape.ts';
import { ConfigError, DataError, ShapeError } from '../../errors.ts';
import { checkTensor } from '../../ops/define.ts';
import { type Tensor, wrapArray } from '../../tensor.ts';

/** Which axis counts the features. */
export interface FeatureOptions {
  /** −1, the last, unless given; a tensor of rank 1 is one feature. */
  featureAxis?: number;
}

export const FEATURE_OPTIONS: OptionNames<FeatureOptions> = { featureAxis: true };

/** Feature j of row o lies at (o·features + j)·inner … + inner − 1. */
interface Layout {
  readonly outer: number;
  readonly features: number;
  readonly inner: number;
}

function layoutOf(op: string, shape: Shape, featureAxis: number): Layout {
  if (shape.length === 1) return { outer: shape[0], features: 1, inner: 1 };
  if (shape.length === 0) throw new ShapeError({ op, problem: 'features lie along an axis', got: shape });
  const axis = checkAxis(op, featureAxis, shape.length);
  return { outer: sizeOf(shape, 0, axis), features: shape[axis], inner: sizeOf(shape, axis + 1) };
}

/** All values of each feature that are there, in order. @throws DataError if one is infinite, or a feature has none */
export function valuesByFeature(op: string, x: Tensor, featureAxis: number): Float64Array[] {
  checkTensor(op, x);
  const { outer, features, inner } = layoutOf(op, x.shape, featureAxis);
  const { data } = x;
  return Array.from({ length: features }, (_, j) => {
    const values = new Float64Array(outer * inner);
    let n = 0;
    for (let o = 0; o < outer; o++) {
      for (let i = 0, at = (o * features + j) * inner; i < inner; i++, at++) {
        const value = data[at];
        if (Number.isNaN(value)) continue;
        if (!Number.isFinite(value)) {
          throw new DataError({
            op,
            problem: `feature ${j} is not finite in sample ${o}`,
            got: value,
            index: o,
            column: j,
          });
        }
        values[n++] = value;
      }
    }
    if (n === 0) throw new DataError({ op, problem: `feature ${j} has no value at all`, column: j });
    return values.subarray(0, n);
  });
}

/** A tensor of `fn(value, feature)`; floats keep their dtype, everything else becomes float32. @throws ShapeError if it has other features than were fitted */
export function mapFeatures(
  op: string,
  x: Tensor,
  { count, featureAxis }: { count: number; featureAxis: number },
  fn: (value: number, feature: number) => number,
): Tensor {
  checkTensor(op, x);
  const { outer, features, inner } = layoutOf(op, x.shape, featureAxis);
  if (features !== count) {
    throw new ShapeError({ op, problem: 'not the features that were fitted', got: features, expected: count });
  }
  const dtype = floatOf(x.dtype);
  const out: DataArray = newArray(dtype, x.size);
  const { data } = x;
  for (let o = 0, at = 0; o < outer; o++) {
    for (let j = 0; j < features; j++) for (let i = 0; i < inner; i++, at++) out[at] = fn(data[at], j);
  }
  return wrapArray(out, [...x.shape], dtype);
}

/** The state, or the error that there is none yet. */
export function fitted<S>(op: string, state: S | null): S {
  if (state !== null) return state;
  throw new ConfigError({ op, problem: 'nothing was fitted yet', hint: 'call fit with the training part first' });
}

/** A state as `toJSON` wrote it. @throws ConfigError if it is that of something else */
export function checkState<K extends string>(op: string, state: { kind: K }, kind: K): void {
  if (state?.kind === kind) return;
  throw new ConfigError({ op, problem: 'not the state of this transform', got: state?.kind, expected: kind });
}
