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

// 2ˣ, exact for integers. At most 1.18 ULP [1.19].
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

// log₂ x as a sum of two floats to 2⁻³⁵ of itself, for positive finite x: the odd series of log m = 2·atanh s, with
// s = (m − 1)/(m + 1), whose first two terms are computed in two floats.
LANEGRAD_INLINE TwoFloats log2_parts(vf x) {
  const vf one = set1(1.0f);
  const LogParts p = log_parts(x);
  const vf f = p.m - one, d = p.m + one;
  const vf inverse = one / d;
  const vf s = f * inverse;
  const vf s_low = (residual(f, s, d) - s * (p.m - (d - one))) * inverse;
  const vf z = s * s;
  const vf z_low = fma(s + s, s_low, product_rest(s, s, z));
  vf q = fma(z, set1(0x1.dd71aap-4f), set1(0x1.245ff0p-3f));
  q = fma(z, q, set1(0x1.9999d8p-3f));
  const vf third = set1(0x1.555556p-2f);
  const vf g = z * third;
  const vf g_low = product_rest(z, third, g) + fma(z_low, third, z * fma(z, q, set1(-0x1.555556p-27f)));
  const vf cubic = s * g;
  const vf cubic_low = product_rest(s, g, cubic) + fma(s_low, g, s * g_low);
  const vf sum = s + cubic;
  const vf sum_low = ((s - sum) + cubic) + (s_low + cubic_low);
  const vf scale = set1(0x1.715476p+1f);
  const vf y = sum * scale;
  const vf y_low = product_rest(sum, scale, y) + fma(sum, set1(0x1.4ae0c0p-25f), sum_low * scale);
  const vf total = p.k + y;
  const vf low = ((p.k - total) + y) + y_low;
  const vf high = total + low;
  return {high, (total - high) + low};
}

// a to the power b = 2^(b·log₂ |a|), with the special values of C. At most 1.40 ULP [1.40].
LANEGRAD_INLINE vf vpow(vf a, vf b) {
  const vf one = set1(1.0f), infinity = set1(kInfinity);
  const vf base = vabs(a), size = vabs(b);
  const TwoFloats l = log2_parts(base);
  const vf product = b * l.high;
  // Beyond the bound the result is 0 or ∞ already, and the rest of the product might not be a number.
  const vm inside = lt(vabs(product), set1(200.0f));
  const vf w = select(inside, product, copy_sign(set1(200.0f), product));
  const vf w_low = select(inside, fma(b, l.low, product_rest(b, l.high, w)), zero());
  const vf whole = vround(w);
  const vf t = exp2_rest((w - whole) + w_low);
  const vf power = ldexp2(one + t, to_int(whole));

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
