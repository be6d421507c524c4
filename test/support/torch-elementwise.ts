/** PyTorch's elementwise functions as the library's, beside those in `torch.ts`. */

import * as ops from '../../src/ops/index.ts';
import type { Tensor } from '../../src/tensor.ts';
import type { Callable } from './python.ts';
import { binary, row, unary } from './torch-rows.ts';

export const elementwise: Record<string, Callable> = {
  acos: unary(ops.acos),
  acosh: unary(ops.acosh),
  addcdiv: row('input tensor1 tensor2 value', (x: Tensor, a: Tensor, b: Tensor, value?: number) =>
    ops.addcdiv(x, a, b, { value }),
  ),
  addcmul: row('input tensor1 tensor2 value', (x: Tensor, a: Tensor, b: Tensor, value?: number) =>
    ops.addcmul(x, a, b, { value }),
  ),
  asin: unary(ops.asin),
  asinh: unary(ops.asinh),
  atan: unary(ops.atan),
  atan2: binary(ops.atan2),
  atanh: unary(ops.atanh),
  celu: row('input alpha inplace', (x: Tensor, alpha?: number) => ops.celu(x, alpha)),
  copysign: binary(ops.copysign),
  cos: unary(ops.cos),
  cosh: unary(ops.cosh),
  digamma: unary(ops.digamma),
  elu: row('input alpha inplace', (x: Tensor, alpha?: number) => ops.elu(x, alpha)),
  erfc: unary(ops.erfc),
  erfinv: unary(ops.erfinv),
  exp2: unary(ops.exp2),
  floor_divide: binary(ops.floorDivide),
  fmod: binary(ops.fmod),
  glu: row('input dim', ops.glu),
  hardshrink: row('input lambd', ops.hardshrink),
  hardsigmoid: row('input inplace', (x: Tensor) => ops.hardsigmoid(x)),
  hardswish: row('input inplace', (x: Tensor) => ops.hardswish(x)),
  hardtanh: row('input min_val max_val inplace', (x: Tensor, low?: number, high?: number) =>
    ops.hardtanh(x, low, high),
  ),
  hypot: binary(ops.hypot),
  isclose: row(
    'input other rtol atol equal_nan',
    (a: Tensor, b: Tensor, rtol?: number, atol?: number, equalNan?: boolean) =>
      ops.isclose(a, b, { rtol, atol, equalNan }),
  ),
  isfinite: unary(ops.isfinite),
  isinf: unary(ops.isinf),
  isnan: unary(ops.isnan),
  lerp: row('input end weight', ops.lerp),
  lgamma: unary(ops.lgamma),
  log10: unary(ops.log10),
  log2: unary(ops.log2),
  logaddexp: binary(ops.logaddexp),
  logical_and: binary(ops.logicalAnd),
  logical_not: unary(ops.logicalNot),
  logical_or: binary(ops.logicalOr),
  logical_xor: binary(ops.logicalXor),
  mish: row('input inplace', (x: Tensor) => ops.mish(x)),
  nan_to_num: row('input nan posinf neginf', (x: Tensor, nan?: number, posinf?: number, neginf?: number) =>
    ops.nanToNum(x, { nan, posinf, neginf }),
  ),
  polygamma: row('n input', ops.polygamma),
  prelu: row('input weight', ops.prelu),
  relu6: row('input inplace', (x: Tensor) => ops.relu6(x)),
  remainder: binary(ops.remainder),
  selu: row('input inplace', (x: Tensor) => ops.selu(x)),
  silu: row('input inplace', (x: Tensor) => ops.silu(x)),
  sin: unary(ops.sin),
  sinh: unary(ops.sinh),
  softshrink: row('input lambd', ops.softshrink),
  softsign: unary(ops.softsign),
  tan: unary(ops.tan),
  tanhshrink: unary(ops.tanhshrink),
  threshold: row('input threshold value inplace', ops.threshold),
  xlogy: binary(ops.xlogy),
};
