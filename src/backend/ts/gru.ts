/**
 * One GRU layer in one direction over a whole sequence; built as the LSTM is (`lstm.ts`).
 *
 * Workspace: r, z, n activated [T, B, 3H] · [T, B, 3H], whose last third holds q = h·wHnᵀ + bHn. Backward turns the first
 * into the gradients of the gates' input parts and the second into those of their recurrent parts: they differ in n.
 *
 * Source: Cho et al. 2014, in the form of cuDNN and PyTorch, where the reset gate follows the product.
 */

import type { FloatArray } from '../../core/dtype.ts';
import type { GruGradsOut, GruOutputs, RecurrentDims, RecurrentGradsIn, RecurrentInputs } from '../arguments.ts';
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
} from './recurrent.ts';
import { reduce } from './reduce.ts';
import { Scratch } from './scratch.ts';

const pastScratch = new Scratch();

export function gruWorkspaceSize({ steps, batch, hidden }: RecurrentDims): number {
  return 6 * steps * batch * hidden;
}

function splitWorkspace({ steps, batch, hidden }: RecurrentDims, workspace: FloatArray): [FloatArray, FloatArray] {
  const gates = 3 * steps * batch * hidden;
  return [workspace.subarray(0, gates), workspace.subarray(gates, 2 * gates)];
}

export function gru(dims: RecurrentDims, inputs: RecurrentInputs, out: GruOutputs): void {
  const { steps, batch, inputs: inputSize, hidden } = dims;
  const { x, wIh, wHh, bIh, h0 } = inputs;
  const [gates, recurrent] = splitWorkspace(dims, out.workspace);
  gemm(false, true, steps * batch, 3 * hidden, inputSize, x, wIh, gates, false, bIh, 1, 0, 0, 0);

  const bHh = inputs.bHh ?? new Float64Array(3 * hidden);
  const { recurrence, product, ld } = stepProduct(dims, 3, wHh);
  const cells = batch * hidden;
  let [hPrev, hAt] = [h0, 0];
  for (let i = 0; i < steps; i++) {
    const at = placeOf(dims, i) * cells;
    multiplyStep(recurrence, hPrev, hAt, batch, product);
    for (let b = 0; b < batch; b++) {
      const row = at + b * hidden;
      cellForward(hidden, product, b * ld, bHh, gates, recurrent, 3 * row, hPrev, hAt + b * hidden, out.y, row);
    }
    [hPrev, hAt] = [out.y, at];
  }
  out.hN.set(hPrev.subarray(hAt, hAt + cells));
}

/** One row of cells. `gates` holds the input's part of the pre-activations and receives the activations. */
function cellForward(
  hidden: number,
  product: Float64Array,
  productAt: number,
  bias: FloatArray,
  gates: FloatArray,
  recurrent: FloatArray,
  gatesAt: number,
  hPrev: FloatArray,
  hPrevAt: number,
  y: FloatArray,
  at: number,
): void {
  for (let j = 0; j < hidden; j++) {
    const atR = gatesAt + j;
    const atZ = atR + hidden;
    const atN = atZ + hidden;
    const from = productAt + j;
    const r = sigmoid(gates[atR] + product[from] + bias[j]);
    const z = sigmoid(gates[atZ] + product[from + hidden] + bias[hidden + j]);
    const q = product[from + 2 * hidden] + bias[2 * hidden + j];
    const n = Math.tanh(gates[atN] + r * q);
    gates[atR] = r;
    gates[atZ] = z;
    gates[atN] = n;
    recurrent[atN] = q;
    y[at + j] = n + z * (hPrev[hPrevAt + j] - n);
  }
}

export function gruBackward(
  dims: RecurrentDims,
  inputs: RecurrentInputs,
  y: FloatArray,
  workspace: FloatArray,
  given: RecurrentGradsIn,
  out: GruGradsOut,
): void {
  const { steps, batch, hidden } = dims;
  const [gates, recurrent] = splitWorkspace(dims, workspace);
  const { recurrence, product: dh, ld } = hiddenGradient(dims, 3, inputs.wHh);
  const cells = batch * hidden;
  const past = pastScratch.take(cells);
  fillRows(dh, given.dhN, batch, hidden, ld);

  for (let i = steps - 1; i >= 0; i--) {
    const at = placeOf(dims, i) * cells;
    const [hPrev, hAt] = i > 0 ? [y, placeOf(dims, i - 1) * cells] : [inputs.h0, 0];
    if (given.dy !== null) addRows(dh, given.dy, at, batch, hidden, ld);
    for (let b = 0; b < batch; b++) {
      const row = b * hidden;
      cellBackward(hidden, dh, b * ld, past, row, gates, recurrent, 3 * (at + row), hPrev, hAt + row);
    }
    if (i === 0 && out.dh0 === null) break;
    multiplyStep(recurrence, recurrent, 3 * at, batch, dh);
    for (let b = 0; b < batch; b++) for (let j = 0; j < hidden; j++) dh[b * ld + j] += past[b * hidden + j];
  }
  storeRows(dh, out.dh0, batch, hidden, ld);
  if (out.dbIh !== null) reduce(ReduceOp.sum, gates, out.dbIh, 1, steps * batch, 3 * hidden);
  if (out.dbHh !== null) reduce(ReduceOp.sum, recurrent, out.dbHh, 1, steps * batch, 3 * hidden);
  productGradients(dims, 3, inputs, y, gates, recurrent, out);
}

/** One row of cells. `past` receives what of dh the update gate lets through to the step before. */
function cellBackward(
  hidden: number,
  dh: Float64Array,
  dhAt: number,
  past: Float64Array,
  pastAt: number,
  gates: FloatArray,
  recurrent: FloatArray,
  gatesAt: number,
  hPrev: FloatArray,
  hPrevAt: number,
): void {
  for (let j = 0; j < hidden; j++) {
    const atR = gatesAt + j;
    const atZ = atR + hidden;
    const atN = atZ + hidden;
    const r = gates[atR];
    const z = gates[atZ];
    const n = gates[atN];
    const dHidden = dh[dhAt + j];
    const dn = dHidden * (1 - z) * (1 - n * n);
    const dr = dn * recurrent[atN] * r * (1 - r);
    const dz = dHidden * (hPrev[hPrevAt + j] - n) * z * (1 - z);
    gates[atR] = dr;
    gates[atZ] = dz;
    gates[atN] = dn;
    recurrent[atR] = dr;
    recurrent[atZ] = dz;
    recurrent[atN] = dn * r;
    past[pastAt + j] = dHidden * z;
  }
}
