/** The operations of the public surface, as functions: the one list of them. */

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
export { bernoulli, type DrawOptions, type MultinomialOptions, multinomial, randperm } from './draw.ts';
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
} from './elementwise/activation.ts';
export type { ScaledOptions } from './elementwise/arithmetic.ts';
export { add, type DivOptions, div, floorDivide, maximum, minimum, mul, sub } from './elementwise/arithmetic.ts';
export type { Operand } from './elementwise/cast.ts';
export { to } from './elementwise/cast.ts';
export { addcdiv, addcmul, type CombineOptions, copysign, lerp, logaddexp, xlogy } from './elementwise/combine.ts';
export {
  eq,
  ge,
  gt,
  le,
  logicalAnd,
  logicalNot,
  logicalOr,
  logicalXor,
  lt,
  maskedFill,
  ne,
  where,
} from './elementwise/compare.ts';
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
} from './elementwise/finite.ts';
export { digamma, erfinv, lgamma, ndtri, polygamma } from './elementwise/gamma.ts';
export { betainc, gammainc, gammaincc } from './elementwise/incomplete.ts';
export { fmod, remainder } from './elementwise/modulo.ts';
export { pow } from './elementwise/power.ts';
export { type StepOptions, step, threshold } from './elementwise/step.ts';
export {
  acos,
  acosh,
  asin,
  asinh,
  atan,
  atan2,
  atanh,
  cos,
  cosh,
  hypot,
  sin,
  sinh,
  tan,
} from './elementwise/trigonometry.ts';
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
  trunc,
} from './elementwise/unary.ts';
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
export { type GradcheckOptions, gradcheck, gradcheckError, gradgradcheck } from './gradcheck.ts';
export { add_, copy_, div_, fill_, mul_, sub_, zero_ } from './in-place.ts';
export type { Placed } from './indexing/along.ts';
export { at, type Index, indexPut, indexPut_ } from './indexing/at.ts';
export { gather, takeAlongAxis } from './indexing/gather.ts';
export {
  type Ids,
  indexAdd,
  indexCopy,
  indexFill,
  indexSelect,
  repeatInterleave,
  take,
} from './indexing/index-axis.ts';
export { maskedScatter, maskedSelect } from './indexing/masked.ts';
export { argwhere, nonzero } from './indexing/nonzero.ts';
export { chunk, split, unbind } from './indexing/parts.ts';
export { type EmbeddingLookup, embedding, oneHot } from './indexing/rows.ts';
export { type ScatterReduction, scatter, scatterAdd, scatterReduce } from './indexing/scatter.ts';
export { type AttentionOptions, causalMask, scaledDotProductAttention } from './layer/attention.ts';
export { bilinear } from './layer/bilinear.ts';
export {
  type BatchNormOptions,
  batchNorm,
  type GroupNormOptions,
  groupNorm,
  type InstanceNormOptions,
  instanceNorm,
} from './layer/channel-norm.ts';
export type { DropoutOptions } from './layer/dropout.ts';
export { dropout } from './layer/dropout.ts';
export { gruLayer } from './layer/gru.ts';
export type { LstmLayerOutput } from './layer/lstm.ts';
export { lstmLayer } from './layer/lstm.ts';
export { layerNorm } from './layer/norm.ts';
export type { RecurrentLayerOptions, RecurrentLayerOutput } from './layer/recurrent.ts';
export type { Nonlinearity, RnnLayerOptions } from './layer/rnn.ts';
export { rnnLayer } from './layer/rnn.ts';
export { logSoftmax, softmax } from './layer/softmax.ts';
export {
  type BinaryCrossEntropyOptions,
  type BinaryCrossEntropyWithLogitsOptions,
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
} from './loss/binary.ts';
export { type CrossEntropyOptions, crossEntropy } from './loss/cross-entropy.ts';
export { type CtcLossOptions, ctcLoss, type Lengths } from './loss/ctc.ts';
export {
  type GaussianNllLossOptions,
  gaussianNllLoss,
  type KlDivOptions,
  klDiv,
  type PoissonNllLossOptions,
  poissonNllLoss,
} from './loss/likelihood.ts';
export {
  cosineEmbeddingLoss,
  hingeEmbeddingLoss,
  type MarginLossOptions,
  marginRankingLoss,
  softMarginLoss,
  type TripletMarginLossOptions,
  tripletMarginLoss,
} from './loss/margin.ts';
export {
  type MultilabelSoftMarginLossOptions,
  type MultiMarginLossOptions,
  multilabelMarginLoss,
  multilabelSoftMarginLoss,
  multiMarginLoss,
} from './loss/multi-class.ts';
export { type NllLossOptions, nllLoss } from './loss/nll.ts';
export type { LossOptions, Reduction } from './loss/reduction.ts';
export {
  type HuberLossOptions,
  huberLoss,
  l1Loss,
  mseLoss,
  type SmoothL1LossOptions,
  smoothL1Loss,
} from './loss/regression.ts';
export { movedim, repeat, swapaxes, tile, unfold } from './movement/arrange.ts';
export { type DiagonalOptions, diag, diagEmbed, diagonal, trace, tril, triu } from './movement/diagonal.ts';
export { flip, roll, rot90 } from './movement/flip.ts';
export { cartesianProd, cat, hstack, meshgrid, stack, vstack } from './movement/join.ts';
export {
  flatten,
  narrow,
  permute,
  reshape,
  select,
  slice,
  squeeze,
  transpose,
  unsqueeze,
} from './movement/movement.ts';
export { type PadMode, pad } from './movement/pad.ts';
export { col2im, im2col, type PatchOptions } from './movement/patches.ts';
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
} from './order/histogram.ts';
export {
  type Interpolation,
  median,
  nanmedian,
  nanquantile,
  percentile,
  type QuantileOptions,
  type Quantiles,
  quantile,
} from './order/quantile.ts';
export { argsort, type KthOptions, kthvalue, type SortOptions, sort, type TopkOptions, topk } from './order/sort.ts';
export { mode, type Unique, type UniqueOptions, unique, uniqueConsecutive } from './order/unique.ts';
export {
  type CosineSimilarityOptions,
  cdist,
  cosineSimilarity,
  type PairwiseDistanceOptions,
  pairwiseDistance,
} from './product/distance.ts';
export { einsum } from './product/einsum.ts';
export type { Transposes } from './product/matmul.ts';
export { type AddmmOptions, addmm, bmm, dot, linear, matmul, mm } from './product/matmul.ts';
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
} from './product/products.ts';
export type { Axes, ReduceOptions } from './reduction/broadcast.ts';
export { broadcastTensors, broadcastTo, expand, expandAs, sum, type TotalOptions } from './reduction/broadcast.ts';
export { type CovarianceOptions, corrcoef, cov } from './reduction/covariance.ts';
export { type NormalizeOptions, type NormOptions, norm, normalize } from './reduction/norms.ts';
export type { Extreme } from './reduction/reduce.ts';
export { amax, amin, aminmax, argmax, argmin, logsumexp, max, mean, min, type Range } from './reduction/reduce.ts';
export {
  cummax,
  cummin,
  cumprod,
  cumsum,
  type DiffOptions,
  diff,
  logcumsumexp,
  type ScanOptions,
} from './reduction/scan.ts';
export { all, any, countNonzero, nanmean, nansum, prod } from './reduction/totals.ts';
export { std, stdMean, type VarianceOptions, variance, varMean } from './reduction/variance.ts';
export { type AdaptivePoolOptions, adaptiveMaxPool1d, adaptiveMaxPool2d } from './spatial/adaptive-max-pool.ts';
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
} from './spatial/average-pool.ts';
export { type ConvOptions, conv1d, conv2d, type PerAxis } from './spatial/conv.ts';
export { type ConvTransposeOptions, convTranspose1d, convTranspose2d } from './spatial/conv-transpose.ts';
export { type InterpolateMode, type InterpolateOptions, interpolate } from './spatial/interpolate.ts';
export { type MaxPoolOptions, maxPool1d, maxPool2d } from './spatial/pool.ts';
