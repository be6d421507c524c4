// Functions of two broadcast operands, comparisons, and the choice by a mask. A plan is walked in runs: along a run
// each operand advances by one stride, and the output lies without gaps. An output may be an operand of its own size,
// since every element is read before its place is written.
#pragma once

#include "lanes.inl.h"
#include "pairs.inl.h"
#include "split.inl.h"

// Elements of one operand along a run, kLanes at a time.
struct Operand {
  const float* data;
  int64_t stride;
};

enum class Step { kOne, kNone, kAny };  // the stride: 1, 0, or looked up

template <Step STEP>
LANEGRAD_INLINE vf load_step(Operand x, int64_t i, int count) {
  if constexpr (STEP == Step::kNone) return bcast(x.data);
  if constexpr (STEP == Step::kOne) return load_lanes(x.data + i, count);
  float lanes[kLanes] = {};
  for (int l = 0; l < count; ++l) lanes[l] = x.data[(i + l) * x.stride];
  return load(lanes);
}

template <class F, class Y, Step A, Step B>
inline void pair_run(Operand a, Operand b, Y* y, int64_t n) {
  for_lanes(0, n, [&](int64_t i, int count) LANEGRAD_INLINE_LAMBDA {
    store_lanes(y + i, F::apply(load_step<A>(a, i, count), load_step<B>(b, i, count)), count);
  });
}

template <class Y>
using PairRun = void (*)(Operand a, Operand b, Y* y, int64_t n);

template <class F, class Y>
inline PairRun<Y> pair_run_for(int64_t a_stride, int64_t b_stride) {
  if (a_stride == 1 && b_stride == 1) return pair_run<F, Y, Step::kOne, Step::kOne>;
  if (a_stride == 0 && b_stride == 1) return pair_run<F, Y, Step::kNone, Step::kOne>;
  if (a_stride == 1 && b_stride == 0) return pair_run<F, Y, Step::kOne, Step::kNone>;
  return pair_run<F, Y, Step::kAny, Step::kAny>;
}

// Calls the run of F over the whole plan.
template <class F, class Y>
inline void walk_plan(const BroadcastPlan& plan, const float* a, const float* b, Y* y, const Parallel& par) {
  if (plan.kind != PlanKind::kStrided) {
    const int64_t a_stride = plan.kind == PlanKind::kScalarA ? 0 : 1;
    const int64_t b_stride = plan.kind == PlanKind::kScalarB ? 0 : 1;
    const PairRun<Y> run = pair_run_for<F, Y>(a_stride, b_stride);
    for_chunks(par, plan.size, 1, kVirtualLanes, [&](int64_t from, int64_t to) {
      run({a + from * a_stride, a_stride}, {b + from * b_stride, b_stride}, y + from, to - from);
    });
    return;
  }
  if (plan.size == 0) return;
  const int last = plan.rank - 1;
  const int64_t length = plan.dims[last], a_stride = plan.a_strides[last], b_stride = plan.b_strides[last];
  const PairRun<Y> run = pair_run_for<F, Y>(a_stride, b_stride);
  for_chunks(par, plan.size / length, length, 1, [&](int64_t from, int64_t to) {
    int64_t index[kMaxRank], a_at = 0, b_at = 0, rest = from;
    for (int axis = last - 1; axis >= 0; --axis) {
      index[axis] = rest % plan.dims[axis];
      rest /= plan.dims[axis];
      a_at += index[axis] * plan.a_strides[axis];
      b_at += index[axis] * plan.b_strides[axis];
    }
    for (int64_t at = from; at < to; ++at) {
      run({a + a_at, a_stride}, {b + b_at, b_stride}, y + at * length, length);
      // The odometer: the next axis out advances, and an axis that wraps takes back its whole way.
      for (int axis = last - 1; axis >= 0; --axis) {
        a_at += plan.a_strides[axis];
        b_at += plan.b_strides[axis];
        if (++index[axis] < plan.dims[axis]) break;
        a_at -= index[axis] * plan.a_strides[axis];
        b_at -= index[axis] * plan.b_strides[axis];
        index[axis] = 0;
      }
    }
  });
}

inline void binary(const BinaryArgs& args, const Parallel& par) {
  switch (args.op) {
    case BinaryOp::kAdd: return walk_plan<Add>(args.plan, args.a, args.b, args.y, par);
    case BinaryOp::kSub: return walk_plan<Sub>(args.plan, args.a, args.b, args.y, par);
    case BinaryOp::kMul: return walk_plan<Mul>(args.plan, args.a, args.b, args.y, par);
    case BinaryOp::kDiv: return walk_plan<Div>(args.plan, args.a, args.b, args.y, par);
    case BinaryOp::kMaximum: return walk_plan<Maximum>(args.plan, args.a, args.b, args.y, par);
    case BinaryOp::kMinimum: return walk_plan<Minimum>(args.plan, args.a, args.b, args.y, par);
    case BinaryOp::kPow:
      // The power that models use. A square of floats is exact in double, so this is the same number.
      if (args.plan.kind == PlanKind::kScalarB && *args.b == 2.0f) {
        return unary({UnaryOp::kSquare, args.a, args.y, args.plan.size, 0.0f, 0.0f}, par);
      }
      return walk_plan<Pow>(args.plan, args.a, args.b, args.y, par);
    case BinaryOp::kGate: return walk_plan<Gate>(args.plan, args.a, args.b, args.y, par);
    case BinaryOp::kAtan2: return walk_plan<Atan2>(args.plan, args.a, args.b, args.y, par);
    case BinaryOp::kFmod: return walk_plan<Fmod>(args.plan, args.a, args.b, args.y, par);
    case BinaryOp::kRemainder: return walk_plan<Remainder>(args.plan, args.a, args.b, args.y, par);
    case BinaryOp::kFloorDivide: return walk_plan<FloorDivide>(args.plan, args.a, args.b, args.y, par);
    case BinaryOp::kTruncDivide: return walk_plan<TruncDivide>(args.plan, args.a, args.b, args.y, par);
    case BinaryOp::kHypot: return walk_plan<Hypot>(args.plan, args.a, args.b, args.y, par);
    case BinaryOp::kCopysign: return walk_plan<Copysign>(args.plan, args.a, args.b, args.y, par);
    case BinaryOp::kXlogy: return walk_plan<Xlogy>(args.plan, args.a, args.b, args.y, par);
    case BinaryOp::kLogaddexp: return walk_plan<Logaddexp>(args.plan, args.a, args.b, args.y, par);
    case BinaryOp::kPrelu: return walk_plan<Prelu>(args.plan, args.a, args.b, args.y, par);
    case BinaryOp::kBinaryCrossEntropy:
      return walk_plan<BinaryCrossEntropy>(args.plan, args.a, args.b, args.y, par);
    case BinaryOp::kLogitCrossEntropy: return walk_plan<LogitCrossEntropy>(args.plan, args.a, args.b, args.y, par);
  }
}

inline void compare(const CompareArgs& args, const Parallel& par) {
  switch (args.op) {
    case CompareOp::kEq: return walk_plan<Eq>(args.plan, args.a, args.b, args.y, par);
    case CompareOp::kNe: return walk_plan<Ne>(args.plan, args.a, args.b, args.y, par);
    case CompareOp::kLt: return walk_plan<Lt>(args.plan, args.a, args.b, args.y, par);
    case CompareOp::kLe: return walk_plan<Le>(args.plan, args.a, args.b, args.y, par);
    case CompareOp::kGt: return walk_plan<Gt>(args.plan, args.a, args.b, args.y, par);
    case CompareOp::kGe: return walk_plan<Ge>(args.plan, args.a, args.b, args.y, par);
    case CompareOp::kAnd: return walk_plan<And>(args.plan, args.a, args.b, args.y, par);
    case CompareOp::kOr: return walk_plan<Or>(args.plan, args.a, args.b, args.y, par);
    case CompareOp::kXor: return walk_plan<Xor>(args.plan, args.a, args.b, args.y, par);
    case CompareOp::kWithin: return walk_plan<Within>(args.plan, args.a, args.b, args.y, par);
    case CompareOp::kBeyond: return walk_plan<Beyond>(args.plan, args.a, args.b, args.y, par);
  }
}

// y = mask ? a : b. A choice moves bits, so it also serves 32-bit integers.
inline void select(const SelectArgs& args, const Parallel& par) {
  for_chunks(par, args.n, 1, kVirtualLanes, [&](int64_t from, int64_t to) {
    for_lanes(from, to, [&](int64_t i, int count) LANEGRAD_INLINE_LAMBDA {
      const vm mask = load_lanes(args.mask + i, count);
      store_lanes(args.y + i, select(mask, load_lanes(args.a + i, count), load_lanes(args.b + i, count)), count);
    });
  });
}

// y = a + weight·(b − a), counted from the nearer end.
inline void lerp(const LerpArgs& args, const Parallel& par) {
  const bool from_a = args.weight < 0.5f && args.weight > -0.5f;
  const float* start = from_a ? args.a : args.b;
  const vf factor = set1(from_a ? args.weight : args.weight - 1.0f);
  for_chunks(par, args.n, 1, kVirtualLanes, [&](int64_t from, int64_t to) {
    for_lanes(from, to, [&](int64_t i, int count) LANEGRAD_INLINE_LAMBDA {
      const vf way = load_lanes(args.b + i, count) - load_lanes(args.a + i, count);
      store_lanes(args.y + i, load_lanes(start + i, count) + factor * way, count);
    });
  });
}

// y = |a − b| ≤ atol + |rtol·b|; infinities are close to themselves alone, NaN to NaN with `equal_nan`.
inline void isclose(const IscloseArgs& args, const Parallel& par) {
  const vf rtol = set1(args.rtol), atol = set1(args.atol), infinity = set1(kInfinity);
  for_chunks(par, args.n, 1, kVirtualLanes, [&](int64_t from, int64_t to) {
    for_lanes(from, to, [&](int64_t i, int count) LANEGRAD_INLINE_LAMBDA {
      const vf a = load_lanes(args.a + i, count), b = load_lanes(args.b + i, count);
      const vf apart = vabs(a - b);
      vm near = (le(apart, atol + vabs(rtol * b)) & lt(apart, infinity)) | eq(a, b);
      if (args.equal_nan) near = near | (is_nan(a) & is_nan(b));
      store_lanes(args.y + i, near, count);
    });
  });
}
