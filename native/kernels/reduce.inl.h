// Reductions along the middle axis of [outer, n, inner].
//
// inner = 1: 16 virtual lanes, lane l takes elements l, l + 16, …, folded by the fixed tree; rows longer than
// kReduceBlock are cut into blocks, each reduced so, and the block results combined in ascending order.
// inner > 1: one ascending chain for each output.
#pragma once

#include "split.inl.h"

struct SumStep {
  static constexpr float kNeutral = 0.0f;
  LANEGRAD_INLINE vf apply(vf sum, vf x) { return sum + x; }  // takes an element in
  LANEGRAD_INLINE vf combine(vf a, vf b) { return a + b; }    // joins two results
};
struct MaxStep {
  static constexpr float kNeutral = -INFINITY;
  LANEGRAD_INLINE vf apply(vf a, vf b) { return maximum(a, b); }
  LANEGRAD_INLINE vf combine(vf a, vf b) { return maximum(a, b); }
};
struct MinStep {
  static constexpr float kNeutral = INFINITY;
  LANEGRAD_INLINE vf apply(vf a, vf b) { return minimum(a, b); }
  LANEGRAD_INLINE vf combine(vf a, vf b) { return minimum(a, b); }
};
struct SumSquaresStep {
  static constexpr float kNeutral = 0.0f;
  LANEGRAD_INLINE vf apply(vf sum, vf x) { return fma(x, x, sum); }
  LANEGRAD_INLINE vf combine(vf a, vf b) { return a + b; }
};
struct ProdStep {
  static constexpr float kNeutral = 1.0f;
  LANEGRAD_INLINE vf apply(vf product, vf x) { return product * x; }
  LANEGRAD_INLINE vf combine(vf a, vf b) { return a * b; }
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

template <class S>
inline float reduce_row(const float* x, int64_t n) {
  float total = reduce_block<S>(x, smaller(n, kReduceBlock));
  for (int64_t at = kReduceBlock; at < n; at += kReduceBlock) {
    total = combine_scalars<S>(total, reduce_block<S>(x + at, smaller(n - at, kReduceBlock)));
  }
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
      for (int64_t r = from; r < to; ++r) args.y[r] = reduce_row<S>(args.x + r * n, n);
    });
    return;
  }
  for_chunks(par, args.outer * blocks, kReduceBlock, 1, [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; ++i) {
      const int64_t at = i % blocks * kReduceBlock;
      scratch.data[i] = reduce_block<S>(args.x + i / blocks * n + at, smaller(n - at, kReduceBlock));
    }
  });
  for (int64_t r = 0; r < args.outer; ++r) {
    const float* partial = scratch.data + r * blocks;
    float total = partial[0];
    for (int64_t i = 1; i < blocks; ++i) total = combine_scalars<S>(total, partial[i]);
    args.y[r] = total;
  }
}

constexpr int kColumnTile = 4 * kVirtualLanes;  // columns whose chains advance together in registers

// Chains of `count` adjacent columns, at most kColumnTile; x at the first row.
template <class S>
inline void reduce_columns_tile(const float* x, int64_t n, int64_t inner, int count, float* y) {
  if (count == kColumnTile) {
    vf acc[kColumnTile / kLanes];
    LANEGRAD_UNROLL for (int v = 0; v < kColumnTile / kLanes; ++v) acc[v] = set1(S::kNeutral);
    for (int64_t i = 0; i < n; ++i, x += inner) {
      LANEGRAD_UNROLL for (int v = 0; v < kColumnTile / kLanes; ++v) acc[v] = S::apply(acc[v], load(x + v * kLanes));
    }
    LANEGRAD_UNROLL for (int v = 0; v < kColumnTile / kLanes; ++v) store(y + v * kLanes, acc[v]);
    return;
  }
  for (int j = 0; j < count; j += kLanes) {
    const int lanes = count - j < kLanes ? count - j : kLanes;
    vf acc = set1(S::kNeutral);
    for (int64_t i = 0; i < n; ++i) acc = S::apply(acc, load_lanes(x + i * inner + j, lanes));
    store_lanes(y + j, acc, lanes);
  }
}

template <class S>
inline void reduce_columns(const ReduceArgs& args, const Parallel& par) {
  const int64_t n = args.n, inner = args.inner, tiles = ceil_div(inner, kColumnTile);
  for_chunks(par, args.outer * tiles, n * smaller(inner, kColumnTile), 1, [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; ++i) {
      const int64_t o = i / tiles, j = i % tiles * kColumnTile;
      const int count = static_cast<int>(smaller(kColumnTile, inner - j));
      reduce_columns_tile<S>(args.x + o * n * inner + j, n, inner, count, args.y + o * inner + j);
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
  }
}

struct Larger {
  using Step = MaxStep;
  LANEGRAD_INLINE vm better(vf a, vf b) { return gt(a, b); }
};
struct Smaller {
  using Step = MinStep;
  LANEGRAD_INLINE vm better(vf a, vf b) { return lt(a, b); }
};

// The first place of the extreme value, which a first pass has found; of the first NaN if that is what it found.
template <class C>
inline int32_t arg_row(const float* x, int64_t n) {
  const float extreme = reduce_row<typename C::Step>(x, n);
  const vf wanted = set1(extreme);
  const bool nan = extreme != extreme;
  for (int64_t i = 0; i < n; i += kLanes) {
    const int count = static_cast<int>(smaller(kLanes, n - i));
    const vf v = load_lanes(x + i, count);
    uint32_t hits = bits(nan ? is_nan(v) : eq(v, wanted));
    for (int l = 0; l < count; ++l, hits >>= 1) {
      if (hits & 1) return static_cast<int32_t>(i + l);
    }
  }
  return 0;
}

template <class C>
inline void arg_columns(const float* x, int64_t n, int64_t inner, int count, int32_t* y) {
  vf best = load_lanes(x, count);
  vi place = set1i(0);
  for (int64_t i = 1; i < n; ++i) {
    const vf v = load_lanes(x + i * inner, count);
    const vm take = C::better(v, best) | (is_nan(v) & ~is_nan(best));
    best = select(take, v, best);
    place = select(take, set1i(static_cast<int32_t>(i)), place);
  }
  int32_t lanes[kLanes];
  storei(lanes, place);
  memcpy(y, lanes, count * sizeof(int32_t));
}

template <class C>
inline void arg_reduce_by(const ArgReduceArgs& args, const Parallel& par) {
  const int64_t n = args.n, inner = args.inner;
  if (inner == 1) {
    for_chunks(par, args.outer, n, 1, [&](int64_t from, int64_t to) {
      for (int64_t r = from; r < to; ++r) args.y[r] = arg_row<C>(args.x + r * n, n);
    });
    return;
  }
  const int64_t groups = ceil_div(inner, kLanes);
  for_chunks(par, args.outer * groups, n * smaller(inner, kLanes), 1, [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; ++i) {
      const int64_t o = i / groups, j = i % groups * kLanes;
      const int count = static_cast<int>(smaller(kLanes, inner - j));
      arg_columns<C>(args.x + o * n * inner + j, n, inner, count, args.y + o * inner + j);
    }
  });
}

inline void arg_reduce(const ArgReduceArgs& args, const Parallel& par) {
  switch (args.op) {
    case ArgReduceOp::kArgmax: return arg_reduce_by<Larger>(args, par);
    case ArgReduceOp::kArgmin: return arg_reduce_by<Smaller>(args, par);
  }
}
