/**
 * Connectionist temporal classification of one sequence, in logarithms and in float64: the sum over all alignments of
 * labels with steps, by the forward and the backward recursion.
 *
 * The labels stand between blanks: ext = (blank, l₁, blank, l₂, …, blank), 2S + 1 places. A step stays at its place,
 * moves on by one, or by two onto a label that differs from the one before.
 *
 * Source: Graves et al., Connectionist temporal classification, ICML 2006, section 4.1
 */

import type { FloatArray } from './dtype.ts';

/** One sequence within log-probabilities [T, N, C]. */
export interface CtcSequence {
  readonly logProbs: FloatArray;
  /** Where its first row lies, and how far apart its rows lie. */
  readonly offset: number;
  readonly stride: number;
  readonly steps: number;
  /** The labels between blanks, 2S + 1 of them. */
  readonly extended: Int32Array;
}

function logSum(a: number, b: number, c: number): number {
  const largest = Math.max(a, b, c);
  if (largest === Number.NEGATIVE_INFINITY) return largest;
  return largest + Math.log(Math.exp(a - largest) + Math.exp(b - largest) + Math.exp(c - largest));
}

/** The labels between blanks. */
export function extend(labels: Int32Array, blank: number): Int32Array {
  const extended = new Int32Array(2 * labels.length + 1).fill(blank);
  for (let i = 0; i < labels.length; i++) extended[2 * i + 1] = labels[i];
  return extended;
}

/** Whether a step may skip the blank before place `s`. */
export function skips(extended: Int32Array, s: number): boolean {
  return s >= 2 && s % 2 === 1 && extended[s] !== extended[s - 2];
}

/**
 * Fills `alpha` [steps, 2S + 1]: the log-probability of all ways to stand at a place after a step. Returns the negative
 * log-probability of the labels, which is Infinity where there are too few steps for them.
 */
export function ctcForward({ logProbs, offset, stride, steps, extended }: CtcSequence, alpha: Float64Array): number {
  const places = extended.length;
  if (steps === 0) return places === 1 ? 0 : Number.POSITIVE_INFINITY;
  for (let s = 0; s < places; s++) alpha[s] = s < 2 ? logProbs[offset + extended[s]] : Number.NEGATIVE_INFINITY;
  for (let t = 1; t < steps; t++) {
    const [row, before, now] = [offset + t * stride, (t - 1) * places, t * places];
    for (let s = 0; s < places; s++) {
      const one = s >= 1 ? alpha[before + s - 1] : Number.NEGATIVE_INFINITY;
      const two = skips(extended, s) ? alpha[before + s - 2] : Number.NEGATIVE_INFINITY;
      alpha[now + s] = logSum(alpha[before + s], one, two) + logProbs[row + extended[s]];
    }
  }
  const end = steps * places;
  const beforeLast = places >= 2 ? alpha[end - 2] : Number.NEGATIVE_INFINITY;
  return -logSum(alpha[end - 1], beforeLast, Number.NEGATIVE_INFINITY);
}

/**
 * Adds the gradient of `factor` times the loss to `out`, laid out as the log-probabilities: minus the probability, given
 * the labels, that the step stands at a place of that class.
 */
export function ctcBackward(
  { logProbs, offset, stride, steps, extended }: CtcSequence,
  alpha: Float64Array,
  loss: number,
  factor: number,
  out: FloatArray,
): void {
  const places = extended.length;
  // The log-probability of what follows a place: beta without the step's own.
  let rest = new Float64Array(places).fill(Number.NEGATIVE_INFINITY);
  for (let s = Math.max(0, places - 2); s < places; s++) rest[s] = 0;
  let next = new Float64Array(places);
  for (let t = steps - 1; t >= 0; t--) {
    const row = offset + t * stride;
    for (let s = 0; s < places; s++) {
      const share = Math.exp(alpha[t * places + s] + rest[s] + loss);
      if (share > 0) out[row + extended[s]] -= factor * share;
    }
    for (let s = 0; s < places; s++) rest[s] += logProbs[row + extended[s]];
    for (let s = 0; s < places; s++) {
      const one = s + 1 < places ? rest[s + 1] : Number.NEGATIVE_INFINITY;
      const two = s + 2 < places && skips(extended, s + 2) ? rest[s + 2] : Number.NEGATIVE_INFINITY;
      next[s] = logSum(rest[s], one, two);
    }
    [rest, next] = [next, rest];
  }
}
