/** Cross-entropy of logits against class indices, with its gradient, never forming the probabilities. */

import type { FloatArray } from '../../core/dtype.ts';
import { maxRow } from './reduce.ts';

export function crossEntropy(
  x: FloatArray,
  targets: Int32Array,
  losses: FloatArray,
  lse: FloatArray,
  rows: number,
  classes: number,
  ignoreIndex: number,
): number {
  for (let r = 0; r < rows; r++) {
    const target = targets[r];
    if (target !== ignoreIndex && (target < 0 || target >= classes)) return r;
  }
  for (let r = 0; r < rows; r++) {
    const at = r * classes;
    const largest = maxRow(x, at, classes);
    let sum = 0;
    for (let j = at; j < at + classes; j++) sum += Math.exp(x[j] - largest);
    const logSum = Math.log(sum);
    lse[r] = largest + logSum;
    losses[r] = targets[r] === ignoreIndex ? 0 : largest - x[at + targets[r]] + logSum;
  }
  return -1;
}

export function crossEntropyBackward(
  x: FloatArray,
  targets: Int32Array,
  lse: FloatArray,
  dLosses: FloatArray,
  dx: FloatArray,
  rows: number,
  classes: number,
  ignoreIndex: number,
): void {
  for (let r = 0; r < rows; r++) {
    const at = r * classes;
    const target = targets[r];
    if (target === ignoreIndex) {
      dx.fill(0, at, at + classes);
      continue;
    }
    const scale = dLosses[r];
    const logSum = lse[r];
    for (let j = 0; j < classes; j++) {
      const probability = Math.exp(x[at + j] - logSum);
      dx[at + j] = scale * (j === target ? probability - 1 : probability);
    }
  }
}
