/** PyTorch's names for what moves elements, and its subscripts, as the library's counterparts. */

import * as ops from '../../src/ops/index.ts';
import type { Tensor } from '../../src/tensor.ts';
import { type Callable, Slice, type Value } from './python.ts';
import { row } from './torch-rows.ts';

type DType = Tensor['dtype'];

export const moving: Record<string, Callable> = {
  arange: row('start end step dtype', (start: number, end?: number, step?: number, dtype?: DType) =>
    ops.arange(start, end, step, { dtype }),
  ),
  argwhere: row('input', ops.argwhere),
  broadcast_tensors: row('*tensors', (tensors: Tensor[]) => ops.broadcastTensors(...tensors)),
  broadcast_to: row('input shape', ops.broadcastTo),
  cartesian_prod: row('*tensors', (tensors: Tensor[]) => ops.cartesianProd(...tensors)),
  chunk: row('input chunks dim', ops.chunk),
  diag: row('input diagonal', ops.diag),
  diag_embed: row('input offset dim1 dim2', (x: Tensor, offset?: number, axis1?: number, axis2?: number) =>
    ops.diagEmbed(x, { offset, axis1, axis2 }),
  ),
  diagonal: row('input offset dim1 dim2', (x: Tensor, offset?: number, axis1?: number, axis2?: number) =>
    ops.diagonal(x, { offset, axis1, axis2 }),
  ),
  expand: row('input *size', ops.expand),
  expand_as: row('input other', ops.expandAs),
  flip: row('input *dims', ops.flip),
  full_like: row('input fill_value dtype', (x: Tensor, value: number, dtype?: DType) =>
    ops.fullLike(x, value, dtype === undefined ? {} : { dtype }),
  ),
  gather: row('input dim index', ops.gather),
  hstack: row('tensors', ops.hstack),
  index_add: row(
    'input dim index source alpha',
    (x: Tensor, dim: number, ids: Tensor, source: Tensor, alpha?: number) =>
      ops.indexAdd(x, dim, ids, source, { alpha }),
  ),
  index_copy: row('input dim index source', ops.indexCopy),
  index_fill: row('input dim index value', ops.indexFill),
  index_put: row(
    'input indices values accumulate',
    (x: Tensor, index: ops.Index[], value: Tensor, accumulate?: boolean) =>
      ops.indexPut(x, index, value, { accumulate }),
  ),
  index_select: row('input dim index', ops.indexSelect),
  linspace: row('start end steps dtype', (start: number, end: number, steps: number, dtype?: DType) =>
    ops.linspace(start, end, steps, { dtype }),
  ),
  logspace: row(
    'start end steps base dtype',
    (start: number, end: number, steps: number, base?: number, dtype?: DType) =>
      ops.logspace(start, end, steps, { base, dtype }),
  ),
  masked_scatter: row('input mask source', ops.maskedScatter),
  masked_select: row('input mask', ops.maskedSelect),
  // Its tensors are any number, or one list; its only option has a name.
  meshgrid: (args, { indexing }) =>
    ops.meshgrid(args.flat() as Tensor[], { indexing: indexing as 'ij' | 'xy' | undefined }),
  moveaxis: row('input source destination', ops.movedim),
  movedim: row('input source destination', ops.movedim),
  nonzero: row('input as_tuple', (x: Tensor, asTuple?: boolean) => ops.nonzero(x, { asTuple })),
  pad: row('input pad mode value', (x: Tensor, widths: number[], mode?: ops.PadMode, value?: number | null) =>
    ops.pad(x, widths, { mode, value: value ?? undefined }),
  ),
  repeat: row('input *sizes', ops.repeat),
  repeat_interleave: row('input repeats dim output_size', (x: Tensor, repeats?: number | Tensor, dim?: number | null) =>
    ops.repeatInterleave(x, repeats, dim),
  ),
  roll: row('input shifts dims', ops.roll),
  rot90: row('input k dims', ops.rot90),
  scatter: row(
    'input dim index src reduce value',
    (x: Tensor, dim: number, index: Tensor, src?: Tensor | number, reduce?: 'add' | 'multiply', value?: number) =>
      ops.scatter(x, dim, index, src ?? value!, { reduce }),
  ),
  scatter_add: row('input dim index src', ops.scatterAdd),
  scatter_reduce: row(
    'input dim index src reduce include_self',
    (x: Tensor, dim: number, index: Tensor, src: Tensor, reduce: ops.ScatterReduction, includeSelf?: boolean) =>
      ops.scatterReduce(x, dim, index, src, reduce, { includeSelf }),
  ),
  split: row('tensor split_size_or_sections dim', ops.split),
  swapaxes: row('input axis0 axis1', ops.swapaxes),
  swapdims: row('input dim0 dim1', ops.swapaxes),
  take: row('input index', (x: Tensor, ids: Tensor) => ops.take(x, ids)),
  take_along_dim: row('input indices dim', ops.takeAlongAxis),
  tile: row('input *dims', ops.tile),
  trace: row('input', ops.trace),
  tril: row('input diagonal', ops.tril),
  triu: row('input diagonal', ops.triu),
  unbind: row('input dim', ops.unbind),
  unfold: row('input dimension size step', ops.unfold),
  vstack: row('tensors', ops.vstack),
  where: row('condition input other', ops.where),
};

/** What stands in a subscript, as `at` takes it. */
export function indexParts(index: Value): ops.Index[] {
  const parts = Array.isArray(index) ? index : [index];
  return parts.map((part) => (part instanceof Slice ? part.bounds : part) as ops.Index);
}
