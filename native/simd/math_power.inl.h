// Powers, and logarithms to other bases than e, under the rules of math.inl.h; neighbours may change places.
#pragma once

// 2ʳ − 1 for |r| ≤ ½.
LANEGRAD_INLINE vf exp2_rest(vf r) {
  vf q = fma(r, set1(0x1.41f70ep-13f), set1(0x1.5f3ab4p-10f));
  q = fma(r, q, set1(0x1.3b2d52p-7f));
  q = fma(r, q, set1(0x1.c6aef4p-5f));
  q = fma(r, q, set1(0x1.ebfbdcp-3f));
  q = fma(r, q, set1(0x1.62e430p-1f));
  return r * q;
}

// 2ˣ, exact for integers. At most 1.19 ULP [1.21].
LANEGRAD_INLINE vf vexp2(vf x) {
  // The operands stand so that NaN passes both; beyond the bounds the result is 0 or ∞ already.
  const vf y = vmax(set1(-151.0f), vmin(set1(129.0f), x));
  const vf whole = vround(y);
  return ldexp2(set1(1.0f) + exp2_rest(y - whole), to_int(whole));
}

// k_part + k_low + scale·log(1 + f), for f in [√½ − 1, √2 − 1] and a k_part that is 0 or larger than what is added.
LANEGRAD_INLINE vf scaled_log(vf f, TwoFloats scale, vf k_part, vf k_low) {
  const LogSeries series = log_series(f);
  const vf high = f - series.half_square;
  const vf low = fma(series.s, series.rest, (f - high) - series.half_square);
  const vf product = high * scale.high;
  const vf product_low = product_rest(high, scale.high, product) + fma(high, scale.low, low * scale.high);
  const vf sum = k_part + product;
  return sum + (((k_part - sum) + product) + (product_low + k_low));
}

// log x / log b by the sum of two floats `scale` = 1 / log b, and that of log 2 / log b, whose high part has 15 bits.
LANEGRAD_INLINE vf log_to_base(vf x, TwoFloats scale, TwoFloats of_two) {
  const LogParts p = log_parts(x);
  const vf y = scaled_log(p.m - set1(1.0f), scale, p.k * of_two.high, p.k * of_two.low);
  const vf infinity = set1(kInfinity);
  const vf outside = select(eq(x, zero()), -infinity, select(eq(x, infinity), x, set1(kNan)));
  return select(gt(x, zero()) & lt(x, infinity), y, outside);
}

// log₂ x, exact for powers of two; −∞ of 0, NaN of less. At most 0.84 ULP [0.84].
LANEGRAD_INLINE vf vlog2(vf x) {
  return log_to_base(x, {set1(0x1.715476p+0f), set1(0x1.4ae0c0p-26f)}, {set1(1.0f), zero()});
}

// log₁₀ x; −∞ of 0, NaN of less. At most 0.77 ULP [0.77].
LANEGRAD_INLINE vf vlog10(vf x) {
  return log_to_base(x, {set1(0x1.bcb7b2p-2f), set1(-0x1.5b235ep-27f)}, {set1(0x1.344p-2f), set1(0x1.3509f8p-18f)});
}

// For m in the i-th of 32 parts of [0.708, 1.417): −1/c for a short c near the middle, −1 where 1 is inside, so that m/c − 1
// is exact, and log₂ c in two parts, of which the high one has so few bits that its sum with an exponent is exact.
alignas(64) constexpr float kMinusInverses[32] = {
    -0x1.68p+0f, -0x1.6p+0f, -0x1.58p+0f, -0x1.5p+0f, -0x1.48p+0f, -0x1.4p+0f, -0x1.4p+0f, -0x1.38p+0f,
    -0x1.3p+0f, -0x1.28p+0f, -0x1.28p+0f, -0x1.2p+0f, -0x1.18p+0f, -0x1.18p+0f, -0x1.1p+0f, -0x1.1p+0f,
    -0x1.08p+0f, -0x1.08p+0f, -0x1p+0f, -0x1.fp-1f, -0x1.e8p-1f, -0x1.d8p-1f, -0x1.c8p-1f, -0x1.cp-1f,
    -0x1.bp-1f, -0x1.a8p-1f, -0x1.98p-1f, -0x1.9p-1f, -0x1.88p-1f, -0x1.8p-1f, -0x1.78p-1f, -0x1.7p-1f};
alignas(64) constexpr float kLogs2[32] = {
    -0x1.f7a8p-2f, -0x1.d678p-2f, -0x1.b48p-2f, -0x1.91b8p-2f, -0x1.6e2p-2f, -0x1.49a8p-2f, -0x1.49a8p-2f, -0x1.244p-2f,
    -0x1.fbcp-3f, -0x1.acfp-3f, -0x1.acfp-3f, -0x1.5cp-3f, -0x1.08cp-3f, -0x1.08cp-3f, -0x1.664p-4f, -0x1.664p-4f,
    -0x1.6bcp-5f, -0x1.6bcp-5f, 0, 0x1.774p-5f, 0x1.1bcp-4f, 0x1.e0cp-4f, 0x1.564p-3f, 0x1.8a9p-3f,
    0x1.f6p-3f, 0x1.16ap-2f, 0x1.4f7p-2f, 0x1.6cbp-2f, 0x1.8a88p-2f, 0x1.a9p-2f, 0x1.c818p-2f, 0x1.e7ep-2f};
alignas(64) constexpr float kLogs2Low[32] = {
    -0x1.5a32c2p-20f, 0x1.60fe68p-17f, 0x1.408c78p-18f, -0x1.d448f8p-17f, -0x1.0e6ce8p-17f, 0x1.ed0cbap-20f,
    0x1.ed0cbap-20f, -0x1.eac382p-20f, -0x1.6b9026p-19f, -0x1.78b6d4p-17f, -0x1.78b6d4p-17f, -0x1.a39fbep-19f,
    -0x1.62336ap-17f, -0x1.62336ap-17f, 0x1.20a6dep-21f, 0x1.20a6dep-21f, 0x1.2c8a72p-17f, 0x1.2c8a72p-17f,
    0, -0x1.acd89ap-19f, -0x1.9ab4p-17f, -0x1.ca2e1ap-17f, -0x1.1eb002p-18f, -0x1.9fd502p-17f,
    -0x1.3ab7cep-18f, -0x1.fd64ep-17f, -0x1.134c4ep-20f, 0x1.ed0cbap-19f, 0x1.80abfcp-18f, -0x1.a39fbep-20f,
    0x1.dc2d46p-18f, -0x1.40358ep-19f};

// log₂ of a normal positive a, and the exponent in it, to which `more` is added.
struct BaseTwoLog {
  vf high, low, exponent;
};
LANEGRAD_INLINE BaseTwoLog log2_of(vf a, vf more) {
  const vi start = set1i(0x3f355555);
  const vi i = as_int(a) - start;
  const vi place = i & set1i(0x007fffff);
  const vf exponent = to_float(sar<23>(i)) + more;
  const vi part = shr<18>(place);
  // log₂ (1 + r) = (r − r²/2 + r³·q)/log 2, whose first two terms are computed in two floats.
  const vf r = residual(set1(-1.0f), as_float(place + start), lookup(kMinusInverses, part));
  const vf half = set1(0.5f) * r;
  const vf square = half * r;
  const vf high = r - square;
  const vf high_rest = ((r - high) - square) - product_rest(half, r, square);
  const vf q = fma(r, fma(r, set1(0.2f), set1(-0.250064f)), set1(0x1.555556p-2f));
  const vf low = fma(square * (r + r), q, high_rest);
  const vf scale = set1(0x1.715476p+0f);
  const vf y = high * scale;
  const vf y_low = fma(low, scale, fma(high, set1(0x1.4ae0c0p-26f), product_rest(high, scale, y)));
  const vf whole = exponent + lookup(kLogs2, part);
  const vf sum = whole + y;
  return {sum, ((whole - sum) + y) + (y_low + lookup(kLogs2Low, part)), exponent};
}

// 2^(w + w_low) for |w| ≤ 200.
LANEGRAD_INLINE vf exp2_of_sum(vf w, vf w_low) {
  const vf whole = vround(w);
  return ldexp2(set1(1.0f) + exp2_rest((w - whole) + w_low), to_int(whole));
}

// a to the power b = 2^(b·log₂ |a|), with the special values of C. At most 1.22 ULP [1.24].
LANEGRAD_INLINE vf vpow(vf a, vf b) {
  const vf one = set1(1.0f), infinity = set1(kInfinity), least = set1(0x1p-126f);
  const vf base = vabs(a), size = vabs(b);
  const vm positive = ge(a, least) & lt(a, infinity);
  const vm subnormal = lt(base, least);
  const bool all_positive = !any(~positive);
  const vf scaled = select(subnormal, base * set1(0x1p23f), base);
  const BaseTwoLog l =
      all_positive ? log2_of(a, zero()) : log2_of(scaled, select(subnormal, set1(-23.0f), zero()));
  const vf product = b * l.high;
  const vf product_low = fma(b, l.low, product_rest(b, l.high, product));
  // Where nothing is special: |log₂ a| is at most that of the exponent and 1.
  const vm bounded = lt(fma(size, vabs(l.exponent), size), set1(200.0f));
  if (all_positive && !any(~bounded)) return exp2_of_sum(product, product_low);
  // Beyond the bound the result is 0 or ∞ already, and the rest of the product might not be a number.
  const vm inside = lt(vabs(product), set1(200.0f));
  const vf w = select(inside, product, copy_sign(set1(200.0f), product));
  const vf power = exp2_of_sum(w, select(inside, product_low, zero()));
  const vm rises = gt(b, zero());
  const vf of_zero = select(rises, zero(), infinity), of_infinity = select(rises, infinity, zero());
  vf y = select(eq(base, zero()), of_zero, select(eq(base, infinity), of_infinity, power));
  // From 2²⁴ on every float is even. Of a negative base an odd exponent keeps the sign, and a fraction has no power.
  const vm integer = eq(vtrunc(b), b);
  const vf half = set1(0.5f) * b;
  const vm odd_power = integer & lt(size, set1(0x1p24f)) & ne(vtrunc(half), half);
  const vm negative = gt(set1i(0), as_int(a));
  y = select(negative & odd_power, -y, y);
  y = select(lt(a, zero()) & gt(base, zero()) & lt(base, infinity) & ~integer, set1(kNan), y);
  y = select(is_nan(a) | is_nan(b), set1(kNan), y);
  return select(eq(b, zero()) | eq(a, one) | (eq(base, one) & eq(size, infinity)), one, y);
}
