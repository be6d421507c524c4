/** What the fused recurrent layers (`lstm.ts`, `gru.ts`, `rnn.ts`) share. */

import type { Node } from '../../autograd/node.ts';
import type { GruOutputs, RecurrentDims, RecurrentInputs } from '../../backend/arguments.ts';
import type { DType, FloatArray } from '../../core/dtype.ts';
import { allocate, recycle } from '../../core/pool.ts';
import { type Shape, sameShape } from '../../core/shape.ts';
import { ShapeError } from '../../errors.ts';
import { emptyTensor, type Tensor } from '../../tensor.ts';
import { checkFloat, checkSameDType } from '../define.ts';
import { add } from '../elementwise/arithmetic.ts';
import { stack } from '../movement/join.ts';
import { select } from '../movement/movement.ts';
import { linear, matmul } from '../product/matmul.ts';

export interface RecurrentLayerOptions {
  /** Walk the sequence from its last step to its first; y keeps the order of x. */
  reverse?: boolean;
}

export interface RecurrentLayerOutput {
  /** [T, B, H] */
  readonly y: Tensor;
  /** The hidden state after the last step walked, [B, H]. */
  readonly hN: Tensor;
}

/** x, wIh, wHh, bIh, bHh, h0, and what the layer has besides. */
export type LayerTensors = readonly (Tensor | null)[];

export function dimsOf([x, , , , , h0]: LayerTensors, reverse: boolean): RecurrentDims {
  const [steps, batch, inputs] = x!.shape;
  return { steps, batch, inputs, hidden: h0!.shape[1], reverse };
}

export function arrayOf(t: Tensor | null | undefined): FloatArray | null {
  return t == null ? null : (t.data as FloatArray);
}

export function arraysOf([x, wIh, wHh, bIh, bHh, h0]: LayerTensors): RecurrentInputs {
  return {
    x: arrayOf(x)!,
    wIh: arrayOf(wIh)!,
    wHh: arrayOf(wHh)!,
    bIh: arrayOf(bIh),
    bHh: arrayOf(bHh),
    h0: arrayOf(h0)!,
  };
}

/**
 * A layer out of differentiable operations: `cell` takes the gates' input part and recurrent part of a step, each
 * [B, G·H] with its bias, and returns the state after it. Gives y and that state.
 */
export function walkSteps(
  [x, wIh, wHh, bIh, bHh, h0]: LayerTensors,
  reverse: boolean,
  cell: (input: Tensor, recurrent: Tensor, h: Tensor) => Tensor,
): [y: Tensor, hN: Tensor] {
  const steps = x!.shape[0];
  const projected = linear(x!, wIh!, bIh);
  let h = h0!;
  const outputs = new Array<Tensor>(steps);
  for (let s = 0; s < steps; s++) {
    const t = reverse ? steps - 1 - s : s;
    const recurrent = matmul(h, wHh!, { transB: true });
    h = cell(select(projected, 0, t), bHh == null ? recurrent : add(recurrent, bHh), h);
    outputs[t] = h;
  }
  return [stack(outputs, 0), h];
}

/** @throws ShapeError, DTypeError  if the tensors do not fit together, or there is no step */
export function checkLayer(op: string, gates: number, tensors: LayerTensors, c0: Tensor | null = null): void {
  const [x, wIh, wHh, bIh, bHh, h0] = tensors;
  checkFloat(op, x!);
  if (x!.rank !== 3)
    throw new ShapeError({ op, problem: 'x must have three axes', got: x!.shape, expected: '[T, B, I]' });
  const [steps, batch, features] = x!.shape;
  const hidden = h0!.shape.at(-1) ?? 0;
  if (steps === 0) throw new ShapeError({ op, problem: 'the sequence has no step', got: x!.shape });
  const expectShape = (name: string, t: Tensor | null, expected: Shape) => {
    if (t === null || sameShape(t.shape, expected)) return;
    throw new ShapeError({ op, problem: `${name} does not fit`, got: t.shape, expected });
  };
  expectShape('h0', h0, [batch, hidden]);
  expectShape('c0', c0, [batch, hidden]);
  expectShape('wIh', wIh, [gates * hidden, features]);
  expectShape('wHh', wHh, [gates * hidden, hidden]);
  expectShape('bIh', bIh, [gates * hidden]);
  expectShape('bHh', bHh, [gates * hidden]);
  checkSameDType(op, x!, wIh!, wHh!, bIh, bHh, h0!, c0);
}

/** Nodes whose workspace a backward walk has used up. */
const consumed = new WeakSet<object>();

/**
 * The workspace that the forward pass filled, for a kernel that consumes it. Walking a retained graph again is rare:
 * `compute` then walks the sequence anew, for the workspace's sake alone.
 */
export function takeWorkspace(
  node: Node<boolean>,
  dims: RecurrentDims,
  compute: (out: GruOutputs) => void,
): FloatArray {
  const [workspace] = node.scratchArrays() as FloatArray[];
  if (consumed.has(node)) {
    const { steps, batch, hidden } = dims;
    const [y, hN] = [steps, 1].map((n) => allocate(node.dtypes[0], n * batch * hidden) as FloatArray);
    compute({ y, hN, workspace });
    recycle(y);
    recycle(hN);
  }
  consumed.add(node);
  return workspace;
}

/** Empty outputs y [T, B, H] and as many states [B, H] as asked for. */
export function emptyOutputs({ steps, batch, hidden }: RecurrentDims, states: number, dtype: DType): Tensor[] {
  const shapes = [[steps, batch, hidden], ...new Array<Shape>(states).fill([batch, hidden])];
  return shapes.map((shape) => emptyTensor(shape, dtype));
}

/** The shapes of x, wIh, wHh, bIh, bHh and h0, for the cases that prove a layer. */
export function layerShapes(
  gates: number,
  steps: number,
  batch: number,
  features: number,
  hidden: number,
): [x: Shape, wIh: Shape, wHh: Shape, bIh: Shape, bHh: Shape, h0: Shape] {
  const rows = gates * hidden;
  return [[steps, batch, features], [rows, features], [rows, hidden], [rows], [rows], [batch, hidden]];
}
