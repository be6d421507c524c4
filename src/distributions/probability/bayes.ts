/** Bayes' rule: of two events, of a partition, and of events of one sample space. */

import { ConfigError, ShapeError } from '../../errors.ts';
import type { Event } from './sample-space.ts';

/** How far the sum of probabilities may be from 1. */
const SUM_TOLERANCE = 1e-9;

function checkProbability(op: string, name: string, p: number): void {
  if (typeof p === 'number' && p >= 0 && p <= 1) return;
  throw new ConfigError({ op, problem: `${name} is no probability`, got: p, expected: 'from 0 to 1' });
}

export interface BayesTerms {
  /** P(A). */
  prior: number;
  /** P(B | A). */
  likelihood: number;
  /** P(B | not A). */
  falsePositive: number;
}

/**
 * P(A | B), out of P(A), P(B | A) and P(B | not A).
 *
 * @throws ConfigError  if one is no probability, or B has probability 0 (ERR_CONDITION)
 * @example
 * bayes({ prior: 0.01, likelihood: 0.8, falsePositive: 0.1 }).toFixed(7); // => 0.0747664
 */
export function bayes({ prior, likelihood, falsePositive }: BayesTerms): number {
  checkProbability('bayes', 'prior', prior);
  checkProbability('bayes', 'likelihood', likelihood);
  checkProbability('bayes', 'falsePositive', falsePositive);
  return shares('bayes', [prior * likelihood, (1 - prior) * falsePositive])[0];
}

/** Each of some joint probabilities over their sum. */
function shares(op: string, joint: readonly number[]): number[] {
  const total = joint.reduce((sum, p) => sum + p, 0);
  if (total > 0) return joint.map((p) => p / total);
  throw new ConfigError({ op, problem: 'what was observed has probability 0', code: 'ERR_CONDITION' });
}

/** P(B) = Σ P(Aᵢ)·P(B | Aᵢ) over a partition. @throws as `posterior` */
export function totalProbability(priors: readonly number[], likelihoods: readonly number[]): number {
  return jointProbabilities('totalProbability', priors, likelihoods).reduce((sum, p) => sum + p, 0);
}

/**
 * P(Aᵢ | B) for each part of a partition, out of P(Aᵢ) and P(B | Aᵢ).
 *
 * @throws ConfigError  if a number is no probability, the priors do not sum to 1, or B has probability 0
 * @throws ShapeError   if the lists differ in length
 */
export function posterior(priors: readonly number[], likelihoods: readonly number[]): number[] {
  return shares('posterior', jointProbabilities('posterior', priors, likelihoods));
}

function jointProbabilities(op: string, priors: readonly number[], likelihoods: readonly number[]): number[] {
  if (priors.length !== likelihoods.length) {
    throw new ShapeError({
      op,
      problem: 'one likelihood a prior',
      got: [likelihoods.length],
      expected: [priors.length],
    });
  }
  for (const p of priors) checkProbability(op, 'a prior', p);
  for (const p of likelihoods) checkProbability(op, 'a likelihood', p);
  const total = priors.reduce((sum, p) => sum + p, 0);
  if (!(Math.abs(total - 1) <= SUM_TOLERANCE)) {
    throw new ConfigError({ op, problem: 'the priors of a partition sum to 1', got: total });
  }
  return priors.map((p, i) => p * likelihoods[i]);
}

/**
 * P(Aᵢ | B) for events Aᵢ that part a sample space.
 *
 * @throws ConfigError  if they overlap or leave an outcome out, or B has probability 0
 */
export function posteriorOfEvents<T>(partition: readonly Event<T>[], observed: Event<T>): number[] {
  const { space } = observed;
  const inOne = space.outcomes.every((_, i) => partition.filter(({ members }) => members[i] === 1).length === 1);
  if (!inOne) {
    throw new ConfigError({ op: 'posteriorOfEvents', problem: 'every outcome must lie in exactly one of the events' });
  }
  return partition.map((part) => part.given(observed));
}
