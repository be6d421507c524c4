// Vector mathematics, here and in the math_*.inl.h beside: one formula on every ISA, so avx2, avx512 and neon agree to
// the bit (NaN payloads aside). The maximal errors stated at each function are in units in the last place of the result,
// subnormal ones too: over all 2³² floats for exp, expm1, log, log1p, tanh, sigmoid, softplus, erf and gelu, over every
// 257th float and those around the worst of them for the others. Figures in brackets hold for the baseline, which has no
// fused multiply-add. All are monotone over these floats, but where it is said that neighbours may change places (by one
// last place). native/test/vector_math_test.cc measures all this, over all floats with `--exhaustive`. The coefficients
// are our own minimax fits.
#pragma once

// The largest, or NaN if either is NaN; +0 passes −0.
LANEGRAD_INLINE vf maximum(vf a, vf b) {
  const vf larger = select(is_nan(a), a, vmax(a, b));
  return select(eq(a, b), as_float(as_int(a) & as_int(b)), larger);
}

// The smallest, or NaN if either is NaN; −0 passes +0.
LANEGRAD_INLINE vf minimum(vf a, vf b) {
  const vf smaller = select(is_nan(a), a, vmin(a, b));
  return select(eq(a, b), as_float(as_int(a) | as_int(b)), smaller);
}

// |a| with the sign bit of b.
LANEGRAD_INLINE vf copy_sign(vf a, vf b) {
  return as_float((as_int(a) & set1i(INT32_MAX)) | (as_int(b) & set1i(INT32_MIN)));
}

constexpr float kInfinity = INFINITY;
constexpr float kNan = NAN;
constexpr float kLog2E = 0x1.715476p+0f;
constexpr float kLn2High = 0x1.62e4p-1f;  // 15 bits, so that its products with exponents are exact
constexpr float kLn2Low = 0x1.7f7d1cp-20f;

// expm1(r) for |r| ≤ ln 2 / 2.
LANEGRAD_INLINE vf expm1_rest(vf r) {
  vf q = fma(set1(0x1.6b9ca8p-10f), r, set1(0x1.122560p-7f));
  q = fma(q, r, set1(0x1.5556f2p-5f));
  q = fma(q, r, set1(0x1.5554b4p-3f));
  q = fma(q, r, set1(0x1.fffffep-2f));
  return fma(q * r, r, r);
}

// exp(x) = 2ⁿ·(1 + t) with |t| ≤ √2 − 1 for |x| ≤ 104; t is expm1 of the rest. A NaN lands in t.
struct ExpParts {
  vf t;
  vi n;
};
LANEGRAD_INLINE ExpParts exp_parts(vf x) {
  const vi n = to_int(x * set1(kLog2E));
  const vf nf = to_float(n);
  return {expm1_rest(fnma(nf, set1(kLn2Low), fnma(nf, set1(kLn2High), x))), n};
}

// 2ⁿ for −126 ≤ n ≤ 127.
LANEGRAD_INLINE vf exp2_normal(vi n) { return as_float(shl<23>(n + set1i(127))); }

// exp(−|x|) as a sum of two floats: what softplus and the sigmoid lose otherwise is the last rounding of exp.
struct TwoFloats {
  vf high, low;
};
LANEGRAD_INLINE TwoFloats exp_minus_abs(vf x) {
  const ExpParts e = exp_parts(vmax(set1(-104.0f), -vabs(x)));
  const vf high = set1(1.0f) + e.t;
  return {ldexp2(high, e.n), ldexp2(e.t - (high - set1(1.0f)), e.n)};
}

// eˣ. At most 1.06 ULP [1.02].
LANEGRAD_INLINE vf vexp(vf x) {
  // The operands stand so that NaN passes both; beyond the bounds the result is 0 or ∞ already.
  const ExpParts e = exp_parts(vmax(set1(-104.0f), vmin(set1(89.0f), x)));
  return ldexp2(set1(1.0f) + e.t, e.n);
}

// eˣ − 1. At most 1.57 ULP [1.71].
LANEGRAD_INLINE vf vexpm1(vf x) {
  const ExpParts e = exp_parts(vmax(set1(-20.0f), vmin(set1(89.0f), x)));
  // Half the scale, since 2ⁿ itself overflows before the result does.
  const vf half = exp2_normal(e.n - set1i(1));
  const vf y = fma(half, e.t, half - set1(0.5f));
  return select(lt(vabs(x), set1(0x1p-25f)), x, y + y);
}

// x = 2ᵏ·m with √½ ≤ m < √2, for positive finite x (subnormals too).
struct LogParts {
  vf m, k;
};
LANEGRAD_INLINE LogParts log_parts(vf x) {
  const vm subnormal = lt(x, set1(0x1p-126f));
  const vi root_half = set1i(0x3f3504f3);
  const vi i = as_int(select(subnormal, x * set1(0x1p23f), x)) - root_half;
  const vi k = sar<23>(i) - select(subnormal, set1i(23), set1i(0));
  return {as_float((i & set1i(0x007fffff)) + root_half), to_float(k)};
}

// log(1 + f) = f − half_square + s·rest for f in [√½ − 1, √2 − 1], by the odd series in s = f / (2 + f): half_square is
// f²/2, and rest is that and R(s²).
struct LogSeries {
  vf half_square, s, rest;
};
LANEGRAD_INLINE LogSeries log_series(vf f) {
  const vf s = f / (set1(2.0f) + f);
  const vf z = s * s;
  vf r = fma(z, set1(0x1.31e6dep-2f), set1(0x1.995eb2p-2f));
  r = z * fma(z, r, set1(0x1.55557ap-1f));
  const vf half_square = set1(0.5f) * f * f;
  return {half_square, s, half_square + r};
}

// k·ln 2 + log(1 + f) + c for a small correction c. Two parts are left to add: the high one is exact.
LANEGRAD_INLINE TwoFloats log_sum(vf k, vf f, vf c) {
  const LogSeries series = log_series(f);
  const vf low = fma(series.s, series.rest, fma(k, set1(kLn2Low), c));
  return {k * set1(kLn2High), f - (series.half_square - low)};
}

// log x; −∞ of 0, NaN of less. At most 0.84 ULP [0.84].
LANEGRAD_INLINE vf vlog(vf x) {
  const vf infinity = set1(kInfinity);
  const LogParts p = log_parts(x);
  const TwoFloats y = log_sum(p.k, p.m - set1(1.0f), zero());
  const vf outside = select(eq(x, zero()), -infinity, select(eq(x, infinity), x, set1(kNan)));
  return select(gt(x, zero()) & lt(x, infinity), y.high + y.low, outside);
}

// log(1 + x + low) + more·log 2 for finite x > −1, where low is at most a last place of x.
LANEGRAD_INLINE TwoFloats log1p_sum(vf x, vf low, vf more) {
  const vf one = set1(1.0f);
  const vf u = one + x;
  const LogParts p = log_parts(u);
  // What the sum u has lost of x, or of the 1 where x is the larger.
  const vf lost = select(lt(x, one), x - (u - one), one - (u - x));
  const vm small = gt(x, set1(-0.29289f)) & lt(x, set1(0.41421f));
  const vf f = select(small, x, p.m - one);
  const vf k = select(small, zero(), p.k);
  const vf c = (low + select(small, zero(), lost)) / u;
  return log_sum(k + more, f, c);
}
LANEGRAD_INLINE TwoFloats log1p_sum(vf x, vf low) { return log1p_sum(x, low, zero()); }

// log(1 + x); −∞ of −1, NaN of less. At most 0.84 ULP [0.84].
LANEGRAD_INLINE vf vlog1p(vf x) {
  const vf infinity = set1(kInfinity);
  const TwoFloats y = log1p_sum(x, zero());
  const vf inside = select(lt(vabs(x), set1(0x1p-25f)), x, y.high + y.low);
  const vf outside = select(eq(x, set1(-1.0f)), -infinity, select(eq(x, infinity), x, set1(kNan)));
  return select(gt(x, set1(-1.0f)) & lt(x, infinity), inside, outside);
}

// log(1 + eˣ) = max(x, 0) + log1p(exp(−|x|)). At most 1.04 ULP [1.06]; a few neighbours (8 pairs [209])
// near 2⁻²⁴ change places.
LANEGRAD_INLINE vf vsoftplus(vf x) {
  const TwoFloats e = exp_minus_abs(x);
  const TwoFloats y = log1p_sum(e.high, e.low);
  // x is added before the parts of the logarithm are: a rounding between them would make the sum fall as x grows.
  const vf positive = select(gt(x, zero()), x, zero());
  const vf sum = positive + y.high;
  const vf from_high = sum - positive;
  const vf lost = (positive - (sum - from_high)) + (y.high - from_high);
  return select(eq(positive, set1(kInfinity)), positive, sum + (lost + y.low));
}

// 1 / (1 + e⁻ˣ); never outside [0, 1]. At most 1.59 ULP [1.45, and neighbours may change places].
LANEGRAD_INLINE vf vsigmoid(vf x) {
  // With eˣ = u·e⁻ʳ and u a power of two it is u / (u + eʳ), for either sign of x. Above 30 it is 1, below −104 it is
  // 0; the operands stand so that NaN passes both bounds.
  const vf one = set1(1.0f);
  const vf y = vmax(set1(-104.0f), vmin(set1(30.0f), x));
  const vi n = to_int(y * set1(kLog2E));
  const vf nf = to_float(n);
  const vf t = expm1_rest(fma(nf, set1(kLn2Low), fma(nf, set1(kLn2High), -y)));
  const vf u = ldexp2(one, n);
  const vf start = u + one;
  const vf sum = start + t;
  vf sum_low = t - (sum - start);
  if constexpr (!kFma) sum_low = sum_low + (u - (start - one));
  // One step corrects the quotient by what the sum and the division have lost (the latter can be seen by a fused
  // multiply-add alone); without it the function would not be monotone, and with it subnormal results would not be.
  const vf inverse = one / sum;
  const vf q = u * inverse;
  vf lost = -(q * sum_low);
  if constexpr (kFma) lost = fnma(q, sum_low, fnma(q, sum, u));
  return fma(lost, select(lt(y, set1(-87.0f)), zero(), inverse), q);
}

// tanh x; never outside [−1, 1]. At most 1.35 ULP [1.38].
LANEGRAD_INLINE vf vtanh(vf x) {
  const vf one = set1(1.0f);
  const vf a = vabs(x);
  // Small: an odd polynomial. Large: with e²ᵃ = eʳ / u, 1 − 2u / (u + eʳ), a difference that loses little above ½.
  const vf s = a * a;
  vf p = fma(s, set1(-0x1.9921a2p-8f), set1(0x1.58e518p-6f));
  p = fma(s, p, set1(-0x1.b91e7ep-5f));
  p = fma(s, p, set1(0x1.110ceep-3f));
  p = fma(s, p, set1(-0x1.55554ap-2f));
  const vf small = fma(s * p, a, a);
  // From 10 on the result is 1, and u stays normal.
  const vf b = vmin(set1(10.0f), a);
  const ExpParts e = exp_parts(b + b);
  const vf u = exp2_normal(set1i(0) - e.n);
  const vf q = u / ((u + one) + e.t);
  const vf y = select(lt(a, set1(0.55f)), small, one - (q + q));
  return copy_sign(y, x);
}

// erf(a)/a − 1 by s = a², for |a| up to 0.875.
LANEGRAD_INLINE vf erf_series(vf s) {
  vf q = fma(s, set1(-0x1.3ba7cap-11f), set1(0x1.479c5cp-8f));
  q = fma(s, q, set1(-0x1.b69b92p-6f));
  q = fma(s, q, set1(0x1.ce1b86p-4f));
  q = fma(s, q, set1(-0x1.8126ecp-2f));
  return fma(s, q, set1(0x1.06eba6p-3f));
}

// erf x; never outside [−1, 1]. At most 1.00 ULP [1.28].
LANEGRAD_INLINE vf verf(vf x) {
  const vf a = vmin(set1(4.0f), vabs(x));
  // Small: an odd polynomial. Large: 1 − exp(−p), with p = −log erfc a.
  const vf small = fma(a, erf_series(a * a), a);
  vf p = fma(a, set1(0x1.a6a352p-13f), set1(-0x1.95fcc8p-9f));
  p = fma(a, p, set1(0x1.6fa966p-6f));
  p = fma(a, p, set1(-0x1.ab7decp-4f));
  p = fma(a, p, set1(-0x1.45fc84p-1f));
  p = fma(a, p, set1(-0x1.20c220p+0f));
  p = fma(a, p, set1(-0x1.0b59b8p-13f));
  const ExpParts e = exp_parts(p);
  const vf u = exp2_normal(e.n);
  const vf large = fnma(u, e.t, set1(1.0f) - u);
  const vf y = select(lt(a, set1(0.875f)), small, large);
  return copy_sign(y, x);
}

// What the product p = a·b has lost by its rounding.
LANEGRAD_INLINE vf product_rest(vf a, vf b, vf p) {
  if constexpr (kFma) return fma(a, b, -p);
  const vi head = set1i(-4096);  // 12 bits of each: their products are exact
  const vf a_high = as_float(as_int(a) & head), b_high = as_float(as_int(b) & head);
  const vf a_low = a - a_high, b_low = b - b_high;
  return a_low * b_low + (a_low * b_high + (a_high * b_low + (a_high * b_high - p)));
}

// erfc x = 1 − erf x; never outside [0, 2]. At most 1.50 ULP [1.92]; neighbours may change places.
LANEGRAD_INLINE vf verfc(vf x) {
  // As the tail of vgelu: with a = |x| from ½ on, erfc a = exp(−a²)·P(q)/(a + k) and q = (a − k)/(a + k); below 0 it is 2 less that.
  const vf k = set1(3.0f);
  const vf a = vmin(set1(10.5f), vabs(x));
  const vf square = a * a;
  const vi n = to_int(square * set1(-kLog2E));
  const vf nf = to_float(n);
  const vf r_high = fnma(nf, set1(kLn2High), -square);
  const vf r_low = fnma(nf, set1(kLn2Low), -product_rest(a, a, square));
  const vf r = r_high + r_low;
  const vf r_rest = r_low - (r - r_high);
  const vf t = expm1_rest(r);

  const vf sum = a + k;
  const vf sum_rest = select(gt(a, k), k - (sum - a), a - (sum - k));
  const vf difference = a - k;
  const vf difference_rest = select(gt(a, k), (a - difference) - k, a - (difference + k));
  const vf inverse = set1(1.0f) / sum;
  const vf q = difference * inverse;
  const vf back = q * sum;
  const vf q_left = ((difference - back) - product_rest(q, sum, back)) + (difference_rest - q * sum_rest);
  vf p = fma(q, set1(-0x1.55c922p-12f), set1(-0x1.fbe69cp-12f));
  p = fma(q, p, set1(0x1.93b5dap-9f));
  p = fma(q, p, set1(-0x1.41575ap-10f));
  p = fma(q, p, set1(-0x1.b7bd64p-6f));
  p = fma(q, p, set1(0x1.e99734p-4f));
  p = fma(q, p, set1(-0x1.3dead0p-2f));
  p = fma(q, p, set1(0x1.2e3268p-1f));
  p = fma(q, p, set1(-0x1.c44c48p-1f));
  const vf constant = set1(0x1.12f21ep+0f);
  const vf term = q * p;
  const vf value = constant + term;
  // The slope of P, by its first terms, takes what the quotient q has lost.
  vf slope = fma(q, set1(0x1.e99734p-2f), set1(-0x1.dcc038p-1f));
  slope = fma(q, fma(q, slope, set1(0x1.2e3268p+0f)), set1(-0x1.c44c48p-1f));
  const vf term_rest = fma(slope * q_left, inverse, product_rest(q, p, term));
  const vf value_rest = ((constant - value) + term) + (term_rest - set1(0x1.fbf23ap-28f));

  const vf ratio = value * inverse;
  const vf ratio_back = ratio * sum;
  const vf left = ((value - ratio_back) - product_rest(ratio, sum, ratio_back)) + (value_rest - ratio * sum_rest);
  const vf rest = fma(left, inverse, ratio * r_rest);
  const vf tail = ldexp2(ratio + fma(ratio, t, fma(rest, t, rest)), n);
  const vf centre = set1(1.0f) - fma(x, erf_series(x * x), x);
  return select(lt(a, set1(0.5f)), centre, select(lt(x, zero()), set1(2.0f) - tail, tail));
}

// x·Φ(x), where Φ is the distribution function of the standard normal; −0 of −∞. At most 1.77 ULP [2.00];
// it falls up to its minimum at −0.7518 and rises from there.
LANEGRAD_INLINE vf vgelu(vf x) {
  // With a = |x|, Φ(−a) = exp(−a²/2)·P(q)/(a + k), q = (a − k)/(a + k), loses no digits in the tail; above 0 the result
  // is x − a·Φ(−a). From 15 on Φ(−a) is 0. What the steps lose by their roundings is kept, and added at the end.
  const vf one = set1(1.0f), k = set1(2.25f), minus_half = set1(-0.5f);
  const vf a = vmin(set1(15.0f), vabs(x));
  const vf square = a * a;
  const vi n = to_int(square * set1(-0.5f * kLog2E));
  const vf nf = to_float(n);
  const vf r_high = fnma(nf, set1(kLn2High), minus_half * square);
  const vf r_low = fnma(nf, set1(kLn2Low), minus_half * product_rest(a, a, square));
  const vf r = r_high + r_low;
  const vf r_rest = r_low - (r - r_high);
  const vf t = expm1_rest(r);

  const vf sum = a + k;
  const vf sum_rest = a - (sum - k);
  const vf inverse = one / sum;
  const vf unity = inverse * sum;
  const vf unity_rest = (one - unity) - product_rest(inverse, sum, unity) - inverse * sum_rest;
  const vf step = set1(-4.5f) * inverse;
  const vf q = fma(step, unity_rest, one + step);
  vf p = fma(q, set1(-0x1.860334p-14f), set1(-0x1.c4f492p-13f));
  p = fma(q, p, set1(0x1.da0756p-13f));
  p = fma(q, p, set1(0x1.670cd8p-10f));
  p = fma(q, p, set1(0x1.b65eecp-11f));
  p = fma(q, p, set1(-0x1.71a416p-8f));
  p = fma(q, p, set1(-0x1.5a40cap-7f));
  p = fma(q, p, set1(0x1.c81610p-6f));
  p = fma(q, p, set1(0x1.483a1ep-4f));
  p = fma(q, p, set1(-0x1.8ba77ap-2f));
  const vf constant = set1(0x1.62039ap-1f);
  const vf term = q * p;
  const vf value = constant + term;
  const vf value_rest = ((constant - value) + term) + (product_rest(q, p, term) - set1(0x1.b96da8p-27f));

  const vf top = a * value;
  const vf top_rest = fma(a, value_rest, product_rest(a, value, top));
  const vf ratio = top * inverse;
  const vf back = ratio * sum;
  const vf left = ((top - back) - product_rest(ratio, sum, back)) + (top_rest - ratio * sum_rest);
  const vf rest = fma(left, inverse, ratio * r_rest);
  const vf tail = ldexp2(ratio + fma(ratio, t, fma(rest, t, rest)), n);
  const vf y = select(gt(x, zero()), x - tail, tail);
  return copy_sign(y, x);
}
