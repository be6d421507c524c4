/** Joining tensors: cat and stack. */

import { checkAxis, mergeAxes, sizeOf, stridesOf } from '../core/shape.ts';
import { ShapeError } from '../errors.ts';
import { emptyTensor, type Tensor } from '../tensor.ts';
import { resultDType, to } from './cast.ts';
import { checkTensor, defineOp } from './define.ts';
import { narrow, unsqueeze } from './movement.ts';

const catOp = defineOp<number>({
  name: 'cat',
  tolerance: 0,
  forward(node, inputs, axis) {
    const parts = inputs as readonly Tensor[];
    const total = parts.reduce((n, t) => n + t.shape[axis], 0);
    const shape = parts[0].shape.map((d, i) => (i === axis ? total : d));
    const y = emptyTensor(shape, parts[0].dtype);
    const strides = stridesOf(shape);
    const inner = sizeOf(shape.slice(axis + 1));
    let at = 0;
    for (const part of parts) {
      const layout = mergeAxes(part.shape, [stridesOf(part.shape), strides]);
      if (part.size > 0) node.kernels.copyStrided(part.data, 0, y.data, at * inner, layout);
      at += part.shape[axis];
    }
    return y;
  },
  backward(node, [dy], axis) {
    let at = 0;
    return node.shapes.map((shape, i) => {
      const start = at;
      at += shape[axis];
      return node.needs(i) ? narrow(dy!, axis, start, shape[axis]) : null;
    });
  },
  cases: [
    (s) => ({ inputs: [s.normal([2, 3]), s.normal([4, 3])], call: (a, b) => cat([a, b], 0) }),
    (s) => ({ inputs: [s.normal([2, 3]), s.normal([2, 1]), s.normal([2, 2])], call: (...ts) => cat(ts, -1) }),
    (s) => ({ inputs: [s.normal([2, 3])], call: (a) => cat([a, a], 1) }),
    (s) => ({ inputs: [s.normal([0, 3]), s.normal([2, 3])], call: (a, b) => cat([a, b]) }),
    (s) => ({ inputs: [s.normal([2, 3]), s.normal([2, 3])], call: (a, b) => stack([a, b], 1) }),
  ],
});

/** @throws ShapeError  if there is no tensor in the list */
function checkList(op: string, tensors: unknown): void {
  if (Array.isArray(tensors) && tensors.length > 0) return;
  throw new ShapeError({ op, problem: 'expected at least one tensor', got: tensors });
}

/**
 * Tensors one behind the other along an axis they have.
 *
 * Shapes:   equal but for that axis → their sum along it
 * Gradient: to each its part
 * @throws ShapeError  if there are none, or another axis differs
 */
export function cat(tensors: readonly Tensor[], axis = 0): Tensor {
  checkList('cat', tensors);
  for (const t of tensors) checkTensor('cat', t);
  // PyTorch lets an empty vector stand for "nothing yet" beside tensors of any rank.
  const ranked = tensors.filter((t) => t.rank !== 1 || t.size > 0);
  const given = ranked.length > 0 ? ranked : tensors;
  const first = given[0];
  const at = checkAxis('cat', axis, first.rank);
  for (const t of given) {
    if (t.rank !== first.rank || t.shape.some((d, i) => i !== at && d !== first.shape[i])) {
      throw new ShapeError({
        op: 'cat',
        problem: `shapes differ outside axis ${at}: [${first.shape.join(', ')}] and [${t.shape.join(', ')}]`,
      });
    }
  }
  const dtype = given.slice(1).reduce((d, t) => (d === t.dtype ? d : resultDType(to(first, d), t)), first.dtype);
  return given.length === 1
    ? to(first, dtype)
    : catOp.run(
        given.map((t) => to(t, dtype)),
        at,
      );
}

/**
 * Tensors of one shape side by side along a new axis.
 *
 * @throws ShapeError  if there are none, or their shapes differ
 */
export function stack(tensors: readonly Tensor[], axis = 0): Tensor {
  checkList('stack', tensors);
  const [first] = tensors;
  for (const t of tensors) {
    if (checkTensor('stack', t).rank !== first.rank || t.shape.some((d, i) => d !== first.shape[i])) {
      throw new ShapeError({
        op: 'stack',
        problem: `shapes differ: [${first.shape.join(', ')}] and [${t.shape.join(', ')}]`,
      });
    }
  }
  const at = checkAxis('stack', axis, first.rank + 1);
  return cat(
    tensors.map((t) => unsqueeze(t, at)),
    at,
  );
}
