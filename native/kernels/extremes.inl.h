// The places of extremes along the middle axis of [outer, n, inner], and both extremes at once.
#pragma once

#include "reduce.inl.h"

struct Larger {
  using Step = MaxStep;
  LANEGRAD_INLINE vm better(vf a, vf b) { return gt(a, b); }
};
struct Smaller {
  using Step = MinStep;
  LANEGRAD_INLINE vm better(vf a, vf b) { return lt(a, b); }
};

// The first place that hit() chooses, among values of which it chooses one at least.
template <class Hit>
inline int64_t first_hit(const float* x, int64_t n, const Hit& hit) {
  constexpr int kTogether = 4;
  int64_t i = 0;
  for (; i + kTogether * kLanes <= n; i += kTogether * kLanes) {
    vm found = hit(load(x + i));
    LANEGRAD_UNROLL for (int v = 1; v < kTogether; ++v) found = found | hit(load(x + i + v * kLanes));
    if (any(found)) break;
  }
  for (; i < n; i += kLanes) {
    const int count = static_cast<int>(smaller(kLanes, n - i));
    uint32_t hits = bits(hit(load_lanes(x + i, count)));
    if (hits == 0) continue;
    for (int l = 0; l < count; ++l, hits >>= 1) {
      if (hits & 1) return i + l;
    }
  }
  return 0;
}

// The first place of `value` among others; of the first NaN if it is one.
inline int64_t first_place(const float* x, int64_t n, float value) {
  const vf wanted = set1(value);
  if (value != value) return first_hit(x, n, [](vf v) LANEGRAD_INLINE_LAMBDA { return is_nan(v); });
  return first_hit(x, n, [=](vf v) LANEGRAD_INLINE_LAMBDA { return eq(v, wanted); });
}

// Blocks of a row: where they are several, the extreme of each tells in which one its place is to be looked for.
template <class Args>
inline int64_t extreme_blocks(const Args& args) {
  return args.inner == 1 ? ceil_div(args.n, kReduceBlock) : 0;
}

inline size_t arg_reduce_scratch(const ArgReduceArgs& args, int) {
  return static_cast<size_t>(args.outer * extreme_blocks(args));
}

template <class C>
inline void arg_rows(const ArgReduceArgs& args, const Parallel& par, Scratch scratch) {
  using Step = typename C::Step;
  const int64_t n = args.n, blocks = extreme_blocks(args);
  if (blocks == 1) {
    for_chunks(par, args.outer, n, 1, [&](int64_t from, int64_t to) {
      for (int64_t r = from; r < to; ++r) {
        const float* x = args.x + r * n;
        args.y[r] = static_cast<int32_t>(first_place(x, n, reduce_shared_block<Step>(x, n)));
      }
    });
    return;
  }
  for_chunks(par, args.outer * blocks, kReduceBlock, 1, [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; ++i) {
      const int64_t at = i % blocks * kReduceBlock;
      scratch.data[i] = reduce_shared_block<Step>(args.x + i / blocks * n + at, smaller(n - at, kReduceBlock));
    }
  });
  for (int64_t r = 0; r < args.outer; ++r) {
    const float* partial = scratch.data + r * blocks;
    float extreme = partial[0];
    for (int64_t b = 1; b < blocks; ++b) extreme = combine_scalars<Step>(extreme, partial[b]);
    const int64_t at = first_place(partial, blocks, extreme) * kReduceBlock;
    args.y[r] = static_cast<int32_t>(at + first_place(args.x + r * n + at, smaller(n - at, kReduceBlock), extreme));
  }
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
inline void arg_reduce_by(const ArgReduceArgs& args, const Parallel& par, Scratch scratch) {
  const int64_t n = args.n, inner = args.inner;
  if (inner == 1) return arg_rows<C>(args, par, scratch);
  const int64_t groups = ceil_div(inner, kLanes);
  for_chunks(par, args.outer * groups, n * smaller(inner, kLanes), 1, [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; ++i) {
      const int64_t o = i / groups, j = i % groups * kLanes;
      const int count = static_cast<int>(smaller(kLanes, inner - j));
      arg_columns<C>(args.x + o * n * inner + j, n, inner, count, args.y + o * inner + j);
    }
  });
}

inline void arg_reduce(const ArgReduceArgs& args, const Parallel& par, Scratch scratch) {
  switch (args.op) {
    case ArgReduceOp::kArgmax: return arg_reduce_by<Larger>(args, par, scratch);
    case ArgReduceOp::kArgmin: return arg_reduce_by<Smaller>(args, par, scratch);
  }
}

inline size_t extremes_scratch(const ExtremesArgs& args, int) {
  return static_cast<size_t>(2 * args.outer * extreme_blocks(args));
}

// Both extremes while what they are of lies in the nearest cache: the second costs no reading.
inline void extremes(const ExtremesArgs& args, const Parallel& par, Scratch scratch) {
  const int64_t n = args.n, blocks = extreme_blocks(args);
  if (blocks == 0) {
    reduce_columns<MinStep>({ReduceOp::kMin, args.x, args.low, args.outer, n, args.inner}, par);
    reduce_columns<MaxStep>({ReduceOp::kMax, args.x, args.high, args.outer, n, args.inner}, par);
    return;
  }
  const int64_t count = args.outer * blocks;
  float* low = scratch.data;
  float* high = scratch.data + count;
  for_chunks(par, count, smaller(n, kReduceBlock), 1, [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; ++i) {
      const int64_t at = i % blocks * kReduceBlock, length = smaller(n - at, kReduceBlock);
      const float* x = args.x + i / blocks * n + at;
      low[i] = reduce_shared_block<MinStep>(x, length);
      high[i] = reduce_shared_block<MaxStep>(x, length);
    }
  });
  for (int64_t r = 0; r < args.outer; ++r) {
    float least = low[r * blocks], most = high[r * blocks];
    for (int64_t b = 1; b < blocks; ++b) {
      least = combine_scalars<MinStep>(least, low[r * blocks + b]);
      most = combine_scalars<MaxStep>(most, high[r * blocks + b]);
    }
    args.low[r] = least;
    args.high[r] = most;
  }
}
