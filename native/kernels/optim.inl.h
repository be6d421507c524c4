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

// The factors of a step. Runs take it by value: from memory each would be read again for every vector, since a store
// of floats might have changed it.
struct AdamFactors {
  vf decay, keep, beta2, one_less1, one_less2, eps, step, inverse_root;
  bool maximize, decays;
};

template <bool kRunningMax>
inline void adam_run(const AdamParam a, const AdamFactors f, int64_t from, int64_t to) {
  for_lanes(from, to, [&](int64_t i, int count) LANEGRAD_INLINE_LAMBDA {
    const vf p = load_lanes(a.p + i, count);
    const vf g = step_gradient(load_lanes(a.g + i, count), p, f.maximize, f.decays, f.decay);
    const vf m_old = load_lanes(a.m + i, count);
    const vf m = fma(f.one_less1, g - m_old, m_old);
    const vf v = fma(f.one_less2 * g, g, f.beta2 * load_lanes(a.v + i, count));
    store_lanes(a.m + i, m, count);
    store_lanes(a.v + i, v, count);
    vf spread = v;
    if constexpr (kRunningMax) {
      spread = maximum(load_lanes(a.v_max + i, count), v);
      store_lanes(a.v_max + i, spread, count);
    }
    const vf update = f.step * m / fma(vsqrt(spread), f.inverse_root, f.eps);
    store_lanes(a.p + i, f.keep * p - update, count);
  });
}

// m ← m + (1 − β1)(g − m), v ← β2·v + (1 − β2)·g², p ← p − lr/bc1 · m / (√v·1/√bc2 + eps), with the running maximum of
// v in its place for AMSGrad.
inline void adam(const AdamArgs& args, const Parallel& par) {
  AdamFactors f;
  f.maximize = args.maximize;
  f.decays = !args.decoupled && args.weight_decay != 0.0;
  f.decay = set_double(args.weight_decay);
  f.keep = set_double(args.decoupled ? 1.0 - args.lr * args.weight_decay : 1.0);
  f.beta2 = set_double(args.beta2);
  f.one_less1 = set_double(1.0 - args.beta1);
  f.one_less2 = set_double(1.0 - args.beta2);
  f.eps = set_double(args.eps);
  f.step = set_double(args.lr / args.bias_correction1);
  f.inverse_root = set_double(1.0 / ::sqrt(args.bias_correction2));
  for_arrays(par, args.params, args.count, [&](const AdamParam& a, int64_t from, int64_t to) {
    if (a.v_max == nullptr) adam_run<false>(a, f, from, to);
    else adam_run<true>(a, f, from, to);
  });
}

struct SgdFactors {
  vf decay, lr, momentum, undamped;
  bool maximize, decays, nesterov, first;
};

template <bool kMomentum>
inline void sgd_run(const SgdParam a, const SgdFactors f, int64_t from, int64_t to) {
  for_lanes(from, to, [&](int64_t i, int count) LANEGRAD_INLINE_LAMBDA {
    const vf p = load_lanes(a.p + i, count);
    vf g = step_gradient(load_lanes(a.g + i, count), p, f.maximize, f.decays, f.decay);
    if constexpr (kMomentum) {
      const vf velocity = f.first ? g : fma(f.momentum, load_lanes(a.momentum + i, count), f.undamped * g);
      store_lanes(a.momentum + i, velocity, count);
      g = f.nesterov ? fma(f.momentum, velocity, g) : velocity;
    }
    store_lanes(a.p + i, fnma(f.lr, g, p), count);
  });
}

// p ← p − lr·g, or with momentum b ← μ·b + (1 − dampening)·g and p ← p − lr·b (Nesterov: g + μ·b).
inline void sgd(const SgdArgs& args, const Parallel& par) {
  SgdFactors f;
  f.maximize = args.maximize;
  f.decays = args.weight_decay != 0.0;
  f.nesterov = args.nesterov;
  f.first = args.first;
  f.decay = set_double(args.weight_decay);
  f.lr = set_double(args.lr);
  f.momentum = set_double(args.momentum);
  f.undamped = set_double(1.0 - args.dampening);
  for_arrays(par, args.params, args.count, [&](const SgdParam& a, int64_t from, int64_t to) {
    if (a.momentum == nullptr) sgd_run<false>(a, f, from, to);
    else sgd_run<true>(a, f, from, to);
  });
}

// Σ x² of R blocks of n, kReduceBlock apart, in double: 16 virtual lanes each, folded as the float sums are. A product of
// floats is exact in double, so ISAs with and without a fused multiply-add agree here.
template <int R>
inline void sum_squares_of(const float* x, int64_t n, double* sums) {
  constexpr int kHalves = 2 * kRegisters;
  vd acc[R][kHalves];
  LANEGRAD_UNROLL for (int b = 0; b < R; ++b) {
    LANEGRAD_UNROLL for (int h = 0; h < kHalves; ++h) acc[b][h] = zero_d();
  }
  for_pieces(n, [&](int64_t i, int count) LANEGRAD_INLINE_LAMBDA {
    LANEGRAD_UNROLL for (int b = 0; b < R; ++b) {
      const v16 v = load_piece(x + b * kReduceBlock + i, count);
      LANEGRAD_UNROLL for (int r = 0; r < kRegisters; ++r) {
        const vd low = widen_low(v.r[r]), high = widen_high(v.r[r]);
        acc[b][2 * r] = fma(low, low, acc[b][2 * r]);
        acc[b][2 * r + 1] = fma(high, high, acc[b][2 * r + 1]);
      }
    }
  });
  LANEGRAD_UNROLL for (int b = 0; b < R; ++b) {
    double lanes[kVirtualLanes];
    LANEGRAD_UNROLL for (int h = 0; h < kHalves; ++h) store(lanes + h * (kLanes / 2), acc[b][h]);
    for (int width = kVirtualLanes / 2; width > 0; width /= 2) {
      for (int l = 0; l < width; ++l) lanes[l] += lanes[l + width];
    }
    sums[b] = lanes[0];
  }
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
      // Blocks together, where they are whole: a single chain would wait for each of its additions.
      constexpr int kTogether = kLanes == 16 ? 4 : kLanes == 8 ? 2 : 1;
      const int64_t end = smaller(start + own, to);
      for (int64_t b = larger(start, from); b < end;) {
        const int64_t at = (b - start) * kReduceBlock, left = array.n - at;
        if (b + kTogether <= end && left >= kTogether * kReduceBlock) {
          sum_squares_of<kTogether>(array.data + at, kReduceBlock, partial + b);
          b += kTogether;
        } else {
          sum_squares_of<1>(array.data + at, smaller(kReduceBlock, left), partial + b++);
        }
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
  for_arrays(par, args.arrays, args.count, [&](const ArraySpan& a, int64_t from, int64_t to) {
    const vf factor = set1(args.factor);
    float* x = a.data;
    for_lanes(from, to, [&](int64_t i, int count) LANEGRAD_INLINE_LAMBDA {
      store_lanes(x + i, factor * load_lanes(x + i, count), count);
    });
  });
}
