/** Entropies, cross-entropies, divergences and mutual information, of probability vectors and of distributions. */

import { checkAxis } from '../core/shape.ts';
import { ConfigError, ShapeError } from '../errors.ts';
import { add, div, eq, log, mul, sub, sum, tensor, where } from '../ops/index.ts';
import { broadcastTogether } from '../ops/reduction/broadcast.ts';
import { Tensor } from '../tensor.ts';
import { Distribution, parametersOf, type Values } from './distribution.ts';
import { crossEntropyOfDistributions, type KlOptions, kl as klOfDistributions } from './kl.ts';
import type { JointTable } from './probability/random-variable.ts';
import { checkParameter, nonNegative } from './support.ts';
import { timesLog } from './terms.ts';

export interface UnitOptions {
  /** 2 for bits, 'e' for nats. Default 'e'. */
  base?: 2 | 'e';
}

export interface InformationOptions extends UnitOptions {
  /** The axis along which probabilities sum to 1. Default −1. */
  axis?: number;
}

/** Two distributions whose divergence is not closed are compared by draws. */
export interface DistributionInformationOptions extends UnitOptions, KlOptions {}

/** How far a sum of probabilities may be from 1: a softmax over many classes rounds that far. */
const SUM_TOLERANCE = { float32: 1e-4, float64: 1e-6 };

/** Numbers are read in float64; tensors keep their dtype. */
function asProbabilities(x: Values): Tensor {
  return x instanceof Tensor ? x : tensor(x, { dtype: 'float64' });
}

/** From nats to the unit that was asked for. @throws ConfigError for another base */
function inUnits(op: string, nats: Tensor, base: unknown = 'e'): Tensor {
  if (base === 'e') return nats;
  if (base === 2) return div(nats, Math.LN2);
  throw new ConfigError({ op, problem: 'unknown base', got: base, expected: "2 | 'e'" });
}

/** @throws ConfigError  if a value is negative, or the values do not sum to 1 (ERR_PARAMETER) */
function checkDistribution(op: string, name: string, p: Tensor, axes: number | null): void {
  if (p.rank === 0) throw new ShapeError({ op, problem: `${name} needs an axis of probabilities`, got: p.shape });
  checkParameter(op, name, p, nonNegative);
  const tolerance = SUM_TOLERANCE[p.dtype === 'float32' ? 'float32' : 'float64'];
  for (const total of sum(p.detach(), axes).data) {
    if (Math.abs(total - 1) <= tolerance) continue;
    throw new ConfigError({
      op,
      problem: `${name} is no distribution: it does not sum to 1`,
      got: total,
      code: 'ERR_PARAMETER',
    });
  }
}

/** One or two vectors of probabilities, of one dtype and one shape. */
function vectorsOf(op: string, given: readonly Values[], axis: number): Tensor[] {
  const vectors = parametersOf(op, given.map(asProbabilities), {});
  vectors.forEach((x, i) => {
    checkDistribution(op, given.length === 1 ? 'p' : 'pq'[i], x, x.rank === 0 ? null : checkAxis(op, axis, x.rank));
  });
  return broadcastTogether(op, ...vectors);
}

/** Both distributions, or neither. */
function areDistributions(op: string, p: unknown, q: unknown): boolean {
  if (p instanceof Distribution === q instanceof Distribution) return p instanceof Distribution;
  throw new ConfigError({ op, problem: 'expected two distributions, or probabilities on both sides' });
}

/**
 * H(p) = −Σ p log p of probabilities; of a distribution its entropy, differential for densities.
 *
 * Shapes:   p [..., n, ...] → without the axis; a distribution's batch
 * @throws ConfigError  if p does not sum to 1 or has negative values
 * @example
 * information.entropy([0.7, 0.2, 0.1], { base: 2 }).item().toFixed(5); // => 1.15678
 */
export function entropy(p: Values | Distribution, { base, axis = -1 }: InformationOptions = {}): Tensor {
  if (p instanceof Distribution) return inUnits('entropy', p.entropy(), base);
  const [x] = vectorsOf('entropy', [p], axis);
  return inUnits('entropy', sub(0, sum(timesLog(x, x), axis)), base);
}

/**
 * H(p, q) = −Σ p log q: what messages drawn from p cost in a code made for q; ∞ where q is 0 and p is not.
 *
 * Shapes:   as `entropy`, the two broadcast together
 * @throws ConfigError  if one is no distribution, or a distribution is compared with probabilities
 */
export function crossEntropy(p: Distribution, q: Distribution, options?: DistributionInformationOptions): Tensor;
export function crossEntropy(p: Values, q: Values, options?: InformationOptions): Tensor;
export function crossEntropy(
  p: Values | Distribution,
  q: Values | Distribution,
  { base, axis = -1, ...draws }: InformationOptions & KlOptions = {},
): Tensor {
  const op = 'crossEntropy';
  if (areDistributions(op, p, q)) {
    return inUnits(op, crossEntropyOfDistributions(p as Distribution, q as Distribution, draws), base);
  }
  const [x, y] = vectorsOf(op, [p as Values, q as Values], axis);
  return inUnits(op, sub(0, sum(timesLog(x, y), axis)), base);
}

/**
 * KL(p ‖ q) = Σ p log(p/q) = H(p, q) − H(p); ∞ where q is 0 and p is not.
 *
 * Shapes:   as `crossEntropy`
 * @throws ConfigError  as `crossEntropy`
 */
export function kl(p: Distribution, q: Distribution, options?: DistributionInformationOptions): Tensor;
export function kl(p: Values, q: Values, options?: InformationOptions): Tensor;
export function kl(
  p: Values | Distribution,
  q: Values | Distribution,
  { base, axis = -1, ...draws }: InformationOptions & KlOptions = {},
): Tensor {
  if (areDistributions('kl', p, q)) {
    return inUnits('kl', klOfDistributions(p as Distribution, q as Distribution, draws), base);
  }
  const [x, y] = vectorsOf('kl', [p as Values, q as Values], axis);
  return inUnits('kl', sum(divergenceTerms(x, y), axis), base);
}

/** p·(log p − log q), 0 where p is: of each element. */
function divergenceTerms(p: Tensor, q: Tensor): Tensor {
  const none = eq(p, 0);
  const logs = [p, q].map((x) => log(where(none, 1, x)));
  return mul(p, sub(logs[0], logs[1]));
}

/**
 * The Jensen–Shannon divergence: the mean of the divergences of p and q from their average. At most 1 bit.
 *
 * Shapes:   as `crossEntropy`
 * @throws ConfigError  if one is no distribution
 */
export function jensenShannon(p: Values, q: Values, { base, axis = -1 }: InformationOptions = {}): Tensor {
  const [x, y] = vectorsOf('jensenShannon', [p, q], axis);
  const middle = mul(add(x, y), 0.5);
  const terms = add(divergenceTerms(x, middle), divergenceTerms(y, middle));
  return inUnits('jensenShannon', mul(sum(terms, axis), 0.5), base);
}

/**
 * I(X; Y) = Σ p(x, y) log(p(x, y)/(p(x)·p(y))) of a joint table: 0 exactly where the two are independent.
 *
 * Shapes:   joint [rows, columns] → []
 * @throws ShapeError   if the table has not two axes
 * @throws ConfigError  if it does not sum to 1 or has negative values
 */
export function mutualInformation(joint: Values | JointTable, { base }: UnitOptions = {}): Tensor {
  const op = 'mutualInformation';
  const [table] = parametersOf(op, [asProbabilities(isTable(joint) ? joint.probabilities : joint)], {});
  if (table.rank !== 2) throw new ShapeError({ op, problem: 'expected rows and columns', got: table.shape });
  checkDistribution(op, 'the joint table', table, null);
  const independent = mul(sum(table, 1, { keepdim: true }), sum(table, 0, { keepdim: true }));
  return inUnits(op, sum(divergenceTerms(table, independent)), base);
}

function isTable(joint: Values | JointTable): joint is JointTable {
  return typeof joint === 'object' && 'probabilities' in joint;
}
