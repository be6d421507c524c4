// Readers of the products, the row kernels and the normalisations.
#include "readers.h"

namespace lanegrad {

// (transA, transB, accumulate, m, n, k, batch, aStride, bStride, cStride, a, b, c, bias | null)
bool read_gemm(Args& in, GemmArgs& a) {
  a.trans_a = in.flag("transA");
  a.trans_b = in.flag("transB");
  a.accumulate = in.flag("accumulate");
  a.m = in.dim("m");
  a.n = in.dim("n");
  a.k = in.dim("k");
  a.batch = in.dim("batch");
  a.a_stride = in.dim("aStride");
  a.b_stride = in.dim("bStride");
  a.c_stride = in.dim("cStride");
  const int64_t mn = in.mul(a.m, a.n);
  // The last repetition starts (batch − 1) strides in.
  const auto extent = [&](int64_t one, int64_t stride) {
    return one == 0 || a.batch == 0 ? 0 : in.add(in.mul(a.batch - 1, stride), one);
  };
  a.a = in.in("a", extent(in.mul(a.m, a.k), a.a_stride));
  a.b = in.in("b", extent(in.mul(a.k, a.n), a.b_stride));
  a.c = in.out("c", extent(mn, a.c_stride));
  a.bias = in.in_or_null("bias", a.n);
  if (a.batch > 1 && a.c_stride < mn) {
    in.refuse(ErrorClass::kBuffer, "the products of a batch overlap: cStride must be at least %lld: got %lld",
              static_cast<long long>(mn), static_cast<long long>(a.c_stride));
  }
  if (a.accumulate && a.bias != nullptr) in.refuse(ErrorClass::kShape, "accumulate and bias exclude each other");
  return mn > 0 && a.batch > 0;
}

// (outer, width, table, ids, y)
bool read_gather_rows(Args& in, GatherRowsArgs& a) {
  int64_t length = 0;
  a.outer = in.dim("outer");
  a.width = in.dim("width");
  const int64_t step = in.mul(a.outer, a.width);
  a.table = in.in_all("table", &length);
  a.ids = in.in_i32_all("ids", &a.count);
  a.y = in.out("y", in.mul(a.count, step));
  a.rows = step > 0 ? length / step : kMaxDim + 1;  // rows of nothing: no id is past the last
  return a.count > 0;
}

// (outer, width, src, ids, table)
bool read_scatter_add_rows(Args& in, ScatterAddRowsArgs& a) {
  int64_t available = 0, length = 0;
  a.outer = in.dim("outer");
  a.width = in.dim("width");
  const int64_t step = in.mul(a.outer, a.width);
  a.src = in.in_all("src", &available);
  a.ids = in.in_i32_all("ids", &a.count);
  a.table = in.out_all("table", &length, Range::kOutput);
  if (in.ok() && available < in.mul(a.count, step)) {
    in.refuse(ErrorClass::kBuffer, "src must have at least %lld elements: got %lld",
              static_cast<long long>(a.count * step), static_cast<long long>(available));
  }
  a.rows = step > 0 ? length / step : 0;
  return a.count > 0 && step > 0;
}

// (log, rows, n, x, y)
bool read_softmax(Args& in, SoftmaxArgs& a) {
  a.log = in.flag("log");
  a.rows = in.dim("rows");
  a.n = in.dim("n");
  const int64_t size = in.mul(a.rows, a.n);
  a.x = in.in("x", size);
  a.y = in.out("y", size);
  return size > 0;
}

// (log, rows, n, y, dy, dx)
bool read_softmax_backward(Args& in, SoftmaxBackwardArgs& a) {
  a.log = in.flag("log");
  a.rows = in.dim("rows");
  a.n = in.dim("n");
  const int64_t size = in.mul(a.rows, a.n);
  a.y = in.in("y", size);
  a.dy = in.in("dy", size);
  a.dx = in.out("dx", size);
  return size > 0;
}

namespace {
constexpr int64_t kAnyInteger = int64_t{1} << 53;
}

// (rows, classes, ignoreIndex, x, targets, losses, lse)
bool read_cross_entropy(Args& in, CrossEntropyArgs& a) {
  a.rows = in.dim("rows");
  a.classes = in.dim("classes");
  a.ignore_index = in.integer("ignoreIndex", -kAnyInteger, kAnyInteger);
  a.x = in.in("x", in.mul(a.rows, a.classes));
  a.targets = in.in_i32("targets", a.rows);
  a.losses = in.out("losses", a.rows);
  a.lse = in.out("lse", a.rows);
  return a.rows > 0;
}

// (rows, classes, ignoreIndex, x, targets, lse, dLosses, dx)
bool read_cross_entropy_backward(Args& in, CrossEntropyBackwardArgs& a) {
  a.rows = in.dim("rows");
  a.classes = in.dim("classes");
  a.ignore_index = in.integer("ignoreIndex", -kAnyInteger, kAnyInteger);
  const int64_t size = in.mul(a.rows, a.classes);
  a.x = in.in("x", size);
  a.targets = in.in_i32("targets", a.rows);
  a.lse = in.in("lse", a.rows);
  a.d_losses = in.in("dLosses", a.rows);
  a.dx = in.out("dx", size);
  return size > 0;
}

// (rows, n, eps, x, weight | null, bias | null, y, mean, rstd)
bool read_layer_norm(Args& in, LayerNormArgs& a) {
  a.rows = in.dim("rows");
  a.n = in.dim("n");
  a.eps = in.number("eps");
  const int64_t size = in.mul(a.rows, a.n);
  a.x = in.in("x", size);
  a.weight = in.in_or_null("weight", a.n);
  a.bias = in.in_or_null("bias", a.n);
  a.y = in.out("y", size);
  a.mean = in.out("mean", a.rows);
  a.rstd = in.out("rstd", a.rows);
  return a.rows > 0;
}

// (rows, n, x, weight | null, mean, rstd, dy, dx | null, dWeight | null, dBias | null)
bool read_layer_norm_backward(Args& in, LayerNormBackwardArgs& a) {
  a.rows = in.dim("rows");
  a.n = in.dim("n");
  const int64_t size = in.mul(a.rows, a.n);
  a.x = in.in("x", size);
  a.weight = in.in_or_null("weight", a.n);
  a.mean = in.in("mean", a.rows);
  a.rstd = in.in("rstd", a.rows);
  a.dy = in.in("dy", size);
  a.dx = in.out_or_null("dx", size);
  a.d_weight = in.out_or_null("dWeight", a.n);
  a.d_bias = in.out_or_null("dBias", a.n);
  return a.n > 0;
}

// (batch, channels, inner, x, mean, variance)
bool read_batch_moments(Args& in, BatchMomentsArgs& a) {
  a.batch = in.dim("batch");
  a.channels = in.dim("channels");
  a.inner = in.dim("inner");
  a.x = in.in("x", in.mul(a.batch, a.channels, a.inner));
  a.mean = in.out("mean", a.channels);
  a.variance = in.out("variance", a.channels);
  return a.channels > 0;
}

namespace {

// (batch, channels, inner, groups, …)
ChannelNormDims read_channel_norm_dims(Args& in) {
  ChannelNormDims d{};
  d.batch = in.dim("batch");
  d.channels = in.dim("channels");
  d.inner = in.dim("inner");
  d.groups = in.dim("groups");
  if (in.ok() && d.groups > 0 && d.channels % d.groups != 0) {
    in.refuse(ErrorClass::kShape, "groups must divide the channels: got %lld of %lld", static_cast<long long>(d.groups),
              static_cast<long long>(d.channels));
  }
  return d;
}

int64_t statistics(Args& in, const ChannelNormDims& d) { return d.groups == 0 ? d.channels : in.mul(d.batch, d.groups); }

}  // namespace

// (dims…, x, weight | null, bias | null, mean, rstd, y)
bool read_channel_norm(Args& in, ChannelNormArgs& a) {
  a.dims = read_channel_norm_dims(in);
  const int64_t size = in.mul(a.dims.batch, a.dims.channels, a.dims.inner), sets = statistics(in, a.dims);
  a.x = in.in("x", size);
  a.weight = in.in_or_null("weight", a.dims.channels);
  a.bias = in.in_or_null("bias", a.dims.channels);
  a.mean = in.in("mean", sets);
  a.rstd = in.in("rstd", sets);
  a.y = in.out("y", size);
  return size > 0;
}

// (dims…, fixed, x, weight | null, mean, rstd, dy, dx | null, dWeight | null, dBias | null)
bool read_channel_norm_backward(Args& in, ChannelNormBackwardArgs& a) {
  a.dims = read_channel_norm_dims(in);
  a.fixed = in.flag("fixed");
  const int64_t size = in.mul(a.dims.batch, a.dims.channels, a.dims.inner), sets = statistics(in, a.dims);
  a.x = in.in("x", size);
  a.weight = in.in_or_null("weight", a.dims.channels);
  a.mean = in.in("mean", sets);
  a.rstd = in.in("rstd", sets);
  a.dy = in.in("dy", size);
  a.dx = in.out_or_null("dx", size);
  a.d_weight = in.out_or_null("dWeight", a.dims.channels);
  a.d_bias = in.out_or_null("dBias", a.dims.channels);
  return a.dims.channels > 0;
}

}  // namespace lanegrad
