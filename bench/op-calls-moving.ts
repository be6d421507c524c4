/** The calls of `bench/ops` that move, reduce, order and multiply. */

import * as ops from '../src/ops/index.ts';
import { type Call, elementwise, inPlace, others } from './op-calls.ts';

/** Views cost the same whatever the size: their bytes are none. */
const views = others({
  reshape: { run: (o) => ops.reshape(o.matrix, [-1]) },
  flatten: { run: (o) => ops.flatten(o.matrix) },
  squeeze: { run: (o) => ops.squeeze(o.image, 0) },
  unsqueeze: { run: (o) => ops.unsqueeze(o.x, 0) },
  slice: { run: (o) => ops.slice(o.matrix, 0, 1) },
  narrow: { run: (o) => ops.narrow(o.matrix, 0, 0, 1) },
  select: { run: (o) => ops.select(o.matrix, 0, 1) },
  split: { run: (o) => ops.split(o.x, o.n / 2) },
  chunk: { run: (o) => ops.chunk(o.x, 2) },
  unbind: { run: (o) => ops.unbind(o.a) },
});

const copies = others(
  {
    permute: { run: (o) => ops.permute(o.matrix, [1, 0]) },
    transpose: { run: (o) => ops.transpose(o.matrix, 0, 1) },
    swapaxes: { run: (o) => ops.swapaxes(o.matrix, 0, 1) },
    movedim: { run: (o) => ops.movedim(o.matrix, 0, 1) },
    expand: { run: (o) => ops.expand(o.row, [...o.matrix.shape]), bytes: 4 },
    repeat: { run: (o) => ops.repeat(o.row, [o.matrix.shape[0], 1]), bytes: 4 },
    tile: { run: (o) => ops.tile(o.row, [o.matrix.shape[0], 1]), bytes: 4 },
    flip: { run: (o) => ops.flip(o.matrix, 1) },
    roll: { run: (o) => ops.roll(o.matrix, 1, 1) },
    rot90: { run: (o) => ops.rot90(o.matrix) },
    cat: { run: (o) => ops.cat([o.x, o.y]), bytes: 16 },
    stack: { run: (o) => ops.stack([o.x, o.y]), bytes: 16 },
    hstack: { run: (o) => ops.hstack([o.matrix, o.matrix]), bytes: 16 },
    vstack: { run: (o) => ops.vstack([o.matrix, o.matrix]), bytes: 16 },
    tril: { run: (o) => ops.tril(o.matrix) },
    triu: { run: (o) => ops.triu(o.matrix) },
    pad: { run: (o) => ops.pad(o.matrix, [1, 1, 1, 1]) },
    meshgrid: { run: (o) => ops.meshgrid([o.row, ops.slice(o.x, 0, 0, o.matrix.shape[0])]), bytes: 8 },
    indexSelect: { run: (o) => ops.indexSelect(o.matrix, 1, o.order) },
    unfold: { run: (o) => ops.unfold(o.x, 0, 2, 2) },
  },
  { against: 'bandwidth' },
);

/** Held against nothing: what they cost is a matter of where the ids point. */
const indexed = others({
  diag: { run: (o) => ops.diag(o.row) },
  diagonal: { run: (o) => ops.diagonal(o.matrix) },
  diagEmbed: { run: (o) => ops.diagEmbed(o.row) },
  trace: { run: (o) => ops.trace(o.matrix) },
  take: { run: (o) => ops.take(o.x, o.ids) },
  gather: { run: (o) => ops.gather(o.x, 0, o.ids) },
  takeAlongAxis: { run: (o) => ops.takeAlongAxis(o.x, o.ids, 0) },
  scatter: { run: (o) => ops.scatter(o.x, 0, o.ids, o.y) },
  scatterAdd: { run: (o) => ops.scatterAdd(o.x, 0, o.ids, o.y) },
  scatterReduce: { run: (o) => ops.scatterReduce(o.x, 0, o.ids, o.y, 'amax') },
  indexAdd: { run: (o) => ops.indexAdd(o.x, 0, o.ids, o.y) },
  indexCopy: { run: (o) => ops.indexCopy(o.x, 0, o.ids, o.y) },
  indexFill: { run: (o) => ops.indexFill(o.x, 0, o.ids, 1) },
  indexPut: { run: (o) => ops.indexPut(o.x, [o.ids], o.y) },
  at: { run: (o) => ops.at(o.matrix, ':', o.order) },
  embedding: { run: (o) => ops.embedding(o.order, o.matrix) },
  oneHot: { run: (o) => ops.oneHot(o.order) },
  nonzero: { run: (o) => ops.nonzero(o.mask) },
  argwhere: { run: (o) => ops.argwhere(o.mask) },
  maskedSelect: { run: (o) => ops.maskedSelect(o.x, o.mask) },
  maskedScatter: { run: (o) => ops.maskedScatter(o.x, o.mask, o.y) },
  repeatInterleave: { run: (o) => ops.repeatInterleave(o.x, 2) },
});

const reductions: readonly Call[] = [
  ...others(
    {
      sum: { run: (o) => ops.sum(o.matrix, 1) },
      mean: { run: (o) => ops.mean(o.matrix, 1) },
      amax: { run: (o) => ops.amax(o.matrix, 1) },
      amin: { run: (o) => ops.amin(o.matrix, 1) },
      aminmax: { run: (o) => ops.aminmax(o.x) },
      prod: { run: (o) => ops.prod(o.matrix, 1) },
      norm: { run: (o) => ops.norm(o.matrix, 2, 1) },
      max: { run: (o) => ops.max(o.x) },
      min: { run: (o) => ops.min(o.x) },
      argmax: { run: (o) => ops.argmax(o.matrix, 1) },
      argmin: { run: (o) => ops.argmin(o.matrix, 1) },
      dot: { run: (o) => ops.dot(o.x, o.y), bytes: 8 },
      vdot: { run: (o) => ops.vdot(o.x, o.y), bytes: 8 },
    },
    { against: 'bandwidth', bytes: 4, reading: true },
  ),
  ...others(
    {
      nansum: { run: (o) => ops.nansum(o.matrix, 1) },
      nanmean: { run: (o) => ops.nanmean(o.matrix, 1) },
      normalize: { run: (o) => ops.normalize(o.matrix) },
      varMean: { run: (o) => ops.varMean(o.matrix, 1) },
      stdMean: { run: (o) => ops.stdMean(o.matrix, 1) },
      variance: { run: (o) => ops.variance(o.matrix, 1) },
      std: { run: (o) => ops.std(o.matrix, 1) },
      logsumexp: { run: (o) => ops.logsumexp(o.matrix, 1) },
      softmax: { run: (o) => ops.softmax(o.matrix) },
      logSoftmax: { run: (o) => ops.logSoftmax(o.matrix) },
      layerNorm: { run: (o) => ops.layerNorm(o.matrix, [o.row.size]) },
      mseLoss: { run: (o) => ops.mseLoss(o.x, o.y) },
      binaryCrossEntropyWithLogits: { run: (o) => ops.binaryCrossEntropyWithLogits(o.x, o.positive) },
      crossEntropy: { run: (o) => ops.crossEntropy(o.matrix, ops.slice(o.classes, 0, 0, o.matrix.shape[0])) },
      cosineSimilarity: { run: (o) => ops.cosineSimilarity(o.matrix, o.matrix) },
      pairwiseDistance: { run: (o) => ops.pairwiseDistance(o.matrix, o.matrix) },
    },
    {},
  ),
];

/** What the sort of the platform is the measure of: one row of n. */
const ordered = others(
  {
    sort: { run: (o) => ops.sort(o.x) },
    argsort: { run: (o) => ops.argsort(o.x) },
    topk: { run: (o) => ops.topk(o.x, 4) },
    kthvalue: { run: (o) => ops.kthvalue(o.x, 4) },
    median: { run: (o) => ops.median(o.x) },
    nanmedian: { run: (o) => ops.nanmedian(o.x) },
    quantile: { run: (o) => ops.quantile(o.x, 0.3) },
    nanquantile: { run: (o) => ops.nanquantile(o.x, 0.3) },
    percentile: { run: (o) => ops.percentile(o.x, 30) },
    unique: { run: (o) => ops.unique(o.x) },
    mode: { run: (o) => ops.mode(o.whole) },
  },
  { against: 'sort' },
);

const scans = others(
  {
    cumsum: { run: (o) => ops.cumsum(o.matrix, 1) },
    cumprod: { run: (o) => ops.cumprod(o.matrix, 1) },
    cummax: { run: (o) => ops.cummax(o.matrix, 1), bytes: 12 },
    cummin: { run: (o) => ops.cummin(o.matrix, 1), bytes: 12 },
    diff: { run: (o) => ops.diff(o.matrix, 1), against: 'bandwidth' },
    logcumsumexp: { run: (o) => ops.logcumsumexp(o.matrix, 1) },
  },
  {},
);

const counting = others({
  uniqueConsecutive: { run: (o) => ops.uniqueConsecutive(o.whole) },
  searchsorted: { run: (o) => ops.searchsorted(ops.arange(o.row.size), o.classes) },
  bucketize: { run: (o) => ops.bucketize(o.classes, ops.arange(o.row.size)) },
  bincount: { run: (o) => ops.bincount(o.classes) },
  histogram: { run: (o) => ops.histogram(o.x, 64, { range: [-3, 3] }) },
  histc: { run: (o) => ops.histc(o.x, 64, { min: -3, max: 3 }) },
  countNonzero: { run: (o) => ops.countNonzero(o.x), against: 'bandwidth', bytes: 4, reading: true },
  all: { run: (o) => ops.all(o.matrix, 1), against: 'bandwidth', bytes: 4, reading: true },
  any: { run: (o) => ops.any(o.matrix, 1), against: 'bandwidth', bytes: 4, reading: true },
  cov: { run: (o) => ops.cov(o.a) },
  corrcoef: { run: (o) => ops.corrcoef(o.a) },
});

const products = others({
  matmul: { run: (o) => ops.matmul(o.a, o.b) },
  mm: { run: (o) => ops.mm(o.a, o.b) },
  bmm: { run: (o) => ops.bmm(ops.unsqueeze(o.a, 0), ops.unsqueeze(o.b, 0)) },
  mv: { run: (o) => ops.mv(o.matrix, o.row), against: 'bandwidth', bytes: 4, reading: true },
  outer: { run: (o) => ops.outer(o.row, ops.slice(o.x, 0, 0, o.matrix.shape[0])), against: 'bandwidth', bytes: 4 },
  inner: { run: (o) => ops.inner(o.a, o.b) },
  kron: { run: (o) => ops.kron(ops.slice(o.a, 0, 0, 2), o.b) },
  cross: { run: (o) => ops.cross(ops.slice(o.a, 0, 0, 3), ops.slice(o.b, 0, 0, 3), 0) },
  tensordot: { run: (o) => ops.tensordot(o.a, o.b, 1) },
  multiDot: { run: (o) => ops.multiDot([o.a, o.b, o.a]) },
  addmm: { run: (o) => ops.addmm(o.a, o.a, o.b) },
  linear: { run: (o) => ops.linear(o.a, o.b) },
  einsum: { run: (o) => ops.einsum('ij,jk->ik', o.a, o.b) },
  cdist: { run: (o) => ops.cdist(o.a, o.b) },
});

const spatial = others({
  conv2d: { run: (o) => ops.conv2d(o.image, o.kernel, null, { padding: 1 }) },
  convTranspose2d: { run: (o) => ops.convTranspose2d(o.image, o.kernel, null, { padding: 1 }) },
  maxPool2d: { run: (o) => ops.maxPool2d(o.image, 2) },
  avgPool2d: { run: (o) => ops.avgPool2d(o.image, 2) },
  adaptiveAvgPool2d: { run: (o) => ops.adaptiveAvgPool2d(o.image, [2, 2]) },
  adaptiveMaxPool2d: { run: (o) => ops.adaptiveMaxPool2d(o.image, [2, 2]) },
  lpPool2d: { run: (o) => ops.lpPool2d(o.image, 2, 2) },
  im2col: { run: (o) => ops.im2col(o.image, 2, { stride: 2 }) },
  interpolate: { run: (o) => ops.interpolate(o.image, { scaleFactor: 2 }) },
});

const creation = others(
  {
    zeros: { run: (o) => ops.zeros([o.n]), script: '0' },
    ones: { run: (o) => ops.ones([o.n]), script: '1' },
    full: { run: (o) => ops.full([o.n], 2), script: '2' },
    arange: { run: (o) => ops.arange(o.n), script: 'i' },
    eye: { run: (o) => ops.eye(o.a.shape[0]) },
    rand: { run: (o) => ops.rand([o.n]), script: 'Math.random()' },
    randn: { run: (o) => ops.randn([o.n]) },
    randint: { run: (o) => ops.randint(0, 9, [o.n]) },
  },
  { bytes: 4 },
);

export const calls: readonly Call[] = [
  ...elementwise,
  ...inPlace,
  ...views,
  ...copies,
  ...indexed,
  ...reductions,
  ...ordered,
  ...scans,
  ...counting,
  ...products,
  ...spatial,
  ...creation,
];
