// The lanes of a vector in float64, for what would need many corrections in floats: the few operations left cost two each.
#pragma once

struct wide {
  vd low, high;
};

LANEGRAD_INLINE wide widen(vf a) { return {widen_low(a), widen_high(a)}; }
LANEGRAD_INLINE vf narrow(wide a) { return narrow(a.low, a.high); }
LANEGRAD_INLINE wide set1w(double x) { return {set1d(x), set1d(x)}; }
LANEGRAD_INLINE wide operator+(wide a, wide b) { return {a.low + b.low, a.high + b.high}; }
LANEGRAD_INLINE wide operator-(wide a, wide b) { return {a.low - b.low, a.high - b.high}; }
LANEGRAD_INLINE wide operator*(wide a, wide b) { return {a.low * b.low, a.high * b.high}; }
LANEGRAD_INLINE wide operator/(wide a, wide b) { return {a.low / b.low, a.high / b.high}; }
LANEGRAD_INLINE wide fma(wide a, wide b, wide c) { return {fma(a.low, b.low, c.low), fma(a.high, b.high, c.high)}; }

// eˣ to 28 bits for |x| ≤ 700, NaN of NaN.
LANEGRAD_INLINE wide wide_exp(wide x) {
  // Added to this, a number is rounded to an integer in the lowest bits.
  const wide rounder = set1w(0x1.8p52);
  const wide shifted = fma(x, set1w(0x1.71547652b82fep+0), rounder);
  const wide r = fma(shifted - rounder, set1w(-0x1.62e42fefa39efp-1), x);
  const wide s = r * r;
  const wide start = fma(r, set1w(0x1.55549142020bcp-3), set1w(0x1.fffffb9963dd3p-2));
  const wide middle = fma(r, set1w(0x1.1239ed2b0d4f0p-7), set1w(0x1.5558f218225ebp-5));
  const wide q = fma(s, fma(s, set1w(0x1.6a23d68062480p-10), middle), start);
  const wide y = fma(s, q, r + set1w(1.0));
  return {add_exponent(y.low, shifted.low), add_exponent(y.high, shifted.high)};
}
