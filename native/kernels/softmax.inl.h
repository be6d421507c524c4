// Softmax along rows and cross-entropy of logits, forward and backward.
#pragma once

#include "lanes.inl.h"
#include "reduce.inl.h"
#include "split.inl.h"

// exp(x − shift) for x that are not above `shift` by more than its rounding. What the difference loses by its rounding joins
// the rest: far below the maximum it would be the largest error by far. Where the result is 0 anyway it is left out, since
// ∞ − ∞ would spoil it.
LANEGRAD_INLINE vf exp_minus(vf x, vf shift) {
  const vf difference = x - shift;
  const vf taken = x - difference;
  const vf lost = (x - (difference + taken)) - (shift - taken);
  const vf d = vmax(set1(-104.0f), difference);
  const vi n = to_int(d * set1(kLog2E));
  const vf nf = to_float(n);
  const vf r = fnma(nf, set1(kLn2Low), fnma(nf, set1(kLn2High), d));
  const vf t = expm1_rest(r + select(gt(difference, set1(-104.0f)), lost, zero()));
  return ldexp2(set1(1.0f) + t, n);
}
LANEGRAD_INLINE v16 exp_minus(v16 x, vf shift) {
  LANEGRAD_UNROLL for (int i = 0; i < kRegisters; ++i) x.r[i] = exp_minus(x.r[i], shift);
  return x;
}
LANEGRAD_INLINE float log_scalar(float x) { return first_lane(vlog(set1(x))); }

// Rows of exponentials weigh more than rows of copies: a task of them is shorter.
constexpr int64_t kExpWeight = 4;

// Softmax, [rows, n]. The maximum is subtracted first; a row without a finite one comes out as NaN by itself.
inline void softmax_row(bool log, const float* x, float* y, int64_t n) {
  const vf largest = set1(reduce_row<MaxStep>(x, n));
  if (log) {
    const float sum = sum_pieces(n, [&](v16 acc, int64_t i, int count) LANEGRAD_INLINE_LAMBDA {
      return acc + first_lanes(exp_minus(load_piece(x + i, count), largest), count);
    });
    // Two subtractions: the sum of the maximum and a small logarithm would lose the logarithm's digits.
    const vf log_sum = set1(log_scalar(sum));
    for_pieces(n, [&](int64_t i, int count) LANEGRAD_INLINE_LAMBDA {
      v16 v = load_piece(x + i, count);
      LANEGRAD_UNROLL for (int r = 0; r < kRegisters; ++r) v.r[r] = v.r[r] - largest - log_sum;
      store_piece(y + i, v, count);
    });
    return;
  }
  const vf sum = set1(sum_pieces(n, [&](v16 acc, int64_t i, int count) LANEGRAD_INLINE_LAMBDA {
    const v16 e = exp_minus(load_piece(x + i, count), largest);
    store_piece(y + i, e, count);
    return acc + first_lanes(e, count);
  }));
  for_pieces(n, [&](int64_t i, int count) LANEGRAD_INLINE_LAMBDA {
    v16 v = load_piece(y + i, count);
    LANEGRAD_UNROLL for (int r = 0; r < kRegisters; ++r) v.r[r] = v.r[r] / sum;
    store_piece(y + i, v, count);
  });
}

inline void softmax(const SoftmaxArgs& args, const Parallel& par) {
  const int64_t n = args.n;
  if (n == 0) return;
  for_chunks(par, args.rows, n * kExpWeight, 1, [&](int64_t from, int64_t to) {
    for (int64_t r = from; r < to; ++r) softmax_row(args.log, args.x + r * n, args.y + r * n, n);
  });
}

// dx = y·(dy − Σ y·dy), or for the logarithm dx = dy − exp(y)·Σ dy.
inline void softmax_backward_row(bool log, const float* y, const float* dy, float* dx, int64_t n) {
  if (log) {
    const vf sum = set1(reduce_row<SumStep>(dy, n));
    for_pieces(n, [&](int64_t i, int count) LANEGRAD_INLINE_LAMBDA {
      const v16 log_p = load_piece(y + i, count);
      v16 d = load_piece(dy + i, count);
      LANEGRAD_UNROLL for (int r = 0; r < kRegisters; ++r) d.r[r] = fnma(vexp(log_p.r[r]), sum, d.r[r]);
      store_piece(dx + i, d, count);
    });
    return;
  }
  const vf dot = set1(sum_pieces(n, [&](v16 acc, int64_t i, int count) LANEGRAD_INLINE_LAMBDA {
    return fma(load_piece(y + i, count), load_piece(dy + i, count), acc);
  }));
  for_pieces(n, [&](int64_t i, int count) LANEGRAD_INLINE_LAMBDA {
    v16 d = load_piece(dy + i, count);
    const v16 p = load_piece(y + i, count);
    LANEGRAD_UNROLL for (int r = 0; r < kRegisters; ++r) d.r[r] = p.r[r] * (d.r[r] - dot);
    store_piece(dx + i, d, count);
  });
}

inline void softmax_backward(const SoftmaxBackwardArgs& args, const Parallel& par) {
  const int64_t n = args.n;
  if (n == 0) return;
  for_chunks(par, args.rows, n * (args.log ? kExpWeight : 1), 1, [&](int64_t from, int64_t to) {
    for (int64_t r = from; r < to; ++r) {
      softmax_backward_row(args.log, args.y + r * n, args.dy + r * n, args.dx + r * n, n);
    }
  });
}

// losses[i] = lse[i] − x[i, targets[i]], never forming the probabilities.
inline int64_t cross_entropy(const CrossEntropyArgs& args, const Parallel& par) {
  const int64_t n = args.classes;
  for (int64_t r = 0; r < args.rows; ++r) {
    const int64_t target = args.targets[r];
    if (target != args.ignore_index && (target < 0 || target >= n)) return r;
  }
  for_chunks(par, args.rows, n * kExpWeight, 1, [&](int64_t from, int64_t to) {
    for (int64_t r = from; r < to; ++r) {
      const float* x = args.x + r * n;
      const float largest = reduce_row<MaxStep>(x, n);
      const vf shift = set1(largest);
      const float log_sum = log_scalar(sum_pieces(n, [&](v16 acc, int64_t i, int count) LANEGRAD_INLINE_LAMBDA {
        return acc + first_lanes(exp_minus(load_piece(x + i, count), shift), count);
      }));
      args.lse[r] = largest + log_sum;
      // Large logits cancel before the small logarithm joins them.
      args.losses[r] = args.targets[r] == args.ignore_index ? 0.0f : (largest - x[args.targets[r]]) + log_sum;
    }
  });
  return -1;
}

// dx[i, :] = dLosses[i]·(exp(x[i, :] − lse[i]) − onehot(targets[i])); ignored rows give 0.
inline void cross_entropy_backward_row(const float* x, int64_t target, float lse, float d_loss, float* dx, int64_t n) {
  const vf shift = set1(lse), scale = set1(d_loss);
  for_pieces(n, [&](int64_t i, int count) LANEGRAD_INLINE_LAMBDA {
    v16 p = exp_minus(load_piece(x + i, count), shift);
    LANEGRAD_UNROLL for (int r = 0; r < kRegisters; ++r) p.r[r] = p.r[r] * scale;
    store_piece(dx + i, p, count);
  });
  // The forward call has checked the targets; it is memory safety that this one is looked at again.
  if (target < 0 || target >= n) return;
  const float p = first_lane(exp_minus(set1(x[target]), shift));
  dx[target] = d_loss * (p - 1.0f);
}

inline void cross_entropy_backward(const CrossEntropyBackwardArgs& args, const Parallel& par) {
  const int64_t n = args.classes;
  for_chunks(par, args.rows, n * kExpWeight, 1, [&](int64_t from, int64_t to) {
    for (int64_t r = from; r < to; ++r) {
      const int64_t target = args.targets[r];
      float* dx = args.dx + r * n;
      if (target == args.ignore_index) memset(dx, 0, n * sizeof(float));
      else cross_entropy_backward_row(args.x + r * n, target, args.lse[r], args.d_losses[r], dx, n);
    }
  });
}
