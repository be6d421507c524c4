/** The operations of the public surface, as functions: the one list of them. */

export {
  celu,
  elu,
  glu,
  hardshrink,
  hardsigmoid,
  hardswish,
  hardtanh,
  mish,
  prelu,
  relu6,
  selu,
  silu,
  softshrink,
  softsign,
  tanhshrink,
} from './activation.ts';
export { type AdaptivePoolOptions, adaptiveMaxPool1d, adaptiveMaxPool2d } from './adaptive-max-pool.ts';
export type { Placed } from './along.ts';
export type { ScaledOptions } from './arithmetic.ts';
export { add, type DivOptions, div, floorDivide, maximum, minimum, mul, sub } from './arithmetic.ts';
export { movedim, repeat, swapaxes, tile, unfold } from './arrange.ts';
export { at, type Index, indexPut, indexPut_ } from './at.ts';
export {
  type AvgPoolOptions,
  adaptiveAvgPool1d,
  adaptiveAvgPool2d,
  avgPool1d,
  avgPool2d,
  type LpPoolOptions,
  lpPool1d,
  lpPool2d,
  type OutputSize,
} from './average-pool.ts';
export type { Axes, ReduceOptions } from './broadcast.ts';
export { broadcastTensors, broadcastTo, expand, expandAs, sum, type TotalOptions } from './broadcast.ts';
export type { Operand } from './cast.ts';
export { to } from './cast.ts';
export { addcdiv, addcmul, type CombineOptions, copysign, lerp, logaddexp, xlogy } from './combine.ts';
export { eq, ge, gt, le, logicalAnd, logicalNot, logicalOr, logicalXor, lt, maskedFill, ne, where } from './compare.ts';
export { type ConvOptions, conv1d, conv2d, type PerAxis } from './conv.ts';
export { type ConvTransposeOptions, convTranspose1d, convTranspose2d } from './conv-transpose.ts';
export { type CovarianceOptions, corrcoef, cov } from './covariance.ts';
export {
  arange,
  type CreateOptions,
  eye,
  full,
  fullLike,
  linspace,
  logspace,
  normal_,
  ones,
  onesLike,
  type RandomOptions,
  rand,
  randint,
  randLike,
  randn,
  randnLike,
  type TensorLike,
  tensor,
  uniform_,
  zeros,
  zerosLike,
} from './create.ts';
export { type CustomFunction, customFunction, type FunctionNode } from './custom.ts';
export { type DiagonalOptions, diag, diagEmbed, diagonal, trace, tril, triu } from './diagonal.ts';
export {
  type CosineSimilarityOptions,
  cdist,
  cosineSimilarity,
  type PairwiseDistanceOptions,
  pairwiseDistance,
} from './distance.ts';
export type { DropoutOptions } from './dropout.ts';
export { dropout } from './dropout.ts';
export { einsum } from './einsum.ts';
export {
  allclose,
  type CloseOptions,
  equal,
  isclose,
  isfinite,
  isinf,
  isnan,
  type NanToNumOptions,
  nanToNum,
} from './finite.ts';
export { flip, roll, rot90 } from './flip.ts';
export {
  type Each,
  type FunctionalOptions,
  hessian,
  hvp,
  jacobian,
  jvp,
  type TensorFunction,
  type Tensors,
  valueAndGrad,
  vjp,
} from './functional.ts';
export { digamma, erfinv, lgamma, ndtri, polygamma } from './gamma.ts';
export { gather, takeAlongAxis } from './gather.ts';
export { type GradcheckOptions, gradcheck, gradcheckError, gradgradcheck } from './gradcheck.ts';
export { gruLayer } from './gru.ts';
export {
  type BincountOptions,
  bincount,
  bucketize,
  type HistcOptions,
  type Histogram,
  type HistogramOptions,
  histc,
  histogram,
  type SearchOptions,
  type SearchSortedOptions,
  searchsorted,
} from './histogram.ts';
export { add_, copy_, div_, fill_, mul_, sub_, zero_ } from './in-place.ts';
export { betainc, gammainc, gammaincc } from './incomplete.ts';
export { type Ids, indexAdd, indexCopy, indexFill, indexSelect, repeatInterleave, take } from './index-axis.ts';
export { type InterpolateMode, type InterpolateOptions, interpolate } from './interpolate.ts';
export { cartesianProd, cat, hstack, meshgrid, stack, vstack } from './join.ts';
export type { BinaryCrossEntropyOptions, CrossEntropyOptions, Reduction } from './loss.ts';
export { binaryCrossEntropyWithLogits, crossEntropy, mseLoss } from './loss.ts';
export type { LstmLayerOutput } from './lstm.ts';
export { lstmLayer } from './lstm.ts';
export { maskedScatter, maskedSelect } from './masked.ts';
export type { Transposes } from './matmul.ts';
export { type AddmmOptions, addmm, bmm, dot, linear, matmul, mm } from './matmul.ts';
export { fmod, remainder } from './modulo.ts';
export { flatten, narrow, permute, reshape, select, slice, squeeze, transpose, unsqueeze } from './movement.ts';
export { argwhere, nonzero } from './nonzero.ts';
export { layerNorm } from './norm.ts';
export { type NormalizeOptions, type NormOptions, norm, normalize } from './norms.ts';
export { type PadMode, pad } from './pad.ts';
export { chunk, split, unbind } from './parts.ts';
export { col2im, im2col, type PatchOptions } from './patches.ts';
export { type MaxPoolOptions, maxPool1d, maxPool2d } from './pool.ts';
export { pow } from './power.ts';
export {
  addbmm,
  addmv,
  addr,
  baddbmm,
  chainMatmul,
  cross,
  inner,
  kron,
  multiDot,
  mv,
  outer,
  type TensordotAxes,
  tensordot,
  vdot,
} from './products.ts';
export {
  type Interpolation,
  median,
  nanmedian,
  nanquantile,
  percentile,
  type QuantileOptions,
  type Quantiles,
  quantile,
} from './quantile.ts';
export type { RecurrentLayerOptions, RecurrentLayerOutput } from './recurrent.ts';
export type { Extreme } from './reduce.ts';
export { amax, amin, aminmax, argmax, argmin, logsumexp, max, mean, min, type Range } from './reduce.ts';
export type { Nonlinearity, RnnLayerOptions } from './rnn.ts';
export { rnnLayer } from './rnn.ts';
export { embedding, oneHot } from './rows.ts';
export { cummax, cummin, cumprod, cumsum, type DiffOptions, diff, logcumsumexp, type ScanOptions } from './scan.ts';
export { type ScatterReduction, scatter, scatterAdd, scatterReduce } from './scatter.ts';
export { logSoftmax, softmax } from './softmax.ts';
export { argsort, type KthOptions, kthvalue, type SortOptions, sort, type TopkOptions, topk } from './sort.ts';
export { all, any, countNonzero, nanmean, nansum, prod } from './totals.ts';
export { acos, acosh, asin, asinh, atan, atan2, atanh, cos, cosh, hypot, sin, sinh, tan } from './trigonometry.ts';
export {
  abs,
  ceil,
  clamp,
  erf,
  erfc,
  exp,
  exp2,
  expm1,
  floor,
  frac,
  gelu,
  leakyRelu,
  log,
  log1p,
  log2,
  log10,
  logsigmoid,
  neg,
  reciprocal,
  relu,
  round,
  rsqrt,
  sigmoid,
  sign,
  softplus,
  sqrt,
  square,
  tanh,
  threshold,
  trunc,
} from './unary.ts';
export { mode, type Unique, type UniqueOptions, unique, uniqueConsecutive } from './unique.ts';
export { std, stdMean, type VarianceOptions, variance, varMean } from './variance.ts';
