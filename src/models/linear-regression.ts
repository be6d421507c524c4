import { checkOptions, type OptionNames } from '../core/options.ts';
import { ConfigError, LinAlgError } from '../errors.ts';
import * as linalg from '../linalg/index.ts';
import { r2Score } from '../metrics/index.ts';
import { add, cat, eye, matmul, mul, ones, reshape, to, transpose, zeros } from '../ops/index.ts';
import type { Tensor } from '../tensor.ts';
import { DESCENT_OPTIONS, type DescentOptions, descend } from './descent.ts';
import { checkSamples, checkTargets, type Estimator, learned } from './estimator.ts';

export type LinearSolver = 'cholesky' | 'qr' | 'svd' | 'descent';

export interface LinearRegressionOptions extends Partial<DescentOptions> {
  /**
   * `cholesky`: the normal equation XᵀX·w = Xᵀy, fastest for many samples, with the square of X's condition number;
   * `qr`: the factors of X; `svd`: its singular values, and the weights of least norm where many fit as well;
   * `descent`: mini-batches. Default `qr`.
   */
  solver?: LinearSolver;
  /** Learn an intercept. Default true. */
  bias?: boolean;
  /** λ of the penalty λ‖w‖² added to the sum of squares, the intercept left out (ridge regression). Default 0. */
  l2?: number;
}

const OPTIONS: OptionNames<LinearRegressionOptions> = { solver: true, bias: true, l2: true, ...DESCENT_OPTIONS };

interface Line {
  /** [d, k] */
  readonly weight: Tensor;
  /** [k] */
  readonly bias: Tensor;
}

/**
 * Linear regression by least squares, y ≈ x·w + b.
 *
 * Shapes: x [n, d], y [n] or [n, k]; weight [d] or [d, k], bias [] or [k]
 *
 * @throws ConfigError  for an unknown or bad option
 * @throws LinAlgError  from `fit`, where the columns of X depend on each other and the solver is not `svd` or `descent`
 * @throws ShapeError   where the shapes do not fit
 * @example
 * const model = await new LinearRegression().fit(tensor([[1], [2], [3]]), tensor([3, 5, 7]));
 * [model.weight.item().toFixed(4), model.bias.item().toFixed(4)]; // => [ '2.0000', '1.0000' ]
 */
export class LinearRegression implements Estimator {
  readonly solver: LinearSolver;
  readonly l2: number;
  readonly #hasBias: boolean;
  readonly #descent: Partial<DescentOptions>;
  #line: Line | null = null;
  #single = true;

  constructor(options: LinearRegressionOptions = {}) {
    checkOptions('LinearRegression', options, OPTIONS);
    const { solver = 'qr', bias = true, l2 = 0, ...descent } = options;
    if (!Object.hasOwn(solvers, solver) && solver !== 'descent') {
      const expected = [...Object.keys(solvers), 'descent'].join(' | ');
      throw new ConfigError({ op: 'LinearRegression', problem: 'unknown solver', got: solver, expected });
    }
    if (!(l2 >= 0 && l2 < Infinity)) {
      throw new ConfigError({ op: 'LinearRegression', problem: 'l2 must not be negative', got: l2 });
    }
    this.solver = solver;
    this.l2 = l2;
    this.#hasBias = bias;
    this.#descent = descent;
  }

  /** The slope of each feature. */
  get weight(): Tensor {
    const { weight } = learned('LinearRegression', this.#line);
    return this.#single ? reshape(weight, [weight.shape[0]]) : weight;
  }

  /** The intercept. */
  get bias(): Tensor {
    const { bias } = learned('LinearRegression', this.#line);
    return this.#single ? reshape(bias, []) : bias;
  }

  async fit(x: Tensor, y: Tensor): Promise<this> {
    const samples = checkSamples('LinearRegression', x);
    checkTargets('LinearRegression', samples, y, [1, 2]);
    const targets = to(y.rank === 1 ? reshape(y, [y.shape[0], 1]) : y, samples.dtype);
    const line =
      this.solver === 'descent'
        ? await this.#descend(samples, targets)
        : this.#solve(samples, targets, solvers[this.solver]);
    this.#line = line;
    this.#single = y.rank === 1;
    return this;
  }

  /** Shapes: x [n, d] → [n] or [n, k] */
  predict(x: Tensor): Tensor {
    const { weight, bias } = learned('LinearRegression', this.#line);
    const samples = checkSamples('LinearRegression', x, weight.shape[0]);
    const y = add(matmul(samples, to(weight, samples.dtype)), to(bias, samples.dtype));
    return this.#single ? reshape(y, [y.shape[0]]) : y;
  }

  /** R²: 1 where every answer is right, 0 for one that always says the mean; the mean over several outputs. */
  score(x: Tensor, y: Tensor): number {
    checkTargets('LinearRegression', x, y, [this.#single ? 1 : 2]);
    return r2Score(this.predict(x), y);
  }

  /** By linear algebra, in float64: the intercept is the weight of a column of ones, and a penalty adds rows. */
  #solve(x: Tensor, y: Tensor, solver: (x: Tensor, y: Tensor) => Tensor): Line {
    const [n, d] = x.shape;
    const wide = { dtype: 'float64' } as const;
    const [samples, targets] = [to(x, 'float64'), to(y, 'float64')];
    let design = this.#hasBias ? cat([samples, ones([n, 1], wide)], 1) : samples;
    let wanted = targets;
    if (this.l2 > 0) {
      const penalty = mul(eye(d, design.shape[1], wide), Math.sqrt(this.l2));
      design = cat([design, penalty], 0);
      wanted = cat([wanted, zeros([d, y.shape[1]], wide)], 0);
    }
    const solution = to(solver(design, wanted), x.dtype);
    const weight = solution.narrow(0, 0, d);
    const bias = this.#hasBias ? solution.select(0, d) : zeros([y.shape[1]], { dtype: solution.dtype });
    return { weight, bias };
  }

  async #descend(x: Tensor, y: Tensor): Promise<Line> {
    const { linear } = await descend('LinearRegression', x, y, {
      ...this.#descent,
      solver: 'descent',
      outputs: y.shape[1],
      bias: this.#hasBias,
      // ‖Xw − y‖² + λ‖w‖² over n, as the mean of squares has it.
      l2: (2 * this.l2) / x.shape[0],
      loss: 'squared',
    });
    const weight = transpose(linear.weight.detach(), 0, 1);
    return { weight, bias: linear.bias === null ? zeros([y.shape[1]], { dtype: weight.dtype }) : linear.bias.detach() };
  }
}

/**
 * The size of R's diagonal tells how far each column leads out of those before it.
 *
 * @throws LinAlgError  where that is nowhere, within rounding
 */
function checkIndependent(x: Tensor, r: Tensor): void {
  const [n, d] = x.shape;
  const lengths = Array.from({ length: Math.min(n, d) }, (_, i) => Math.abs(r.data[i * d + i]));
  const least = Math.max(...lengths) * Math.max(n, d) * Number.EPSILON;
  const rank = lengths.filter((length) => length > least).length;
  if (rank === d) return;
  throw new LinAlgError({
    op: 'LinearRegression',
    problem: 'the columns of X depend on each other, so many weights fit as well',
    got: `rank ${rank}`,
    expected: d,
    hint: "solver: 'svd' gives the smallest, and l2 > 0 makes them unique",
    code: 'ERR_RANK',
  });
}

/** Each gives W with X·W ≈ Y. */
const solvers = {
  cholesky(x: Tensor, y: Tensor): Tensor {
    const factor = linalg.cholesky(matmul(x, x, { transA: true }));
    return linalg.choleskySolve(matmul(x, y, { transA: true }), factor);
  },
  qr(x: Tensor, y: Tensor): Tensor {
    const { q, r } = linalg.qr(x);
    checkIndependent(x, r);
    return linalg.solveTriangular(r, matmul(q, y, { transA: true }), { upper: true });
  },
  svd: (x: Tensor, y: Tensor): Tensor => linalg.lstsq(x, y, { driver: 'gelsd' }).solution,
} as const;
