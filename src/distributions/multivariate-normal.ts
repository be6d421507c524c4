import { LOG_2PI } from '../core/point-mass.ts';
import type { Generator } from '../core/rng.ts';
import { broadcastShapes, type Shape, sizeOf } from '../core/shape.ts';
import { ConfigError, ShapeError } from '../errors.ts';
import { cholesky, choleskySolve, solveTriangular } from '../linalg/index.ts';
import {
  add,
  diagonal,
  eye,
  log,
  matmul,
  mul,
  randn,
  reshape,
  square,
  sub,
  sum,
  to,
  transpose,
  tril,
  unsqueeze,
} from '../ops/index.ts';
import { expandTo } from '../ops/reduction/broadcast.ts';
import type { Tensor } from '../tensor.ts';
import { Distribution, type DistributionOptions, parametersOf, type Values } from './distribution.ts';
import { checkParameter, finite, positive, real, supportOf } from './support.ts';

/** Exactly one of the three. */
export interface CovarianceOptions {
  /** Positive definite. */
  covarianceMatrix?: Values;
  /** The inverse of the covariance, positive definite. */
  precisionMatrix?: Values;
  /** The lower triangular factor L of the covariance L·Lᵀ, with a positive diagonal: the least work. */
  scaleTril?: Values;
}

const FORMS = ['covarianceMatrix', 'precisionMatrix', 'scaleTril'] as const;

function formOf(options: CovarianceOptions): (typeof FORMS)[number] {
  const given = FORMS.filter((form) => options[form] !== undefined);
  if (given.length === 1) return given[0];
  throw new ConfigError({
    op: 'MultivariateNormal',
    problem: 'give exactly one description of the covariance',
    got: given,
    expected: FORMS.join(' | '),
  });
}

function checkMatrix(name: string, matrix: Tensor, loc: Tensor): void {
  const n = loc.shape[loc.rank - 1];
  const [rows, columns] = matrix.shape.slice(-2);
  if (loc.rank > 0 && matrix.rank >= 2 && rows === n && columns === n) return;
  throw new ShapeError({
    op: 'MultivariateNormal',
    problem: `loc [..., n] and ${name} [..., n, n] do not fit`,
    got: [loc.shape, matrix.shape],
  });
}

function checkSymmetric(name: string, matrix: Tensor): void {
  const n = matrix.shape[matrix.rank - 1];
  const { data } = matrix;
  for (let at = 0; at < data.length; at++) {
    const [row, column] = [Math.floor(at / n) % n, at % n];
    const mirrored = data[at + (column - row) * (n - 1)];
    if (Math.abs(data[at] - mirrored) <= 1e-6 + 1e-5 * Math.abs(mirrored)) continue;
    throw new ConfigError({
      op: 'MultivariateNormal',
      problem: `${name} is not symmetric`,
      got: [data[at], mirrored],
      code: 'ERR_PARAMETER',
    });
  }
}

/** L of the covariance L·Lᵀ whose inverse is given; rounded to its dtype once. */
function factorOfPrecision(precision: Tensor): Tensor {
  const covariance = inverseOfFactored(cholesky(to(precision, 'float64')));
  return to(cholesky(covariance), precision.dtype);
}

/** (L·Lᵀ)⁻¹. */
function inverseOfFactored(factor: Tensor): Tensor {
  const n = factor.shape[factor.rank - 1];
  return choleskySolve(expandTo(eye(n, n, { dtype: factor.dtype }), factor.shape), factor);
}

/** The normal distribution of vectors. A draw is one vector: `eventShape` is [n]. */
export class MultivariateNormal extends Distribution {
  /** [...batchShape, n] */
  readonly loc: Tensor;
  readonly support = supportOf(real, 0);
  /** As it was given or found, its batch not yet repeated to that of `loc`. */
  readonly #factor: Tensor;

  /**
   * @throws ConfigError  if not exactly one description of the covariance is given, or it is none
   * @throws ShapeError   if the shapes do not fit
   */
  constructor(loc: Values, covariance: CovarianceOptions, options: DistributionOptions = {}) {
    const op = 'MultivariateNormal';
    const form = formOf(covariance);
    const [location, matrix] = parametersOf(op, [loc, covariance[form]!], options);
    checkMatrix(form, matrix, location);
    const batch = broadcastShapes(op, location.shape.slice(0, -1), matrix.shape.slice(0, -2));
    const n = location.shape[location.rank - 1];
    super(location, batch, options, [n]);
    this.loc = expandTo(location, [...batch, n]);
    if (this.validateArgs) {
      checkParameter(op, 'loc', location, finite);
      checkParameter(op, form, matrix, finite);
      if (form === 'scaleTril') checkFactor(matrix);
      else checkSymmetric(form, matrix);
    }
    if (form === 'scaleTril') this.#factor = tril(matrix);
    else this.#factor = form === 'covarianceMatrix' ? cholesky(matrix) : factorOfPrecision(matrix);
  }

  /** The lower triangular factor of the covariance. */
  get scaleTril(): Tensor {
    return expandTo(this.#factor, [...this.batchShape, ...this.eventShape, ...this.eventShape]);
  }

  get covarianceMatrix(): Tensor {
    return matmul(this.scaleTril, this.scaleTril, { transB: true });
  }

  get precisionMatrix(): Tensor {
    return inverseOfFactored(this.scaleTril);
  }

  get mean(): Tensor {
    return this.loc;
  }

  get mode(): Tensor {
    return this.loc;
  }

  /** Of each component: the diagonal of the covariance. */
  get variance(): Tensor {
    return sum(square(this.scaleTril), -1);
  }

  /** @internal log √|covariance|. */
  get halfLogDet(): Tensor {
    const batch = sum(log(diagonal(this.#factor, { axis1: -2, axis2: -1 })), -1);
    return expandTo(batch, this.batchShape);
  }

  entropy(): Tensor {
    return add(this.halfLogDet, (this.eventShape[0] * (1 + LOG_2PI)) / 2);
  }

  /** @internal |L⁻¹·x|² of vectors [..., n]. */
  squaredDistance(x: Tensor): Tensor {
    const values = to(x, this.dtype);
    if (this.#factor.rank > 2) {
      const solved = solveTriangular(this.#factor, unsqueeze(values, -1), { upper: false });
      return sum(square(solved), [-2, -1]);
    }
    // One factor for all: one system with a column a vector.
    const n = this.eventShape[0];
    const columns = transpose(reshape(values, [sizeOf(values.shape) / Math.max(1, n), n]), 0, 1);
    const solved = solveTriangular(this.#factor, columns, { upper: false });
    return reshape(sum(square(solved), 0), values.shape.slice(0, -1));
  }

  /** @internal L⁻¹·x of matrices [..., n, k]. */
  whitened(x: Tensor): Tensor {
    return solveTriangular(this.#factor, to(x, this.dtype), { upper: false });
  }

  /** In float64: products in float32 differ between backends in the last bit, and draws must not. */
  protected draw(shape: Shape, generator: Generator): Tensor {
    const noise = randn(shape, { dtype: 'float64', generator });
    const factor = to(this.#factor, 'float64');
    const deviations =
      factor.rank === 2 ? matmul(noise, factor, { transB: true }) : matmul(factor, unsqueeze(noise, -1));
    return to(add(to(this.loc, 'float64'), reshape(deviations, shape)), this.dtype);
  }

  protected logDensity(x: Tensor): Tensor {
    const distance = this.squaredDistance(sub(x, this.loc));
    return sub(mul(add(distance, this.eventShape[0] * LOG_2PI), -0.5), this.halfLogDet);
  }
}

function checkFactor(factor: Tensor): void {
  const above = sub(factor, tril(factor));
  checkParameter('MultivariateNormal', 'scaleTril above its diagonal', above, { name: '0', holds: (x) => x === 0 });
  const onDiagonal = diagonal(factor, { axis1: -2, axis2: -1 });
  checkParameter('MultivariateNormal', 'scaleTril on its diagonal', onDiagonal, positive);
}
