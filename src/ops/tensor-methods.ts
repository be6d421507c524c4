/** The operations as methods of Tensor. This module patches a prototype: package.json lists it in `sideEffects`. */

import { type BackwardOptions, backward } from '../autograd/engine.ts';
import { type HookHandle, registerHook, registerPostAccumulateGradHook, retainGrad } from '../autograd/hooks.ts';
import type { GradientHook } from '../autograd/node.ts';
import { Tensor } from '../tensor.ts';
import * as activation from './elementwise/activation.ts';
import * as arithmetic from './elementwise/arithmetic.ts';
import { to } from './elementwise/cast.ts';
import * as combine from './elementwise/combine.ts';
import * as compare from './elementwise/compare.ts';
import * as finite from './elementwise/finite.ts';
import { digamma, erfinv, lgamma } from './elementwise/gamma.ts';
import { fmod, remainder } from './elementwise/modulo.ts';
import { pow } from './elementwise/power.ts';
import * as trigonometry from './elementwise/trigonometry.ts';
import * as unary from './elementwise/unary.ts';
import * as inPlace from './in-place.ts';
import type { Placed } from './indexing/along.ts';
import { nonzero } from './indexing/nonzero.ts';
import { logSoftmax, softmax } from './layer/softmax.ts';
import * as movement from './movement/movement.ts';
import { moving, movingInPlace } from './moving-methods.ts';
import * as histogram from './order/histogram.ts';
import * as quantile from './order/quantile.ts';
import * as order from './order/sort.ts';
import * as unique from './order/unique.ts';
import * as product from './product/matmul.ts';
import * as products from './product/products.ts';
import { type ReduceOptions, sum } from './reduction/broadcast.ts';
import * as covariance from './reduction/covariance.ts';
import * as norms from './reduction/norms.ts';
import * as reduce from './reduction/reduce.ts';
import * as scan from './reduction/scan.ts';
import * as totals from './reduction/totals.ts';
import * as spread from './reduction/variance.ts';

/** Functions of a tensor and one operand. */
const binary = {
  add: arithmetic.add,
  sub: arithmetic.sub,
  mul: arithmetic.mul,
  div: arithmetic.div,
  floorDivide: arithmetic.floorDivide,
  fmod,
  remainder,
  atan2: trigonometry.atan2,
  hypot: trigonometry.hypot,
  copysign: combine.copysign,
  xlogy: combine.xlogy,
  logaddexp: combine.logaddexp,
  maximum: arithmetic.maximum,
  minimum: arithmetic.minimum,
  pow,
  eq: compare.eq,
  ne: compare.ne,
  lt: compare.lt,
  le: compare.le,
  gt: compare.gt,
  ge: compare.ge,
  logicalAnd: compare.logicalAnd,
  logicalOr: compare.logicalOr,
  logicalXor: compare.logicalXor,
  isclose: finite.isclose,
  allclose: finite.allclose,
  equal: finite.equal,
};

/** Functions whose first argument is the tensor. */
const first = {
  neg: unary.neg,
  abs: unary.abs,
  sign: unary.sign,
  square: unary.square,
  sqrt: unary.sqrt,
  rsqrt: unary.rsqrt,
  reciprocal: unary.reciprocal,
  exp: unary.exp,
  exp2: unary.exp2,
  expm1: unary.expm1,
  log: unary.log,
  log1p: unary.log1p,
  log2: unary.log2,
  log10: unary.log10,
  sin: trigonometry.sin,
  cos: trigonometry.cos,
  tan: trigonometry.tan,
  asin: trigonometry.asin,
  acos: trigonometry.acos,
  atan: trigonometry.atan,
  sinh: trigonometry.sinh,
  cosh: trigonometry.cosh,
  asinh: trigonometry.asinh,
  acosh: trigonometry.acosh,
  atanh: trigonometry.atanh,
  tanh: unary.tanh,
  sigmoid: unary.sigmoid,
  digamma,
  erf: unary.erf,
  erfc: unary.erfc,
  erfinv,
  lgamma,
  gelu: unary.gelu,
  relu: unary.relu,
  leakyRelu: unary.leakyRelu,
  softplus: unary.softplus,
  logsigmoid: unary.logsigmoid,
  silu: activation.silu,
  mish: activation.mish,
  elu: activation.elu,
  celu: activation.celu,
  selu: activation.selu,
  softsign: activation.softsign,
  tanhshrink: activation.tanhshrink,
  hardsigmoid: activation.hardsigmoid,
  hardswish: activation.hardswish,
  hardtanh: activation.hardtanh,
  relu6: activation.relu6,
  softshrink: activation.softshrink,
  hardshrink: activation.hardshrink,
  prelu: activation.prelu,
  glu: activation.glu,
  clamp: unary.clamp,
  floor: unary.floor,
  ceil: unary.ceil,
  round: unary.round,
  trunc: unary.trunc,
  frac: unary.frac,
  isnan: finite.isnan,
  isfinite: finite.isfinite,
  isinf: finite.isinf,
  nanToNum: finite.nanToNum,
  logicalNot: compare.logicalNot,
  addcmul: combine.addcmul,
  addcdiv: combine.addcdiv,
  lerp: combine.lerp,
  maskedFill: compare.maskedFill,
  to,
  sum,
  mean: reduce.mean,
  amax: reduce.amax,
  amin: reduce.amin,
  argmax: reduce.argmax,
  argmin: reduce.argmin,
  logsumexp: reduce.logsumexp,
  aminmax: reduce.aminmax,
  softmax,
  logSoftmax,
  matmul: product.matmul,
  mm: product.mm,
  bmm: product.bmm,
  dot: product.dot,
  vdot: products.vdot,
  mv: products.mv,
  outer: products.outer,
  inner: products.inner,
  tensordot: products.tensordot,
  kron: products.kron,
  cross: products.cross,
  addmm: product.addmm,
  baddbmm: products.baddbmm,
  addbmm: products.addbmm,
  addmv: products.addmv,
  addr: products.addr,
  reshape: movement.reshape,
  flatten: movement.flatten,
  squeeze: movement.squeeze,
  unsqueeze: movement.unsqueeze,
  permute: movement.permute,
  transpose: movement.transpose,
  slice: movement.slice,
  narrow: movement.narrow,
  select: movement.select,
  ...moving,
};

/** Order, scans, totals and statistics, the tensor first as well. */
const statistics = {
  sort: order.sort,
  argsort: order.argsort,
  topk: order.topk,
  kthvalue: order.kthvalue,
  unique: unique.unique,
  uniqueConsecutive: unique.uniqueConsecutive,
  mode: unique.mode,
  quantile: quantile.quantile,
  percentile: quantile.percentile,
  nanquantile: quantile.nanquantile,
  bucketize: histogram.bucketize,
  bincount: histogram.bincount,
  histogram: histogram.histogram,
  histc: histogram.histc,
  cumsum: scan.cumsum,
  cumprod: scan.cumprod,
  logcumsumexp: scan.logcumsumexp,
  cummax: scan.cummax,
  cummin: scan.cummin,
  diff: scan.diff,
  prod: totals.prod,
  nansum: totals.nansum,
  nanmean: totals.nanmean,
  all: totals.all,
  any: totals.any,
  countNonzero: totals.countNonzero,
  variance: spread.variance,
  std: spread.std,
  varMean: spread.varMean,
  stdMean: spread.stdMean,
  norm: norms.norm,
  normalize: norms.normalize,
  cov: covariance.cov,
  corrcoef: covariance.corrcoef,
};

/** Functions that write to the tensor and return it. */
const writing = {
  add_: inPlace.add_,
  sub_: inPlace.sub_,
  mul_: inPlace.mul_,
  div_: inPlace.div_,
  copy_: inPlace.copy_,
  fill_: inPlace.fill_,
  zero_: inPlace.zero_,
  ...movingInPlace,
};

type Method<F> = F extends (x: infer _, ...rest: infer R) => infer Y ? (...args: R) => Y : never;
type Methods<Table> = { [K in keyof Table]: Method<Table[K]> };

declare module '../tensor.ts' {
  interface Tensor
    extends Methods<typeof binary>,
      Methods<typeof first>,
      Methods<typeof statistics>,
      Methods<typeof writing> {
    max(): Tensor;
    max(axis: number, options?: ReduceOptions): reduce.Extreme;
    min(): Tensor;
    min(axis: number, options?: ReduceOptions): reduce.Extreme;
    nonzero(options: { asTuple: true }): Tensor[];
    nonzero(options?: { asTuple?: false }): Tensor;
    median(): Tensor;
    median(axis: number, options?: ReduceOptions): Placed;
    nanmedian(): Tensor;
    nanmedian(axis: number, options?: ReduceOptions): Placed;
    /** Adds the gradient of this tensor to the `grad` of every leaf it depends on. */
    backward(seed?: Tensor | null, options?: BackwardOptions): void;
    /** Calls `hook` with each gradient of this tensor; what it returns takes the gradient's place. */
    registerHook(hook: GradientHook): HookHandle;
    /** Calls `hook` with this leaf whenever `backward()` has added to its `grad`. */
    registerPostAccumulateGradHook(hook: (leaf: Tensor) => void): HookHandle;
    /** Asks that `backward()` fill the `grad` of this result, too. */
    retainGrad(): void;
  }
}

for (const [name, fn] of Object.entries({
  ...binary,
  ...first,
  ...statistics,
  ...writing,
  max: reduce.max,
  min: reduce.min,
  nonzero,
  median: quantile.median,
  nanmedian: quantile.nanmedian,
  backward,
  registerHook,
  registerPostAccumulateGradHook,
  retainGrad,
})) {
  Object.defineProperty(Tensor.prototype, name, {
    configurable: true,
    writable: true,
    value(this: Tensor, ...args: unknown[]): unknown {
      return (fn as (...all: unknown[]) => unknown)(this, ...args);
    },
  });
}
