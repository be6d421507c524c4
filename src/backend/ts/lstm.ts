/**
 * One LSTM layer in one direction over a whole sequence.
 *
 * The input's part of all gates is one product over T·B rows; the recurrent weights are packed once a call; a step is one
 * product and the cells. Backward walks the steps the other way and leaves the gates' gradients in the workspace, from
 * which the weights' gradients come as one product each.
 *
 * Workspace: gates [T, B, 4H] (activated, later their gradients) · c [T, B, H] · tanh(c) [T, B, H].
 *
 * Source: Hochreiter & Schmidhuber 1997, with the forget gate of Gers, Schmidhuber & Cummins 2000.
 */

import type { FloatArray } from '../../core/dtype.ts';
import type { LstmGradsIn, LstmGradsOut, LstmInputs, LstmOutputs, RecurrentDims } from '../arguments.ts';
import { ReduceOp } from '../opcodes.ts';
import { sigmoid } from './elementwise.ts';
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

const cellGradScratch = new Scratch();

export function lstmWorkspaceSize({ steps, batch, hidden }: RecurrentDims): number {
  return 6 * steps * batch * hidden;
}

interface WorkspaceParts {
  readonly gates: FloatArray;
  readonly c: FloatArray;
  readonly tanhC: FloatArray;
}

function splitWorkspace({ steps, batch, hidden }: RecurrentDims, workspace: FloatArray): WorkspaceParts {
  const cells = steps * batch * hidden;
  return {
    gates: workspace.subarray(0, 4 * cells),
    c: workspace.subarray(4 * cells, 5 * cells),
    tanhC: workspace.subarray(5 * cells, 6 * cells),
  };
}

export function lstm(dims: RecurrentDims, inputs: LstmInputs, out: LstmOutputs): void {
  const { steps, batch, inputs: inputSize, hidden } = dims;
  const { gates, c, tanhC } = splitWorkspace(dims, out.workspace);
  const bias = sumBiases(inputs.bIh, inputs.bHh);
  gemm(false, true, steps * batch, 4 * hidden, inputSize, inputs.x, inputs.wIh, gates, false, bias, 1, 0, 0, 0);

  const { recurrence, product, ld } = stepProduct(dims, 4, inputs.wHh);
  const cells = batch * hidden;
  let [hPrev, hAt, cPrev, cAt] = [inputs.h0, 0, inputs.c0, 0];
  for (let i = 0; i < steps; i++) {
    const at = placeOf(dims, i) * cells;
    multiplyStep(recurrence, hPrev, hAt, batch, product);
    for (let b = 0; b < batch; b++) {
      const row = at + b * hidden;
      cellForward(hidden, product, b * ld, gates, 4 * row, cPrev, cAt + b * hidden, c, tanhC, out.y, row);
    }
    [hPrev, hAt, cPrev, cAt] = [out.y, at, c, at];
  }
  out.hN.set(hPrev.subarray(hAt, hAt + cells));
  out.cN.set(cPrev.subarray(cAt, cAt + cells));
}

/** One row of cells. `gates` holds the input's part of the pre-activations and receives the activations. */
function cellForward(
  hidden: number,
  product: Float64Array,
  productAt: number,
  gates: FloatArray,
  gatesAt: number,
  cPrev: FloatArray,
  cPrevAt: number,
  c: FloatArray,
  tanhC: FloatArray,
  y: FloatArray,
  at: number,
): void {
  for (let j = 0; j < hidden; j++) {
    const atI = gatesAt + j;
    const atF = atI + hidden;
    const atG = atF + hidden;
    const atO = atG + hidden;
    const from = productAt + j;
    const i = sigmoid(gates[atI] + product[from]);
    const f = sigmoid(gates[atF] + product[from + hidden]);
    const g = Math.tanh(gates[atG] + product[from + 2 * hidden]);
    const o = sigmoid(gates[atO] + product[from + 3 * hidden]);
    const cell = f * cPrev[cPrevAt + j] + i * g;
    const squashed = Math.tanh(cell);
    gates[atI] = i;
    gates[atF] = f;
    gates[atG] = g;
    gates[atO] = o;
    c[at + j] = cell;
    tanhC[at + j] = squashed;
    y[at + j] = o * squashed;
  }
}

export function lstmBackward(
  dims: RecurrentDims,
  inputs: LstmInputs,
  y: FloatArray,
  workspace: FloatArray,
  given: LstmGradsIn,
  out: LstmGradsOut,
): void {
  const { steps, batch, hidden } = dims;
  const { gates, c, tanhC } = splitWorkspace(dims, workspace);
  const { recurrence, product: dh, ld } = hiddenGradient(dims, 4, inputs.wHh);
  const cells = batch * hidden;
  const dc = cellGradScratch.take(cells);
  fillRows(dh, given.dhN, batch, hidden, ld);
  fillRows(dc, given.dcN, batch, hidden, hidden);

  for (let i = steps - 1; i >= 0; i--) {
    const at = placeOf(dims, i) * cells;
    const [cPrev, cAt] = i > 0 ? [c, placeOf(dims, i - 1) * cells] : [inputs.c0, 0];
    if (given.dy !== null) addRows(dh, given.dy, at, batch, hidden, ld);
    for (let b = 0; b < batch; b++) {
      const row = b * hidden;
      cellBackward(hidden, dh, b * ld, dc, row, gates, 4 * (at + row), cPrev, cAt + row, tanhC, at + row);
    }
    // The gradient of the first state is wanted by few, and its product is the last of T.
    if (i > 0 || out.dh0 !== null) multiplyStep(recurrence, gates, 4 * at, batch, dh);
  }
  storeRows(dh, out.dh0, batch, hidden, ld);
  storeRows(dc, out.dc0, batch, hidden, hidden);
  if (out.db !== null) reduce(ReduceOp.sum, gates, out.db, 1, steps * batch, 4 * hidden);
  productGradients(dims, 4, inputs, y, gates, gates, out);
}

/** One row of cells. `gates` holds the activations and receives the gradients of the pre-activations; `dc` steps back. */
function cellBackward(
  hidden: number,
  dh: Float64Array,
  dhAt: number,
  dc: Float64Array,
  dcAt: number,
  gates: FloatArray,
  gatesAt: number,
  cPrev: FloatArray,
  cPrevAt: number,
  tanhC: FloatArray,
  at: number,
): void {
  for (let j = 0; j < hidden; j++) {
    const atI = gatesAt + j;
    const atF = atI + hidden;
    const atG = atF + hidden;
    const atO = atG + hidden;
    const i = gates[atI];
    const f = gates[atF];
    const g = gates[atG];
    const o = gates[atO];
    const squashed = tanhC[at + j];
    const dHidden = dh[dhAt + j];
    const dCell = dc[dcAt + j] + dHidden * o * (1 - squashed * squashed);
    gates[atI] = dCell * g * i * (1 - i);
    gates[atF] = dCell * cPrev[cPrevAt + j] * f * (1 - f);
    gates[atG] = dCell * i * (1 - g * g);
    gates[atO] = dHidden * squashed * o * (1 - o);
    dc[dcAt + j] = dCell * f;
  }
}
