// Vector mathematics, here and in the math_*.inl.h beside: one formula on every ISA, so avx2, avx512 and neon agree to
// the bit (NaN payloads aside). The maximal errors stated at each function are in units in the last place of the result,
// subnormal ones too: over all 2³² floats for exp, expm1, log, log1p, tanh, sigmoid, silu, erf, sin, cos, asin, acos,
// atan, sinh, cosh, exp2, log2 and log10 (silu, sin, cos, asin and atan as they stood before an edit that was to keep their
// bits; since then every 257th float, silu and atan also from 2⁻³⁰ up). For softplus, gelu, erfc, mish, tan, asinh, acosh and atanh over every 257th
// float, and over each of these: from 2⁻³⁰ in magnitude to where nothing is left to round, tan to 65536, asinh and acosh
// to 10⁵; for functions of pairs over random ones. Figures in brackets hold for the baseline, which has
// no fused multiply-add. All are monotone over these floats, but where it is said that neighbours may change places (by
// one last place). native/test/vector_math_test.cc measures all this, over all floats with `--exhaustive`. The
// coefficients are our own minimax fits.
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

// What the product p = a·b has lost by its rounding.
LANEGRAD_INLINE vf product_rest(vf a, vf b, vf p) {
  if constexpr (kFma) return fma(a, b, -p);
  const vi head = set1i(-4096);  // 12 bits of each: their products are exact
  const vf a_high = as_float(as_int(a) & head), b_high = as_float(as_int(b) & head);
  const vf a_low = a - a_high, b_low = b - b_high;
  return a_low * b_low + (a_low * b_high + (a_high * b_low + (a_high * b_high - p)));
}

// a − q·b, which is exact where q is the rounded quotient of a and b.
LANEGRAD_INLINE vf residual(vf a, vf q, vf b) {
  if constexpr (kFma) return fnma(q, b, a);
  const vf back = q * b;
  return (a - back) - product_rest(q, b, back);
}

// a·b + c − y, where y is the rounded sum and c the larger of its parts.
LANEGRAD_INLINE vf sum_rest(vf a, vf b, vf c, vf y) {
  if constexpr (kFma) return fma(a, b, c - y);
  const vf p = a * b;
  return ((c - y) + p) + product_rest(a, b, p);
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

// x = 2ᵏ·m with √½ ≤ m < √2, for positive finite x that are not subnormal.
struct LogParts {
  vf m, k;
};
LANEGRAD_INLINE LogParts log_parts_normal(vf x) {
  const vi root_half = set1i(0x3f3504f3);
  const vi i = as_int(x) - root_half;
  return {as_float((i & set1i(0x007fffff)) + root_half), to_float(sar<23>(i))};
}
// For subnormal ones too.
LANEGRAD_INLINE LogParts log_parts(vf x) {
  const vm subnormal = lt(x, set1(0x1p-126f));
  const LogParts p = log_parts_normal(select(subnormal, x * set1(0x1p23f), x));
  return {p.m, select(subnormal, p.k - set1(23.0f), p.k)};
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

struct TwoFloats {
  vf high, low;
};

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

// log(1 + x); −∞ of −1, NaN of less. At most 0.84 ULP [0.84].
LANEGRAD_INLINE vf vlog1p(vf x) {
  const vf one = set1(1.0f), infinity = set1(kInfinity);
  const vf u = one + x;
  const LogParts p = log_parts_normal(u);
  // What the sum u has lost of x, or of the 1 where x is the larger.
  const vf lost = select(lt(x, one), x - (u - one), one - (u - x));
  const vm small = gt(x, set1(-0.29289f)) & lt(x, set1(0.41421f));
  const vf f = select(small, x, p.m - one);
  const TwoFloats y = log_sum(select(small, zero(), p.k), f, select(small, zero(), lost) / u);
  const vf inside = select(lt(vabs(x), set1(0x1p-25f)), x, y.high + y.low);
  const vf outside = select(eq(x, set1(-1.0f)), -infinity, select(eq(x, infinity), x, set1(kNan)));
  return select(gt(x, set1(-1.0f)) & lt(x, infinity), inside, outside);
}

// log(1 + exp(−|x|)).
LANEGRAD_INLINE vf log1p_exp_minus_abs(vf x) {
  const vf one = set1(1.0f), ln2 = set1(0x1.62e430p-1f);
  const ExpParts parts = exp_parts(vmax(set1(-104.0f), -vabs(x)));
  const vf g = one + parts.t;
  const vf e = ldexp2(g, parts.n), e_low = ldexp2(parts.t - (g - one), parts.n);
  // e·log 2 is right at both ends, 0 and 1; e·(1 − e)·q is what the logarithm lies above it in between, which is little.
  const vf s = e * e, z = s * s;
  vf start = fma(e, set1(-0x1.8b905ep-3f), set1(0x1.3a37a0p-2f));
  start = fma(s, fma(e, set1(-0x1.c01fdep-4f), set1(0x1.1f0a72p-3f)), start);
  vf end = fma(e, set1(-0x1.0d2d7cp-4f), set1(0x1.660b6cp-4f));
  end = fma(s, fma(e, set1(-0x1.0ef12ep-6f), set1(0x1.4a4accp-5f)), end);
  const vf q = fma(z, fma(z, set1(0x1.a4ffbap-9f), end), start);
  const vf above = fma(e - s, q, e_low * fma(e, set1(-0.5f), one));
  if constexpr (kFma) return fma(e, ln2, above);
  const vf line = e * ln2;
  return line + (product_rest(e, ln2, line) + above);
}

// log(1 + eˣ) = max(x, 0) + log1p(exp(−|x|)). At most 1.62 ULP [1.97]; neighbours may change places.
LANEGRAD_INLINE vf vsoftplus(vf x) { return log1p_exp_minus_abs(x) + select(gt(x, zero()), x, zero()); }

// With eˣ = u·e⁻ʳ and u = 2ⁿ the logistic function is u / (u + eʳ), for either sign of x: u, n, the rounded sum and what
// that has lost.
struct Logistic {
  vf u;
  vi n;
  vf sum, sum_low;
};
template <bool kWhole>  // that u may have more digits than 1 is minded
LANEGRAD_INLINE Logistic logistic_of(vf x) {
  const vf one = set1(1.0f);
  const vi n = to_int(x * set1(kLog2E));
  const vf nf = to_float(n);
  const vf t = expm1_rest(fma(nf, set1(kLn2Low), fma(nf, set1(kLn2High), -x)));
  const vf u = ldexp2(one, n);
  const vf start = u + one;
  const vf sum = start + t;
  vf sum_low = t - (sum - start);
  if constexpr (kWhole) sum_low = sum_low + (u - (start - one));
  return {u, n, sum, sum_low};
}

// 1 / (1 + e⁻ˣ); never outside [0, 1]. At most 1.59 ULP [1.45, and neighbours may change places].
LANEGRAD_INLINE vf vsigmoid(vf x) {
  // Above 30 it is 1, below −104 it is 0; the operands stand so that NaN passes both bounds.
  const vf y = vmax(set1(-104.0f), vmin(set1(30.0f), x));
  const Logistic l = logistic_of<!kFma>(y);
  // One step corrects the quotient by what the sum and the division have lost (the latter can be seen by a fused
  // multiply-add alone); without it the function would not be monotone, and with it subnormal results would not be.
  const vf inverse = set1(1.0f) / l.sum;
  const vf q = l.u * inverse;
  vf lost = -(q * l.sum_low);
  if constexpr (kFma) lost = fnma(q, l.sum_low, fnma(q, l.sum, l.u));
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

// exp(a·b) for 0 ≥ a·b > −120: as the parts of exp at the rounded product, and what that has lost.
struct ProductExp {
  vf t, lost;
  vi n;
};
LANEGRAD_INLINE ProductExp exp_of_product(vf a, vf b) {
  const vf product = a * b;
  const vi n = to_int(product * set1(kLog2E));
  const vf nf = to_float(n);
  const vf high = fnma(nf, set1(kLn2High), product);
  const vf low = fnma(nf, set1(kLn2Low), product_rest(a, b, product));
  const vf r = high + low;
  return {expm1_rest(r), low - (r - high), n};
}

// e·(share + share_rest)·(value + value_rest), rounded once but for a little.
LANEGRAD_INLINE vf tail_of(const ProductExp& e, TwoFloats share, TwoFloats value) {
  const vf ratio = share.high * value.high;
  const vf lost = fma(share.low, value.high, fma(ratio, e.lost, product_rest(share.high, value.high, ratio)));
  vf rest = fma(share.high, value.low, lost);
  if constexpr (!kFma) rest = rest + product_rest(ratio, e.t, ratio * e.t);
  return ldexp2(ratio + fma(ratio, e.t, fma(rest, e.t, rest)), e.n);
}

// 1/(a + k), where what it has lost is in units of itself, and q = (a − k)/(a + k), which is known to a few last places
// before the rest is: good enough for a polynomial that is a factor of the refined q.
struct Place {
  vf inverse, lost, q, rough;
};
LANEGRAD_INLINE Place place_of(vf a, vf k) {
  const vf one = set1(1.0f), sum = a + k;
  const vf inverse = one / sum;
  // Both differences are exact, k being short.
  const vf lost = residual(one, inverse, sum) - inverse * (a - (sum - k));
  const vf twice = k + k, part = twice * inverse;
  if constexpr (kFma) {
    const vf rough = fnma(twice, inverse, one);
    return {inverse, lost, fnma(part, lost, rough), rough};
  }
  const vf q = one - part;
  const vf rest = ((one - q) - part) - product_rest(twice, inverse, part);
  const vf refined = q + (rest - part * lost);
  return {inverse, lost, refined, refined};
}

// erfc x = 1 − erf x; never outside [0, 2]. At most 1.92 ULP [1.99]; neighbours may change places.
LANEGRAD_INLINE vf verfc(vf x) {
  // With a = |x|, erfc a = exp(−a²)·P(q)/(a + k) loses no digits in the tail; below 0 it is 2 less that.
  const vf a = vmin(set1(10.5f), vabs(x));
  const ProductExp e = exp_of_product(-a, a);
  const Place at = place_of(a, set1(3.0f));
  const vf q = at.q, s = q * q, z = s * s;
  vf p = fma(s, fma(q, set1(-0x1.fbe69cp-12f), set1(0x1.93b5dap-9f)),
             fma(q, set1(-0x1.41575ap-10f), set1(-0x1.b7bd64p-6f)));
  p = fma(z, set1(-0x1.55c922p-12f), p);
  const vf start = fma(s, fma(q, set1(0x1.e99734p-4f), set1(-0x1.3dead0p-2f)),
                       fma(q, set1(0x1.2e3268p-1f), set1(-0x1.c44c48p-1f)));
  p = fma(z, p, start);
  const vf constant = set1(0x1.12f21ep+0f);
  const vf value = fma(at.q, p, constant);
  const vf value_rest = sum_rest(at.q, p, constant, value) - set1(0x1.fbf23ap-28f);
  const vf tail = tail_of(e, {at.inverse, at.inverse * at.lost}, {value, value_rest});
  const vf centre = fnma(x, erf_series(x * x), set1(1.0f) - x);
  return select(lt(a, set1(0.65f)), centre, select(lt(x, zero()), set1(2.0f) - tail, tail));
}

// x·Φ(x), where Φ is the distribution function of the standard normal; −0 of −∞. At most 2.00 ULP [2.00];
// it falls up to its minimum at −0.7518 and rises from there, but that neighbours may change places, up to −0.6 by two
// last places.
LANEGRAD_INLINE vf vgelu(vf x) {
  // As the tail of verfc: with a = |x|, Φ(−a) = exp(−a²/2)·P(q)/(a + k); above 0 the result is x − a·Φ(−a). From 15 on
  // Φ(−a) is 0.
  const vf a = vmin(set1(15.0f), vabs(x));
  const ProductExp e = exp_of_product(set1(-0.5f) * a, a);
  const Place at = place_of(a, set1(2.25f));
  const vf q = at.rough, s = q * q, z = s * s;
  vf p = fma(s, fma(q, set1(0x1.da0756p-13f), set1(0x1.670cd8p-10f)),
             fma(q, set1(0x1.b65eecp-11f), set1(-0x1.71a416p-8f)));
  p = fma(z, fma(q, set1(-0x1.860334p-14f), set1(-0x1.c4f492p-13f)), p);
  const vf start = fma(s, fma(q, set1(-0x1.5a40cap-7f), set1(0x1.c81610p-6f)),
                       fma(q, set1(0x1.483a1ep-4f), set1(-0x1.8ba77ap-2f)));
  p = fma(z, p, start);
  const vf constant = set1(0x1.62039ap-1f);
  const vf value = fma(at.q, p, constant);
  const vf value_rest = sum_rest(at.q, p, constant, value) - set1(0x1.b96da8p-27f);
  const vf share = a * at.inverse;
  const vf share_rest = fma(share, at.lost, product_rest(a, at.inverse, share));
  const vf tail = tail_of(e, {share, share_rest}, {value, value_rest});
  return select(ge(x, zero()), x - tail, -tail);
}
