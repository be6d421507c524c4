/** Normalisation of channels by statistics over the batch or over groups of channels in a sample. */

import type { FloatArray } from '../../core/dtype.ts';
import type { ChannelNormDims, ChannelNormGradsIn, ChannelNormGradsOut, ChannelNormInputs } from '../arguments.ts';

/** Sums in float64, whatever the arrays are. */
const sums = (n: number): Float64Array => new Float64Array(n);

export function batchMoments(
  x: FloatArray,
  mean: FloatArray,
  variance: FloatArray,
  batch: number,
  channels: number,
  inner: number,
): void {
  const count = batch * inner;
  for (let c = 0; c < channels; c++) {
    let sum = 0;
    for (let n = 0; n < batch; n++) {
      const at = (n * channels + c) * inner;
      for (let i = at; i < at + inner; i++) sum += x[i];
    }
    const centre = sum / count;
    let squares = 0;
    for (let n = 0; n < batch; n++) {
      const at = (n * channels + c) * inner;
      for (let i = at; i < at + inner; i++) squares += (x[i] - centre) * (x[i] - centre);
    }
    mean[c] = centre;
    variance[c] = squares / count;
  }
}

/** The set of statistics that plane c of sample n belongs to. */
function statisticsOf({ channels, groups }: ChannelNormDims, n: number, c: number): number {
  return groups === 0 ? c : n * groups + Math.floor((c * groups) / channels);
}

export function channelNorm(
  dims: ChannelNormDims,
  { x, weight, bias, mean, rstd }: ChannelNormInputs,
  y: FloatArray,
): void {
  const { batch, channels, inner } = dims;
  for (let n = 0; n < batch; n++) {
    for (let c = 0; c < channels; c++) {
      const at = (n * channels + c) * inner;
      const s = statisticsOf(dims, n, c);
      const [mu, scale] = [mean[s], weight === null ? rstd[s] : rstd[s] * weight[c]];
      const shift = bias === null ? 0 : bias[c];
      for (let i = at; i < at + inner; i++) {
        const scaled = (x[i] - mu) * scale;
        y[i] = bias === null ? scaled : scaled + shift;
      }
    }
  }
}

export function channelNormBackward(
  dims: ChannelNormDims,
  { x, weight, mean, rstd, dy, fixed }: ChannelNormGradsIn,
  { dx, dWeight, dBias }: ChannelNormGradsOut,
): void {
  const { batch, channels, inner, groups } = dims;
  const [channelSums, channelDots] = [sums(channels), sums(channels)];
  // Of dy·weight and of dy·weight·x̂, for each set of statistics.
  const sets = groups === 0 ? channels : batch * groups;
  const [setSums, setDots] = [sums(sets), sums(sets)];
  for (let n = 0; n < batch; n++) {
    for (let c = 0; c < channels; c++) {
      const at = (n * channels + c) * inner;
      const s = statisticsOf(dims, n, c);
      const [mu, scale] = [mean[s], rstd[s]];
      let [sum, dot] = [0, 0];
      for (let i = at; i < at + inner; i++) {
        sum += dy[i];
        dot += dy[i] * ((x[i] - mu) * scale);
      }
      channelSums[c] += sum;
      channelDots[c] += dot;
      setSums[s] += weight === null ? sum : sum * weight[c];
      setDots[s] += weight === null ? dot : dot * weight[c];
    }
  }
  dWeight?.set(channelDots);
  dBias?.set(channelSums);
  if (dx === null) return;
  const count = groups === 0 ? batch * inner : (channels / groups) * inner;
  for (let n = 0; n < batch; n++) {
    for (let c = 0; c < channels; c++) {
      const at = (n * channels + c) * inner;
      const s = statisticsOf(dims, n, c);
      const [mu, scale, w] = [mean[s], rstd[s], weight === null ? 1 : weight[c]];
      if (fixed) {
        for (let i = at; i < at + inner; i++) dx[i] = dy[i] * w * scale;
        continue;
      }
      // Mean and variance depend on every element: what they pass on is taken off each.
      const [level, slope] = [setSums[s] / count, setDots[s] / count];
      for (let i = at; i < at + inner; i++) dx[i] = scale * (dy[i] * w - level - (x[i] - mu) * scale * slope);
    }
  }
}
