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

// x·tanh(log(1 + eˣ)) = x·w / (w + 2) with w = eˣ·(eˣ + 2); −0 of −∞. At most 0.56 ULP [0.56].
LANEGRAD_INLINE vf vmish(vf x) {
  const wide y = widen(vmax(set1(-110.0f), vmin(set1(40.0f), x))), two = set1w(2.0);
  const wide e = wide_exp(y), w = e * (e + two);
  return select(gt(x, set1(40.0f)), x, narrow(y * w / (w + two)));
}
