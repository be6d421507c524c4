/** One suite for every backend: a block for each method of `Backend`; a missing block is a compile error. */

import { describe } from 'vitest';
import type { Backend } from '../../src/backend/backend.ts';
import { batchMomentsBlock, channelNormBackwardBlock, channelNormBlock } from './conformance/channel-norm.ts';
import { charSamplerBlock } from './conformance/char-sampler.ts';
import { conv2dBackwardDataBlock, conv2dBackwardWeightBlock, conv2dBlock } from './conformance/conv.ts';
import { convertBlock } from './conformance/convert.ts';
import { integersBlock, normalBlock, uniform53Block, uniformBlock, uniformRowsBlock } from './conformance/draws.ts';
import { unaryBlock } from './conformance/elementwise.ts';
import { gemmBlock } from './conformance/gemm.ts';
import { Harness, type Tolerance } from './conformance/harness.ts';
import { copyStridedBlock, gatherRowsBlock, scatterAddRowsBlock } from './conformance/movement.ts';
import { iscloseBlock, lerpBlock } from './conformance/near.ts';
import { layerNormBackwardBlock, layerNormBlock } from './conformance/norm.ts';
import { adamBlock, scaleBlock, sgdBlock } from './conformance/optim.ts';
import { updateBlock } from './conformance/optim-rules.ts';
import {
  extremeScanBlock,
  linearScanBlock,
  momentsBlock,
  rankRowsBlock,
  scanBlock,
  sortRowsBlock,
  topRowsBlock,
} from './conformance/order.ts';
import { binaryBlock, compareBlock, selectBlock } from './conformance/pairs.ts';
import { nonzeroBlock, placesBlock, setRowsBlock } from './conformance/places.ts';
import { col2imBlock, im2colBlock, maxPool2dBackwardBlock, maxPool2dBlock } from './conformance/pool.ts';
import {
  gruBackwardBlock,
  gruBlock,
  gruWorkspaceSizeBlock,
  lstmBackwardBlock,
  lstmBlock,
  lstmWorkspaceSizeBlock,
  rnnBackwardBlock,
  rnnBlock,
} from './conformance/recurrent.ts';
import { argReduceBlock, extremesBlock, reduceBlock, sumSquaresBlock } from './conformance/reduce.ts';
import { resampleBlock } from './conformance/resample.ts';
import {
  crossEntropyBackwardBlock,
  crossEntropyBlock,
  softmaxBackwardBlock,
  softmaxBlock,
} from './conformance/softmax.ts';

type Method = Exclude<keyof Backend, 'name'>;

const blocks: Record<Method, (h: Harness) => void> = {
  unary: unaryBlock,
  binary: binaryBlock,
  compare: compareBlock,
  select: selectBlock,
  lerp: lerpBlock,
  isclose: iscloseBlock,
  reduce: reduceBlock,
  argReduce: argReduceBlock,
  extremes: extremesBlock,
  moments: momentsBlock,
  scan: scanBlock,
  linearScan: linearScanBlock,
  extremeScan: extremeScanBlock,
  sortRows: sortRowsBlock,
  topRows: topRowsBlock,
  rankRows: rankRowsBlock,
  copyStrided: copyStridedBlock,
  convert: convertBlock,
  gemm: gemmBlock,
  gatherRows: gatherRowsBlock,
  scatterAddRows: scatterAddRowsBlock,
  setRows: setRowsBlock,
  places: placesBlock,
  nonzero: nonzeroBlock,
  softmax: softmaxBlock,
  softmaxBackward: softmaxBackwardBlock,
  crossEntropy: crossEntropyBlock,
  crossEntropyBackward: crossEntropyBackwardBlock,
  layerNorm: layerNormBlock,
  layerNormBackward: layerNormBackwardBlock,
  batchMoments: batchMomentsBlock,
  channelNorm: channelNormBlock,
  channelNormBackward: channelNormBackwardBlock,
  lstmWorkspaceSize: lstmWorkspaceSizeBlock,
  lstm: lstmBlock,
  lstmBackward: lstmBackwardBlock,
  conv2d: conv2dBlock,
  conv2dBackwardData: conv2dBackwardDataBlock,
  conv2dBackwardWeight: conv2dBackwardWeightBlock,
  maxPool2d: maxPool2dBlock,
  maxPool2dBackward: maxPool2dBackwardBlock,
  im2col: im2colBlock,
  col2im: col2imBlock,
  resample: resampleBlock,
  gruWorkspaceSize: gruWorkspaceSizeBlock,
  gru: gruBlock,
  gruBackward: gruBackwardBlock,
  rnn: rnnBlock,
  rnnBackward: rnnBackwardBlock,
  uniform: uniformBlock,
  uniformRows: uniformRowsBlock,
  uniform53: uniform53Block,
  normal: normalBlock,
  integers: integersBlock,
  adam: adamBlock,
  sgd: sgdBlock,
  update: updateBlock,
  sumSquares: sumSquaresBlock,
  scale: scaleBlock,
  createCharSampler: charSamplerBlock,
};

/** Registers the suite for what `makeBackend` gives; it is asked again before each call. */
export function conformance(name: string, makeBackend: () => Backend, tolerance: Tolerance): void {
  describe(name, () => {
    for (const [method, block] of Object.entries(blocks)) {
      describe(method, () => block(new Harness(makeBackend, tolerance)));
    }
  });
}
