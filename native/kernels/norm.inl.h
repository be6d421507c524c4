// Layer normalisation along rows, forward and backward.
#pragma once

#include "lanes.inl.h"
#include "moments.inl.h"
#include "split.inl.h"

LANEGRAD_INLINE v16 normalized(v16 x, vf mean, vf rstd) {
  LANEGRAD_UNROLL for (int i = 0; i < kRegisters; ++i) x.r[i] = (x.r[i] - mean) * rstd;
  return x;
}

// y = (x − mean)·rstd·weight + bias, of R rows from `row` on.
template <int R>
inline void layer_norm_rows(const LayerNormArgs& args, int64_t row) {
  const int64_t n = args.n;
  const float* x = args.x + row * n;
  float mean[R], squares[R];
  row_moments(x, n, mean, squares);
  vf mu[R], scale[R];
  LANEGRAD_UNROLL for (int r = 0; r < R; ++r) {
    const double variance = static_cast<double>(squares[r]) / static_cast<double>(n);
    args.mean[row + r] = mean[r];
    args.rstd[row + r] = static_cast<float>(1.0 / ::sqrt(variance + args.eps));
    mu[r] = set1(mean[r]);
    scale[r] = set1(args.rstd[row + r]);
  }
  const float* weight = args.weight;
  const float* bias = args.bias;
  float* y = args.y + row * n;
  for_pieces(n, [&](int64_t i, int count) LANEGRAD_INLINE_LAMBDA {
    const v16 w = weight == nullptr ? set16(1.0f) : load_piece(weight + i, count);
    const v16 b = bias == nullptr ? zero16() : load_piece(bias + i, count);
    LANEGRAD_UNROLL for (int r = 0; r < R; ++r) {
      v16 v = normalized(load_piece(x + r * n + i, count), mu[r], scale[r]);
      if (weight != nullptr && bias != nullptr) v = fma(v, w, b);
      else if (weight != nullptr) v = v * w;
      else if (bias != nullptr) v = v + b;
      store_piece(y + r * n + i, v, count);
    }
  });
}

inline void layer_norm(const LayerNormArgs& args, const Parallel& par) {
  for_chunks(par, args.rows, args.n, 1, [&](int64_t from, int64_t to) {
    int64_t r = from;
    for (; r + kRowsTogether <= to; r += kRowsTogether) layer_norm_rows<kRowsTogether>(args, r);
    for (; r < to; ++r) layer_norm_rows<1>(args, r);
  });
}

// dWeight and dBias sum over rows: blocks of rows, in each of them one ascending chain a column, and the blocks' sums
// added in ascending order. So a block's rows serve dx and the sums while they lie in the cache. At most 64 blocks: their
// sums are small against the rows themselves.
constexpr int64_t kNormBlocks = 64, kLeastNormBlock = 16;

inline int64_t norm_block_rows(const LayerNormBackwardArgs& args) {
  return larger(kLeastNormBlock, ceil_div(args.rows, kNormBlocks));
}

// Both sums of each block.
inline size_t layer_norm_backward_scratch(const LayerNormBackwardArgs& args, int) {
  if (args.d_weight == nullptr && args.d_bias == nullptr) return 0;
  return static_cast<size_t>(2 * args.n * ceil_div(args.rows, norm_block_rows(args)));
}

// With g = dy·weight: dx = rstd·(g − mean(g) − x̂·mean(g·x̂)), of R rows from `row` on. Adds their part to the sums of
// their block, unless those are null; where `first`, it starts them.
template <int R>
inline void layer_norm_backward_rows(const LayerNormBackwardArgs& args, int64_t row, float* sums, bool first) {
  const int64_t n = args.n;
  const float* x = args.x + row * n;
  const float* dy = args.dy + row * n;
  const float* weight = args.weight;
  float* dx = args.dx == nullptr ? nullptr : args.dx + row * n;
  vf mu[R], scale[R], mean_g[R], mean_dot[R];
  LANEGRAD_UNROLL for (int r = 0; r < R; ++r) {
    mu[r] = set1(args.mean[row + r]);
    scale[r] = set1(args.rstd[row + r]);
  }
  if (dx != nullptr) {
    // The sums of g come first, those of g·x̂ behind them: both chains in one pass.
    float totals[2 * R];
    sum_rows(n, totals, [&](v16 acc, int s, int64_t i, int count) LANEGRAD_INLINE_LAMBDA {
      const int r = s % R;
      v16 g = load_piece(dy + r * n + i, count);
      if (weight != nullptr) g = g * load_piece(weight + i, count);
      if (s < R) return acc + g;
      // Beyond a row the lanes are cleared: a zero less the mean is none, and 0·∞ would be NaN.
      v16 v = normalized(load_piece(x + r * n + i, count), mu[r], scale[r]);
      if (count < kVirtualLanes) v = first_lanes(v, count);
      return fma(g, v, acc);
    });
    LANEGRAD_UNROLL for (int r = 0; r < R; ++r) {
      mean_g[r] = set1(totals[r] / static_cast<float>(n));
      mean_dot[r] = set1(totals[R + r] / static_cast<float>(n));
    }
  }
  for_pieces(n, [&](int64_t i, int count) LANEGRAD_INLINE_LAMBDA {
    const v16 w = weight == nullptr ? set16(1.0f) : load_piece(weight + i, count);
    v16 weight_sum = zero16(), bias_sum = zero16();
    if (sums != nullptr && !first) {
      weight_sum = load_piece(sums + i, count);
      bias_sum = load_piece(sums + n + i, count);
    }
    LANEGRAD_UNROLL for (int r = 0; r < R; ++r) {
      const v16 d = load_piece(dy + r * n + i, count);
      const v16 v = normalized(load_piece(x + r * n + i, count), mu[r], scale[r]);
      if (sums != nullptr) {
        weight_sum = fma(d, v, weight_sum);
        bias_sum = bias_sum + d;
      }
      if (dx != nullptr) {
        v16 g = weight == nullptr ? d : d * w;
        LANEGRAD_UNROLL for (int k = 0; k < kRegisters; ++k) {
          g.r[k] = scale[r] * fnma(v.r[k], mean_dot[r], g.r[k] - mean_g[r]);
        }
        store_piece(dx + r * n + i, g, count);
      }
    }
    if (sums != nullptr) {
      store_piece(sums + i, weight_sum, count);
      store_piece(sums + n + i, bias_sum, count);
    }
  });
}

inline void layer_norm_backward(const LayerNormBackwardArgs& args, const Parallel& par, Scratch scratch) {
  const int64_t n = args.n, block = norm_block_rows(args), blocks = ceil_div(args.rows, block);
  const bool wants_sums = args.d_weight != nullptr || args.d_bias != nullptr;
  for_chunks(par, blocks, 2 * block * n, 1, [&](int64_t from, int64_t to) {
    for (int64_t b = from; b < to; ++b) {
      float* sums = wants_sums ? scratch.data + 2 * n * b : nullptr;
      const int64_t start = b * block, end = smaller(args.rows, start + block);
      int64_t r = start;
      for (; r + kRowsTogether <= end; r += kRowsTogether) {
        layer_norm_backward_rows<kRowsTogether>(args, r, sums, r == start);
      }
      for (; r < end; ++r) layer_norm_backward_rows<1>(args, r, sums, r == start);
    }
  });
  if (args.d_weight != nullptr) reduce_columns_strip<SumStep>(scratch.data, blocks, 2 * n, n, args.d_weight);
  if (args.d_bias != nullptr && blocks == 0) memset(args.d_bias, 0, n * sizeof(float));
  else if (args.d_bias != nullptr) reduce_columns_strip<SumStep>(scratch.data + n, blocks, 2 * n, n, args.d_bias);
}
