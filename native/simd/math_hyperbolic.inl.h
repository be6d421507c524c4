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

// log u + c for normal finite u and a small correction c, or log 2u with `more` = 1.
LANEGRAD_INLINE vf corrected_log(vf u, vf c, vf more) {
  const LogParts p = log_parts_normal(u);
  const TwoFloats y = log_sum(p.k + more, p.m - set1(1.0f), c);
  return y.high + y.low;
}

// From here on both of the next are log 2x but for less than a rounding.
constexpr float kLogTwice = 0x1p13f;
// log(a + root), where a² and root² differ by 1, so that 1/(a + root) = |a − root|.
LANEGRAD_INLINE vf log_of_sum(vf a, vf root, vf larger, vf smaller) {
  const vf sum = a + root;
  const vf c = ((larger - sum) + smaller) * (larger - smaller);
  const vm twice = gt(a, set1(kLogTwice));
  const vf y = corrected_log(select(twice, a, sum), select(twice, zero(), c), select(twice, set1(1.0f), zero()));
  return select(lt(a, set1(kInfinity)), y, a);
}

// asinh x, which is log(a + √(1 + a²)) with the sign of x. At most 1.37 ULP [1.50].
LANEGRAD_INLINE vf vasinh(vf x) {
  const vf one = set1(1.0f), a = vabs(x), z = a * a, s = z * z;
  vf p = fma(s, set1(-0x1.975f90p-12f), fma(z, set1(0x1.3a888ap-9f), set1(-0x1.cc453ap-8f)));
  p = fma(s, p, fma(z, set1(0x1.bd3a18p-7f), set1(-0x1.57f7e2p-6f)));
  p = fma(s, p, fma(z, set1(0x1.ec8690p-6f), set1(-0x1.6d5ba6p-5f)));
  p = fma(s, p, fma(z, set1(0x1.33301cp-4f), set1(-0x1.55554cp-3f)));
  const vf root = vsqrt(fma(a, a, one));
  return copy_sign(select(lt(a, one), fma(a * z, p, a), log_of_sum(a, root, root, a)), x);
}

// acosh x, which is log(x + √(x² − 1)); NaN below 1. At most 1.56 ULP [1.57].
LANEGRAD_INLINE vf vacosh(vf x) {
  // Near 1 by t = x − 1, of which it is √2t and a series.
  const vf t = x - set1(1.0f), s = t * t;
  vf p = fma(s, set1(-0x1.c2084cp-16f), fma(t, set1(0x1.6f817ap-13f), set1(-0x1.4b02bep-11f)));
  p = fma(s, p, fma(t, set1(0x1.ea6472p-10f), set1(-0x1.6d4a22p-8f)));
  p = fma(s, p, fma(t, set1(0x1.33302ep-6f), set1(-0x1.55554ep-4f)));
  const vf first = vsqrt(t + t);
  const vf root = vsqrt(fma(x, x, set1(-1.0f)));
  return select(lt(x, set1(2.0f)), fma(first * t, p, first), log_of_sum(x, root, x, root));
}

// atanh x = ½·log((1 + x)/(1 − x)); ±∞ at ±1, NaN outside. At most 1.34 ULP [1.34].
LANEGRAD_INLINE vf vatanh(vf x) {
  const vf one = set1(1.0f), half = set1(0.5f), a = vabs(x), z = a * a, s = z * z;
  vf p = fma(s, fma(z, set1(0x1.692d84p-3f), set1(0x1.a6de5cp-5f)), fma(z, set1(0x1.e3fbc8p-4f), set1(0x1.234dd0p-3f)));
  p = fma(s, p, fma(z, set1(0x1.99a674p-3f), set1(0x1.555540p-2f)));
  const vf large = half * corrected_log((one + a) / (one - a), zero(), zero());
  const vf outside = select(eq(a, one), set1(kInfinity), set1(kNan));
  return copy_sign(select(lt(a, half), fma(a * z, p, a), select(lt(a, one), large, outside)), x);
}
