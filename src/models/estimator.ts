/** What the classic estimators share: the contract, and the checks of a table of samples. */

import { isFloat } from '../core/dtype.ts';
import { ConfigError, DTypeError, ShapeError } from '../errors.ts';
import { to } from '../ops/index.ts';
import { Tensor } from '../tensor.ts';

/** Learns from a table of samples and answers for others. */
export interface Estimator {
  /** Learns from x [n, d] and y [n]; what was learned before is forgotten. */
  fit(x: Tensor, y: Tensor): Promise<this>;
  /** Answers for x [n, d]. */
  predict(x: Tensor): Tensor;
  /** How good the answers for x are: the share that is right, R² where numbers are predicted. */
  score(x: Tensor, y: Tensor): number;
}

/** @throws ShapeError  unless x is a table [n, d] with the columns that are expected */
export function checkSamples(op: string, x: Tensor, columns?: number): Tensor {
  if (!(x instanceof Tensor)) throw new DTypeError({ op, problem: 'expected a tensor of samples', got: x });
  if (x.rank !== 2 || (columns !== undefined && x.shape[1] !== columns)) {
    throw new ShapeError({
      op,
      problem: 'samples are the rows of a table',
      got: x.shape,
      expected: `[n, ${columns ?? 'd'}]`,
      hint: x.rank === 1 ? 'x.reshape([1, -1]) is a table of one sample' : undefined,
    });
  }
  return isFloat(x.dtype) ? x : to(x, 'float32');
}

/** @throws ShapeError  unless there is one target a sample, and at least one sample */
export function checkTargets(op: string, x: Tensor, y: Tensor, ranks: readonly number[] = [1]): void {
  if (!(y instanceof Tensor)) throw new DTypeError({ op, problem: 'expected a tensor of targets', got: y });
  if (!ranks.includes(y.rank) || y.shape[0] !== x.shape[0]) {
    throw new ShapeError({
      op,
      problem: 'one target a sample',
      got: [y.shape, 'for samples', x.shape],
      expected: `[${x.shape[0]}]${ranks.includes(2) ? ` or [${x.shape[0]}, k]` : ''}`,
    });
  }
  if (x.shape[0] === 0) throw new ShapeError({ op, problem: 'there is no sample to learn from', got: x.shape });
}

/**
 * The classes 0 to C − 1 that the targets name.
 *
 * @throws ConfigError  if a target is no class: negative, no integer, or not below `classes`
 */
export function checkClasses(op: string, y: Tensor, classes?: number): number {
  let largest = -1;
  for (const id of y.data) {
    if (!Number.isInteger(id) || id < 0 || (classes !== undefined && id >= classes)) {
      const expected = `0 to ${classes === undefined ? 'the number of classes less 1' : classes - 1}`;
      throw new ConfigError({ op, problem: 'a target is no class', got: id, expected });
    }
    if (id > largest) largest = id;
  }
  return classes ?? largest + 1;
}

/** What `fit` has learned. @throws ConfigError  before the first `fit` */
export function learned<T>(op: string, value: T | null): T {
  if (value !== null) return value;
  throw new ConfigError({ op, problem: 'nothing has been learned yet', hint: 'call fit(x, y) first' });
}
