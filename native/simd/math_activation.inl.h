// Activation functions that are more than one of math.inl.h and a product, under the rules of math.inl.h; neighbours may
// change places.
#pragma once

// x·σ(x); −0 of −∞. At most 1.18 ULP [1.20].
LANEGRAD_INLINE vf vsilu(vf x) {
  // As the sigmoid, but the power of two comes last, so that the tail keeps its digits down to the subnormal numbers; from
  // −110 on all of them are gone, from 30 on the result is x.
  const vf y = vmax(set1(-110.0f), vmin(set1(30.0f), x));
  const Logistic l = logistic_of<true>(y);
  const vf inverse = set1(1.0f) / l.sum;
  const vf q = y * inverse;
  const vf lost = residual(y, q, l.sum) - q * l.sum_low;
  return copy_sign(select(gt(x, set1(30.0f)), x, ldexp2(fma(lost, inverse, q), l.n)), x);
}

// x·tanh(log(1 + eˣ)) = x·w / (w + 2) with w = eˣ·(eˣ + 2); −0 of −∞. At most 1.30 ULP [1.40].
LANEGRAD_INLINE vf vmish(vf x) {
  const vf one = set1(1.0f), two = set1(2.0f);
  const vf y = vmax(set1(-110.0f), vmin(set1(10.0f), x));
  const ExpParts parts = exp_parts(y);
  // eˣ = g·2ⁿ, whose power of two comes last in the numerator.
  const vf g = one + parts.t, g_low = parts.t - (g - one);
  const vf e = ldexp2(g, parts.n), e_low = ldexp2(g_low, parts.n);
  const vf sum = e + two;
  const vf part = sum - e;
  const vf sum_low = ((e - (sum - part)) + (two - part)) + e_low;
  const vf w = e * sum;
  const vf w_low = product_rest(e, sum, w) + (e * sum_low + e_low * sum);
  const vf below = w + two;
  const vf piece = below - w;
  const vf below_low = ((w - (below - piece)) + (two - piece)) + w_low;
  const vf factor = g * sum;
  const vf factor_low = product_rest(g, sum, factor) + (g * sum_low + g_low * sum);
  const vf above = y * factor;
  const vf above_low = product_rest(y, factor, above) + y * factor_low;
  const vf inverse = one / below;
  const vf q = above * inverse;
  const vf lost = (residual(above, q, below) + above_low) - q * below_low;
  return copy_sign(select(gt(x, set1(10.0f)), x, ldexp2(fma(lost, inverse, q), parts.n)), x);
}
