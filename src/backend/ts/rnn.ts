/**
 * One plain recurrent layer in one direction over a whole sequence; built as the LSTM is (`lstm.ts`). What the activation
 * did is seen in y, so there is no workspace.
 *
 * Source: Elman 1990.
 */

import type { FloatArray } from '../../core/dtype.ts';
import type { RecurrentDims, RecurrentGradsIn, RecurrentInputs, RecurrentOutputs, RnnGradsOut } from '../arguments.ts';
import { ReduceOp } from '../opcodes.ts';
import { gemm } from './gemm.ts';
import {
  addRows,
  fillRows,
  hiddenGradient,
  multiplyStep,
  placeOf,
  productGradients,
  stepProduct,
  storeRows,
  sumBiases,
} from './recurrent.ts';
import { reduce } from './reduce.ts';
import { Scratch } from './scratch.ts';

const gradScratch = new Scratch();

export function rnn(dims: RecurrentDims, relu: boolean, inputs: RecurrentInputs, { y, hN }: RecurrentOutputs): void {
  const { steps, batch, inputs: inputSize, hidden } = dims;
  const bias = sumBiases(inputs.bIh, inputs.bHh);
  // The input's part rests where the state will be.
  gemm(false, true, steps * batch, hidden, inputSize, inputs.x, inputs.wIh, y, false, bias, 1, 0, 0, 0);

  const { recurrence, product, ld } = stepProduct(dims, 1, inputs.wHh);
  const cells = batch * hidden;
  let [hPrev, hAt] = [inputs.h0, 0];
  for (let i = 0; i < steps; i++) {
    const at = placeOf(dims, i) * cells;
    multiplyStep(recurrence, hPrev, hAt, batch, product);
    for (let b = 0; b < batch; b++) {
      for (let j = 0; j < hidden; j++) {
        const place = at + b * hidden + j;
        const pre = y[place] + product[b * ld + j];
        // Compared this way round, NaN stays NaN.
        y[place] = relu ? (pre <= 0 ? 0 : pre) : Math.tanh(pre);
      }
    }
    [hPrev, hAt] = [y, at];
  }
  hN.set(hPrev.subarray(hAt, hAt + cells));
}

export function rnnBackward(
  dims: RecurrentDims,
  relu: boolean,
  inputs: RecurrentInputs,
  y: FloatArray,
  given: RecurrentGradsIn,
  out: RnnGradsOut,
): void {
  const { steps, batch, hidden } = dims;
  const cells = batch * hidden;
  const grads = gradScratch.take(steps * cells).subarray(0, steps * cells);
  const { recurrence, product: dh, ld } = hiddenGradient(dims, 1, inputs.wHh);
  fillRows(dh, given.dhN, batch, hidden, ld);

  for (let i = steps - 1; i >= 0; i--) {
    const at = placeOf(dims, i) * cells;
    if (given.dy !== null) addRows(dh, given.dy, at, batch, hidden, ld);
    for (let b = 0; b < batch; b++) {
      for (let j = 0; j < hidden; j++) {
        const place = at + b * hidden + j;
        const h = y[place];
        const dHidden = dh[b * ld + j];
        grads[place] = relu ? (h <= 0 ? 0 : dHidden) : dHidden * (1 - h * h);
      }
    }
    if (i > 0 || out.dh0 !== null) multiplyStep(recurrence, grads, at, batch, dh);
  }
  storeRows(dh, out.dh0, batch, hidden, ld);
  if (out.db !== null) reduce(ReduceOp.sum, grads, out.db, 1, steps * batch, hidden);
  productGradients(dims, 1, inputs, y, grads, grads, out);
}
