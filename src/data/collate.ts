/** Samples into one batch, as PyTorch's `default_collate` does it. */

import { type DataArray, isDType } from '../core/dtype.ts';
import { sameShape } from '../core/shape.ts';
import { ShapeError } from '../errors.ts';
import { tensor } from '../ops/create.ts';
import { Tensor, wrapArray } from '../tensor.ts';
import { emptyBatch } from './rows.ts';

/** What samples of a type become: numbers and arrays of numbers tensors, lists and objects part by part, the rest a list. */
export type Collated<T> = T extends Tensor | number | boolean | DataArray
  ? Tensor
  : T extends string | null | undefined
    ? T[]
    : T extends readonly unknown[]
      ? { -readonly [K in keyof T]: Collated<T[K]> }
      : T extends object
        ? { [K in keyof T]: Collated<T[K]> }
        : T[];

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

function uneven(place: number, got: string, expected: string): ShapeError {
  return new ShapeError({
    op: 'collate',
    problem: `the sample at place ${place} of the batch is unlike the first`,
    got,
    expected,
    hint: 'give the loader a `collate` that pads or sorts them',
  });
}

function nameOf(x: Tensor): string {
  return `${x.dtype} [${x.shape.join(', ')}]`;
}

/** Tensors of one shape and dtype as the rows of one. @throws ShapeError if they differ */
function stackSamples(samples: readonly Tensor[]): Tensor {
  const [first] = samples;
  const batch = emptyBatch([samples.length, ...first.shape], first.dtype);
  samples.forEach((sample, i) => {
    if (!(sample instanceof Tensor)) throw uneven(i, typeof sample, nameOf(first));
    if (sample.dtype !== first.dtype || !sameShape(sample.shape, first.shape)) {
      throw uneven(i, nameOf(sample), nameOf(first));
    }
    batch.data.set(sample.data, i * first.size);
  });
  return batch;
}

function isDataArray(value: unknown): value is DataArray {
  return (
    value instanceof Float32Array ||
    value instanceof Float64Array ||
    value instanceof Int32Array ||
    value instanceof Uint8Array
  );
}

function asTensor(array: DataArray): Tensor {
  const dtype = array.constructor.name.replace('Array', '').toLowerCase();
  return wrapArray(array, [array.length], isDType(dtype) ? dtype : 'uint8');
}

/**
 * One batch of samples: tensors and typed arrays are stacked, numbers and booleans become a tensor (float32, bool), lists
 * and plain objects are gone through part by part, and anything else stays a list.
 *
 * @throws ShapeError  if tensors, typed arrays or lists differ in shape, dtype or length
 */
export function collate<T>(samples: readonly T[]): Collated<T> {
  return collateParts(samples) as Collated<T>;
}

function collateParts(samples: readonly unknown[]): unknown {
  const [first] = samples;
  if (first instanceof Tensor) return stackSamples(samples as readonly Tensor[]);
  if (typeof first === 'number' || typeof first === 'boolean') {
    const other = samples.findIndex((sample) => typeof sample !== typeof first);
    if (other > 0) throw uneven(other, typeof samples[other], typeof first);
    return tensor(samples as number[] | boolean[]);
  }
  if (isDataArray(first)) {
    const other = samples.findIndex((sample) => !isDataArray(sample));
    if (other > 0) throw uneven(other, typeof samples[other], first.constructor.name);
    return stackSamples((samples as readonly DataArray[]).map(asTensor));
  }
  if (Array.isArray(first)) {
    const other = samples.findIndex((sample) => !Array.isArray(sample) || sample.length !== first.length);
    if (other > 0) {
      const found = samples[other];
      throw uneven(
        other,
        Array.isArray(found) ? `a list of ${found.length}` : typeof found,
        `a list of ${first.length}`,
      );
    }
    return first.map((_, part) => collateParts((samples as readonly unknown[][]).map((sample) => sample[part])));
  }
  if (isPlain(first)) {
    const keys = Object.keys(first);
    const other = samples.findIndex((sample) => !isPlain(sample) || keys.some((key) => !Object.hasOwn(sample, key)));
    if (other > 0) throw uneven(other, describeKeys(samples[other]), describeKeys(first));
    const objects = samples as readonly Record<string, unknown>[];
    return Object.fromEntries(keys.map((key) => [key, collateParts(objects.map((sample) => sample[key]))]));
  }
  return [...samples];
}

function describeKeys(value: unknown): string {
  return isPlain(value) ? `{ ${Object.keys(value).join(', ')} }` : typeof value;
}
