import { type FloatArray, newArray } from '../core/dtype.ts';
import { ConfigError, StateDictError } from '../errors.ts';
import { Tensor, wrapArray } from '../tensor.ts';
import { type LinePoint, strongWolfe } from './line-search.ts';
import { Optimizer, type ParamsInput } from './optimizer.ts';
import { nonNegative, type OptionRule, type OptionRules } from './options.ts';
import type { OptimizerStateDict, ParameterState } from './state.ts';

export interface LBFGSOptions {
  /** The length of a step without a line search, and the first that a line search tries. Default 1. */
  lr: number;
  /** Iterations of a step. Default 20. */
  maxIter: number;
  /** Evaluations of the loss after which a step ends. Default ⌊1.25·maxIter⌋. */
  maxEval: number | null;
  /** A step ends where no element of the gradient is larger. Default 1e-7. */
  toleranceGrad: number;
  /** A step ends where neither the loss nor any weight changes by more. Default 1e-9. */
  toleranceChange: number;
  /** Pairs of changes that are remembered. Default 100. */
  historySize: number;
  /** How the length of a step is found; null takes `lr`. Default null. */
  lineSearchFn: 'strong_wolfe' | null;
}

function count(value: number): OptionRule<number> {
  return {
    default: value,
    expected: 'a positive integer',
    accepts: (v) => Number.isSafeInteger(v) && (v as number) > 0,
  };
}

const rules: OptionRules<LBFGSOptions> = {
  lr: nonNegative(1),
  maxIter: count(20),
  maxEval: {
    default: null,
    expected: 'a positive integer or null',
    accepts: (v) => v === null || (Number.isSafeInteger(v) && (v as number) > 0),
  },
  toleranceGrad: nonNegative(1e-7),
  toleranceChange: nonNegative(1e-9),
  historySize: count(100),
  lineSearchFn: {
    default: null,
    expected: "'strong_wolfe' | null",
    accepts: (v) => v === null || v === 'strong_wolfe',
  },
};

/** Curvature below which a pair of changes is not remembered: the approximation must stay positive definite. */
const LEAST_CURVATURE = 1e-10;

/** What is remembered between iterations, over all parameters end to end. */
interface Memory {
  evaluations: number;
  iterations: number;
  direction: Float64Array;
  t: number;
  /** Changes of the gradient and of the weights, oldest first, and 1/(y·s). */
  history: { y: Float64Array; s: Float64Array; rho: number }[];
  /** The scale of the first approximation of the inverse Hessian. */
  scale: number;
  gradient: Float64Array;
  loss: number;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** y += factor·x */
function addScaled(y: Float64Array, factor: number, x: Float64Array): void {
  for (let i = 0; i < y.length; i++) y[i] += factor * x[i];
}

function largest(x: Float64Array): number {
  let max = 0;
  for (const value of x) max = Math.max(max, Math.abs(value));
  return max;
}

/** −H·g by the two loops over the history. */
function newtonDirection({ history, scale }: Memory, gradient: Float64Array): Float64Array {
  const q = gradient.map((g) => -g);
  const alphas: number[] = [];
  for (let i = history.length - 1; i >= 0; i--) {
    const { y, s, rho } = history[i];
    alphas[i] = dot(s, q) * rho;
    addScaled(q, -alphas[i], y);
  }
  for (let i = 0; i < q.length; i++) q[i] *= scale;
  for (const [i, { y, s, rho }] of history.entries()) addScaled(q, alphas[i] - dot(y, q) * rho, s);
  return q;
}

function tensorOf(values: ArrayLike<number>, shape: number[]): Tensor {
  const array = newArray('float64', values.length);
  array.set(values);
  return wrapArray(array, shape, 'float64');
}

/**
 * Limited-memory BFGS, torch.optim.LBFGS's: each `step(closure)` takes up to `maxIter` quasi-Newton steps and calls the
 * closure, which clears the gradients, computes the loss, runs backward and returns the loss, as often as it needs.
 * There is one group. Everything between the weights is computed in float64.
 *
 * Source: Liu, Nocedal, On the limited memory BFGS method for large scale optimization, 1989.
 *
 * @example
 * const w = tensor([-1.5, 2], { dtype: 'float64', requiresGrad: true });
 * const optimizer = new LBFGS([w], { lineSearchFn: 'strong_wolfe', maxIter: 100 });
 * optimizer.step(() => {
 *   optimizer.zeroGrad();
 *   const [x, y] = [w.select(0, 0), w.select(0, 1)];
 *   const loss = sub(1, x).square().add(sub(y, x.square()).square().mul(100));
 *   backward(loss);
 *   return loss;
 * });
 * [...w.data].map((x) => x.toFixed(4)).join(', '); // => 1.0000, 1.0000
 */
export class LBFGS extends Optimizer<LBFGSOptions> {
  #memory: Memory | null = null;

  /** @throws ConfigError  for more than one group, beside what the other optimizers refuse */
  constructor(params: ParamsInput<LBFGSOptions>, options: Partial<LBFGSOptions> = {}) {
    super(params, options, rules);
    if (this.paramGroups.length !== 1) {
      throw new ConfigError({ op: 'LBFGS', problem: 'there can be only one group', got: this.paramGroups.length });
    }
  }

  /** @throws ConfigError  without a closure */
  override step(closure?: () => Tensor): Tensor {
    if (closure === undefined) {
      throw new ConfigError({ op: 'LBFGS', problem: 'a step needs a closure', hint: 'step(() => …the loss)' });
    }
    const [{ lr, maxIter, maxEval, toleranceGrad, toleranceChange, historySize, lineSearchFn }] = this.paramGroups;
    const first = closure();
    let loss = first.item();
    let evaluations = 1;
    let gradient = this.#gradient();
    if (this.#memory !== null) this.#memory.evaluations++;
    if (largest(gradient) <= toleranceGrad) return first;

    for (let iteration = 1; ; iteration++) {
      const memory = this.#remember(gradient, historySize);
      memory.gradient = gradient;
      memory.loss = loss;
      const { direction } = memory;
      const total = gradient.reduce((sum, g) => sum + Math.abs(g), 0);
      memory.t = memory.iterations === 1 ? Math.min(1, 1 / total) * lr : lr;
      const slope = dot(gradient, direction);
      if (slope > -toleranceChange) break;

      const weights = this.#weights();
      let taken = 0;
      if (lineSearchFn === null) {
        this.#moveTo(weights, memory.t, direction);
        if (iteration !== maxIter) {
          loss = closure().item();
          gradient = this.#gradient();
          taken = 1;
        }
      } else {
        const start: LinePoint = { t: 0, loss, gradient, slope };
        const evaluate = (t: number): LinePoint => {
          this.#moveTo(weights, t, direction);
          const at = closure().item();
          const there = this.#gradient();
          return { t, loss: at, gradient: there, slope: dot(there, direction) };
        };
        const found = strongWolfe(evaluate, start, memory.t, largest(direction), 1e-9);
        ({ loss, gradient, t: memory.t } = found.point);
        taken = found.evaluations;
        this.#moveTo(weights, memory.t, direction);
      }
      evaluations += taken;
      memory.evaluations += taken;
      if (iteration === maxIter || evaluations >= (maxEval ?? Math.floor(maxIter * 1.25))) break;
      if (largest(gradient) <= toleranceGrad) break;
      if (largest(direction) * Math.abs(memory.t) <= toleranceChange) break;
      if (Math.abs(loss - memory.loss) < toleranceChange) break;
    }
    return first;
  }

  /** The memory with the last change in it and the direction to take from here. */
  #remember(gradient: Float64Array, historySize: number): Memory {
    const memory = this.#memory;
    if (memory === null) {
      const direction = gradient.map((g) => -g);
      this.#memory = { evaluations: 1, iterations: 1, direction, t: 0, history: [], scale: 1, gradient, loss: 0 };
      return this.#memory;
    }
    memory.iterations++;
    const y = gradient.map((g, i) => g - memory.gradient[i]);
    const s = memory.direction.map((d) => d * memory.t);
    const curvature = dot(y, s);
    if (curvature > LEAST_CURVATURE) {
      if (memory.history.length === historySize) memory.history.shift();
      memory.history.push({ y, s, rho: 1 / curvature });
      memory.scale = curvature / dot(y, y);
    }
    memory.direction = newtonDirection(memory, gradient);
    return memory;
  }

  get #params(): readonly Tensor[] {
    return this.paramGroups[0].params;
  }

  /** The gradients end to end; zeros for a parameter without one. */
  #gradient(): Float64Array {
    const flat = new Float64Array(this.#params.reduce((size, parameter) => size + parameter.size, 0));
    let at = 0;
    for (const parameter of this.#params) {
      if (parameter.grad !== null) {
        this.checkGradient(parameter, parameter.grad);
        flat.set(parameter.grad.data, at);
      }
      at += parameter.size;
    }
    return flat;
  }

  #weights(): FloatArray[] {
    return this.#params.map((parameter) => parameter.data.slice() as FloatArray);
  }

  /** w = from + t·direction, rounded once. */
  #moveTo(from: readonly FloatArray[], t: number, direction: Float64Array): void {
    let at = 0;
    for (const [i, parameter] of this.#params.entries()) {
      const { data } = parameter;
      for (let j = 0; j < data.length; j++) data[j] = from[i][j] + t * direction[at++];
      parameter.storage.written('LBFGS');
    }
  }

  /** As PyTorch's, all state stands with the first parameter; the lists of changes are tensors [pairs, elements]. */
  override stateDict(): OptimizerStateDict {
    const { paramGroups } = super.stateDict();
    if (this.#memory === null) return { state: {}, paramGroups };
    const { evaluations, iterations, direction, t, history, scale, gradient, loss } = this.#memory;
    const n = direction.length;
    const rows = (key: 'y' | 's'): Tensor => {
      const flat = new Float64Array(history.length * n);
      for (const [i, pair] of history.entries()) flat.set(pair[key], i * n);
      return tensorOf(flat, [history.length, n]);
    };
    const state: ParameterState = {
      func_evals: evaluations,
      n_iter: iterations,
      d: tensorOf(direction, [n]),
      t,
      old_dirs: rows('y'),
      old_stps: rows('s'),
      ro: tensorOf(
        history.map(({ rho }) => rho),
        [history.length],
      ),
      H_diag: scale,
      prev_flat_grad: tensorOf(gradient, [n]),
      prev_loss: loss,
    };
    return { state: { 0: state }, paramGroups };
  }

  override loadStateDict(dict: OptimizerStateDict): void {
    const memory = this.#memoryOf(dict?.state?.[0]);
    super.loadStateDict({ ...dict, state: {} });
    this.#memory = memory;
  }

  /** @throws StateDictError  if what was saved is no memory over these parameters */
  #memoryOf(saved: ParameterState | undefined): Memory | null {
    if (saved === undefined) return null;
    const n = this.#params.reduce((size, parameter) => size + parameter.size, 0);
    const op = 'LBFGS.loadStateDict';
    const number = (name: string): number => {
      const value = saved[name];
      if (typeof value === 'number') return value;
      throw new StateDictError({ op, problem: `${name} is no number`, got: value });
    };
    const flat = (name: string, size: number): Float64Array => {
      const value = saved[name];
      if (value instanceof Tensor && value.size === size) return Float64Array.from(value.data);
      const got = value instanceof Tensor ? value.shape : value;
      throw new StateDictError({ op, problem: `${name} does not fit`, got, expected: `${size} elements` });
    };
    const pairs = saved.ro instanceof Tensor ? saved.ro.size : 0;
    const [rho, y, s] = [flat('ro', pairs), flat('old_dirs', pairs * n), flat('old_stps', pairs * n)];
    return {
      evaluations: number('func_evals'),
      iterations: number('n_iter'),
      direction: flat('d', n),
      t: number('t'),
      history: [...rho].map((value, i) => ({
        y: y.slice(i * n, (i + 1) * n),
        s: s.slice(i * n, (i + 1) * n),
        rho: value,
      })),
      scale: number('H_diag'),
      gradient: flat('prev_flat_grad', n),
      loss: number('prev_loss'),
    };
  }

  protected override stateLayout(): Record<string, never> {
    return {};
  }
}
