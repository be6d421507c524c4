/** Calls of the addon for LSTM, GRU and the plain layer over whole sequences. */

import type { FloatArray } from '../../../core/dtype.ts';
import type {
  GruGradsOut,
  GruOutputs,
  LstmGradsIn,
  LstmGradsOut,
  LstmInputs,
  LstmOutputs,
  RecurrentDims,
  RecurrentGradsIn,
  RecurrentInputs,
  RecurrentOutputs,
  RnnGradsOut,
} from '../../arguments.ts';
import type { RecurrentKernels } from '../../seam/recurrent.ts';
import { NativeLayerKernels } from './layers.ts';

export class NativeRecurrentKernels extends NativeLayerKernels implements RecurrentKernels {
  lstmWorkspaceSize({ steps, batch, inputs, hidden, reverse }: RecurrentDims): number {
    return this.addon.lstmWorkspaceSize(steps, batch, inputs, hidden, reverse);
  }
  lstm({ steps, batch, inputs, hidden, reverse }: RecurrentDims, a: LstmInputs, out: LstmOutputs): void {
    const { x, wIh, wHh, bIh, bHh, h0, c0 } = a;
    const { y, hN, cN, workspace } = out;
    this.addon.lstm(steps, batch, inputs, hidden, reverse, x, wIh, wHh, bIh, bHh, h0, c0, y, hN, cN, workspace);
  }
  lstmBackward(
    { steps, batch, inputs, hidden, reverse }: RecurrentDims,
    { x, wIh, wHh, bIh, bHh, h0, c0 }: LstmInputs,
    y: FloatArray,
    workspace: FloatArray,
    { dy, dhN, dcN }: LstmGradsIn,
    { dx, dwIh, dwHh, db, dh0, dc0 }: LstmGradsOut,
  ): void {
    const operands = [x, wIh, wHh, bIh, bHh, h0, c0] as const;
    const grads = [dy, dhN, dcN, dx, dwIh, dwHh, db, dh0, dc0] as const;
    this.addon.lstmBackward(steps, batch, inputs, hidden, reverse, ...operands, y, workspace, ...grads);
  }
  gruWorkspaceSize({ steps, batch, inputs, hidden, reverse }: RecurrentDims): number {
    return this.addon.gruWorkspaceSize(steps, batch, inputs, hidden, reverse);
  }
  gru({ steps, batch, inputs, hidden, reverse }: RecurrentDims, a: RecurrentInputs, out: GruOutputs): void {
    const { x, wIh, wHh, bIh, bHh, h0 } = a;
    this.addon.gru(steps, batch, inputs, hidden, reverse, x, wIh, wHh, bIh, bHh, h0, out.y, out.hN, out.workspace);
  }
  gruBackward(
    { steps, batch, inputs, hidden, reverse }: RecurrentDims,
    { x, wIh, wHh, bIh, bHh, h0 }: RecurrentInputs,
    y: FloatArray,
    workspace: FloatArray,
    { dy, dhN }: RecurrentGradsIn,
    { dx, dwIh, dwHh, dbIh, dbHh, dh0 }: GruGradsOut,
  ): void {
    const operands = [x, wIh, wHh, bIh, bHh, h0] as const;
    const grads = [dy, dhN, dx, dwIh, dwHh, dbIh, dbHh, dh0] as const;
    this.addon.gruBackward(steps, batch, inputs, hidden, reverse, ...operands, y, workspace, ...grads);
  }
  rnn(dims: RecurrentDims, relu: boolean, a: RecurrentInputs, { y, hN }: RecurrentOutputs): void {
    const { steps, batch, inputs, hidden, reverse } = dims;
    const { x, wIh, wHh, bIh, bHh, h0 } = a;
    this.addon.rnn(steps, batch, inputs, hidden, reverse, relu, x, wIh, wHh, bIh, bHh, h0, y, hN);
  }
  rnnBackward(
    { steps, batch, inputs, hidden, reverse }: RecurrentDims,
    relu: boolean,
    { x, wIh, wHh, bIh, bHh, h0 }: RecurrentInputs,
    y: FloatArray,
    { dy, dhN }: RecurrentGradsIn,
    { dx, dwIh, dwHh, db, dh0 }: RnnGradsOut,
  ): void {
    const operands = [x, wIh, wHh, bIh, bHh, h0] as const;
    const grads = [dy, dhN, dx, dwIh, dwHh, db, dh0] as const;
    this.addon.rnnBackward(steps, batch, inputs, hidden, reverse, relu, ...operands, y, ...grads);
  }
}
