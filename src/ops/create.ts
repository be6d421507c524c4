/** Tensors out of nothing: values, constants, ranges, random draws. */

import { kernelsFor } from '../backend/select.ts';
import { checkDType, type DataArray, type DType, type FloatArray, isFloat, newArray } from '../core/dtype.ts';
import { defaultGenerator, type Generator } from '../core/rng.ts';
import { checkShape, type Shape } from '../core/shape.ts';
import { ConfigError, DTypeError, LimitError, ShapeError } from '../errors.ts';
import { emptyTensor, type NestedArray, type Tensor, wrapArray } from '../tensor.ts';
import { checkTensor } from './define.ts';
import { written } from './in-place.ts';
import { filled } from './reduction/broadcast.ts';

export interface CreateOptions {
  dtype?: DType;
  requiresGrad?: boolean;
}

export interface RandomOptions extends CreateOptions {
  generator?: Generator;
}

function finish(x: Tensor, { requiresGrad = false }: CreateOptions): Tensor {
  return requiresGrad ? x.requiresGrad_() : x;
}

/** What `tensor` takes: a value, nested arrays, or a typed array. */
export type TensorLike = NestedArray | DataArray | Int8Array | Uint16Array | Int16Array | Uint32Array | BigInt64Array;

const DTYPE_OF_CLASS: Record<string, DType> = {
  Float32Array: 'float32',
  Float64Array: 'float64',
  Int32Array: 'int32',
  Uint8Array: 'uint8',
};

/** BigInt64Array holds what other libraries call int64: it becomes int32 where every value fits. */
function fromBigInts(values: BigInt64Array): Int32Array {
  const out = new Int32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    out[i] = Number(values[i]);
    if (BigInt(out[i]) !== values[i]) {
      throw new LimitError({ op: 'tensor', problem: `value ${i} does not fit int32`, got: values[i] });
    }
  }
  return out;
}

function nestedShape(value: NestedArray): number[] {
  const shape: number[] = [];
  for (let v: NestedArray = value; Array.isArray(v); v = v[0]) {
    shape.push(v.length);
    if (v.length === 0) break;
  }
  return shape;
}

function flattenInto(value: NestedArray, shape: Shape, axis: number, out: (number | boolean)[]): void {
  if (axis === shape.length) {
    if (typeof value !== 'number' && typeof value !== 'boolean') {
      throw new ShapeError({ op: 'tensor', problem: 'expected numbers or booleans nested evenly', got: value });
    }
    out.push(value);
    return;
  }
  if (!Array.isArray(value) || value.length !== shape[axis]) {
    throw new ShapeError({
      op: 'tensor',
      problem: `nested arrays of uneven length at depth ${axis}`,
      got: Array.isArray(value) ? value.length : value,
      expected: shape[axis],
    });
  }
  for (const item of value) flattenInto(item, shape, axis + 1, out);
}

/**
 * A tensor of the given values, which are copied. Numbers make float32, booleans bool, typed arrays the dtype of their
 * class (BigInt64Array int32, where the values fit).
 *
 * @throws ShapeError  if the arrays are nested unevenly
 * @example
 * tensor([[1, 2], [3, 4]]).shape; // => [ 2, 2 ]
 */
export function tensor(values: TensorLike, options: CreateOptions & { shape?: Shape } = {}): Tensor {
  const { dtype, shape: wanted } = options;
  if (dtype !== undefined) checkDType('tensor', dtype);
  let flat: ArrayLike<number>;
  let shape: Shape;
  let own: DType;
  if (ArrayBuffer.isView(values)) {
    flat = values instanceof BigInt64Array ? fromBigInts(values) : values;
    shape = [flat.length];
    own = DTYPE_OF_CLASS[flat.constructor.name] ?? 'int32';
  } else {
    shape = nestedShape(values);
    checkShape('tensor', shape);
    const list: (number | boolean)[] = [];
    flattenInto(values, shape, 0, list);
    flat = list.map(Number);
    own = list.length > 0 && list.every((v) => typeof v === 'boolean') ? 'bool' : 'float32';
  }
  if (wanted !== undefined) {
    if (checkShape('tensor', wanted) !== flat.length) {
      throw new ShapeError({ op: 'tensor', problem: `${flat.length} values do not fit`, got: wanted });
    }
    shape = [...wanted];
  }
  const type = dtype ?? own;
  const data = newArray(type, flat.length);
  if (type === 'bool') for (let i = 0; i < flat.length; i++) data[i] = flat[i] !== 0 ? 1 : 0;
  else data.set(flat);
  return finish(wrapArray(data, shape, type), options);
}

/**
 * A tensor of one value; float32 unless asked (a boolean makes bool).
 *
 * @throws ShapeError  if the shape is not one
 * @throws LimitError  if it is too large
 */
export function full(shape: Shape, value: number | boolean, options: CreateOptions = {}): Tensor {
  checkShape('full', shape);
  const dtype = checkDType('full', options.dtype ?? (typeof value === 'boolean' ? 'bool' : 'float32'));
  const stored = dtype === 'bool' ? Number(Boolean(value)) : Number(value);
  return finish(filled([...shape], stored, dtype), options);
}

/** Zeros; float32 unless asked. */
export function zeros(shape: Shape, options: CreateOptions = {}): Tensor {
  return full(shape, 0, options);
}

/** Ones; float32 unless asked. */
export function ones(shape: Shape, options: CreateOptions = {}): Tensor {
  return full(shape, 1, options);
}

/** Zeros in the shape and dtype of `x`. */
export function zerosLike(x: Tensor, options: CreateOptions = {}): Tensor {
  return full(checkTensor('zerosLike', x).shape, 0, { dtype: x.dtype, ...options });
}

/** Ones in the shape and dtype of `x`. */
export function onesLike(x: Tensor, options: CreateOptions = {}): Tensor {
  return full(checkTensor('onesLike', x).shape, 1, { dtype: x.dtype, ...options });
}

/** One value in the shape and dtype of `x`. */
export function fullLike(x: Tensor, value: number | boolean, options: CreateOptions = {}): Tensor {
  return full(checkTensor('fullLike', x).shape, value, { dtype: x.dtype, ...options });
}

/**
 * start, start + step, … below `end` (above it for a negative step). With one argument it counts from 0. Integers make
 * int32, anything else float32.
 *
 * @throws ConfigError  if the step is 0 or a bound is not finite
 */
export function arange(start: number, end?: number, step = 1, options: CreateOptions = {}): Tensor {
  const [from, until] = end === undefined ? [0, start] : [start, end];
  if (![from, until, step].every(Number.isFinite) || step === 0) {
    throw new ConfigError({
      op: 'arange',
      problem: 'bounds are finite and the step is not 0',
      got: [from, until, step],
    });
  }
  const n = Math.max(0, Math.ceil((until - from) / step));
  checkShape('arange', [n]);
  const dtype = checkDType(
    'arange',
    options.dtype ?? ([from, until, step].every(Number.isInteger) ? 'int32' : 'float32'),
  );
  const x = emptyTensor([n], dtype);
  const { data } = x;
  if (!countsUp(data, from, step)) for (let i = 0; i < n; i++) data[i] = from + i * step;
  return finish(x, options);
}

/** Elements from which on a call of a kernel takes less time than a loop. */
const WORTH_A_CALL = 256;

/** Writes from + i·step where the kernel of places can: natural numbers in int32. False if it cannot. */
function countsUp(data: DataArray, from: number, step: number): boolean {
  const natural = Number.isInteger(from) && Number.isInteger(step) && from >= 0 && step > 0;
  if (!(data instanceof Int32Array && natural && data.length >= WORTH_A_CALL && from + data.length * step < 2 ** 31))
    return false;
  // The place of the id `from`, `step` further each time.
  const layout = Int32Array.of(1, data.length, step, 0);
  kernelsFor('float32').places(Int32Array.of(from), data, layout, from + 1, 1, false, false);
  return true;
}

/** Evenly spaced points, counted from both ends so that the last is exactly `end`, as PyTorch does. */
function spaced(op: string, start: number, end: number, steps: number, dtype: DType): Tensor {
  if (![start, end].every(Number.isFinite)) {
    throw new ConfigError({ op, problem: 'bounds are finite', got: [start, end] });
  }
  checkShape(op, [steps]);
  const x = emptyTensor([steps], dtype);
  const step = (end - start) / (steps - 1);
  const { data } = x;
  for (let i = 0; i < steps; i++) data[i] = i < steps / 2 ? start + i * step : end - (steps - 1 - i) * step;
  if (steps === 1) data[0] = start;
  return x;
}

/**
 * `steps` evenly spaced numbers from `start` to `end`, both included; float32 unless asked.
 *
 * @throws ConfigError  if a bound is not finite
 * @throws ShapeError   if `steps` is no integer from 0
 */
export function linspace(start: number, end: number, steps: number, options: CreateOptions = {}): Tensor {
  return finish(spaced('linspace', start, end, steps, checkDType('linspace', options.dtype ?? 'float32')), options);
}

/**
 * `steps` numbers from base^start to base^end whose logarithms are evenly spaced; float32 unless asked.
 *
 * @throws ConfigError  if a bound is not finite
 * @throws ShapeError   if `steps` is no integer from 0
 */
export function logspace(
  start: number,
  end: number,
  steps: number,
  { base = 10, ...options }: CreateOptions & { base?: number } = {},
): Tensor {
  const exponents = spaced('logspace', start, end, steps, 'float64');
  const x = emptyTensor([steps], checkDType('logspace', options.dtype ?? 'float32'));
  for (let i = 0; i < steps; i++) x.data[i] = base ** exponents.data[i];
  return finish(x, options);
}

/** The identity matrix, or its upper left part. */
export function eye(n: number, m = n, options: CreateOptions = {}): Tensor {
  const x = full([n, m], 0, { dtype: options.dtype ?? 'float32' });
  for (let i = 0; i < Math.min(n, m); i++) x.data[i * m + i] = 1;
  return finish(x, options);
}

function drawUniform(x: Tensor, generator: Generator): void {
  if (x.dtype === 'float64') {
    x.data.set(generator.uniform53(x.size));
    return;
  }
  const { seedLo, seedHi, streamLo, streamHi, block } = generator.reserve(Math.ceil(x.size / 4));
  kernelsFor('float32').uniform(seedLo, seedHi, streamLo, streamHi, block, x.data as Float32Array);
}

function checkRandom(op: string, dtype: DType): DType {
  checkDType(op, dtype);
  if (isFloat(dtype)) return dtype;
  throw new DTypeError({
    op,
    problem: 'draws are floats',
    got: dtype,
    expected: 'float32 | float64',
    hint: 'randint draws integers',
  });
}

/** Draws from [0, 1). */
export function rand(shape: Shape, options: RandomOptions = {}): Tensor {
  checkShape('rand', shape);
  const x = emptyTensor([...shape], checkRandom('rand', options.dtype ?? 'float32'));
  drawUniform(x, options.generator ?? defaultGenerator);
  return finish(x, options);
}

/** Draws from the standard normal distribution. */
export function randn(shape: Shape, options: RandomOptions = {}): Tensor {
  checkShape('randn', shape);
  const x = emptyTensor([...shape], checkRandom('randn', options.dtype ?? 'float32'));
  (options.generator ?? defaultGenerator).fillNormal(x.data as FloatArray);
  return finish(x, options);
}

/** Draws from [0, 1) in the shape and dtype of `x`. */
export function randLike(x: Tensor, options: RandomOptions = {}): Tensor {
  return rand(checkTensor('randLike', x).shape, { dtype: x.dtype, ...options });
}

/** Draws from the standard normal distribution in the shape and dtype of `x`. */
export function randnLike(x: Tensor, options: RandomOptions = {}): Tensor {
  return randn(checkTensor('randnLike', x).shape, { dtype: x.dtype, ...options });
}

/**
 * Integers from [low, high), as int32.
 *
 * @throws ConfigError  if there are none
 */
export function randint(
  low: number,
  high: number,
  shape: Shape,
  { generator = defaultGenerator }: { generator?: Generator } = {},
): Tensor {
  checkShape('randint', shape);
  if (!Number.isInteger(low) || !Number.isInteger(high) || high <= low || low < -(2 ** 31) || high > 2 ** 31) {
    throw new ConfigError({ op: 'randint', problem: 'expected integers low < high within int32', got: [low, high] });
  }
  const x = emptyTensor([...shape], 'int32');
  generator.fillIntegers(x.data as Int32Array, low, high - low);
  return x;
}

/** Overwrites `x` with draws from [low, high). */
export function uniform_(x: Tensor, low = 0, high = 1, generator: Generator = defaultGenerator): Tensor {
  return written('uniform_', x, () => {
    checkRandom('uniform_', x.dtype);
    drawUniform(x, generator);
    const data = x.data as FloatArray;
    for (let i = 0; i < data.length; i++) data[i] = low + (high - low) * data[i];
  });
}

/** Overwrites `x` with draws from the normal distribution. */
export function normal_(x: Tensor, mean = 0, std = 1, generator: Generator = defaultGenerator): Tensor {
  return written('normal_', x, () => {
    checkRandom('normal_', x.dtype);
    const draws = generator.normal(x.size);
    const { data } = x;
    for (let i = 0; i < draws.length; i++) data[i] = mean + std * draws[i];
  });
}
