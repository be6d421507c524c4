/** Borders put around a tensor, or cut off. */

import type { DataArray } from '../../core/dtype.ts';
import { checkShape, mergeAxes, type Shape, sizeOf, stridesOf } from '../../core/shape.ts';
import { ConfigError, ShapeError } from '../../errors.ts';
import { emptyTensor, type Tensor } from '../../tensor.ts';
import { checkTensor, defineOp, type Op } from '../define.ts';
import { valueFor } from '../elementwise/cast.ts';

export type PadMode = 'constant' | 'reflect' | 'replicate' | 'circular';

/** A run of places along one axis of the result, and where along the same axis of the tensor they come from. */
interface Segment {
  readonly to: number;
  readonly from: number;
  readonly length: number;
  readonly step: number;
}

/** One segment an axis. */
type Block = readonly Segment[];

interface PadParams {
  readonly mode: PadMode;
  readonly value: number;
  /** [before, after] for each axis. */
  readonly pads: readonly (readonly [number, number])[];
  /** Shapes without and with the border. */
  readonly inner: Shape;
  readonly outer: Shape;
}

/** One axis of `n` places in its segments: the tensor's own first, then the borders. */
function segments(mode: PadMode, n: number, [before, after]: readonly [number, number]): Segment[] {
  const cut = Math.max(0, -before);
  const length = n - cut - Math.max(0, -after);
  const list: Segment[] = [{ to: Math.max(0, before), from: cut, length, step: 1 }];
  if (mode === 'constant') return list;
  const end = Math.max(0, before) + length;
  if (before > 0) {
    const from = { reflect: before, replicate: 0, circular: cut + length - before }[mode];
    list.push({ to: 0, from, length: before, step: STEP[mode] });
  }
  if (after > 0) {
    const from = { reflect: n - 2, replicate: n - 1, circular: cut }[mode];
    list.push({ to: end, from, length: after, step: STEP[mode] });
  }
  return list;
}

const STEP = { reflect: -1, replicate: 0, circular: 1 } as const;

/** The result as blocks, each of which comes from one part of the tensor; the tensor itself first. */
function blocksOf({ mode, pads, inner }: PadParams): Block[] {
  let blocks: Block[] = [[]];
  for (let axis = 0; axis < inner.length; axis++) {
    const longer: Block[] = [];
    for (const segment of segments(mode, inner[axis], pads[axis])) {
      for (const block of blocks) longer.push([...block, segment]);
    }
    blocks = longer;
  }
  return blocks;
}

/** A block as a kernel layout: its shape, where it begins, and how it walks the tensor and the result. */
function walkOf(block: Block, { inner, outer }: PadParams) {
  const [from, to] = [stridesOf(inner), stridesOf(outer)];
  return {
    shape: block.map(({ length }) => length),
    innerAt: block.reduce((at, segment, i) => at + segment.from * from[i], 0),
    innerStrides: block.map(({ step }, i) => step * from[i]),
    outerAt: block.reduce((at, segment, i) => at + segment.to * to[i], 0),
    outerStrides: to,
  };
}

const padOp: Op<PadParams> = defineOp<PadParams>({
  name: 'pad',
  tolerance: 0,
  forward(node, [x], params) {
    const y = emptyTensor(params.outer, x!.dtype);
    if (params.mode === 'constant') y.data.fill(params.value);
    for (const block of blocksOf(params)) {
      const { shape, innerAt, innerStrides, outerAt, outerStrides } = walkOf(block, params);
      if (sizeOf(shape) === 0) continue;
      node.kernels.copyStrided(x!.data, innerAt, y.data, outerAt, mergeAxes(shape, [innerStrides, outerStrides]));
    }
    return y;
  },
  backward: (_, [dy], params) => [unpadOp.run([dy], params)],
  cases: [
    (s) => ({ inputs: [s.normal([2, 3])], call: (x) => pad(x, [1, 2], { value: 1.5 }) }),
    (s) => ({ inputs: [s.normal([2, 3, 4])], call: (x) => pad(x, [-1, 2, 0, 1, 1, -1]) }),
    (s) => ({ inputs: [s.normal([2, 3, 4])], call: (x) => pad(x, [2, 3, 1, 0], { mode: 'reflect' }) }),
    (s) => ({ inputs: [s.normal([2, 3, 4])], call: (x) => pad(x, [2, 5, 0, 1], { mode: 'replicate' }) }),
    (s) => ({ inputs: [s.normal([2, 3, 4])], call: (x) => pad(x, [4, 1, -1, 2], { mode: 'circular' }) }),
  ],
});

/** into[at + Σ iₐ·intoStrideₐ] += from[at + Σ iₐ·fromStrideₐ], in row-major order. */
function addWalk(
  shape: Shape,
  from: DataArray,
  fromStrides: readonly number[],
  fromAt: number,
  into: DataArray,
  intoStrides: readonly number[],
  intoAt: number,
  axis = 0,
): void {
  const [n, step, stride] = [shape[axis], fromStrides[axis], intoStrides[axis]];
  if (axis === shape.length - 1) {
    for (let i = 0; i < n; i++) into[intoAt + i * stride] += from[fromAt + i * step];
    return;
  }
  for (let i = 0; i < n; i++) {
    addWalk(shape, from, fromStrides, fromAt + i * step, into, intoStrides, intoAt + i * stride, axis + 1);
  }
}

/** The gradient of `pad`: the middle, with what the borders were taken from added to it, block by block. */
const unpadOp: Op<PadParams> = defineOp<PadParams>({
  name: 'unpad',
  forward(node, [x], params) {
    const y = emptyTensor(params.inner, x!.dtype);
    y.data.fill(0);
    blocksOf(params).forEach((block, i) => {
      const { shape, innerAt, innerStrides, outerAt, outerStrides } = walkOf(block, params);
      if (sizeOf(shape) === 0) return;
      if (i > 0) addWalk(shape, x!.data, outerStrides, outerAt, y.data, innerStrides, innerAt);
      else node.kernels.copyStrided(x!.data, outerAt, y.data, innerAt, mergeAxes(shape, [outerStrides, innerStrides]));
    });
    return y;
  },
  backward: (_, [dy], params) => [padOp.run([dy], { ...params, value: 0 })],
  cases: [
    (s) => ({
      inputs: [s.normal([4, 5])],
      call: (x) =>
        unpadOp.run([x], {
          mode: 'reflect',
          value: 0,
          pads: [
            [1, 1],
            [0, 2],
          ],
          inner: [2, 3],
          outer: [4, 5],
        }),
    }),
  ],
});

/** The largest border there is to take elements from. */
function checkBorder(x: Tensor, mode: PadMode, axis: number, [before, after]: readonly [number, number]): void {
  const border = Math.max(before, after);
  const n = x.shape[axis];
  const kept = n + Math.min(0, before) + Math.min(0, after);
  const most = { constant: Infinity, reflect: n - 1, replicate: n === 0 ? 0 : Infinity, circular: kept }[mode];
  if (border <= 0 || border <= most) return;
  throw new ShapeError({
    op: 'pad',
    problem: `a ${mode} border on axis ${axis} of [${x.shape.join(', ')}] is too wide`,
    got: border,
    expected: `at most ${most}`,
  });
}

/**
 * `x` with a border: of one value, of its own elements mirrored at the edge (`reflect`), of the edge itself
 * (`replicate`), or of those at the other end (`circular`). A negative width cuts off. `widths` has two numbers an axis, before and after, beginning with the last axis.
 *
 * Shapes:   x [..., n] → y [..., before + n + after]
 * Gradient: dx = dy inside, and what the border took from an element added to it
 * @throws ShapeError  if the widths do not fit the tensor
 */
export function pad(
  x: Tensor,
  widths: readonly number[],
  { mode = 'constant', value = 0 }: { mode?: PadMode; value?: number } = {},
): Tensor {
  checkTensor('pad', x);
  if (widths.length % 2 !== 0 || widths.length > 2 * x.rank || !widths.every(Number.isInteger)) {
    throw new ShapeError({
      op: 'pad',
      problem: `two integers for each of at most ${x.rank} axes of [${x.shape.join(', ')}]`,
      got: [...widths],
    });
  }
  if (!Object.hasOwn(STEP, mode) && mode !== 'constant') {
    throw new ConfigError({
      op: 'pad',
      problem: 'unknown mode',
      got: mode,
      expected: 'constant | reflect | replicate | circular',
    });
  }
  const pads = x.shape.map((_, axis): [number, number] => {
    const at = 2 * (x.rank - 1 - axis);
    return [widths[at] ?? 0, widths[at + 1] ?? 0];
  });
  const outer = x.shape.map((n, axis) => {
    const [before, after] = pads[axis];
    if (n + before + after < 0 || n + Math.min(0, before) + Math.min(0, after) < 0) {
      throw new ShapeError({
        op: 'pad',
        problem: `axis ${axis} has no ${-before - after} places to cut off`,
        got: x.shape,
      });
    }
    checkBorder(x, mode, axis, pads[axis]);
    return n + before + after;
  });
  checkShape('pad', outer);
  if (pads.every(([before, after]) => before === 0 && after === 0)) return x;
  return padOp.run([x], { mode, value: valueFor('pad', value, x).item(), pads, inner: x.shape, outer });
}
