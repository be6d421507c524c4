/** Softmax and log-softmax along rows. Non-finite rows come out as NaN by themselves: the maximum is subtracted first. */

import type { FloatArray } from '../../core/dtype.ts';
import { maxRow, sumRow } from './reduce.ts';
import { Scratch } from './scratch.ts';

const rowScratch = new Scratch();

export function softmax(log: boolean, x: FloatArray, y: FloatArray, rows: number, n: number): void {
  const exps = rowScratch.take(n);
  for (let r = 0; r < rows; r++) {
    const at = r * n;
    const largest = maxRow(x, at, n);
    let sum = 0;
    for (let j = 0; j < n; j++) sum += exps[j] = Math.exp(x[at + j] - largest);
    if (log) {
      // Two subtractions: the sum of the maximum and a small logarithm would lose the logarithm's digits.
      const logSum = Math.log(sum);
      for (let j = 0; j < n; j++) y[at + j] = x[at + j] - largest - logSum;
    } else {
      for (let j = 0; j < n; j++) y[at + j] = exps[j] / sum;
    }
  }
}

export function softmaxBackward(
  log: boolean,
  y: FloatArray,
  dy: FloatArray,
  dx: FloatArray,
  rows: number,
  n: number,
): void {
  for (let r = 0; r < rows; r++) {
    const at = r * n;
    if (log) {
      const sum = sumRow(dy, at, n);
      for (let j = at; j < at + n; j++) dx[j] = dy[j] - Math.exp(y[j]) * sum;
    } else {
      let dot = 0;
      for (let j = at; j < at + n; j++) dot += y[j] * dy[j];
      for (let j = at; j < at + n; j++) dx[j] = y[j] * (dy[j] - dot);
    }
  }
}
