// Reductions along the middle axis of [outer, n, inner].
//
// inner = 1: 16 virtual lanes, lane l takes elements l, l + 16, …, folded by the fixed tree; rows longer than
// kReduceBlock are cut into blocks, each reduced so, and the block results combined in ascending order.
// inner > 1: one ascending chain for each output.
#pragma once

#include "lanes.inl.h"
#include "split.inl.h"

struct SumStep {
  static constexpr bool kExtreme = false;
  static constexpr float kNeutral = 0.0f;
  LANEGRAD_INLINE vf apply(vf sum, vf x) { return sum + x; }  // takes an element in
  LANEGRAD_INLINE vf combine(vf a, vf b) { return a + b; }    // joins two results
};
struct MaxStep {
  static constexpr bool kExtreme = true;
  LANEGRAD_INLINE vf quick(vf a, vf b) { return vmax(a, b); }
  static constexpr float kNeutral = -INFINITY;
  LANEGRAD_INLINE vf apply(vf a, vf b) { return maximum(a, b); }
  LANEGRAD_INLINE vf combine(vf a, vf b) { return maximum(a, b); }
};
struct MinStep {
  static constexpr bool kExtreme = true;
  LANEGRAD_INLINE vf quick(vf a, vf b) { return vmin(a, b); }
  static constexpr float kNeutral = INFINITY;
  LANEGRAD_INLINE vf apply(vf a, vf b) { return minimum(a, b); }
  LANEGRAD_INLINE vf combine(vf a, vf b) { return minimum(a, b); }
};
struct SumSquaresStep {
  static constexpr bool kExtreme = false;
  static constexpr float kNeutral = 0.0f;
  LANEGRAD_INLINE vf apply(vf sum, vf x) { return fma(x, x, sum); }
  LANEGRAD_INLINE vf combine(vf a, vf b) { return a + b; }
};
struct ProdStep {
  static constexpr bool kExtreme = false;
  static constexpr float kNeutral = 1.0f;
  LANEGRAD_INLINE vf apply(vf product, vf x) { return product * x; }
  LANEGRAD_INLINE vf combine(vf a, vf b) { return a * b; }
};

struct SumAbsStep {
  static constexpr bool kExtreme = false;
  static constexpr float kNeutral = 0.0f;
  LANEGRAD_INLINE vf apply(vf sum, vf x) { return sum + vabs(x); }
  LANEGRAD_INLINE vf combine(vf a, vf b) { return a + b; }
};
struct MaxAbsStep {
  static constexpr bool kExtreme = false;
  static constexpr float kNeutral = 0.0f;
  LANEGRAD_INLINE vf apply(vf most, vf x) { return maximum(most, vabs(x)); }
  LANEGRAD_INLINE vf combine(vf a, vf b) { return maximum(a, b); }
};
struct MinAbsStep {
  static constexpr bool kExtreme = false;
  static constexpr float kNeutral = INFINITY;
  LANEGRAD_INLINE vf apply(vf least, vf x) { return minimum(least, vabs(x)); }
  LANEGRAD_INLINE vf combine(vf a, vf b) { return minimum(a, b); }
};
struct AnyStep {
  static constexpr bool kExtreme = false;
  static constexpr float kNeutral = 0.0f;
  LANEGRAD_INLINE vf apply(vf found, vf x) { return select(eq(x, zero()), found, set1(1.0f)); }
  LANEGRAD_INLINE vf combine(vf a, vf b) { return vmax(a, b); }
};
struct AllStep {
  static constexpr bool kExtreme = false;
  static constexpr float kNeutral = 1.0f;
  LANEGRAD_INLINE vf apply(vf found, vf x) { return select(eq(x, zero()), zero(), found); }
  LANEGRAD_INLINE vf combine(vf a, vf b) { return vmin(a, b); }
};
struct NanSumStep {
  static constexpr bool kExtreme = false;
  static constexpr float kNeutral = 0.0f;
  LANEGRAD_INLINE vf apply(vf sum, vf x) { return sum + select(is_nan(x), zero(), x); }
  LANEGRAD_INLINE vf combine(vf a, vf b) { return a + b; }
};

template <class S>
struct FoldBy {
  LANEGRAD_INLINE vf apply(vf a, vf b) { return S::combine(a, b); }
};

template <class S>
LANEGRAD_INLINE v16 take_in(v16 acc, v16 x) {
  LANEGRAD_UNROLL for (int i = 0; i < kRegisters; ++i) acc.r[i] = S::apply(acc.r[i], x.r[i]);
  return acc;
}

template <class S>
LANEGRAD_INLINE float combine_scalars(float a, float b) {
  return first_lane(S::combine(set1(a), set1(b)));
}

template <class S>
inline float reduce_block(const float* x, int64_t n) {
  v16 acc = set16(S::kNeutral);
  int64_t i = 0;
  for (; i + kVirtualLanes <= n; i += kVirtualLanes) acc = take_in<S>(acc, load16(x + i));
  const int left = static_cast<int>(n - i);
  if (left > 0) acc = take_in<S>(acc, load16_tail(x + i, left, S::kNeutral));
  return fold<FoldBy<S>>(acc);
}

// Rows, or blocks of one row, whose lanes advance together: a single chain would wait for each of its additions.
constexpr int kRowsTogether = kLanes == 4 && !kFma ? 2 : 4;

// Reduces kRowsTogether blocks of n, which begin `stride` apart.
template <class S>
inline void reduce_blocks(const float* x, int64_t stride, int64_t n, float* y) {
  v16 acc[kRowsTogether];
  LANEGRAD_UNROLL for (int r = 0; r < kRowsTogether; ++r) acc[r] = set16(S::kNeutral);
  int64_t i = 0;
  for (; i + kVirtualLanes <= n; i += kVirtualLanes) {
    LANEGRAD_UNROLL for (int r = 0; r < kRowsTogether; ++r) acc[r] = take_in<S>(acc[r], load16(x + r * stride + i));
  }
  const int left = static_cast<int>(n - i);
  if (left > 0) {
    LANEGRAD_UNROLL for (int r = 0; r < kRowsTogether; ++r) {
      acc[r] = take_in<S>(acc[r], load16_tail(x + r * stride + i, left, S::kNeutral));
    }
  }
  LANEGRAD_UNROLL for (int r = 0; r < kRowsTogether; ++r) y[r] = fold<FoldBy<S>>(acc[r]);
}

template <class S>
struct QuickBy {
  LANEGRAD_INLINE vf apply(vf a, vf b) { return S::quick(a, b); }
};

// The extreme of n values in any order, by one comparison each. False where that may have chosen wrongly: a NaN among
// them (or infinities that add up to one), or a result of 0, whose sign the comparison does not see.
template <class S>
inline bool quick_extreme(const float* x, int64_t n, float& y) {
  constexpr int kChains = 4;
  constexpr int64_t kPiece = kChains * kLanes;
  if (n < kPiece) return false;
  vf best[kChains];
  LANEGRAD_UNROLL for (int v = 0; v < kChains; ++v) best[v] = load(x + v * kLanes);
  vm nan = is_nan((best[0] + best[1]) + (best[2] + best[3]));
  const auto take = [&](const float* from) LANEGRAD_INLINE_LAMBDA {
    vf next[kChains];
    LANEGRAD_UNROLL for (int v = 0; v < kChains; ++v) {
      next[v] = load(from + v * kLanes);
      best[v] = S::quick(next[v], best[v]);
    }
    nan = nan | is_nan((next[0] + next[1]) + (next[2] + next[3]));
  };
  for (int64_t i = kPiece; i + kPiece <= n; i += kPiece) take(x + i);
  if (n % kPiece != 0) take(x + n - kPiece);
  y = fold<QuickBy<S>>(S::quick(S::quick(best[0], best[1]), S::quick(best[2], best[3])));
  return !any(nan) && y != 0.0f;
}

// One block of a row that threads share.
template <class S>
inline float reduce_shared_block(const float* x, int64_t n) {
  if constexpr (S::kExtreme) {
    float extreme;
    if (quick_extreme<S>(x, n, extreme)) return extreme;
  }
  return reduce_block<S>(x, n);
}

template <class S>
inline float reduce_row(const float* x, int64_t n) {
  if constexpr (S::kExtreme) {
    float extreme;
    if (quick_extreme<S>(x, n, extreme)) return extreme;
  }
  float total = 0.0f;
  const auto join = [&](int64_t at, float partial) {
    total = at == 0 ? partial : combine_scalars<S>(total, partial);
  };
  int64_t at = 0;
  for (; at + kRowsTogether * kReduceBlock <= n; at += kRowsTogether * kReduceBlock) {
    float partial[kRowsTogether];
    reduce_blocks<S>(x + at, kReduceBlock, kReduceBlock, partial);
    for (int b = 0; b < kRowsTogether; ++b) join(at + b, partial[b]);
  }
  for (; at < n || at == 0; at += kReduceBlock) join(at, reduce_block<S>(x + at, smaller(n - at, kReduceBlock)));
  return total;
}

// Blocks of a row that is long enough to be shared by threads.
inline int64_t reduce_partials(const ReduceArgs& args) {
  const bool shared = args.inner == 1 && args.n > kReduceBlock && args.outer * args.n >= 2 * kTaskElements;
  return shared ? ceil_div(args.n, kReduceBlock) : 0;
}

inline size_t reduce_scratch(const ReduceArgs& args, int) {
  return static_cast<size_t>(args.outer * reduce_partials(args));
}

template <class S>
inline void reduce_rows(const ReduceArgs& args, const Parallel& par, Scratch scratch) {
  const int64_t n = args.n, blocks = reduce_partials(args);
  if (blocks == 0) {
    for_chunks(par, args.outer, n, 1, [&](int64_t from, int64_t to) {
      int64_t r = from;
      if (!S::kExtreme && n <= kReduceBlock) {
        for (; r + kRowsTogether <= to; r += kRowsTogether) reduce_blocks<S>(args.x + r * n, n, n, args.y + r);
      }
      for (; r < to; ++r) args.y[r] = reduce_row<S>(args.x + r * n, n);
    });
    return;
  }
  for_chunks(par, args.outer * blocks, kReduceBlock, 1, [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to;) {
      const int64_t at = i % blocks * kReduceBlock;
      const float* x = args.x + i / blocks * n + at;
      if (!S::kExtreme && i + kRowsTogether <= to && at + kRowsTogether * kReduceBlock <= n) {
        reduce_blocks<S>(x, kReduceBlock, kReduceBlock, scratch.data + i);
        i += kRowsTogether;
      } else {
        scratch.data[i++] = reduce_shared_block<S>(x, smaller(n - at, kReduceBlock));
      }
    }
  });
  for (int64_t r = 0; r < args.outer; ++r) {
    const float* partial = scratch.data + r * blocks;
    float total = partial[0];
    for (int64_t i = 1; i < blocks; ++i) total = combine_scalars<S>(total, partial[i]);
    args.y[r] = total;
  }
}

// Rows taken in before the chains of a strip go back to y, which stays in the first-level cache: so x is read as it
// lies, and not down its columns.
constexpr int kStripRows = 8;
constexpr int64_t kLeastStrip = 256, kMostStrip = 2048;

// Takes kRows rows into the extremes of a strip, by one comparison an element; gathers where a NaN was among them.
template <class S, int kRows>
LANEGRAD_INLINE void quick_rows(const float* x, int64_t inner, int64_t count, float* y, vm& doubtful) {
  for_lanes(0, count, [&](int64_t j, int lanes) LANEGRAD_INLINE_LAMBDA {
    vf best = load_lanes(y + j, lanes), sum = zero();
    LANEGRAD_UNROLL for (int r = 0; r < kRows; ++r) {
      const vf next = load_lanes(x + r * inner + j, lanes);
      best = S::quick(next, best);
      sum = sum + next;
    }
    doubtful = doubtful | is_nan(sum);
    store_lanes(y + j, best, lanes);
  });
}

// The extremes of a strip's columns. False where one of them may be wrong, as in `quick_extreme`.
template <class S>
inline bool quick_columns_strip(const float* x, int64_t n, int64_t inner, int64_t count, float* y) {
  const vf neutral = set1(S::kNeutral);
  for_lanes(0, count, [&](int64_t j, int lanes) LANEGRAD_INLINE_LAMBDA { store_lanes(y + j, neutral, lanes); });
  vm doubtful = is_nan(neutral);
  int64_t i = 0;
  for (; i + kStripRows <= n; i += kStripRows) quick_rows<S, kStripRows>(x + i * inner, inner, count, y, doubtful);
  for (; i < n; ++i) quick_rows<S, 1>(x + i * inner, inner, count, y, doubtful);
  for_lanes(0, count, [&](int64_t j, int lanes) LANEGRAD_INLINE_LAMBDA {
    doubtful = doubtful | (eq(load_lanes(y + j, lanes), zero()) & gt(set1i(lanes), iota()));
  });
  return !any(doubtful);
}

// Chains of `count` adjacent columns; x at the first row.
template <class S>
inline void reduce_columns_strip(const float* x, int64_t n, int64_t inner, int64_t count, float* y) {
  if constexpr (S::kExtreme) {
    if (quick_columns_strip<S>(x, n, inner, count, y)) return;
  }
  const vf neutral = set1(S::kNeutral);
  for_lanes(0, count, [&](int64_t j, int lanes) LANEGRAD_INLINE_LAMBDA { store_lanes(y + j, neutral, lanes); });
  int64_t i = 0;
  for (; i + kStripRows <= n; i += kStripRows, x += kStripRows * inner) {
    for_lanes(0, count, [&](int64_t j, int lanes) LANEGRAD_INLINE_LAMBDA {
      vf acc = load_lanes(y + j, lanes);
      LANEGRAD_UNROLL for (int r = 0; r < kStripRows; ++r) acc = S::apply(acc, load_lanes(x + r * inner + j, lanes));
      store_lanes(y + j, acc, lanes);
    });
  }
  for (; i < n; ++i, x += inner) {
    for_lanes(0, count, [&](int64_t j, int lanes) LANEGRAD_INLINE_LAMBDA {
      store_lanes(y + j, S::apply(load_lanes(y + j, lanes), load_lanes(x + j, lanes)), lanes);
    });
  }
}

template <class S>
inline void reduce_columns(const ReduceArgs& args, const Parallel& par) {
  const int64_t n = args.n, inner = args.inner;
  const int64_t share = ceil_div(ceil_div(inner, par.threads), kVirtualLanes) * kVirtualLanes;
  const int64_t strip = smaller(kMostStrip, larger(kLeastStrip, share)), strips = ceil_div(inner, strip);
  for_chunks(par, args.outer * strips, n * smaller(inner, strip), 1, [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; ++i) {
      const int64_t o = i / strips, j = i % strips * strip;
      reduce_columns_strip<S>(args.x + o * n * inner + j, n, inner, smaller(strip, inner - j), args.y + o * inner + j);
    }
  });
}

template <class S>
inline void reduce_by(const ReduceArgs& args, const Parallel& par, Scratch scratch) {
  if (args.inner == 1) reduce_rows<S>(args, par, scratch);
  else reduce_columns<S>(args, par);
}

inline void reduce(const ReduceArgs& args, const Parallel& par, Scratch scratch) {
  switch (args.op) {
    case ReduceOp::kSum: return reduce_by<SumStep>(args, par, scratch);
    case ReduceOp::kMax: return reduce_by<MaxStep>(args, par, scratch);
    case ReduceOp::kMin: return reduce_by<MinStep>(args, par, scratch);
    case ReduceOp::kSumSquares: return reduce_by<SumSquaresStep>(args, par, scratch);
    case ReduceOp::kProd: return reduce_by<ProdStep>(args, par, scratch);
    case ReduceOp::kSumAbs: return reduce_by<SumAbsStep>(args, par, scratch);
    case ReduceOp::kMaxAbs: return reduce_by<MaxAbsStep>(args, par, scratch);
    case ReduceOp::kMinAbs: return reduce_by<MinAbsStep>(args, par, scratch);
    case ReduceOp::kAny: return reduce_by<AnyStep>(args, par, scratch);
    case ReduceOp::kAll: return reduce_by<AllStep>(args, par, scratch);
    case ReduceOp::kNanSum: return reduce_by<NanSumStep>(args, par, scratch);
  }
}
