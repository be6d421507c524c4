// Hyperbolic functions and their inverses, under the rules of math.inl.h; neighbours may change places.
#pragma once

// e^a = 2ⁿ·(h + l) and its inverse 2ⁿ·v, less the change of v by l: what sinh and cosh are made of.
struct Branches {
  vf high, low, inverse, inverse_low;
  vi n;
};
LANEGRAD_INLINE Branches branches_of(vf a) {
  const vf one = set1(1.0f);
  const ExpParts e = exp_parts(vmin(set1(90.0f), a));
  const vf high = one + e.t, low = e.t - (high - one);
  // From 2⁻¹²⁰ on the inverse is lost beside the other branch.
  const vi twice = set1i(0) - (e.n + e.n);
  const vf mirror = one / high;
  const vf inverse = mirror * exp2_normal(select(gt(twice, set1i(-120)), twice, set1i(-120)));
  return {high, low, inverse, -(inverse * mirror * low), e.n};
}

// cosh x. At most 1.06 ULP [1.06].
LANEGRAD_INLINE vf vcosh(vf x) {
  const Branches e = branches_of(vabs(x));
  const vf sum = e.high + e.inverse;
  const vf lost = (e.high - sum) + e.inverse;
  return ldexp2(sum + (lost + (e.low + e.inverse_low)), e.n - set1i(1));
}

// sinh x. At most 1.06 ULP [1.06].
LANEGRAD_INLINE vf vsinh(vf x) {
  const vf a = vabs(x), z = a * a;
  vf p = fma(z, set1(0x1.7498a4p-19f), set1(0x1.a027fcp-13f));
  p = fma(z, p, set1(0x1.1110d8p-7f));
  p = fma(z, p, set1(0x1.555556p-3f));
  const vf small = fma(a * z, p, a);
  const Branches e = branches_of(a);
  const vf sum = e.high - e.inverse;
  const vf lost = (e.high - sum) - e.inverse;
  const vf large = ldexp2(sum + (lost + (e.low - e.inverse_low)), e.n - set1i(1));
  return copy_sign(select(lt(a, set1(1.0f)), small, large), x);
}

// From here on both inverse functions are log 2x, which is log(1 + x) + log 2, but for less than a rounding.
constexpr float kLogTwice = 0x1p26f;
LANEGRAD_INLINE vf log_inverse(vf x, vf sum, vf low) {
  const vm large = gt(x, set1(kLogTwice));
  const TwoFloats y = log1p_sum(select(large, x, sum), select(large, zero(), low), select(large, set1(1.0f), zero()));
  return select(lt(x, set1(kInfinity)), y.high + y.low, x);
}

// asinh x = log1p(a + a²/(1 + √(1 + a²))) with the sign of x. At most 1.28 ULP [1.28].
LANEGRAD_INLINE vf vasinh(vf x) {
  const vf one = set1(1.0f), a = vabs(x);
  const vf b = vmin(set1(kLogTwice), a);
  const vf square = b * b;
  const vf step = square / (one + vsqrt(one + square));
  const vf sum = b + step;
  const vf y = log_inverse(a, sum, (b - sum) + step);
  return copy_sign(select(lt(a, set1(0x1p-13f)), a, y), x);
}

// acosh x = log1p(t + √(t·(t + 2))) with t = x − 1; NaN below 1. At most 0.83 ULP [0.84].
LANEGRAD_INLINE vf vacosh(vf x) {
  const vf one = set1(1.0f), two = set1(2.0f);
  const vf b = vmin(set1(kLogTwice), x);
  const vf t = b - one;
  const vf t_low = (b - t) - one;
  const vf u = t + two;
  const vf u_low = (two - u) + t + t_low;
  const vf square = t * u;
  const vf square_low = product_rest(t, u, square) + fma(t, u_low, u * t_low);
  const vf root = vsqrt(square);
  const vf back = root * root;
  const vf root_low = (((square - back) - product_rest(root, root, back)) + square_low) / (root + root);
  const vf sum = root + t;
  const vf low = ((root - sum) + t) + (root_low + t_low);
  const vf y = log_inverse(x, sum, select(gt(root, zero()), low, zero()));
  return select(ge(x, one), y, set1(kNan));
}

// atanh x = ½·log1p(2a/(1 − a)) with the sign of x; ±∞ at ±1, NaN outside. At most 0.87 ULP [0.87].
LANEGRAD_INLINE vf vatanh(vf x) {
  const vf one = set1(1.0f), a = vabs(x);
  const vm inside = lt(a, one);
  const vf b = select(inside, a, zero());
  const vf below = one - b, twice = b + b;
  const vf below_low = (one - below) - b;
  const vf inverse = one / below;
  const vf ratio = twice * inverse;
  const vf back = ratio * below;
  const vf lost = ((twice - back) - product_rest(ratio, below, back)) - ratio * below_low;
  const TwoFloats y = log1p_sum(ratio, lost * inverse);
  const vf near = select(lt(a, set1(0x1p-13f)), a, set1(0.5f) * (y.high + y.low));
  const vf outside = select(eq(a, one), set1(kInfinity), set1(kNan));
  return copy_sign(select(inside, near, outside), x);
}
