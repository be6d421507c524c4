/** What metrics read: outputs and targets as tensors or arrays, and which classes they mean. */

import { isFloat } from '../core/dtype.ts';
import { type Shape, sameShape, sizeOf } from '../core/shape.ts';
import { ConfigError, DTypeError, ShapeError } from '../errors.ts';
import { tensor } from '../ops/index.ts';
import { Tensor } from '../tensor.ts';

/** Tensors, typed arrays, or JavaScript arrays of numbers or of rows of numbers. */
export type Values =
  | Tensor
  | Int32Array
  | Uint8Array
  | Float32Array
  | Float64Array
  | readonly number[]
  | readonly (readonly number[])[];

/** Values in row-major order. */
export interface Flat {
  readonly data: ArrayLike<number>;
  readonly shape: Shape;
  /** Whether the values are of integers by their type; a JavaScript array of numbers does not tell. */
  readonly kind: 'integers' | 'floats' | 'numbers';
}

/** @throws DTypeError  for anything but numbers */
export function flat(op: string, values: Values): Flat {
  if (values instanceof Tensor) {
    return { data: values.data, shape: values.shape, kind: isFloat(values.dtype) ? 'floats' : 'integers' };
  }
  if (values instanceof Int32Array || values instanceof Uint8Array) {
    return { data: values, shape: [values.length], kind: 'integers' };
  }
  if (values instanceof Float32Array || values instanceof Float64Array) {
    return { data: values, shape: [values.length], kind: 'floats' };
  }
  if (!Array.isArray(values)) throw new DTypeError({ op, problem: 'expected a tensor or an array', got: values });
  if (Array.isArray(values[0])) return flat(op, tensor(values, { dtype: 'float64' }));
  for (const v of values) if (typeof v !== 'number') throw new DTypeError({ op, problem: 'expected numbers', got: v });
  return { data: values as number[], shape: [values.length], kind: 'numbers' };
}

const flatten = (op: string, values: Values | Flat): Flat =>
  typeof values === 'object' && 'kind' in values ? values : flat(op, values);

/** Class ids of any shape. @throws ConfigError if one is no whole number from 0 on */
function classIds(op: string, values: Flat, what: string): Int32Array {
  const ids = new Int32Array(values.data.length);
  for (let i = 0; i < ids.length; i++) {
    const id = values.data[i];
    if (!Number.isInteger(id) || id < 0 || id > 2 ** 31 - 1) {
      const hint =
        what === 'targets' ? 'ids count from 0' : 'scores of two classes come as floats, or with a threshold';
      throw new ConfigError({ op, problem: `${what} must be class ids`, got: id, hint });
    }
    ids[i] = id;
  }
  return ids;
}

/** One score for each target, or a row of C of them. */
export interface Scores {
  readonly data: ArrayLike<number>;
  /** 1 for a score of the second of two classes. */
  readonly classes: number;
  readonly target: Int32Array;
}

/**
 * Scores against targets: outputs of the targets' shape (or with one more axis of length 1) are scores of class 1 of
 * two; with one more axis of length C they are scores of C classes.
 *
 * @throws ShapeError   if the shapes do not fit
 * @throws ConfigError  if a score is NaN, or a target is none of the classes
 */
export function readScores(op: string, output: Values | Flat, target: Values | Flat): Scores {
  const [scores, given] = [flatten(op, output), flatten(op, target)];
  const ids = classIds(op, given, 'targets');
  const [lead, last] = [scores.shape.slice(0, -1), scores.shape[scores.shape.length - 1]];
  const rows = scores.shape.length > 0 && sameShape(lead, given.shape);
  if (!rows && !sameShape(scores.shape, given.shape)) {
    throw new ShapeError({
      op,
      problem: 'outputs must have the shape of the targets, or one axis of classes more',
      got: [scores.shape, given.shape],
    });
  }
  const classes = rows ? last : 1;
  if (classes === 0) throw new ShapeError({ op, problem: 'there are no classes', got: scores.shape });
  for (let i = 0; i < scores.data.length; i++) {
    if (Number.isNaN(scores.data[i])) throw new ConfigError({ op, problem: 'a score is NaN', got: `place ${i}` });
  }
  const known = Math.max(2, classes);
  for (let i = 0; i < ids.length; i++) {
    if (ids[i] < known) continue;
    const hint = classes === 1 ? 'scores of one class are those of 0 and 1; class ids are int32' : undefined;
    throw new ConfigError({
      op,
      problem: 'a target is none of the classes',
      got: ids[i],
      expected: `0 to ${known - 1}`,
      hint,
    });
  }
  return { data: scores.data, classes, target: ids };
}

export interface DecisionOptions {
  /** Scores from here on mean class 1 of two. Default 0.5, for probabilities; logits are cut at 0. */
  readonly threshold?: number;
}

/** Which class each output means, which it should have been, and how many classes there are at least. */
export interface Decisions {
  readonly predicted: Int32Array;
  readonly actual: Int32Array;
  readonly classes: number;
}

/**
 * The classes that outputs mean:
 * - scores [..., C] against targets [...]: the class of the highest score, the first of equals;
 * - floats in the targets' shape (or [..., 1]): class 1 where the score reaches the threshold, else 0;
 * - integers in the targets' shape: the classes themselves. So are JavaScript arrays of numbers, unless a threshold is
 *   given.
 *
 * @throws ShapeError   if the shapes do not fit
 * @throws ConfigError  if a score is NaN, or an id is no class
 */
export function decide(op: string, output: Values, target: Values, { threshold }: DecisionOptions = {}): Decisions {
  const [given, actual] = [flat(op, output), flat(op, target)];
  const ids = given.kind === 'integers' || (given.kind === 'numbers' && threshold === undefined);
  if (ids && sameShape(given.shape, actual.shape)) {
    const [predicted, wanted] = [classIds(op, given, 'outputs'), classIds(op, actual, 'targets')];
    return { predicted, actual: wanted, classes: 0 };
  }
  const { data, classes, target: wanted } = readScores(op, given, actual);
  const predicted = new Int32Array(wanted.length);
  for (let i = 0; i < predicted.length; i++) {
    if (classes === 1) predicted[i] = data[i] >= (threshold ?? 0.5) ? 1 : 0;
    else predicted[i] = firstHighest(data, i * classes, classes);
  }
  return { predicted, actual: wanted, classes: Math.max(2, classes) };
}

function firstHighest(data: ArrayLike<number>, from: number, n: number): number {
  let best = 0;
  for (let c = 1; c < n; c++) if (data[from + c] > data[from + best]) best = c;
  return best;
}

/** Numbers against numbers of one shape: pairs, and along the last axis of two or more how many outputs there are. */
export interface Pairs {
  readonly output: ArrayLike<number>;
  readonly target: ArrayLike<number>;
  readonly outputs: number;
}

/** @throws ShapeError  if the shapes differ: broadcasting here is nearly always a mistake */
export function readPairs(op: string, output: Values, target: Values): Pairs {
  const [a, b] = [flat(op, output), flat(op, target)];
  if (!sameShape(a.shape, b.shape)) {
    throw new ShapeError({ op, problem: 'output and target must have one shape', got: a.shape, expected: b.shape });
  }
  return { output: a.data, target: b.data, outputs: a.shape.length < 2 ? 1 : sizeOf(a.shape.slice(1)) };
}
