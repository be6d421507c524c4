/** Softmax and its logarithm. */

import { type FloatArray, floatOf } from '../../core/dtype.ts';
import { checkAxis } from '../../core/shape.ts';
import { emptyTensor, type Tensor } from '../../tensor.ts';
import { checkTensor, defineOp, type Op, type OpCase, type Sampler } from '../define.ts';
import { mul, sub } from '../elementwise/arithmetic.ts';
import { to } from '../elementwise/cast.ts';
import { exp } from '../elementwise/unary.ts';
import { transpose } from '../movement/movement.ts';
import { sum } from '../reduction/broadcast.ts';

/** Rows and their length: softmax runs along the last axis. */
function rowsOf(x: Tensor): [number, number] {
  const n = x.rank === 0 ? 1 : x.shape[x.rank - 1];
  return [n === 0 ? 0 : x.size / n, n];
}

const cases = (call: (x: Tensor, axis: number) => Tensor): readonly ((s: Sampler) => OpCase)[] => [
  (s) => ({ inputs: [s.normal([3, 5])], call: (x) => call(x, -1) }),
  (s) => ({ inputs: [s.normal([2, 4, 3])], call: (x) => call(x, 1) }),
  (s) => ({ inputs: [s.normal([1, 33])], call: (x) => call(x, -1) }),
  (s) => ({ inputs: [s.normal([])], call: (x) => call(x, 0) }),
  (s) => ({ inputs: [s.normal([0, 3])], call: (x) => call(x, 1) }),
];

interface GradParams {
  readonly log: boolean;
}

/** The gradient by one kernel; its own gradient goes through the plain formula, its twin. */
const softmaxGradOp: Op<GradParams> = defineOp<GradParams>({
  name: 'softmaxGrad',
  forward(node, [y, dy], { log }) {
    const dx = emptyTensor(y!.shape, y!.dtype);
    const [rows, n] = rowsOf(y!);
    node.kernels.softmaxBackward(log, y!.data as FloatArray, dy!.data as FloatArray, dx.data as FloatArray, rows, n);
    node.save(y, dy);
    return dx;
  },
  twin: ([y, dy], { log }) => [
    log
      ? sub(dy!, mul(exp(y!), sum(dy!, -1, { keepdim: true })))
      : mul(y!, sub(dy!, sum(mul(y!, dy!), -1, { keepdim: true }))),
  ],
  cases: [
    (s) => ({
      inputs: [s.normal([2, 3]), s.normal([2, 3])],
      call: (y, dy) => softmaxGradOp.run([y, dy], { log: false }),
    }),
    (s) => ({
      inputs: [s.normal([2, 3]), s.normal([2, 3])],
      call: (y, dy) => softmaxGradOp.run([y, dy], { log: true }),
    }),
  ],
});

function defineSoftmax(name: string, log: boolean): Op<undefined> {
  return defineOp({
    name,
    tolerance: 4e-6,
    edges: [0, 1, -1, 1e4, -1e4],
    forward(node, [x]) {
      const y = emptyTensor(x!.shape, x!.dtype);
      const [rows, n] = rowsOf(x!);
      node.kernels.softmax(log, x!.data as FloatArray, y.data as FloatArray, rows, n);
      node.save(y);
      return y;
    },
    backward: (node, [dy]) => [softmaxGradOp.run([node.saved()[0], dy], { log })],
    cases: cases(log ? logSoftmax : softmax),
  });
}

/** Runs along `axis` by bringing it to the end. */
function along(op: Op<undefined>, x: Tensor, axis: number): Tensor {
  const floats = to(checkTensor(op.name, x), floatOf(x.dtype));
  const at = checkAxis(op.name, axis, Math.max(1, x.rank));
  if (x.rank === 0 || at === x.rank - 1) return op.run([floats], undefined);
  return transpose(op.run([transpose(floats, at, -1)], undefined), at, -1);
}

const softmaxOp = defineSoftmax('softmax', false);
/**
 * eˣ/Σeˣ along `axis`, without overflow.
 *
 * Shapes:   x [...] → y [...]
 * Gradient: dx = y·(dy − Σ y·dy)
 * @throws ShapeError  if there is no such axis
 */
export function softmax(x: Tensor, axis = -1): Tensor {
  return along(softmaxOp, x, axis);
}

const logSoftmaxOp = defineSoftmax('logSoftmax', true);
/**
 * x − log Σeˣ along `axis`: the logarithm of `softmax`, also where that is 0 to rounding.
 *
 * Shapes:   x [...] → y [...]
 * Gradient: dx = dy − softmax(x)·Σ dy
 * @throws ShapeError  if there is no such axis
 */
export function logSoftmax(x: Tensor, axis = -1): Tensor {
  return along(logSoftmaxOp, x, axis);
}
