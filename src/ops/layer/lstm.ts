/** One LSTM layer over a whole sequence as one fused operation. */

import type { LstmInputs } from '../../backend/arguments.ts';
import type { FloatArray } from '../../core/dtype.ts';
import { allocate, recycle } from '../../core/pool.ts';
import { emptyTensor, type Tensor } from '../../tensor.ts';
import { defineOp } from '../define.ts';
import { add, mul } from '../elementwise/arithmetic.ts';
import { sigmoid, tanh } from '../elementwise/unary.ts';
import { chunk } from '../indexing/parts.ts';
import {
  arrayOf,
  arraysOf,
  checkLayer,
  dimsOf,
  emptyOutputs,
  type LayerTensors,
  layerShapes,
  type RecurrentLayerOptions,
  type RecurrentLayerOutput,
  takeWorkspace,
  walkSteps,
} from './recurrent.ts';

export interface LstmLayerOutput extends RecurrentLayerOutput {
  /** The cell state after the last step walked, [B, H]. */
  readonly cN: Tensor;
}

const GATES = 4;

/** `tensors` end in c0. */
function inputsOf(tensors: LayerTensors): LstmInputs {
  return { ...arraysOf(tensors), c0: arrayOf(tensors[6])! };
}

/** The same layer out of differentiable operations, step by step: for the graph of the gradient. */
function lstmComposite(tensors: LayerTensors, reverse: boolean): readonly Tensor[] {
  let c = tensors[6]!;
  const [y, hN] = walkSteps(tensors, reverse, (input, recurrent) => {
    const [i, f, g, o] = chunk(add(input, recurrent), GATES, 1);
    c = add(mul(sigmoid(f), c), mul(sigmoid(i), tanh(g)));
    return mul(sigmoid(o), tanh(c));
  });
  return [y, hN, c];
}

const lstmLayerOp = defineOp<boolean>({
  name: 'lstmLayer',
  tolerance: 1e-5,
  forward(node, tensors, reverse) {
    const dims = dimsOf(tensors, reverse);
    const { dtype } = tensors[0]!;
    const outputs = emptyOutputs(dims, 2, dtype);
    const [y, hN, cN] = outputs.map((t) => t.data as FloatArray);
    const workspace = node.scratch(dtype, node.kernels.lstmWorkspaceSize(dims)) as FloatArray;
    node.kernels.lstm(dims, inputsOf(tensors), { y, hN, cN, workspace });
    node.save(...tensors, outputs[0]);
    return outputs;
  },
  backward(node, [dy, dhN, dcN], reverse) {
    const saved = node.saved();
    const tensors = saved.slice(0, 7);
    const grads = tensors.map((t, i) => (node.needs(i) ? emptyTensor(t!.shape, t!.dtype) : null));
    const [dx, dwIh, dwHh, dbIh, dbHh, dh0, dc0] = grads;
    const db = dbIh ?? dbHh;
    const [dims, inputs] = [dimsOf(tensors, reverse), inputsOf(tensors)];
    const workspace = takeWorkspace(node, dims, (out) => {
      const cN = allocate(node.dtypes[0], dims.batch * dims.hidden) as FloatArray;
      node.kernels.lstm(dims, inputs, { ...out, cN });
      recycle(cN);
    });
    node.kernels.lstmBackward(
      dims,
      inputs,
      saved[7]!.data as FloatArray,
      workspace,
      { dy: arrayOf(dy), dhN: arrayOf(dhN), dcN: arrayOf(dcN) },
      {
        dx: arrayOf(dx),
        dwIh: arrayOf(dwIh),
        dwHh: arrayOf(dwHh),
        db: arrayOf(db),
        dh0: arrayOf(dh0),
        dc0: arrayOf(dc0),
      },
    );
    // Both biases enter as their sum: one gradient serves both.
    return [dx, dwIh, dwHh, dbIh && db, dbHh && db, dh0, dc0];
  },
  twin: lstmComposite,
  cases: [false, true].flatMap((reverse) => [
    (s) => {
      const [x, wIh, wHh, bIh, bHh, h0] = layerShapes(GATES, 3, 2, 3, 2).map((shape) => s.normal(shape));
      return {
        inputs: [x, h0, s.normal(h0.shape), wIh, wHh, bIh, bHh],
        call: (x, h0, c0, wIh, wHh, bIh, bHh) => Object.values(lstmLayer(x, h0, c0, wIh, wHh, bIh, bHh, { reverse })),
      };
    },
    (s) => {
      const [x, wIh, wHh, , , h0] = layerShapes(GATES, 2, 1, 1, 3).map((shape) => s.normal(shape));
      return {
        inputs: [x, h0, s.normal(h0.shape), wIh, wHh],
        call: (x, h0, c0, wIh, wHh) => lstmLayer(x, h0, c0, wIh, wHh, null, null, { reverse }).y,
      };
    },
  ]),
});

/**
 * One LSTM layer in one direction over a whole sequence, gates in the order i, f, g, o.
 *
 * Shapes:   x [T, B, I], h0 and c0 [B, H], wIh [4H, I], wHh [4H, H], biases [4H] or null → y [T, B, H], hN, cN [B, H]
 * Gradient: through the whole sequence by one kernel; through `lstmComposite` when it is itself to be differentiated
 * Source:   Hochreiter, Schmidhuber 1997; Gers, Schmidhuber, Cummins 2000
 * @throws ShapeError  if the shapes do not fit together, or there is no step
 */
export function lstmLayer(
  x: Tensor,
  h0: Tensor,
  c0: Tensor,
  wIh: Tensor,
  wHh: Tensor,
  bIh: Tensor | null = null,
  bHh: Tensor | null = null,
  { reverse = false }: RecurrentLayerOptions = {},
): LstmLayerOutput {
  const tensors = [x, wIh, wHh, bIh, bHh, h0, c0];
  checkLayer('lstmLayer', GATES, tensors, c0);
  const [y, hN, cN] = lstmLayerOp.runAll(tensors, reverse);
  return { y, hN, cN };
}
