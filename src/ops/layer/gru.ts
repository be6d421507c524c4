/** One GRU layer over a whole sequence as one fused operation. */

import type { FloatArray } from '../../core/dtype.ts';
import { emptyTensor, type Tensor } from '../../tensor.ts';
import { defineOp } from '../define.ts';
import { add, mul, sub } from '../elementwise/arithmetic.ts';
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

const GATES = 3;

/** The same layer out of differentiable operations, step by step: for the graph of the gradient. */
function gruComposite(tensors: LayerTensors, reverse: boolean): readonly Tensor[] {
  return walkSteps(tensors, reverse, (input, recurrent, h) => {
    const [inputR, inputZ, inputN] = chunk(input, GATES, 1);
    const [recurrentR, recurrentZ, recurrentN] = chunk(recurrent, GATES, 1);
    const n = tanh(add(inputN, mul(sigmoid(add(inputR, recurrentR)), recurrentN)));
    return add(n, mul(sigmoid(add(inputZ, recurrentZ)), sub(h, n)));
  });
}

const gruLayerOp = defineOp<boolean>({
  name: 'gruLayer',
  tolerance: 1e-5,
  forward(node, tensors, reverse) {
    const dims = dimsOf(tensors, reverse);
    const { dtype } = tensors[0]!;
    const outputs = emptyOutputs(dims, 1, dtype);
    const [y, hN] = outputs.map((t) => t.data as FloatArray);
    const workspace = node.scratch(dtype, node.kernels.gruWorkspaceSize(dims)) as FloatArray;
    node.kernels.gru(dims, arraysOf(tensors), { y, hN, workspace });
    node.save(...tensors, outputs[0]);
    return outputs;
  },
  backward(node, [dy, dhN], reverse) {
    const saved = node.saved();
    const tensors = saved.slice(0, 6);
    const grads = tensors.map((t, i) => (node.needs(i) ? emptyTensor(t!.shape, t!.dtype) : null));
    const [dx, dwIh, dwHh, dbIh, dbHh, dh0] = grads.map(arrayOf);
    const [dims, inputs] = [dimsOf(tensors, reverse), arraysOf(tensors)];
    const workspace = takeWorkspace(node, dims, (out) => node.kernels.gru(dims, inputs, out));
    node.kernels.gruBackward(
      dims,
      inputs,
      saved[6]!.data as FloatArray,
      workspace,
      { dy: arrayOf(dy), dhN: arrayOf(dhN) },
      { dx, dwIh, dwHh, dbIh, dbHh, dh0 },
    );
    return grads;
  },
  twin: gruComposite,
  cases: [false, true].flatMap((reverse) => [
    (s) => {
      const [x, wIh, wHh, bIh, bHh, h0] = layerShapes(GATES, 3, 2, 3, 2).map((shape) => s.normal(shape));
      return {
        inputs: [x, h0, wIh, wHh, bIh, bHh],
        call: (x, h0, wIh, wHh, bIh, bHh) => Object.values(gruLayer(x, h0, wIh, wHh, bIh, bHh, { reverse })),
      };
    },
    (s) => {
      const [x, wIh, wHh, , , h0] = layerShapes(GATES, 2, 1, 1, 3).map((shape) => s.normal(shape));
      return {
        inputs: [x, h0, wIh, wHh],
        call: (x, h0, wIh, wHh) => gruLayer(x, h0, wIh, wHh, null, null, { reverse }).y,
      };
    },
  ]),
});

/**
 * One GRU layer in one direction over a whole sequence, gates in the order r, z, n.
 *
 * r, z = σ(x·Wᵀ + b_ih + h·Uᵀ + b_hh), n = tanh(x·W_nᵀ + b_in + r·(h·U_nᵀ + b_hn)), h′ = (1 − z)·n + z·h
 *
 * Shapes:   x [T, B, I], h0 [B, H], wIh [3H, I], wHh [3H, H], biases [3H] or null → y [T, B, H], hN [B, H]
 * Gradient: through the whole sequence by one kernel; through `gruComposite` when it is itself to be differentiated.
 *           The biases of n act apart, so dbIh and dbHh differ
 * Source:   Cho et al. 2014, with the reset gate behind the product, as cuDNN and PyTorch have it
 * @throws ShapeError  if the shapes do not fit together, or there is no step
 */
export function gruLayer(
  x: Tensor,
  h0: Tensor,
  wIh: Tensor,
  wHh: Tensor,
  bIh: Tensor | null = null,
  bHh: Tensor | null = null,
  { reverse = false }: RecurrentLayerOptions = {},
): RecurrentLayerOutput {
  const tensors = [x, wIh, wHh, bIh, bHh, h0];
  checkLayer('gruLayer', GATES, tensors);
  const [y, hN] = gruLayerOp.runAll(tensors, reverse);
  return { y, hN };
}
