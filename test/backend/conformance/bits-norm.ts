/** Traces of the normalisations. */

import type { ChannelNormDims } from '../../../src/backend/arguments.ts';
import type { Backend } from '../../../src/backend/backend.ts';
import { type Add, draw } from './bits-data.ts';

type NormMethod = 'layerNorm' | 'layerNormBackward' | 'batchMoments' | 'channelNorm' | 'channelNormBackward';

/** Columns, planes short and long, groups; more work than one thread takes. */
const CHANNEL_NORMS: readonly ChannelNormDims[] = [
  [700, 65, 1, 0],
  [9, 64, 100, 0],
  [3, 5, 9001, 0],
  [17, 48, 97, 6],
].map(([batch, channels, inner, groups]) => ({ batch, channels, inner, groups }));

function channelNormInputs({ batch, channels, inner, groups }: ChannelNormDims) {
  const sets = groups === 0 ? channels : batch * groups;
  const x = draw(32, batch * channels * inner);
  return { x, weight: draw(34, channels), mean: draw(35, sets), rstd: draw(36, sets, 0.5, 2) };
}

export const normTraces: Record<NormMethod, (k: Backend, add: Add) => void> = {
  layerNorm(k, add) {
    for (const [rows, n] of [
      [700, 65],
      [3, 5000],
    ]) {
      const [y, mean, rstd] = [new Float32Array(rows * n), new Float32Array(rows), new Float32Array(rows)];
      k.layerNorm(draw(29, rows * n), draw(30, n), draw(31, n), y, mean, rstd, rows, n, 1e-5);
      add(y, mean, rstd);
    }
  },
  layerNormBackward(k, add) {
    for (const [rows, n] of [
      [700, 65],
      [3, 5000],
    ]) {
      const [dx, dWeight, dBias] = [new Float32Array(rows * n), new Float32Array(n), new Float32Array(n)];
      const [x, dy, weight] = [draw(32, rows * n), draw(33, rows * n), draw(34, n)];
      k.layerNormBackward(x, weight, draw(35, rows), draw(36, rows, 0.5, 2), dy, dx, dWeight, dBias, rows, n);
      add(dx, dWeight, dBias);
    }
  },
  batchMoments(k, add) {
    for (const { batch, channels, inner } of CHANNEL_NORMS) {
      const [mean, variance] = [new Float32Array(channels), new Float32Array(channels)];
      k.batchMoments(draw(37, batch * channels * inner, 3, 5), mean, variance, batch, channels, inner);
      add(mean, variance);
    }
  },
  channelNorm(k, add) {
    for (const d of CHANNEL_NORMS) {
      const y = new Float32Array(d.batch * d.channels * d.inner);
      k.channelNorm(d, { ...channelNormInputs(d), bias: draw(38, d.channels) }, y);
      add(y);
    }
  },
  channelNormBackward(k, add) {
    for (const d of CHANNEL_NORMS) {
      const size = d.batch * d.channels * d.inner;
      for (const fixed of [false, true]) {
        const [dWeight, dBias] = [new Float32Array(d.channels), new Float32Array(d.channels)];
        const dx = new Float32Array(size);
        k.channelNormBackward(d, { ...channelNormInputs(d), dy: draw(39, size), fixed }, { dx, dWeight, dBias });
        add(dx, dWeight, dBias);
      }
    }
  },
};
