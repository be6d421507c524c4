// One step of an optimizer over all parameters, and what gradient clipping needs. The formulas, and the order of their
// terms, are PyTorch's; factors are derived in double and rounded once.
#pragma once

#include "lanes.inl.h"
#include "split.inl.h"

// body(array, from, to) over the elements of all arrays, as if they lay end to end: many small arrays make one task, a
// large one is shared.
template <class Array, class Body>
inline void for_arrays(const Parallel& par, const Array* arrays, int64_t count, const Body& body) {
  int64_t total = 0;
  for (int64_t i = 0; i < count; ++i) total += arrays[i].n;
  for_chunks(par, total, 1, kVirtualLanes, [&](int64_t from, int64_t to) {
    int64_t start = 0;
    for (int64_t i = 0; i < count && start < to; ++i) {
      const int64_t n = arrays[i].n;
      const int64_t first = larger(0, from - start), end = smaller(n, to - start);
      if (first < end) body(arrays[i], first, end);
      start += n;
    }
  });
}

LANEGRAD_INLINE vf set_double(double x) { return set1(static_cast<float>(x)); }

// The gradient as the step sees it. A decay of 0 leaves it alone: 0·∞ would make it NaN.
LANEGRAD_INLINE vf step_gradient(vf g, vf p, bool maximize, bool decays, vf decay) {
  if (maximize) g = -g;
  return decays ? fma(decay, p, g) : g;
}

// m ← m + (1 − β1)(g − m), v ← β2·v + (1 − β2)·g², p ← p − lr/bc1 · m / (√v/√bc2 + eps), with the running maximum of v
// in its place for AMSGrad.
inline void adam(const AdamArgs& args, const Parallel& par) {
  const bool decays = !args.decoupled && args.weight_decay != 0.0;
  const vf decay = set_double(args.weight_decay);
  const vf keep = set_double(args.decoupled ? 1.0 - args.lr * args.weight_decay : 1.0);
  const vf beta2 = set_double(args.beta2), one_less1 = set_double(1.0 - args.beta1);
  const vf one_less2 = set_double(1.0 - args.beta2), eps = set_double(args.eps);
  const vf step = set_double(args.lr / args.bias_correction1), root = set_double(::sqrt(args.bias_correction2));
  for_arrays(par, args.params, args.count, [&](const AdamParam& a, int64_t from, int64_t to) {
    for_lanes(from, to, [&](int64_t i, int count) LANEGRAD_INLINE_LAMBDA {
      const vf p = load_lanes(a.p + i, count);
      const vf g = step_gradient(load_lanes(a.g + i, count), p, args.maximize, decays, decay);
      const vf m_old = load_lanes(a.m + i, count);
      const vf m = fma(one_less1, g - m_old, m_old);
      const vf v = fma(one_less2 * g, g, beta2 * load_lanes(a.v + i, count));
      store_lanes(a.m + i, m, count);
      store_lanes(a.v + i, v, count);
      vf spread = v;
      if (a.v_max != nullptr) {
        spread = maximum(load_lanes(a.v_max + i, count), v);
        store_lanes(a.v_max + i, spread, count);
      }
      const vf update = step * m / (vsqrt(spread) / root + eps);
      store_lanes(a.p + i, keep * p - update, count);
    });
  });
}

// p ← p − lr·g, or with momentum b ← μ·b + (1 − dampening)·g and p ← p − lr·b (Nesterov: g + μ·b).
inline void sgd(const SgdArgs& args, const Parallel& par) {
  const bool decays = args.weight_decay != 0.0;
  const vf decay = set_double(args.weight_decay), lr = set_double(args.lr), momentum = set_double(args.momentum);
  const vf undamped = set_double(1.0 - args.dampening);
  for_arrays(par, args.params, args.count, [&](const SgdParam& a, int64_t from, int64_t to) {
    for_lanes(from, to, [&](int64_t i, int count) LANEGRAD_INLINE_LAMBDA {
      const vf p = load_lanes(a.p + i, count);
      vf g = step_gradient(load_lanes(a.g + i, count), p, args.maximize, decays, decay);
      if (a.momentum != nullptr) {
        const vf velocity = args.first ? g : fma(momentum, load_lanes(a.momentum + i, count), undamped * g);
        store_lanes(a.momentum + i, velocity, count);
        g = args.nesterov ? fma(momentum, velocity, g) : velocity;
      }
      store_lanes(a.p + i, fnma(lr, g, p), count);
    });
  });
}

// Σ x² of at most kReduceBlock elements in double: 16 virtual lanes, folded as the float sums are. A product of floats
// is exact in double, so ISAs with and without a fused multiply-add agree here.
inline double sum_squares_block(const float* x, int64_t n) {
  constexpr int kHalves = 2 * kRegisters;
  vd acc[kHalves];
  LANEGRAD_UNROLL for (int h = 0; h < kHalves; ++h) acc[h] = zero_d();
  for (int64_t i = 0; i < n; i += kVirtualLanes) {
    const v16 v = n - i >= kVirtualLanes ? load16(x + i) : load16_tail(x + i, static_cast<int>(n - i));
    LANEGRAD_UNROLL for (int r = 0; r < kRegisters; ++r) {
      const vd low = widen_low(v.r[r]), high = widen_high(v.r[r]);
      acc[2 * r] = acc[2 * r] + low * low;
      acc[2 * r + 1] = acc[2 * r + 1] + high * high;
    }
  }
  double lanes[kVirtualLanes];
  LANEGRAD_UNROLL for (int h = 0; h < kHalves; ++h) store(lanes + h * (kLanes / 2), acc[h]);
  for (int width = kVirtualLanes / 2; width > 0; width /= 2) {
    for (int l = 0; l < width; ++l) lanes[l] += lanes[l + width];
  }
  return lanes[0];
}

inline int64_t sum_squares_blocks(const SumSquaresArgs& args) {
  int64_t blocks = 0;
  for (int64_t i = 0; i < args.count; ++i) blocks += ceil_div(args.arrays[i].n, kReduceBlock);
  return blocks;
}

// One double a block.
inline size_t sum_squares_scratch(const SumSquaresArgs& args, int) {
  return static_cast<size_t>(sum_squares_blocks(args)) * (sizeof(double) / sizeof(float));
}

// Σ x² over all arrays: blocks of kReduceBlock, which begin anew in each array, added in index order.
inline double sum_squares(const SumSquaresArgs& args, const Parallel& par, Scratch scratch) {
  const int64_t blocks = sum_squares_blocks(args);
  double* partial = reinterpret_cast<double*>(scratch.data);
  for_chunks(par, blocks, kReduceBlock, 1, [&](int64_t from, int64_t to) {
    int64_t start = 0;
    for (int64_t i = 0; i < args.count && start < to; ++i) {
      const ArraySpan& array = args.arrays[i];
      const int64_t own = ceil_div(array.n, kReduceBlock);
      for (int64_t b = larger(start, from); b < smaller(start + own, to); ++b) {
        const int64_t at = (b - start) * kReduceBlock;
        partial[b] = sum_squares_block(array.data + at, smaller(kReduceBlock, array.n - at));
      }
      start += own;
    }
  });
  double total = 0.0;
  for (int64_t b = 0; b < blocks; ++b) total += partial[b];
  return total;
}

// x ← factor·x for all arrays.
inline void scale(const ScaleArgs& args, const Parallel& par) {
  const vf factor = set1(args.factor);
  for_arrays(par, args.arrays, args.count, [&](const ArraySpan& a, int64_t from, int64_t to) {
    for_lanes(from, to, [&](int64_t i, int count) LANEGRAD_INLINE_LAMBDA {
      store_lanes(a.data + i, factor * load_lanes(a.data + i, count), count);
    });
  });
}
