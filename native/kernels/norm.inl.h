// Layer normalisation along rows, forward and backward. Two passes for the variance, so that a large mean costs no
// digits.
#pragma once

#include "lanes.inl.h"
#include "reduce.inl.h"
#include "split.inl.h"

LANEGRAD_INLINE v16 normalized(v16 x, vf mean, vf rstd) {
  LANEGRAD_UNROLL for (int i = 0; i < kRegisters; ++i) x.r[i] = (x.r[i] - mean) * rstd;
  return x;
}

// y = (x − mean)·rstd·weight + bias.
inline void layer_norm_row(const LayerNormArgs& args, int64_t row) {
  const int64_t n = args.n;
  const float* x = args.x + row * n;
  float* y = args.y + row * n;
  const float mean = reduce_row<SumStep>(x, n) / static_cast<float>(n);
  const vf mu = set1(mean);
  const float squares = sum_pieces(n, [&](v16 acc, int64_t i, int count) LANEGRAD_INLINE_LAMBDA {
    v16 d = load_piece(x + i, count);
    LANEGRAD_UNROLL for (int r = 0; r < kRegisters; ++r) d.r[r] = d.r[r] - mu;
    d = first_lanes(d, count);
    return fma(d, d, acc);
  });
  const double variance = static_cast<double>(squares) / static_cast<double>(n);
  const float rstd = static_cast<float>(1.0 / ::sqrt(variance + args.eps));
  args.mean[row] = mean;
  args.rstd[row] = rstd;
  const vf scale = set1(rstd);
  for_pieces(n, [&](int64_t i, int count) LANEGRAD_INLINE_LAMBDA {
    v16 v = normalized(load_piece(x + i, count), mu, scale);
    if (args.weight != nullptr && args.bias != nullptr) {
      v = fma(v, load_piece(args.weight + i, count), load_piece(args.bias + i, count));
    } else if (args.weight != nullptr) {
      v = v * load_piece(args.weight + i, count);
    } else if (args.bias != nullptr) {
      v = v + load_piece(args.bias + i, count);
    }
    store_piece(y + i, v, count);
  });
}

inline void layer_norm(const LayerNormArgs& args, const Parallel& par) {
  for_chunks(par, args.rows, args.n, 1, [&](int64_t from, int64_t to) {
    for (int64_t r = from; r < to; ++r) layer_norm_row(args, r);
  });
}

// With g = dy·weight: dx = rstd·(g − mean(g) − x̂·mean(g·x̂)).
inline void layer_norm_dx_row(const LayerNormBackwardArgs& args, int64_t row) {
  const int64_t n = args.n;
  const float* x = args.x + row * n;
  const float* dy = args.dy + row * n;
  float* dx = args.dx + row * n;
  const vf mu = set1(args.mean[row]), scale = set1(args.rstd[row]);
  const auto upstream = [&](int64_t i, int count) LANEGRAD_INLINE_LAMBDA {
    const v16 d = load_piece(dy + i, count);
    return args.weight == nullptr ? d : d * load_piece(args.weight + i, count);
  };
  const float sum =
      sum_pieces(n, [&](v16 acc, int64_t i, int count) LANEGRAD_INLINE_LAMBDA { return acc + upstream(i, count); });
  // Beyond a row the lanes are cleared: a zero less the mean is none, and 0·∞ would be NaN.
  const float dot = sum_pieces(n, [&](v16 acc, int64_t i, int count) LANEGRAD_INLINE_LAMBDA {
    return fma(upstream(i, count), first_lanes(normalized(load_piece(x + i, count), mu, scale), count), acc);
  });
  const vf mean_sum = set1(sum / static_cast<float>(n)), mean_dot = set1(dot / static_cast<float>(n));
  for_pieces(n, [&](int64_t i, int count) LANEGRAD_INLINE_LAMBDA {
    v16 g = upstream(i, count);
    const v16 v = normalized(load_piece(x + i, count), mu, scale);
    LANEGRAD_UNROLL for (int r = 0; r < kRegisters; ++r) { g.r[r] = scale * fnma(v.r[r], mean_dot, g.r[r] - mean_sum); }
    store_piece(dx + i, g, count);
  });
}

// dWeight = Σ dy·x̂ and dBias = Σ dy over rows: one ascending chain for each of `count` columns from j on.
inline void layer_norm_parameters(const LayerNormBackwardArgs& args, int64_t j, int count) {
  const int64_t n = args.n;
  v16 weight_sum = zero16(), bias_sum = zero16();
  for (int64_t r = 0; r < args.rows; ++r) {
    const v16 dy = load_piece(args.dy + r * n + j, count);
    const v16 v = normalized(load_piece(args.x + r * n + j, count), set1(args.mean[r]), set1(args.rstd[r]));
    weight_sum = fma(dy, v, weight_sum);
    bias_sum = bias_sum + dy;
  }
  if (args.d_weight != nullptr) store_piece(args.d_weight + j, weight_sum, count);
  if (args.d_bias != nullptr) store_piece(args.d_bias + j, bias_sum, count);
}

inline void layer_norm_backward(const LayerNormBackwardArgs& args, const Parallel& par) {
  if (args.dx != nullptr) {
    for_chunks(par, args.rows, 2 * args.n, 1, [&](int64_t from, int64_t to) {
      for (int64_t r = from; r < to; ++r) layer_norm_dx_row(args, r);
    });
  }
  if (args.d_weight == nullptr && args.d_bias == nullptr) return;
  for_chunks(par, ceil_div(args.n, kVirtualLanes), args.rows * kVirtualLanes, 1, [&](int64_t from, int64_t to) {
    for (int64_t piece = from; piece < to; ++piece) {
      const int64_t j = piece * kVirtualLanes;
      layer_norm_parameters(args, j, static_cast<int>(smaller(kVirtualLanes, args.n - j)));
    }
  });
}
