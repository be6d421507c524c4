/** What a step of augmentation is: data that names it, and the work that it stands for. */

import type { Generator } from '../../core/rng.ts';
import type { Shape } from '../../core/shape.ts';
import { ConfigError, ShapeError } from '../../errors.ts';

/** A step by name and options; plain data, so that any thread can do it. */
export interface Augmentation {
  readonly kind: string;
  readonly options: unknown;
}

/** The work of a step on one sample. */
export interface Step {
  /** The shape of what comes out. @throws ShapeError if the step is for samples of another rank */
  shape(input: Shape): Shape;
  /** Fills `output` from `input`; draws the same number of times whatever the values are. */
  apply(input: Float64Array, shape: Shape, output: Float64Array, draws: Generator): void;
}

/** Height, width and channels of an image [C, H, W] or [H, W]. @throws ShapeError for another rank */
export function imageSize(op: string, shape: Shape): { channels: number; height: number; width: number } {
  if (shape.length === 2) return { channels: 1, height: shape[0], width: shape[1] };
  if (shape.length === 3) return { channels: shape[0], height: shape[1], width: shape[2] };
  throw new ShapeError({ op, problem: 'an image is [C, H, W] or [H, W]', got: shape });
}

/** @throws ConfigError  if `p` is no probability */
export function checkProbability(op: string, p: number): number {
  if (p >= 0 && p <= 1) return p;
  throw new ConfigError({ op, problem: 'a probability is out of range', got: p, expected: '0 to 1' });
}

/** Two bounds in order; one number stands for −n to n. @throws ConfigError if they are none */
export function checkRange(op: string, name: string, range: number | readonly number[]): readonly [number, number] {
  const [low, high] = typeof range === 'number' ? [-range, range] : range;
  if (Number.isFinite(low) && Number.isFinite(high) && low <= high) return [low, high];
  throw new ConfigError({ op, problem: `${name} is no range`, got: range, expected: 'one number, or two in order' });
}

/** A draw from [low, high). */
export function between([low, high]: readonly [number, number], u: number): number {
  return low + u * (high - low);
}
