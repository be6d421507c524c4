// Trigonometric functions and their inverses, under the rules of math.inl.h; neighbours may change places.
#pragma once

constexpr float kHalfPi = 0x1.921fb6p+0f;
constexpr float kHalfPiLow = -0x1.777a5cp-25f;
constexpr float kHalfPiLowest = -0x1.ee59dap-50f;

// An angle in radians without its quarter turns: within π/4 of 0, as a sum of two floats.
struct Quarter {
  vf high, low;
  vi turns;
};

// Above this the products of quarter turns are not exact; below, their number has 16 bits.
constexpr float kLargeAngle = 65536.0f;

// The bits of 2/π after the point, behind 32 zeros.
constexpr uint32_t kTwoOverPi[9] = {0,          0xa2f9836e, 0x4e441529, 0xfc2757d1, 0xf534ddc0,
                                    0xdb629599, 0x3c439041, 0xfe5163ab, 0xdebbc561};

// One angle from 2¹⁶ on, exactly, as Payne and Hanek do it: of 2/π those bits alone matter that do not make whole turns.
inline void reduce_large(float x, float* high, float* low, int32_t* turns) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  const uint64_t mantissa = (bits & 0x7fffffu) | 0x800000u;
  const int first = static_cast<int>(bits >> 23) - 120;  // the place of the bit worth two quarter turns of the mantissa
  const int word = first >> 5, shift = first & 31;
  const auto window = [&](int i) {
    const uint64_t pair = (static_cast<uint64_t>(kTwoOverPi[word + i]) << 32) | kTwoOverPi[word + i + 1];
    return (pair << shift) >> 32;
  };
  // In units of 2⁻⁶² quarter turns, modulo four of them.
  const uint64_t angle = ((mantissa * window(0)) << 32) + mantissa * window(1) + ((mantissa * window(2)) >> 32);
  const uint64_t whole = (angle + (uint64_t{1} << 61)) >> 62;
  const int64_t rest = static_cast<int64_t>(angle - (whole << 62));
  const double radians = static_cast<double>(rest) * 0x1.921fb54442d18p-62;
  *high = static_cast<float>(radians);
  *low = static_cast<float>(radians - static_cast<double>(*high));
  *turns = static_cast<int32_t>(whole & 3);
}

// Of a ≥ 0; NaN of ∞ and NaN.
LANEGRAD_INLINE Quarter quarter_turns(vf a) {
  const vm usual = lt(a, set1(kLargeAngle));
  const vf x = select(usual, a, zero());
  const vf q = vround(x * set1(0x1.45f306p-1f));
  // The first difference is exact, the second is not, and its error is kept: an angle may come within 2⁻³⁰ of a multiple.
  const vf near = residual(x, q, set1(kHalfPi));
  const vf second = q * set1(kHalfPiLow);
  const vf high = near - second;
  const vf part = near - high;
  const vf rounding = (near - (high + part)) + (part - second);
  const vf low = (rounding - product_rest(q, set1(kHalfPiLow), second)) - q * set1(kHalfPiLowest);
  const Quarter r = {high, low, to_int(q)};
  if (!any(~usual)) return r;
  float angles[kLanes], highs[kLanes], lows[kLanes];
  int32_t turns[kLanes];
  store(angles, a);
  store(highs, r.high);
  store(lows, r.low);
  storei(turns, r.turns);
  const uint32_t lanes = bits(~usual);
  for (int l = 0; l < kLanes; ++l) {
    if (((lanes >> l) & 1u) == 0) continue;
    if (angles[l] < kInfinity) reduce_large(angles[l], &highs[l], &lows[l], &turns[l]);
    else highs[l] = kNan;
  }
  return {load(highs), load(lows), loadi(turns)};
}

// Sine and cosine of the rest of an angle, each as a sum of two floats.
struct SineCosine {
  TwoFloats sine, cosine;
};
LANEGRAD_INLINE SineCosine sine_cosine(const Quarter& r) {
  const vf one = set1(1.0f), x = r.high, z = x * x;
  vf s = fma(z, set1(0x1.7d7004p-19f), set1(-0x1.a05efcp-13f));
  s = fma(z, s, set1(0x1.11117ap-7f));
  s = fma(z, s, set1(-0x1.555556p-3f));
  const vf s_rest = fma(x * z, s, r.low);
  const vf sine = x + s_rest;
  vf c = fma(z, set1(0x1.9a58ccp-16f), set1(-0x1.6c0e10p-10f));
  c = fma(z, c, set1(0x1.55554ep-5f));
  const vf half = set1(0.5f) * z;
  const vf start = one - half;
  const vf half_rest = set1(0.5f) * product_rest(x, x, z);
  const vf c_rest = fma(z * z, c, ((one - start) - half) - fma(x, r.low, half_rest));
  const vf cosine = start + c_rest;
  return {{sine, (x - sine) + s_rest}, {cosine, (start - cosine) + c_rest}};
}

LANEGRAD_INLINE vm odd(vi turns) { return eq(turns & set1i(1), set1i(1)); }
// The sign bit where two quarter turns more have been made than an even number of them.
LANEGRAD_INLINE vi sign_of(vi turns) { return shl<30>(turns) & set1i(INT32_MIN); }

// sin x. At most 0.90 ULP [0.90].
LANEGRAD_INLINE vf vsin(vf x) {
  const Quarter r = quarter_turns(vabs(x));
  const SineCosine p = sine_cosine(r);
  const vf y = select(odd(r.turns), p.cosine.high, p.sine.high);
  return as_float(as_int(y) ^ sign_of(r.turns) ^ (as_int(x) & set1i(INT32_MIN)));
}

// cos x. At most 0.90 ULP [0.90].
LANEGRAD_INLINE vf vcos(vf x) {
  const Quarter r = quarter_turns(vabs(x));
  const SineCosine p = sine_cosine(r);
  const vf y = select(odd(r.turns), p.sine.high, p.cosine.high);
  return as_float(as_int(y) ^ sign_of(r.turns + set1i(1)));
}

// tan x. At most 1.33 ULP [1.33].
LANEGRAD_INLINE vf vtan(vf x) {
  const Quarter r = quarter_turns(vabs(x));
  const vf t = r.high, z = t * t, s = z * z;
  vf p = fma(z, set1(0x1.5cc6bep-6f), set1(0x1.bad942p-5f));
  p = fma(s, fma(z, set1(0x1.b1c16cp-14f), set1(0x1.62aa54p-7f)), p);
  p = fma(s, fma(s * s, set1(0x1.1e65c6p-8f), p), fma(z, set1(0x1.110da0p-3f), set1(0x1.555560p-2f)));
  const vf rest = fma(t * z, p, fma(r.low, z, r.low));
  const vf high = t + rest, low = (t - high) + rest;
  // After an odd number of turns −1 / (high + low).
  const vf minus_one = set1(-1.0f);
  const vf q = minus_one / high;
  const vf lost = residual(minus_one, q, high) - q * low;
  const vf y = select(odd(r.turns), fnma(lost, q, q), high);
  return as_float(as_int(y) ^ (as_int(x) & set1i(INT32_MIN)));
}

// asin(s)/s − 1 by z = s² up to ¼.
LANEGRAD_INLINE vf asin_series(vf z) {
  vf p = fma(z, set1(0x1.2e897ap-5f), set1(0x1.e8375ep-7f));
  p = fma(z, p, set1(0x1.0371e0p-5f));
  p = fma(z, p, set1(0x1.6cd6d0p-5f));
  p = fma(z, p, set1(0x1.333738p-4f));
  p = fma(z, p, set1(0x1.555550p-3f));
  return z * p;
}

// asin |x| = s + rest up to ½, else π/2 − 2·(s + rest) with s = √((1 − |x|)/2), whose rounding goes to the rest.
struct Arc {
  vf s, rest;
  vm steep;
};
LANEGRAD_INLINE Arc arc_of(vf x) {
  const vf a = vabs(x), half = set1(0.5f);
  const vm steep = gt(a, half);
  const vf z = select(steep, half * (set1(1.0f) - a), a * a);
  const vf s = select(steep, vsqrt(z), a);
  const vf lost = residual(z, s, s) / (s + s);
  return {s, fma(s, asin_series(z), select(steep & gt(s, zero()), lost, zero())), steep};
}

// asin x; NaN outside [−1, 1]. At most 0.64 ULP [0.66].
LANEGRAD_INLINE vf vasin(vf x) {
  const Arc arc = arc_of(x);
  const vf half_pi = set1(kHalfPi), twice = arc.s + arc.s;
  const vf high = half_pi - twice;
  const vf steep = high + (((half_pi - high) - twice) + (set1(kHalfPiLow) - (arc.rest + arc.rest)));
  return copy_sign(select(arc.steep, steep, arc.s + arc.rest), x);
}

// acos x; NaN outside [−1, 1]. At most 0.62 ULP [0.64].
LANEGRAD_INLINE vf vacos(vf x) {
  const Arc arc = arc_of(x);
  const vm negative = lt(x, zero());
  // π/2 − asin x, or on the steep sides 2·(s + rest) above 0 and π less that below.
  const vf from = select(arc.steep, select(negative, set1(2.0f * kHalfPi), zero()), set1(kHalfPi));
  const vf from_low = select(arc.steep, select(negative, set1(2.0f * kHalfPiLow), zero()), set1(kHalfPiLow));
  const vf scale = select(arc.steep, set1(2.0f), set1(-1.0f));
  const vf factor = select(negative, -scale, scale);
  const vf step = arc.s * factor;
  const vf high = from + step;
  return high + (((from - high) + step) + fma(arc.rest, factor, from_low));
}

// atan(t + t_low) − t for 0 ≤ t ≤ 1.
LANEGRAD_INLINE vf atan_rest(vf t, vf t_low) {
  const vf z = t * t;
  vf p = fma(z, set1(-0x1.e865d0p-10f), set1(0x1.704616p-7f));
  p = fma(z, p, set1(-0x1.049ae6p-5f));
  p = fma(z, p, set1(0x1.e04ff2p-5f));
  p = fma(z, p, set1(-0x1.59eedap-4f));
  p = fma(z, p, set1(0x1.c13e86p-4f));
  p = fma(z, p, set1(-0x1.243328p-3f));
  p = fma(z, p, set1(0x1.9993dep-3f));
  p = fma(z, p, set1(-0x1.555548p-2f));
  // The one argument whose result is known beforehand: where a point lies on a diagonal.
  const vf rest = fma(t * z, p, t_low * fma(z, set1(-0.5f), set1(1.0f)));
  return select(eq(t, set1(1.0f)), set1(0.5f * kHalfPi - 1.0f), rest);
}

// The angle of the point (x, y), in (−π, π]. At most 1.10 ULP [1.20].
LANEGRAD_INLINE vf vatan2(vf y, vf x) {
  const vf a = vabs(y), b = vabs(x), infinity = set1(kInfinity);
  const vm steep = gt(a, b), behind = gt(set1i(0), as_int(x));
  const vf small = select(steep, b, a), large = select(steep, a, b);
  const vf ratio = small / large;
  const vf lost = residual(small, ratio, large) / large;
  // 0/0 counts as 0, and ∞/∞ as 1. What a quotient of the smallest numbers has lost is itself lost to underflow.
  const vf t = select(eq(small, zero()), zero(), select(eq(small, infinity), set1(1.0f), ratio));
  const vf rest = atan_rest(t, select(gt(small, set1(0x1p-100f)) & lt(large, infinity), lost, zero()));
  const vf from = select(steep, set1(kHalfPi), select(behind, set1(2.0f * kHalfPi), zero()));
  const vf from_low = select(steep, set1(kHalfPiLow), select(behind, set1(2.0f * kHalfPiLow), zero()));
  const vf sign = select((steep & behind) | (~steep & ~behind), set1(1.0f), set1(-1.0f));
  const vf step = t * sign;
  const vf high = from + step;
  const vf angle = high + (((from - high) + step) + fma(rest, sign, from_low));
  return select(is_nan(x) | is_nan(y), set1(kNan), copy_sign(angle, y));
}

// atan x. At most 1.04 ULP [1.16].
LANEGRAD_INLINE vf vatan(vf x) { return vatan2(x, set1(1.0f)); }
