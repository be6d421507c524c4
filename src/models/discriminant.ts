import { ConfigError } from '../errors.ts';
import { add, matmul, step, tensor, to } from '../ops/index.ts';
import type { Tensor } from '../tensor.ts';
import { checkSamples } from './estimator.ts';

/**
 * A linear discriminant g(x) = w·x + b: the hyperplane g = 0 and the two sides of it.
 *
 * @throws ConfigError  if there are no weights, one is not finite, or all are 0: then there is no boundary
 * @example
 * const g = new Discriminant([2, 3], 1);
 * g.normal; // => [ 2, 3 ]
 * g.distanceFromOrigin.toFixed(6); // => 0.277350
 * [...g.side(tensor([[0, 0], [-1, -1]])).data]; // => [ 1, -1 ]
 */
export class Discriminant {
  /** The weights: a normal of the boundary, towards the side where g is positive. */
  readonly normal: readonly number[];
  readonly bias: number;
  readonly #length: number;

  constructor(weights: Iterable<number>, bias = 0) {
    const normal = [...weights];
    const length = Math.hypot(...normal);
    if (!(length > 0 && length < Infinity && Number.isFinite(bias))) {
      throw new ConfigError({
        op: 'Discriminant',
        problem: 'weights must be finite and not all 0, and the bias finite',
        got: [...normal, bias],
      });
    }
    this.normal = normal;
    this.bias = bias;
    this.#length = length;
  }

  /** The distance of the boundary from the origin, |b|/‖w‖. */
  get distanceFromOrigin(): number {
    return Math.abs(this.bias) / this.#length;
  }

  /** The point of the boundary that is nearest to the origin. */
  get foot(): number[] {
    return this.normal.map((w) => (-this.bias * w) / this.#length ** 2);
  }

  /**
   * g(x).
   *
   * Shapes: x [n, d] → [n]
   */
  value(x: Tensor): Tensor {
    const samples = checkSamples('Discriminant', x, this.normal.length);
    return add(matmul(samples, tensor([...this.normal], { dtype: samples.dtype })), this.bias);
  }

  /** The distance of each point from the boundary, g(x)/‖w‖, negative on the far side of the normal. */
  distance(x: Tensor): Tensor {
    return this.value(x).div(this.#length);
  }

  /** The side each point lies on: 1, −1, or 0 on the boundary itself. */
  side(x: Tensor): Tensor {
    return to(this.value(x).sign(), 'int32');
  }

  /** 1 where g(x) ≥ 0, else 0. */
  predict(x: Tensor): Tensor {
    return to(step(this.value(x)), 'int32');
  }
}
