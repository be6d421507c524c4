// Means and Σ(x − mean)² along the middle axis of [outer, n, inner], in two passes, so that a large mean costs no digits.
// Sums run in the order of the reductions.
#pragma once

#include "reduce.inl.h"

inline v16 squared_differences(v16 acc, v16 x, vf mean, int count) {
  LANEGRAD_UNROLL for (int v = 0; v < kRegisters; ++v) x.r[v] = x.r[v] - mean;
  if (count < kVirtualLanes) x = first_lanes(x, count);
  return fma(x, x, acc);
}

// Σ(x − mean)² over n ≤ kReduceBlock values, or any number in blocks.
inline float sum_squared_differences(const float* x, int64_t n, float mean) {
  const vf centre = set1(mean);
  return sum_pieces(n, [&](v16 acc, int64_t i, int count) LANEGRAD_INLINE_LAMBDA {
    return squared_differences(acc, load_piece(x + i, count), centre, count);
  });
}

// Both of R rows of n.
template <int R>
inline void row_moments(const float* x, int64_t n, float (&mean)[R], float (&squares)[R]) {
  float sums[R];
  vf centre[R];
  sum_rows(n, sums, [&](v16 acc, int r, int64_t i, int count) LANEGRAD_INLINE_LAMBDA {
    return acc + load_piece(x + r * n + i, count);
  });
  LANEGRAD_UNROLL for (int r = 0; r < R; ++r) {
    mean[r] = sums[r] / static_cast<float>(n);
    centre[r] = set1(mean[r]);
  }
  sum_rows(n, squares, [&](v16 acc, int r, int64_t i, int count) LANEGRAD_INLINE_LAMBDA {
    return squared_differences(acc, load_piece(x + r * n + i, count), centre[r], count);
  });
}

template <int R>
inline void moments_rows(const MomentsArgs& args, int64_t row) {
  float mean[R], squares[R];
  row_moments(args.x + row * args.n, args.n, mean, squares);
  LANEGRAD_UNROLL for (int r = 0; r < R; ++r) {
    args.mean[row + r] = mean[r];
    args.squares[row + r] = squares[r];
  }
}

// A long row is shared by threads: blocks of both passes, joined in ascending order.
inline int64_t moments_blocks(const MomentsArgs& args) {
  const bool shared = args.inner == 1 && args.n > kReduceBlock && args.outer * args.n >= 2 * kTaskElements;
  return shared ? ceil_div(args.n, kReduceBlock) : 0;
}

inline size_t moments_scratch(const MomentsArgs& args, int) {
  return static_cast<size_t>(args.outer * moments_blocks(args));
}

template <class Block, class Done>
inline void moments_pass(const MomentsArgs& args, const Parallel& par, Scratch scratch, const Block& block,
                         const Done& done) {
  const int64_t blocks = moments_blocks(args);
  for_chunks(par, args.outer * blocks, kReduceBlock, 1, [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; ++i) {
      const int64_t row = i / blocks, at = i % blocks * kReduceBlock;
      scratch.data[i] = block(row, args.x + row * args.n + at, smaller(args.n - at, kReduceBlock));
    }
  });
  for (int64_t r = 0; r < args.outer; ++r) {
    float total = 0.0f;
    for (int64_t b = 0; b < blocks; ++b) total += scratch.data[r * blocks + b];
    done(r, total);
  }
}

// Columns [j, j + count) of one [n, inner].
inline void moments_columns(const float* x, int64_t n, int64_t inner, int count, float* mean, float* squares) {
  vf sum = zero(), total = zero();
  for (int64_t i = 0; i < n; ++i) sum = sum + load_lanes(x + i * inner, count);
  const vf centre = sum / set1(static_cast<float>(n));
  for (int64_t i = 0; i < n; ++i) {
    const vf d = load_lanes(x + i * inner, count) - centre;
    total = fma(d, d, total);
  }
  store_lanes(mean, centre, count);
  store_lanes(squares, total, count);
}

inline void moments(const MomentsArgs& args, const Parallel& par, Scratch scratch) {
  const int64_t n = args.n, inner = args.inner;
  if (inner > 1) {
    const int64_t groups = ceil_div(inner, kLanes);
    for_chunks(par, args.outer * groups, 2 * n * smaller(inner, kLanes), 1, [&](int64_t from, int64_t to) {
      for (int64_t i = from; i < to; ++i) {
        const int64_t o = i / groups, j = i % groups * kLanes;
        const int count = static_cast<int>(smaller(kLanes, inner - j));
        moments_columns(args.x + o * n * inner + j, n, inner, count, args.mean + o * inner + j,
                        args.squares + o * inner + j);
      }
    });
    return;
  }
  if (moments_blocks(args) == 0) {
    for_chunks(par, args.outer, 2 * n, 1, [&](int64_t from, int64_t to) {
      int64_t r = from;
      for (; r + kRowsTogether <= to; r += kRowsTogether) moments_rows<kRowsTogether>(args, r);
      for (; r < to; ++r) moments_rows<1>(args, r);
    });
    return;
  }
  moments_pass(
      args, par, scratch, [&](int64_t, const float* x, int64_t count) { return reduce_block<SumStep>(x, count); },
      [&](int64_t r, float total) { args.mean[r] = total / static_cast<float>(n); });
  moments_pass(
      args, par, scratch,
      [&](int64_t r, const float* x, int64_t count) { return sum_squared_differences(x, count, args.mean[r]); },
      [&](int64_t r, float total) { args.squares[r] = total; });
}
