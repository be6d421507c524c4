/** Hooks: what a user hangs onto a tensor to see its gradient, to change it, or to keep it. */

import { sameShape } from '../core/shape.ts';
import { AutogradError, ConfigError } from '../errors.ts';
import { Tensor } from '../tensor.ts';
import { nodeOf } from './graph-end.ts';
import type { GradientHook, MaybeTensor, Node, NodeHooks } from './node.ts';

export interface HookHandle {
  /** Takes the hook away; from the next gradient on it is not called. */
  remove(): void;
}

function hooksOf(op: string, tensor: Tensor): NodeHooks {
  const node = nodeOf(tensor);
  if (node === null) {
    throw new AutogradError({
      op,
      problem: 'this tensor has no gradient to wait for',
      hint: 'set requiresGrad on a leaf, and compute outside noGrad',
    });
  }
  node.hooks ??= { onGradient: [], retained: [], accumulated: [] };
  return node.hooks;
}

function checkHook(op: string, hook: unknown): void {
  if (typeof hook !== 'function') throw new ConfigError({ op, problem: 'the hook must be a function', got: hook });
}

/**
 * Calls `hook` with the gradient of `tensor`, leaf or result, whenever a walk has completed it and before it goes on from
 * there. A tensor that the hook returns replaces it, for the hooks after it too; they are called in the order of
 * registration. It must not write to what it is given. With `createGraph` what it computes is recorded.
 *
 * @throws AutogradError  if `tensor` asks for no gradient; in the walk, if a replacement has another shape or dtype
 * @example
 * const x = tensor([1, 2], { requiresGrad: true });
 * const handle = x.registerHook((gradient) => gradient.mul(10));
 * x.mul(x).sum().backward();
 * handle.remove();
 * x.grad?.toArray(); // => [ 20, 40 ]
 */
export function registerHook(tensor: Tensor, hook: GradientHook): HookHandle {
  checkHook('registerHook', hook);
  const { onGradient } = hooksOf('registerHook', tensor);
  const { slot } = tensor;
  // An object of its own, so that the same function registered twice is removed once.
  const own: GradientHook = (gradient) => hook(gradient);
  onGradient[slot] = [...(onGradient[slot] ?? []), own];
  return {
    remove: () => {
      onGradient[slot] = onGradient[slot]?.filter((other) => other !== own);
    },
  };
}

/**
 * Calls `hook` with the leaf whenever `backward()` has added a complete gradient to its `grad`.
 *
 * @throws AutogradError  if `leaf` is no leaf that requires a gradient
 */
export function registerPostAccumulateGradHook(leaf: Tensor, hook: (leaf: Tensor) => void): HookHandle {
  const op = 'registerPostAccumulateGradHook';
  checkHook(op, hook);
  if (leaf.node !== null) {
    throw new AutogradError({ op, problem: 'gradients are added up in leaves alone', hint: 'use registerHook' });
  }
  const hooks = hooksOf(op, leaf);
  const own = (filled: Tensor): void => hook(filled);
  hooks.accumulated = [...hooks.accumulated, own];
  return {
    remove: () => {
      hooks.accumulated = hooks.accumulated.filter((other) => other !== own);
    },
  };
}

/**
 * Asks that `backward()` add the gradient of this result to its `grad`, as it does for leaves.
 *
 * @throws AutogradError  if the tensor asks for no gradient
 */
export function retainGrad(tensor: Tensor): void {
  const { retained } = hooksOf('retainGrad', tensor);
  if (tensor.node !== null) retained[tensor.slot] = tensor;
}

/** The gradients of a node's outputs after its hooks. */
export function throughHooks(
  node: Node,
  { onGradient }: NodeHooks,
  dys: readonly MaybeTensor[],
): readonly MaybeTensor[] {
  if (onGradient.length === 0) return dys;
  return dys.map((dy, slot) => {
    if (dy === null) return null;
    let gradient: Tensor = dy;
    for (const hook of onGradient[slot] ?? []) {
      const given = hook(gradient);
      if (given == null) continue;
      if (!(given instanceof Tensor) || !sameShape(given.shape, dy.shape) || given.dtype !== dy.dtype) {
        throw new AutogradError({
          op: 'registerHook',
          problem: `a hook at a result of ${node.opName} gave a gradient that does not fit`,
          got: given instanceof Tensor ? `${given.dtype} [${given.shape.join(', ')}]` : given,
          expected: `${dy.dtype} [${dy.shape.join(', ')}]`,
        });
      }
      gradient = given;
    }
    return gradient;
  });
}
