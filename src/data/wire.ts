/**
 * Batches between threads. Memory that holds a batch's array and nothing else changes hands; any other array is copied
 * once, because its buffer may be a user's, or shared with other arrays.
 */

import type { DataArray, DType } from '../core/dtype.ts';
import type { Shape } from '../core/shape.ts';
import { Tensor } from '../tensor.ts';
import { ownsMemory, ownTensor } from './rows.ts';
import type { BatchContext } from './transform.ts';

/** A value with its tensors taken apart. */
export type Packed =
  | { readonly kind: 'tensor'; readonly data: DataArray; readonly shape: Shape; readonly dtype: DType }
  | { readonly kind: 'list'; readonly parts: readonly Packed[] }
  | { readonly kind: 'object'; readonly parts: Readonly<Record<string, Packed>> }
  | { readonly kind: 'value'; readonly value: unknown };

export interface Job {
  readonly id: number;
  readonly batch: Packed;
  readonly context: BatchContext;
}

export type Answer =
  | { readonly id: number; readonly batch: Packed }
  | { readonly id: number; readonly error: unknown; readonly index: number | undefined };

/** What a worker is started with. */
export interface WorkerStart {
  readonly module: string;
  readonly exportName: string;
  readonly options: unknown;
}

/** Takes a batch apart; `transfer` collects the buffers that change hands, after which the batch must not be touched. */
export function pack(value: unknown, transfer: Set<ArrayBufferLike>): Packed {
  if (value instanceof Tensor) {
    let { data } = value;
    if (!ownsMemory(value) || data.length !== value.storage.array.length) data = data.slice();
    transfer.add(data.buffer);
    return { kind: 'tensor', data, shape: [...value.shape], dtype: value.dtype };
  }
  if (Array.isArray(value)) return { kind: 'list', parts: value.map((part) => pack(part, transfer)) };
  if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
    const parts = Object.entries(value).map(([key, part]) => [key, pack(part, transfer)] as const);
    return { kind: 'object', parts: Object.fromEntries(parts) };
  }
  return { kind: 'value', value };
}

export function unpack(packed: Packed): unknown {
  switch (packed.kind) {
    case 'tensor':
      return ownTensor(packed.data, packed.shape, packed.dtype);
    case 'list':
      return packed.parts.map(unpack);
    case 'object':
      return Object.fromEntries(Object.entries(packed.parts).map(([key, part]) => [key, unpack(part)]));
    case 'value':
      return packed.value;
  }
}
