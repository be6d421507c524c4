/** One plain recurrent layer over a whole sequence as one fused operation. */

import type { FloatArray } from '../../core/dtype.ts';
import { ConfigError } from '../../errors.ts';
import { emptyTensor, type Tensor } from '../../tensor.ts';
import { defineOp } from '../define.ts';
import { add } from '../elementwise/arithmetic.ts';
import { relu, tanh } from '../elementwise/unary.ts';
import {
  arrayOf,
  arraysOf,
  checkLayer,
  dimsOf,
  emptyOutputs,
  layerShapes,
  type RecurrentLayerOptions,
  type RecurrentLayerOutput,
  walkSteps,
} from './recurrent.ts';

export type Nonlinearity = 'tanh' | 'relu';

export interface RnnLayerOptions extends RecurrentLayerOptions {
  /** Default 'tanh'. */
  nonlinearity?: Nonlinearity;
}

interface Params {
  readonly reverse: boolean;
  readonly nonlinearity: Nonlinearity;
}

const GATES = 1;

const rnnLayerOp = defineOp<Params>({
  name: 'rnnLayer',
  tolerance: 1e-5,
  forward(node, tensors, { reverse, nonlinearity }) {
    const dims = dimsOf(tensors, reverse);
    const outputs = emptyOutputs(dims, 1, tensors[0]!.dtype);
    const [y, hN] = outputs.map((t) => t.data as FloatArray);
    node.kernels.rnn(dims, nonlinearity === 'relu', arraysOf(tensors), { y, hN });
    node.save(...tensors, outputs[0]);
    return outputs;
  },
  backward(node, [dy, dhN], { reverse, nonlinearity }) {
    const saved = node.saved();
    const tensors = saved.slice(0, 6);
    const grads = tensors.map((t, i) => (node.needs(i) ? emptyTensor(t!.shape, t!.dtype) : null));
    const [dx, dwIh, dwHh, dbIh, dbHh, dh0] = grads;
    const db = dbIh ?? dbHh;
    node.kernels.rnnBackward(
      dimsOf(tensors, reverse),
      nonlinearity === 'relu',
      arraysOf(tensors),
      saved[6]!.data as FloatArray,
      { dy: arrayOf(dy), dhN: arrayOf(dhN) },
      { dx: arrayOf(dx), dwIh: arrayOf(dwIh), dwHh: arrayOf(dwHh), db: arrayOf(db), dh0: arrayOf(dh0) },
    );
    // Both biases enter as their sum: one gradient serves both.
    return [dx, dwIh, dwHh, dbIh && db, dbHh && db, dh0];
  },
  /** The same layer out of differentiable operations, step by step: for the graph of the gradient. */
  twin(tensors, { reverse, nonlinearity }) {
    const activation = nonlinearity === 'relu' ? relu : tanh;
    return walkSteps(tensors, reverse, (input, recurrent) => activation(add(input, recurrent)));
  },
  cases: (['tanh', 'relu'] as const).flatMap((nonlinearity) =>
    [false, true].flatMap((reverse) => [
      (s) => {
        const [x, wIh, wHh, bIh, bHh, h0] = layerShapes(GATES, 3, 2, 3, 4).map((shape) => s.normal(shape));
        const options = { nonlinearity, reverse };
        return {
          inputs: [x, h0, wIh, wHh, bIh, bHh],
          call: (x, h0, wIh, wHh, bIh, bHh) => Object.values(rnnLayer(x, h0, wIh, wHh, bIh, bHh, options)),
        };
      },
      (s) => {
        const [x, wIh, wHh, , , h0] = layerShapes(GATES, 2, 1, 1, 3).map((shape) => s.normal(shape));
        return {
          inputs: [x, h0, wIh, wHh],
          call: (x, h0, wIh, wHh) => rnnLayer(x, h0, wIh, wHh, null, null, { nonlinearity, reverse }).y,
        };
      },
    ]),
  ),
});

/**
 * One plain recurrent layer in one direction over a whole sequence: h′ = f(x·wIhᵀ + bIh + h·wHhᵀ + bHh) with f = tanh
 * or relu.
 *
 * Shapes:   x [T, B, I], h0 [B, H], wIh [H, I], wHh [H, H], biases [H] or null → y [T, B, H], hN [B, H]
 * Gradient: through the whole sequence by one kernel; through its composite twin when it is itself to be differentiated
 * Source:   Elman 1990
 * @throws ShapeError  if the shapes do not fit together, or there is no step
 */
export function rnnLayer(
  x: Tensor,
  h0: Tensor,
  wIh: Tensor,
  wHh: Tensor,
  bIh: Tensor | null = null,
  bHh: Tensor | null = null,
  { reverse = false, nonlinearity = 'tanh' }: RnnLayerOptions = {},
): RecurrentLayerOutput {
  if (nonlinearity !== 'tanh' && nonlinearity !== 'relu')
    throw new ConfigError({
      op: 'rnnLayer',
      problem: 'unknown nonlinearity',
      got: nonlinearity,
      expected: "'tanh' or 'relu'",
    });
  const tensors = [x, wIh, wHh, bIh, bHh, h0];
  checkLayer('rnnLayer', GATES, tensors);
  const [y, hN] = rnnLayerOp.runAll(tensors, { reverse, nonlinearity });
  return { y, hN };
}
