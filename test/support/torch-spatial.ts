/**
 * Products, and what works on images: PyTorch's names as the library's counterparts. `F.unfold` and `F.fold` share
 * their names with a method of tensors, and so bear the module's.
 */

import * as ops from '../../src/ops/index.ts';
import type { Tensor } from '../../src/tensor.ts';
import type { Callable, Value } from './python.ts';
import { row } from './torch-rows.ts';

/** A value that may be None. */
type Maybe<T> = T | null | undefined;
const given = <T>(value: Maybe<T>): T | undefined => value ?? undefined;

const scaledSum = (operands: string, fn: typeof ops.addmm): Callable =>
  row(`input ${operands} beta alpha`, (x: Tensor, a: Tensor, b: Tensor, beta?: number, alpha?: number) =>
    fn(x, a, b, { beta, alpha }),
  );

const conv = (fn: typeof ops.conv2d): Callable =>
  row(
    'input weight bias stride padding dilation groups',
    (
      x: Tensor,
      weight: Tensor,
      bias?: Tensor | null,
      stride?: ops.PerAxis,
      padding?: ops.ConvOptions['padding'],
      dilation?: ops.PerAxis,
      groups?: number,
    ) => fn(x, weight, bias, { stride, padding, dilation, groups }),
  );

const convTranspose = (fn: typeof ops.convTranspose2d): Callable =>
  row(
    'input weight bias stride padding output_padding groups dilation',
    (
      x: Tensor,
      weight: Tensor,
      bias?: Tensor | null,
      stride?: ops.PerAxis,
      padding?: ops.PerAxis,
      outputPadding?: ops.PerAxis,
      groups?: number,
      dilation?: ops.PerAxis,
    ) => fn(x, weight, bias, { stride, padding, outputPadding, groups, dilation }),
  );

const pair = ({ values, indices }: ops.Extreme): Value => [values, indices];

const maxPool = (fn: typeof ops.maxPool2d, returnIndices: boolean): Callable =>
  row(
    'input kernel_size stride padding dilation ceil_mode return_indices',
    (
      x: Tensor,
      kernelSize: ops.PerAxis,
      stride?: Maybe<ops.PerAxis>,
      padding?: ops.PerAxis,
      dilation?: ops.PerAxis,
      ceilMode?: boolean,
      asked = returnIndices,
    ) => {
      const options = { stride, padding, dilation, ceilMode };
      return asked ? pair(fn(x, kernelSize, { ...options, returnIndices: true })) : fn(x, kernelSize, options);
    },
  );

const avgPool = (fn: typeof ops.avgPool2d): Callable =>
  row(
    'input kernel_size stride padding ceil_mode count_include_pad divisor_override',
    (
      x: Tensor,
      kernelSize: ops.PerAxis,
      stride?: Maybe<ops.PerAxis>,
      padding?: ops.PerAxis,
      ceilMode?: boolean,
      countIncludePad?: boolean,
      divisorOverride?: Maybe<number>,
    ) => fn(x, kernelSize, { stride, padding, ceilMode, countIncludePad, divisorOverride }),
  );

const adaptiveMaxPool = (fn: typeof ops.adaptiveMaxPool2d, returnIndices: boolean): Callable =>
  row('input output_size return_indices', (x: Tensor, size: ops.OutputSize, asked = returnIndices) =>
    asked ? pair(fn(x, size, { returnIndices: true })) : fn(x, size),
  );

const lpPool = (fn: typeof ops.lpPool2d): Callable =>
  row(
    'input norm_type kernel_size stride ceil_mode',
    (x: Tensor, p: number, kernelSize: ops.PerAxis, stride?: Maybe<ops.PerAxis>, ceilMode?: boolean) =>
      fn(x, p, kernelSize, { stride, ceilMode }),
  );

export const spatial: Record<string, Callable> = {
  adaptive_avg_pool1d: row('input output_size', ops.adaptiveAvgPool1d),
  adaptive_avg_pool2d: row('input output_size', ops.adaptiveAvgPool2d),
  adaptive_max_pool1d: adaptiveMaxPool(ops.adaptiveMaxPool1d, false),
  adaptive_max_pool1d_with_indices: adaptiveMaxPool(ops.adaptiveMaxPool1d, true),
  adaptive_max_pool2d: adaptiveMaxPool(ops.adaptiveMaxPool2d, false),
  adaptive_max_pool2d_with_indices: adaptiveMaxPool(ops.adaptiveMaxPool2d, true),
  addbmm: scaledSum('batch1 batch2', ops.addbmm),
  addmm: scaledSum('mat1 mat2', ops.addmm),
  addmv: scaledSum('mat vec', ops.addmv),
  addr: scaledSum('vec1 vec2', ops.addr),
  avg_pool1d: avgPool(ops.avgPool1d),
  avg_pool2d: avgPool(ops.avgPool2d),
  baddbmm: scaledSum('batch1 batch2', ops.baddbmm),
  bmm: row('input mat2', ops.bmm),
  cdist: row('x1 x2 p compute_mode', (a: Tensor, b: Tensor, p?: number) => ops.cdist(a, b, { p })),
  chain_matmul: row('*matrices', (matrices: Tensor[]) => ops.chainMatmul(...matrices)),
  conv1d: conv(ops.conv1d),
  conv2d: conv(ops.conv2d),
  conv_transpose1d: convTranspose(ops.convTranspose1d),
  conv_transpose2d: convTranspose(ops.convTranspose2d),
  cosine_similarity: row('x1 x2 dim eps', (a: Tensor, b: Tensor, axis?: number, eps?: number) =>
    ops.cosineSimilarity(a, b, { axis, eps }),
  ),
  cross: row('input other dim', ops.cross),
  dot: row('input other', ops.dot),
  einsum: row('equation *operands', (equation: string, operands: Tensor[]) => ops.einsum(equation, ...operands.flat())),
  'F.fold': row(
    'input output_size kernel_size dilation padding stride',
    (
      x: Tensor,
      outputSize: ops.PerAxis,
      kernelSize: ops.PerAxis,
      dilation?: ops.PerAxis,
      padding?: ops.PerAxis,
      stride?: ops.PerAxis,
    ) => ops.col2im(x, outputSize, kernelSize, { dilation, padding, stride }),
  ),
  'F.unfold': row(
    'input kernel_size dilation padding stride',
    (x: Tensor, kernelSize: ops.PerAxis, dilation?: ops.PerAxis, padding?: ops.PerAxis, stride?: ops.PerAxis) =>
      ops.im2col(x, kernelSize, { dilation, padding, stride }),
  ),
  ger: row('input vec2', ops.outer),
  inner: row('input other', ops.inner),
  interpolate: row(
    'input size scale_factor mode align_corners recompute_scale_factor antialias',
    (
      x: Tensor,
      size?: Maybe<number | number[]>,
      scaleFactor?: Maybe<number | number[]>,
      mode?: ops.InterpolateMode,
      alignCorners?: Maybe<boolean>,
      recomputeScaleFactor?: Maybe<boolean>,
      antialias?: boolean,
    ) => ops.interpolate(x, { size, scaleFactor, mode, alignCorners, recomputeScaleFactor, antialias }),
  ),
  kron: row('input other', ops.kron),
  lp_pool1d: lpPool(ops.lpPool1d),
  lp_pool2d: lpPool(ops.lpPool2d),
  matmul: row('input other', ops.matmul),
  max_pool1d: maxPool(ops.maxPool1d, false),
  max_pool1d_with_indices: maxPool(ops.maxPool1d, true),
  max_pool2d: maxPool(ops.maxPool2d, false),
  max_pool2d_with_indices: maxPool(ops.maxPool2d, true),
  mm: row('input mat2', ops.mm),
  mv: row('input vec', ops.mv),
  outer: row('input vec2', ops.outer),
  pairwise_distance: row('x1 x2 p eps keepdim', (a: Tensor, b: Tensor, p?: number, eps?: number, keepdim?: boolean) =>
    ops.pairwiseDistance(a, b, { p, eps, keepdim }),
  ),
  tensordot: row('a b dims', (a: Tensor, b: Tensor, dims?: Maybe<ops.TensordotAxes>) =>
    ops.tensordot(a, b, given(dims)),
  ),
  vdot: row('input other', ops.vdot),
};
