/** Recurrent layers, each one fused operation over a whole sequence. */

import type { Node } from '../autograd/node.ts';
import type { LstmDims, LstmInputs } from '../backend/arguments.ts';
import type { FloatArray } from '../core/dtype.ts';
import { allocate, recycle } from '../core/pool.ts';
import { type Shape, sameShape } from '../core/shape.ts';
import { ShapeError } from '../errors.ts';
import { emptyTensor, type Tensor } from '../tensor.ts';
import { add, mul } from './arithmetic.ts';
import { checkFloat, checkSameDType, defineOp } from './define.ts';
import { stack } from './join.ts';
import { linear, matmul } from './matmul.ts';
import { chunk, select } from './movement.ts';
import { sigmoid, tanh } from './unary.ts';

export interface LstmLayerOptions {
  /** Walk the sequence from its last step to its first; y keeps the order of x. */
  reverse?: boolean;
}

export interface LstmLayerOutput {
  /** [T, B, H] */
  readonly y: Tensor;
  /** The hidden state after the last step walked, [B, H]. */
  readonly hN: Tensor;
  /** The cell state after the last step walked, [B, H]. */
  readonly cN: Tensor;
}

/** Inputs in the order x, h0, c0, wIh, wHh, bIh, bHh; outputs y, hN, cN. */
type Inputs = readonly (Tensor | null)[];

function dimsOf(inputs: Inputs, reverse: boolean): LstmDims {
  const [steps, batch, features] = inputs[0]!.shape;
  return { steps, batch, inputs: features, hidden: inputs[1]!.shape[1], reverse };
}

function arraysOf(inputs: Inputs): LstmInputs {
  const [x, h0, c0, wIh, wHh, bIh, bHh] = inputs.map((t) => (t === null ? null : (t.data as FloatArray)));
  return { x: x!, h0: h0!, c0: c0!, wIh: wIh!, wHh: wHh!, bIh, bHh };
}

function arrayOf(t: Tensor | null | undefined): FloatArray | null {
  return t == null ? null : (t.data as FloatArray);
}

/** The same layer out of differentiable operations, step by step: for the graph of the gradient. */
function lstmComposite(inputs: Inputs, reverse: boolean): readonly Tensor[] {
  const [x, h0, c0, wIh, wHh, bIh, bHh] = inputs as readonly Tensor[];
  const steps = x.shape[0];
  const projected = linear(x, wIh, bIh);
  let [h, c] = [h0, c0];
  const outputs = new Array<Tensor>(steps);
  for (let s = 0; s < steps; s++) {
    const t = reverse ? steps - 1 - s : s;
    const recurrent = matmul(h, wHh, { transB: true });
    const pre = add(select(projected, 0, t), bHh == null ? recurrent : add(recurrent, bHh));
    const [i, f, g, o] = chunk(pre, 4, 1);
    c = add(mul(sigmoid(f), c), mul(sigmoid(i), tanh(g)));
    h = mul(sigmoid(o), tanh(c));
    outputs[t] = h;
  }
  return [stack(outputs, 0), h, c];
}

/** Nodes whose workspace a backward walk has used up. */
const consumed = new WeakSet<object>();

function refill(node: Node<boolean>, dims: LstmDims, inputs: LstmInputs, workspace: FloatArray): void {
  const outputs = [dims.steps, 1, 1].map((n) => allocate(node.dtypes[0], n * dims.batch * dims.hidden) as FloatArray);
  const [y, hN, cN] = outputs;
  node.kernels.lstm(dims, inputs, { y, hN, cN, workspace });
  for (const array of outputs) recycle(array);
}

const lstmLayerOp = defineOp<boolean>({
  name: 'lstmLayer',
  tolerance: 1e-5,
  forward(node, inputs, reverse) {
    const dims = dimsOf(inputs, reverse);
    const { steps, batch, hidden } = dims;
    const dtype = inputs[0]!.dtype;
    const y = emptyTensor([steps, batch, hidden], dtype);
    const [hN, cN] = [emptyTensor([batch, hidden], dtype), emptyTensor([batch, hidden], dtype)];
    const workspace = node.scratch(dtype, node.kernels.lstmWorkspaceSize(dims)) as FloatArray;
    const [ys, hs, cs] = [y.data, hN.data, cN.data] as FloatArray[];
    node.kernels.lstm(dims, arraysOf(inputs), { y: ys, hN: hs, cN: cs, workspace });
    node.save(...inputs, y);
    return [y, hN, cN];
  },
  backward(node, [dy, dhN, dcN], reverse) {
    const saved = node.saved();
    const inputs = saved.slice(0, 7);
    const grads = inputs.map((t, i) => (node.needs(i) ? emptyTensor(t!.shape, t!.dtype) : null));
    const [dx, dh0, dc0, dwIh, dwHh, dbIh, dbHh] = grads;
    const db = dbIh ?? dbHh;
    const [workspace] = node.scratchArrays() as FloatArray[];
    const [dims, arrays] = [dimsOf(inputs, reverse), arraysOf(inputs)];
    // The kernel consumes the workspace. Walking a retained graph again is rare: it computes the sequence anew.
    if (consumed.has(node)) refill(node, dims, arrays, workspace);
    consumed.add(node);
    node.kernels.lstmBackward(
      dims,
      arrays,
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
    return [dx, dh0, dc0, dwIh, dwHh, dbIh && db, dbHh && db];
  },
  twin: lstmComposite,
  cases: [false, true].flatMap((reverse) => [
    (s) => {
      const [steps, batch, features, hidden] = [3, 2, 3, 2];
      const shapes = [
        [steps, batch, features],
        [batch, hidden],
        [batch, hidden],
        [4 * hidden, features],
        [4 * hidden, hidden],
        [4 * hidden],
        [4 * hidden],
      ];
      return {
        inputs: shapes.map((shape) => s.normal(shape)),
        call: (x, h0, c0, wIh, wHh, bIh, bHh) => Object.values(lstmLayer(x, h0, c0, wIh, wHh, bIh, bHh, { reverse })),
      };
    },
    (s) => {
      const shapes = [
        [2, 1, 1],
        [1, 3],
        [1, 3],
        [12, 1],
        [12, 3],
      ];
      return {
        inputs: shapes.map((shape) => s.normal(shape)),
        call: (x, h0, c0, wIh, wHh) => lstmLayer(x, h0, c0, wIh, wHh, null, null, { reverse }).y,
      };
    },
  ]),
});

function expectShape(name: string, t: Tensor | null, expected: Shape): void {
  if (t === null || sameShape(t.shape, expected)) return;
  throw new ShapeError({ op: 'lstmLayer', problem: `${name} does not fit`, got: t.shape, expected });
}

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
  { reverse = false }: LstmLayerOptions = {},
): LstmLayerOutput {
  checkFloat('lstmLayer', x);
  if (x.rank !== 3)
    throw new ShapeError({ op: 'lstmLayer', problem: 'x must have three axes', got: x.shape, expected: '[T, B, I]' });
  const [steps, batch, features] = x.shape;
  const hidden = h0.shape.at(-1) ?? 0;
  if (steps === 0) throw new ShapeError({ op: 'lstmLayer', problem: 'the sequence has no step', got: x.shape });
  expectShape('h0', h0, [batch, hidden]);
  expectShape('c0', c0, [batch, hidden]);
  expectShape('wIh', wIh, [4 * hidden, features]);
  expectShape('wHh', wHh, [4 * hidden, hidden]);
  expectShape('bIh', bIh, [4 * hidden]);
  expectShape('bHh', bHh, [4 * hidden]);
  checkSameDType('lstmLayer', x, h0, c0, wIh, wHh, bIh, bHh);
  const [y, hN, cN] = lstmLayerOp.runAll([x, h0, c0, wIh, wHh, bIh, bHh], reverse);
  return { y, hN, cN };
}
