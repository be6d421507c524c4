/** Layer normalisation along rows: mean and variance in two passes, so that a large mean costs no digits. */

import type { FloatArray } from '../../core/dtype.ts';
import { sumRow } from './reduce.ts';
import { Scratch } from './scratch.ts';

const weightScratch = new Scratch();
const biasScratch = new Scratch();

export function layerNorm(
  x: FloatArray,
  weight: FloatArray | null,
  bias: FloatArray | null,
  y: FloatArray,
  mean: FloatArray,
  rstd: FloatArray,
  rows: number,
  n: number,
  eps: number,
): void {
  for (let r = 0; r < rows; r++) {
    const at = r * n;
    const mu = sumRow(x, at, n) / n;
    let squares = 0;
    for (let j = at; j < at + n; j++) squares += (x[j] - mu) * (x[j] - mu);
    const scale = 1 / Math.sqrt(squares / n + eps);
    mean[r] = mu;
    rstd[r] = scale;
    for (let j = 0; j < n; j++) {
      const scaled = (x[at + j] - mu) * scale * (weight === null ? 1 : weight[j]);
      y[at + j] = bias === null ? scaled : scaled + bias[j];
    }
  }
}

export function layerNormBackward(
  x: FloatArray,
  weight: FloatArray | null,
  mean: FloatArray,
  rstd: FloatArray,
  dy: FloatArray,
  dx: FloatArray | null,
  dWeight: FloatArray | null,
  dBias: FloatArray | null,
  rows: number,
  n: number,
): void {
  const weightSums = weightScratch.take(n).fill(0, 0, n);
  const biasSums = biasScratch.take(n).fill(0, 0, n);
  for (let r = 0; r < rows; r++) {
    const at = r * n;
    const mu = mean[r];
    const scale = rstd[r];
    let sum = 0;
    let dot = 0;
    for (let j = 0; j < n; j++) {
      const normalized = (x[at + j] - mu) * scale;
      const upstream = dy[at + j];
      const dNormalized = weight === null ? upstream : upstream * weight[j];
      sum += dNormalized;
      dot += dNormalized * normalized;
      weightSums[j] += upstream * normalized;
      biasSums[j] += upstream;
    }
    if (dx === null) continue;
    // The row's mean and variance depend on every element: what they pass on is taken off each.
    const [meanSum, meanDot] = [sum / n, dot / n];
    for (let j = 0; j < n; j++) {
      const normalized = (x[at + j] - mu) * scale;
      const dNormalized = weight === null ? dy[at + j] : dy[at + j] * weight[j];
      dx[at + j] = scale * (dNormalized - meanSum - normalized * meanDot);
    }
  }
  if (dWeight !== null) for (let j = 0; j < n; j++) dWeight[j] = weightSums[j];
  if (dBias !== null) for (let j = 0; j < n; j++) dBias[j] = biasSums[j];
}
