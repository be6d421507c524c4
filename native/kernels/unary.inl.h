// Functions of one operand: y = f(x), of which y may be x itself.
#pragma once

#include "lanes.inl.h"
#include "split.inl.h"

struct Neg {
  LANEGRAD_INLINE vf apply(vf x, vf, vf) { return -x; }
};
struct Abs {
  LANEGRAD_INLINE vf apply(vf x, vf, vf) { return vabs(x); }
};
// Zeros keep their sign, and NaN stays NaN.
struct Sign {
  LANEGRAD_INLINE vf apply(vf x, vf, vf) {
    return select(gt(x, zero()), set1(1.0f), select(lt(x, zero()), set1(-1.0f), x));
  }
};
struct Square {
  LANEGRAD_INLINE vf apply(vf x, vf, vf) { return x * x; }
};
struct Sqrt {
  LANEGRAD_INLINE vf apply(vf x, vf, vf) { return vsqrt(x); }
};
struct Rsqrt {
  LANEGRAD_INLINE vf apply(vf x, vf, vf) { return set1(1.0f) / vsqrt(x); }
};
struct Reciprocal {
  LANEGRAD_INLINE vf apply(vf x, vf, vf) { return set1(1.0f) / x; }
};
struct Exp {
  LANEGRAD_INLINE vf apply(vf x, vf, vf) { return vexp(x); }
};
struct Expm1 {
  LANEGRAD_INLINE vf apply(vf x, vf, vf) { return vexpm1(x); }
};
struct Log {
  LANEGRAD_INLINE vf apply(vf x, vf, vf) { return vlog(x); }
};
struct Log1p {
  LANEGRAD_INLINE vf apply(vf x, vf, vf) { return vlog1p(x); }
};
struct Tanh {
  LANEGRAD_INLINE vf apply(vf x, vf, vf) { return vtanh(x); }
};
struct Sigmoid {
  LANEGRAD_INLINE vf apply(vf x, vf, vf) { return vsigmoid(x); }
};
// Compared this way round, NaN stays NaN.
struct Relu {
  LANEGRAD_INLINE vf apply(vf x, vf, vf) { return select(le(x, zero()), zero(), x); }
};
struct Softplus {
  LANEGRAD_INLINE vf apply(vf x, vf, vf) { return vsoftplus(x); }
};
struct Clamp {
  LANEGRAD_INLINE vf apply(vf x, vf low, vf high) { return minimum(maximum(x, low), high); }
};
struct Affine {
  LANEGRAD_INLINE vf apply(vf x, vf factor, vf shift) { return factor * x + shift; }
};
struct LeakyRelu {
  LANEGRAD_INLINE vf apply(vf x, vf slope, vf) { return select(gt(x, zero()), x, slope * x); }
};
struct Threshold {
  LANEGRAD_INLINE vf apply(vf x, vf limit, vf value) { return select(ge(x, limit), value, zero()); }
};
struct Floor {
  LANEGRAD_INLINE vf apply(vf x, vf, vf) { return vfloor(x); }
};
struct Ceil {
  LANEGRAD_INLINE vf apply(vf x, vf, vf) { return vceil(x); }
};
struct Round {
  LANEGRAD_INLINE vf apply(vf x, vf, vf) { return vround(x); }
};
struct Trunc {
  LANEGRAD_INLINE vf apply(vf x, vf, vf) { return vtrunc(x); }
};
struct Huber {
  LANEGRAD_INLINE vf apply(vf x, vf delta, vf scale) {
    const vf size = vabs(x), bent = minimum(size, delta);
    return bent * (size - set1(0.5f) * bent) * scale;
  }
};
struct Frac {
  LANEGRAD_INLINE vf apply(vf x, vf, vf) { return x - vtrunc(x); }
};
struct Erf {
  LANEGRAD_INLINE vf apply(vf x, vf, vf) { return verf(x); }
};
struct Gelu {
  LANEGRAD_INLINE vf apply(vf x, vf, vf) { return vgelu(x); }
};

struct Sin {
  LANEGRAD_INLINE vf apply(vf x, vf, vf) { return vsin(x); }
};
struct Cos {
  LANEGRAD_INLINE vf apply(vf x, vf, vf) { return vcos(x); }
};
struct Tan {
  LANEGRAD_INLINE vf apply(vf x, vf, vf) { return vtan(x); }
};
struct Asin {
  LANEGRAD_INLINE vf apply(vf x, vf, vf) { return vasin(x); }
};
struct Acos {
  LANEGRAD_INLINE vf apply(vf x, vf, vf) { return vacos(x); }
};
struct Atan {
  LANEGRAD_INLINE vf apply(vf x, vf, vf) { return vatan(x); }
};
struct Sinh {
  LANEGRAD_INLINE vf apply(vf x, vf, vf) { return vsinh(x); }
};
struct Cosh {
  LANEGRAD_INLINE vf apply(vf x, vf, vf) { return vcosh(x); }
};
struct Asinh {
  LANEGRAD_INLINE vf apply(vf x, vf, vf) { return vasinh(x); }
};
struct Acosh {
  LANEGRAD_INLINE vf apply(vf x, vf, vf) { return vacosh(x); }
};
struct Atanh {
  LANEGRAD_INLINE vf apply(vf x, vf, vf) { return vatanh(x); }
};
struct Exp2 {
  LANEGRAD_INLINE vf apply(vf x, vf, vf) { return vexp2(x); }
};
struct Log2 {
  LANEGRAD_INLINE vf apply(vf x, vf, vf) { return vlog2(x); }
};
struct Log10 {
  LANEGRAD_INLINE vf apply(vf x, vf, vf) { return vlog10(x); }
};
struct Erfc {
  LANEGRAD_INLINE vf apply(vf x, vf, vf) { return verfc(x); }
};
struct Silu {
  LANEGRAD_INLINE vf apply(vf x, vf, vf) { return vsilu(x); }
};
struct Logsigmoid {
  LANEGRAD_INLINE vf apply(vf x, vf, vf) { return -vsoftplus(-x); }
};
struct Mish {
  LANEGRAD_INLINE vf apply(vf x, vf, vf) { return vmish(x); }
};
struct Elu {
  LANEGRAD_INLINE vf apply(vf x, vf alpha, vf scale) { return select(gt(x, zero()), x, alpha * vexpm1(scale * x)); }
};
struct Selu {
  // One factor on either side, as a product more would cost half a last place: at most 1.87 ULP of SELU [1.91].
  LANEGRAD_INLINE vf apply(vf x, vf alpha, vf scale) {
    return select(gt(x, zero()), scale * x, (alpha * scale) * vexpm1(x));
  }
};
// vmax and vmin pass on their second operand where it is NaN.
struct Hardsigmoid {
  LANEGRAD_INLINE vf apply(vf x, vf, vf) {
    const vf six = set1(6.0f);
    return vmin(six, vmax(zero(), x + set1(3.0f))) / six;
  }
};
struct Hardswish {
  LANEGRAD_INLINE vf apply(vf x, vf, vf) {
    // The products beyond the bounds are left out: they might overflow, or be those of an infinity and 0.
    const vf three = set1(3.0f);
    return select(ge(x, three), x, select(le(x, -three), set1(-0.0f), x * (x + three) / set1(6.0f)));
  }
};
struct Softsign {
  LANEGRAD_INLINE vf apply(vf x, vf, vf) {
    const vf a = vabs(x), one = set1(1.0f);
    const vf limit = copy_sign(one, x);
    return select(eq(a, set1(kInfinity)), limit, x / (one + a));
  }
};
struct Softshrink {
  LANEGRAD_INLINE vf apply(vf x, vf limit, vf) {
    const vf inside = select(is_nan(x), x, zero());
    return select(gt(x, limit), x - limit, select(lt(x, -limit), x + limit, inside));
  }
};
struct Hardshrink {
  LANEGRAD_INLINE vf apply(vf x, vf limit, vf) { return select(le(vabs(x), limit), zero(), x); }
};
struct NanToNum {
  LANEGRAD_INLINE vf apply(vf x, vf above, vf below) {
    const vf infinity = set1(kInfinity);
    const vf number = select(is_nan(x), zero(), x);
    return select(eq(x, infinity), above, select(eq(x, -infinity), below, number));
  }
};

using UnaryRun = void (*)(const float* x, float* y, int64_t n, float p0, float p1);

template <class F>
inline void unary_run(const float* x, float* y, int64_t n, float p0, float p1) {
  const vf a = set1(p0), b = set1(p1);
  for_lanes(0, n, [&](int64_t i, int count) LANEGRAD_INLINE_LAMBDA {
    store_lanes(y + i, F::apply(load_lanes(x + i, count), a, b), count);
  });
}

inline UnaryRun unary_run_of(UnaryOp op) {
  switch (op) {
    case UnaryOp::kNeg: return unary_run<Neg>;
    case UnaryOp::kAbs: return unary_run<Abs>;
    case UnaryOp::kSign: return unary_run<Sign>;
    case UnaryOp::kSquare: return unary_run<Square>;
    case UnaryOp::kSqrt: return unary_run<Sqrt>;
    case UnaryOp::kRsqrt: return unary_run<Rsqrt>;
    case UnaryOp::kReciprocal: return unary_run<Reciprocal>;
    case UnaryOp::kExp: return unary_run<Exp>;
    case UnaryOp::kExpm1: return unary_run<Expm1>;
    case UnaryOp::kLog: return unary_run<Log>;
    case UnaryOp::kLog1p: return unary_run<Log1p>;
    case UnaryOp::kTanh: return unary_run<Tanh>;
    case UnaryOp::kSigmoid: return unary_run<Sigmoid>;
    case UnaryOp::kRelu: return unary_run<Relu>;
    case UnaryOp::kSoftplus: return unary_run<Softplus>;
    case UnaryOp::kClamp: return unary_run<Clamp>;
    case UnaryOp::kAffine: return unary_run<Affine>;
    case UnaryOp::kLeakyRelu: return unary_run<LeakyRelu>;
    case UnaryOp::kThreshold: return unary_run<Threshold>;
    case UnaryOp::kFloor: return unary_run<Floor>;
    case UnaryOp::kCeil: return unary_run<Ceil>;
    case UnaryOp::kRound: return unary_run<Round>;
    case UnaryOp::kTrunc: return unary_run<Trunc>;
    case UnaryOp::kFrac: return unary_run<Frac>;
    case UnaryOp::kHuber: return unary_run<Huber>;
    case UnaryOp::kLogsigmoid: return unary_run<Logsigmoid>;
    case UnaryOp::kSelu: return unary_run<Selu>;
    case UnaryOp::kErf: return unary_run<Erf>;
    case UnaryOp::kGelu: return unary_run<Gelu>;
    case UnaryOp::kSin: return unary_run<Sin>;
    case UnaryOp::kCos: return unary_run<Cos>;
    case UnaryOp::kTan: return unary_run<Tan>;
    case UnaryOp::kAsin: return unary_run<Asin>;
    case UnaryOp::kAcos: return unary_run<Acos>;
    case UnaryOp::kAtan: return unary_run<Atan>;
    case UnaryOp::kSinh: return unary_run<Sinh>;
    case UnaryOp::kCosh: return unary_run<Cosh>;
    case UnaryOp::kAsinh: return unary_run<Asinh>;
    case UnaryOp::kAcosh: return unary_run<Acosh>;
    case UnaryOp::kAtanh: return unary_run<Atanh>;
    case UnaryOp::kExp2: return unary_run<Exp2>;
    case UnaryOp::kLog2: return unary_run<Log2>;
    case UnaryOp::kLog10: return unary_run<Log10>;
    case UnaryOp::kErfc: return unary_run<Erfc>;
    case UnaryOp::kSilu: return unary_run<Silu>;
    case UnaryOp::kMish: return unary_run<Mish>;
    case UnaryOp::kElu: return unary_run<Elu>;
    case UnaryOp::kHardsigmoid: return unary_run<Hardsigmoid>;
    case UnaryOp::kHardswish: return unary_run<Hardswish>;
    case UnaryOp::kSoftsign: return unary_run<Softsign>;
    case UnaryOp::kSoftshrink: return unary_run<Softshrink>;
    case UnaryOp::kHardshrink: return unary_run<Hardshrink>;
    case UnaryOp::kNanToNum: return unary_run<NanToNum>;
  }
  return unary_run<Neg>;  // not reached: the binding has checked the opcode
}

inline void unary(const UnaryArgs& args, const Parallel& par) {
  const UnaryRun run = unary_run_of(args.op);
  for_chunks(par, args.n, 1, kVirtualLanes,
             [&](int64_t from, int64_t to) { run(args.x + from, args.y + from, to - from, args.p0, args.p1); });
}
