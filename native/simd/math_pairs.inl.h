// Functions of two operands, under the rules of math.inl.h. What is said to be exact is the same on every ISA.
#pragma once

// The biased exponent of a normal float.
LANEGRAD_INLINE vi exponent_of(vf a) { return shr<23>(as_int(vabs(a))); }

// The C library's, an element at a time. The result is exact, so that it is the same as by any other way.
LANEGRAD_INLINE vf fmod_by_element(vf a, vf b) {
  float x[kLanes], y[kLanes];
  store(x, a);
  store(y, b);
  for (int l = 0; l < kLanes; ++l) x[l] = ::fmodf(x[l], y[l]);
  return load(x);
}

// a − b·trunc(a / b), exact; the sign of a. NaN for a infinite or b = 0.
LANEGRAD_INLINE vf vfmod(vf a, vf b) {
  const vf infinity = set1(kInfinity);
  const vm defined = lt(vabs(a), infinity) & gt(vabs(b), zero());
  const vf d = select(defined, vabs(b), set1(1.0f));
  // Below the normal range a quotient's bits cannot be read off the exponents.
  if (!kFma || any(lt(d, set1(0x1p-126f)))) return fmod_by_element(a, b);
  vf rest = select(defined, vabs(a), zero());
  for (vm left = ge(rest, d); any(left); left = ge(rest, d)) {
    // At most 2²² of the divisor's multiples a step: then quotient, product and difference are all exact.
    const vi apart = exponent_of(rest) - exponent_of(d) - set1i(21);
    const vi shift = select(left & gt(apart, set1i(0)), apart, set1i(0));
    const vf multiple = ldexp2(d, shift);
    const vf next = fnma(vtrunc(rest / multiple), multiple, rest);
    // A quotient that was rounded up to an integer has taken one too many.
    rest = select(left, select(lt(next, zero()), next + multiple, next), rest);
  }
  return copy_sign(select(defined, rest, set1(kNan)), a);
}

// Where the rest of a division towards zero has another sign than the divisor.
LANEGRAD_INLINE vm rounds_down(vf rest, vf b) {
  return ne(rest, zero()) & gt(set1i(0), as_int(rest) ^ as_int(b));
}

// a − b·floor(a / b); the sign of b.
LANEGRAD_INLINE vf vremainder(vf a, vf b) {
  const vf rest = vfmod(a, b);
  return select(rounds_down(rest, b), rest + b, rest);
}

// floor of the exact quotient; a / b where b = 0.
LANEGRAD_INLINE vf vfloor_divide(vf a, vf b) {
  const vf rest = vfmod(a, b);
  const vf multiple = a - rest;
  const vf multiple_rest = (a - multiple) - rest;
  const vf raw = multiple / b;
  const vf back = raw * b;
  const vf left = ((multiple - back) - product_rest(raw, b, back)) + multiple_rest;
  // From 2²⁴ on every float is an integer; and an infinite divisor leaves nothing to correct.
  const vm correctable = lt(vabs(raw), set1(0x1p24f)) & lt(vabs(b), set1(kInfinity));
  const vf truncated = vround(select(correctable, raw + left / b, raw));
  const vf floored = select(rounds_down(rest, b), truncated - set1(1.0f), truncated);
  const vf quotient = a / b;
  return select(eq(b, zero()), quotient, select(eq(floored, zero()), copy_sign(zero(), quotient), floored));
}

// √(a² + b²) without overflow on the way; ∞ where either is infinite.
LANEGRAD_INLINE vf vhypot(vf a, vf b) {
  const vf infinity = set1(kInfinity), x = vabs(a), y = vabs(b);
  const vm first = gt(x, y);
  const vf large = select(first, x, y), small = select(first, y, x);
  const vm high = gt(large, set1(0x1p62f)), low = lt(large, set1(0x1p-50f));
  const vf scale = select(high, set1(0x1p-70f), select(low, set1(0x1p100f), set1(1.0f)));
  const vf back = select(high, set1(0x1p70f), select(low, set1(0x1p-100f), set1(1.0f)));
  const vf u = large * scale, v = small * scale;
  const vf root = vsqrt(fma(u, u, v * v)) * back;
  return select(eq(x, infinity) | eq(y, infinity), infinity, root);
}

// log(exp(a) + exp(b)) = max + log1p(exp(−|a − b|)), within 2 units in the last place of the larger of |max| and log 2.
LANEGRAD_INLINE vf vlogaddexp(vf a, vf b) {
  // Equal infinities have no difference; a NaN comes by it.
  return vmax(a, b) + log1p_exp_minus_abs(select(eq(a, b), zero(), a - b));
}
