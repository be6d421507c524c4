/** How elementwise functions of one tensor are defined. */

import type { BackwardRule } from '../../autograd/node.ts';
import type { UnaryOp } from '../../backend/opcodes.ts';
import { type FloatArray, floatOf, isFloat } from '../../core/dtype.ts';
import { emptyTensor, type Tensor } from '../../tensor.ts';
import { checkTensor, defineOp, type Op, type OpProof, type Sampler } from '../define.ts';
import { to } from './cast.ts';

/** Parameters of the opcode; unused ones are 0. */
export interface UnaryParams {
  readonly p0: number;
  readonly p1: number;
}
const NO_PARAMS: UnaryParams = { p0: 0, p1: 0 };

const EDGES = [0, -0, 1, -1, 0.5, 20, -20, 88, -88, 1e-40, 1e-8, -1e-8, 3e38, -3e38, Infinity, -Infinity, NaN];

/** What the gradient needs: the input, the output, or neither. */
type Saves = 'x' | 'y' | 'nothing';

interface UnaryProof extends Omit<OpProof, 'cases'> {
  readonly sample?: (s: Sampler, shape: number[]) => Tensor;
  readonly call: (x: Tensor) => Tensor;
}

/**
 * Defines an elementwise function of one tensor, proven on a matrix, a scalar, nothing, and more than a vector's width.
 * `backward` gets what was saved of the input or the output.
 */
export function defineUnary(
  opcode: UnaryOp,
  { sample = (s, shape) => s.normal(shape), call, ...proof }: UnaryProof,
  saves: Saves,
  backward: (dy: Tensor, saved: Tensor, params: UnaryParams) => Tensor,
): Op<UnaryParams> {
  const rule: BackwardRule<UnaryParams> = (node, [dy], params) => [backward(dy!, node.saved()[0]!, params)];
  return defineOp<UnaryParams>({
    edges: EDGES,
    ...proof,
    forward(node, [x], { p0, p1 }) {
      const y = emptyTensor(x!.shape, x!.dtype);
      node.kernels.unary(opcode, x!.data as FloatArray, y.data as FloatArray, p0, p1);
      if (saves !== 'nothing') node.save(saves === 'x' ? x : y);
      return y;
    },
    backward: rule,
    cases: [[3, 5], [], [0], [33]].map((shape) => (s: Sampler) => ({ inputs: [sample(s, shape)], call })),
  });
}

/** Runs an operation that takes floats: integers are converted to float32 first, as PyTorch does. */
export function onFloats(op: Op<UnaryParams>, x: Tensor, params: UnaryParams = NO_PARAMS): Tensor {
  checkTensor(op.name, x);
  return op.run([to(x, floatOf(x.dtype))], params);
}

/** Runs an operation that maps integers to integers: they pass through float64, which holds all of them. */
export function onNumbers(op: Op<UnaryParams>, x: Tensor, params: UnaryParams = NO_PARAMS): Tensor {
  checkTensor(op.name, x);
  if (isFloat(x.dtype)) return op.run([x], params);
  return to(op.run([to(x, 'float64')], params), x.dtype === 'bool' ? 'int32' : x.dtype);
}

/** Samples away from 0, where the slope changes. */
export const kinked = (s: Sampler, shape: number[]): Tensor => s.distinct(shape, 0.1);
/** Samples above 0. */
export const positive = (s: Sampler, shape: number[]): Tensor => s.uniform(shape, 0.3, 3);
