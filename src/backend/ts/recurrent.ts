/**
 * What the recurrent layers share: the walk over the steps, one step's product with packed recurrent weights, and the
 * products over all T·B rows that give the gradients of weights, biases and inputs.
 */

import type { FloatArray } from '../../core/dtype.ts';
import type { RecurrentDims, RecurrentGradsOut, RecurrentInputs } from '../arguments.ts';
import { gemm } from './gemm.ts';
import { LEFT, multiplyPanel, type Operand, pack, packedSize, RIGHT, roundUp } from './panels.ts';
import { Scratch } from './scratch.ts';

const weightScratch = new Scratch();
const panelScratch = new Scratch();
const productScratch = new Scratch();

/** The place in the sequence of the i-th step walked. */
export function placeOf({ steps, reverse }: RecurrentDims, i: number): number {
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
export function multiplyStep(
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

export function sumBiases(bIh: FloatArray | null, bHh: FloatArray | null): FloatArray | null {
  if (bIh === null || bHh === null) return bIh ?? bHh;
  const sum = new Float64Array(bIh.length);
  for (let j = 0; j < sum.length; j++) sum[j] = bIh[j] + bHh[j];
  return sum;
}

/** h·wHhᵀ of one step: the packed weights, and the product [B, gates·H], its rows `ld` apart. */
export interface StepProduct {
  readonly recurrence: PackedRecurrence;
  readonly product: Float64Array;
  readonly ld: number;
}

/** For `gates` gates, of the forward pass. */
export function stepProduct({ batch, hidden }: RecurrentDims, gates: number, wHh: FloatArray): StepProduct {
  const operand = { src: wHh, at: 0, lineStep: hidden, depthStep: 1 };
  const recurrence = packRecurrence(operand, hidden, gates * hidden);
  const ld = roundUp(gates * hidden, RIGHT);
  return { recurrence, product: productScratch.take(roundUp(batch, LEFT) * ld), ld };
}

/** dh [B, H] of one step, from the gradients of the gates that meet h. */
export function hiddenGradient({ batch, hidden }: RecurrentDims, gates: number, wHh: FloatArray): StepProduct {
  const operand = { src: wHh, at: 0, lineStep: 1, depthStep: hidden };
  const recurrence = packRecurrence(operand, gates * hidden, hidden);
  const ld = roundUp(hidden, RIGHT);
  return { recurrence, product: productScratch.take(roundUp(batch, LEFT) * ld), ld };
}

/** rows[b, j] = src[b, j], or 0 without a source; rows are `ld` apart. */
export function fillRows(rows: Float64Array, src: FloatArray | null, batch: number, hidden: number, ld: number): void {
  rows.fill(0, 0, batch * ld);
  if (src !== null) addRows(rows, src, 0, batch, hidden, ld);
}

export function addRows(
  rows: Float64Array,
  src: FloatArray,
  at: number,
  batch: number,
  hidden: number,
  ld: number,
): void {
  for (let b = 0; b < batch; b++) {
    for (let j = 0; j < hidden; j++) rows[b * ld + j] += src[at + b * hidden + j];
  }
}

/** Writes the rows to `out`, where it is wanted. */
export function storeRows(rows: Float64Array, out: FloatArray | null, batch: number, hidden: number, ld: number): void {
  if (out === null) return;
  for (let b = 0; b < batch; b++) for (let j = 0; j < hidden; j++) out[b * hidden + j] = rows[b * ld + j];
}

/**
 * The deferred products over all T·B rows of the gates' gradients [T, B, G·H]: `dInput` of those that meet x, and
 * `dRecurrent` of those that meet h (the same array but for the GRU).
 */
export function productGradients(
  { steps, batch, inputs, hidden, reverse }: RecurrentDims,
  gates: number,
  { x, wIh, h0 }: RecurrentInputs,
  y: FloatArray,
  dInput: FloatArray,
  dRecurrent: FloatArray,
  { dx, dwIh, dwHh }: RecurrentGradsOut,
): void {
  const rows = steps * batch;
  const width = gates * hidden;
  if (dx !== null) gemm(false, false, rows, inputs, width, dInput, wIh, dx, false, null, 1, 0, 0, 0);
  if (dwIh !== null) gemm(true, false, width, inputs, rows, dInput, x, dwIh, false, null, 1, 0, 0, 0);
  if (dwHh === null) return;
  // Each step meets the output of the step walked before it, the first step the initial state.
  const later = Math.max(0, rows - batch);
  const first = reverse ? later : 0;
  const dLater = reverse ? dRecurrent.subarray(0, later * width) : dRecurrent.subarray(batch * width);
  const yEarlier = reverse ? y.subarray(batch * hidden) : y.subarray(0, later * hidden);
  gemm(true, false, width, hidden, later, dLater, yEarlier, dwHh, false, null, 1, 0, 0, 0);
  if (steps > 0) {
    const dFirst = dRecurrent.subarray(first * width, (first + batch) * width);
    gemm(true, false, width, hidden, batch, dFirst, h0, dwHh, true, null, 1, 0, 0, 0);
  }
}
