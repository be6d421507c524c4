/** Where the gradient of a tensor flows to: the operation that made it, or the end of the graph at a leaf. */

import type { Tensor } from '../tensor.ts';
import { Node } from './node.ts';

/** The end of the graph at a leaf that asks for a gradient. */
export function accumulatorOf(leaf: Tensor): Node {
  if (leaf.accumulator === null) {
    const node = new Node<unknown>(null, undefined, undefined as never, true);
    node.leaf = leaf;
    leaf.accumulator = node;
  }
  return leaf.accumulator as Node;
}

/** The node a tensor's gradient flows to, or null if it asks for none. */
export function nodeOf(tensor: Tensor): Node | null {
  if (tensor.node !== null) return tensor.node as Node;
  return tensor.requiresGrad ? accumulatorOf(tensor) : null;
}
