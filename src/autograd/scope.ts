/** scope: an accelerator for loops. What is allocated inside and not returned is recycled at its end. */

import { closeScope, openScope, type Storage } from '../core/pool.ts';
import { Tensor } from '../tensor.ts';
import { checkSynchronous } from './mode.ts';

function collectStorages(value: unknown, found: Set<Storage>): void {
  const queue: unknown[] = [value];
  const seen = new Set<unknown>();
  while (queue.length > 0) {
    const item = queue.pop();
    if (item === null || typeof item !== 'object' || seen.has(item)) continue;
    seen.add(item);
    if (item instanceof Tensor) {
      found.add(item.storage);
      if (item.grad !== null) queue.push(item.grad);
    } else if (item instanceof Map || item instanceof Set || Array.isArray(item)) {
      // One by one: spreading a long list would overflow the stack.
      for (const value of item.values()) queue.push(value);
    } else if (!ArrayBuffer.isView(item)) queue.push(...Object.values(item));
  }
}

/**
 * Runs `fn` and gives the memory of every tensor made inside back for reuse, except the tensors found in what it
 * returns (also inside arrays, maps and objects) and the gradients of leaves. Touching a tensor afterwards whose memory
 * was taken back is a BufferError, never stale data. Nobody needs this: without it the collector frees the same memory.
 *
 * @throws ConfigError  if `fn` returns a promise
 * @example
 * const x = tensor([1, 2, 3]);
 * const total = scope(() => x.mul(x).sum()); // x.mul(x) is recycled
 * total.item(); // => 14
 */
export function scope<T>(fn: () => T): T {
  openScope();
  const kept = new Set<Storage>();
  try {
    const result = checkSynchronous('scope', fn());
    collectStorages(result, kept);
    return result;
  } finally {
    closeScope(kept);
  }
}
