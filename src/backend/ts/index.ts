/**
 * The reference backend: every kernel in plain TypeScript, for float32 and float64. It says what the native kernels
 * mean, serves every dtype they do not, and stands in where the addon is missing.
 */

import { integers, normal, uniform, uniform53, uniformRows } from '../../core/draws.ts';
import type { Backend } from '../backend.ts';
import { binary, compare, isclose, lerp, select } from './broadcast.ts';
import { batchMoments, channelNorm, channelNormBackward } from './channel-norm.ts';
import { createCharSampler } from './char-sampler.ts';
import { conv2d, conv2dBackwardData, conv2dBackwardWeight } from './conv.ts';
import { crossEntropy, crossEntropyBackward } from './cross-entropy.ts';
import { unary } from './elementwise.ts';
import { gemm } from './gemm.ts';
import { gru, gruBackward, gruWorkspaceSize } from './gru.ts';
import { lstm, lstmBackward, lstmWorkspaceSize } from './lstm.ts';
import { moments } from './moments.ts';
import { convert, copyStrided } from './movement.ts';
import { layerNorm, layerNormBackward } from './norm.ts';
import { adam, scale, sgd, sumSquares } from './optim.ts';
import { update } from './optim-rules.ts';
import { col2im, im2col } from './patches.ts';
import { maxPool2d, maxPool2dBackward } from './pool.ts';
import { argReduce, extremes, reduce } from './reduce.ts';
import { resample } from './resample.ts';
import { rnn, rnnBackward } from './rnn.ts';
import { gatherRows, nonzero, places, scatterAddRows, setRows } from './rows.ts';
import { extremeScan, linearScan, scan } from './scan.ts';
import { softmax, softmaxBackward } from './softmax.ts';
import { rankRows, sortRows, topRows } from './sort.ts';

export const tsBackend: Backend = {
  name: 'ts',
  unary,
  binary,
  compare,
  select,
  lerp,
  isclose,
  reduce,
  argReduce,
  extremes,
  moments,
  scan,
  linearScan,
  extremeScan,
  sortRows,
  topRows,
  rankRows,
  copyStrided,
  convert,
  gemm,
  gatherRows,
  scatterAddRows,
  setRows,
  places,
  nonzero,
  softmax,
  softmaxBackward,
  crossEntropy,
  crossEntropyBackward,
  layerNorm,
  layerNormBackward,
  batchMoments,
  channelNorm,
  channelNormBackward,
  lstmWorkspaceSize,
  lstm,
  lstmBackward,
  conv2d,
  conv2dBackwardData,
  conv2dBackwardWeight,
  maxPool2d,
  maxPool2dBackward,
  im2col,
  col2im,
  resample,
  gruWorkspaceSize,
  gru,
  gruBackward,
  rnn,
  rnnBackward,
  uniform,
  uniformRows,
  uniform53,
  normal,
  integers,
  adam,
  sgd,
  update,
  sumSquares,
  scale,
  createCharSampler,
};
