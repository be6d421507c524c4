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
import type { LstmDims, LstmGradsIn, LstmGradsOut, LstmInputs, LstmOutputs } from '../arguments.ts';
import { ReduceOp } from '../opcodes.ts';
import { sigmoid } from './elementwise.ts';
import { gemm } from './gemm.ts';
import { LEFT, multiplyPanel, type Operand, pack, packedSize, RIGHT, roundUp } from './panels.ts';
import { reduce } from './reduce.ts';
import { Scratch } from './scratch.ts';

const weightScratch = new Scratch();
const panelScratch = new Scratch();
const productScratch = new Scratch();
const hiddenGradScratch = new Scratch();
const cellGradScratch = new Scratch();

export function lstmWorkspaceSize({ steps, batch, hidden }: LstmDims): number {
  return 6 * steps * batch * hidden;
}

interface WorkspaceParts {
  readonly gates: FloatArray;
  readonly c: FloatArray;
  readonly tanhC: FloatArray;
}

function splitWorkspace({ steps, batch, hidden }: LstmDims, workspace: FloatArray): WorkspaceParts {
  const cells = steps * batch * hidden;
  return {
    gates: workspace.subarray(0, 4 * cells),
    c: workspace.subarray(4 * cells, 5 * cells),
    tanhC: workspace.subarray(5 * cells, 6 * cells),
  };
}

/** The place in the sequence of the i-th step walked. */
function placeOf({ steps, reverse }: LstmDims, i: number): number {
  return reverse ? steps - 1 - i : i;
}

/** Recurrent weights packed as the right operand of one step's product. */
interface PackedRecurrence {
  readonly weights: Float64Array;
  readonly depth: number;
  readonly columns: number;
}

function packRecurrence(operand: Operand, depth: number, columns: number): PackedRecurrence {
  const weights = weightScratch.take(packedSize(columns, depth, RIGHT));
  pack(operand, 0, columns, 0, depth, RIGHT, weights);
  return { weights, depth, columns };
}

/** product[B, columns] = rows [B, depth] at `at` · the packed weights; rows of `product` are `columns` (evened) apart. */
function multiplyStep(
  { weights, depth, columns }: PackedRecurrence,
  rows: FloatArray,
  at: number,
  batch: number,
  product: Float64Array,
): void {
  const ld = roundUp(columns, RIGHT);
  const panel = panelScratch.take(packedSize(LEFT, depth, LEFT));
  const operand = { src: rows, at, lineStep: depth, depthStep: 1 };
  product.fill(0, 0, roundUp(batch, LEFT) * ld);
  for (let i = 0; i < batch; i += LEFT) {
    pack(operand, i, Math.min(LEFT, batch - i), 0, depth, LEFT, panel);
    multiplyPanel(panel, weights, depth, columns, product, i * ld, ld);
  }
}

function sumBiases(bIh: FloatArray | null, bHh: FloatArray | null): FloatArray | null {
  if (bIh === null || bHh === null) return bIh ?? bHh;
  const sum = new Float64Array(bIh.length);
  for (let j = 0; j < sum.length; j++) sum[j] = bIh[j] + bHh[j];
  return sum;
}

export function lstm(dims: LstmDims, inputs: LstmInputs, out: LstmOutputs): void {
  const { steps, batch, inputs: inputSize, hidden } = dims;
  const { gates, c, tanhC } = splitWorkspace(dims, out.workspace);
  const bias = sumBiases(inputs.bIh, inputs.bHh);
  gemm(false, true, steps * batch, 4 * hidden, inputSize, inputs.x, inputs.wIh, gates, false, bias, 1, 0, 0, 0);

  const operand = { src: inputs.wHh, at: 0, lineStep: hidden, depthStep: 1 };
  const recurrence = packRecurrence(operand, hidden, 4 * hidden);
  const product = productScratch.take(roundUp(batch, LEFT) * 4 * hidden);
  const cells = batch * hidden;
  let [hPrev, hAt, cPrev, cAt] = [inputs.h0, 0, inputs.c0, 0];
  for (let i = 0; i < steps; i++) {
    const at = placeOf(dims, i) * cells;
    multiplyStep(recurrence, hPrev, hAt, batch, product);
    for (let b = 0; b < batch; b++) {
      const row = at + b * hidden;
      cellForward(hidden, product, b * 4 * hidden, gates, 4 * row, cPrev, cAt + b * hidden, c, tanhC, out.y, row);
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
  dims: LstmDims,
  inputs: LstmInputs,
  y: FloatArray,
  workspace: FloatArray,
  given: LstmGradsIn,
  out: LstmGradsOut,
): void {
  const { steps, batch, hidden } = dims;
  const { gates, c, tanhC } = splitWorkspace(dims, workspace);
  const operand = { src: inputs.wHh, at: 0, lineStep: 1, depthStep: hidden };
  const recurrence = packRecurrence(operand, 4 * hidden, hidden);
  const cells = batch * hidden;
  const ld = roundUp(hidden, RIGHT);
  const dh = hiddenGradScratch.take(roundUp(batch, LEFT) * ld);
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
  if (out.dh0 !== null) {
    for (let b = 0; b < batch; b++) for (let j = 0; j < hidden; j++) out.dh0[b * hidden + j] = dh[b * ld + j];
  }
  if (out.dc0 !== null) for (let j = 0; j < cells; j++) out.dc0[j] = dc[j];
  weightGradients(dims, inputs, y, gates, out);
}

/** rows[b, j] = src[b, j], or 0 without a source; rows are `ld` apart. */
function fillRows(rows: Float64Array, src: FloatArray | null, batch: number, hidden: number, ld: number): void {
  rows.fill(0, 0, batch * ld);
  if (src !== null) addRows(rows, src, 0, batch, hidden, ld);
}

function addRows(rows: Float64Array, src: FloatArray, at: number, batch: number, hidden: number, ld: number): void {
  for (let b = 0; b < batch; b++) {
    for (let j = 0; j < hidden; j++) rows[b * ld + j] += src[at + b * hidden + j];
  }
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

/** The deferred products over all T·B rows of the gates' gradients. */
function weightGradients(
  dims: LstmDims,
  { x, wIh, h0 }: LstmInputs,
  y: FloatArray,
  dGates: FloatArray,
  { dx, dwIh, dwHh, db }: LstmGradsOut,
): void {
  const { steps, batch, inputs, hidden, reverse } = dims;
  const rows = steps * batch;
  const width = 4 * hidden;
  if (dx !== null) gemm(false, false, rows, inputs, width, dGates, wIh, dx, false, null, 1, 0, 0, 0);
  if (dwIh !== null) gemm(true, false, width, inputs, rows, dGates, x, dwIh, false, null, 1, 0, 0, 0);
  if (db !== null) reduce(ReduceOp.sum, dGates, db, 1, rows, width);
  if (dwHh === null) return;
  // Each step meets the output of the step walked before it, the first step the initial state.
  const later = Math.max(0, rows - batch);
  const first = reverse ? later : 0;
  const dLater = reverse ? dGates.subarray(0, later * width) : dGates.subarray(batch * width);
  const yEarlier = reverse ? y.subarray(batch * hidden) : y.subarray(0, later * hidden);
  gemm(true, false, width, hidden, later, dLater, yEarlier, dwHh, false, null, 1, 0, 0, 0);
  if (steps > 0) {
    const dFirst = dGates.subarray(first * width, (first + batch) * width);
    gemm(true, false, width, hidden, batch, dFirst, h0, dwHh, true, null, 1, 0, 0, 0);
  }
}
