// The error of a float in units in the last place.
#pragma once

#include <math.h>
#include <stdint.h>
#include <string.h>

namespace lanegrad {

inline uint32_t to_bits(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

// The distance between neighbours of a float near `x`.
inline double last_place(double x) {
  int exponent;
  frexp(x, &exponent);
  return ldexp(1.0, exponent - 24 < -149 ? -149 : exponent - 24);
}

// In last places of `scale`. Around the overflow to infinity both sides of the border count as the border.
inline double error_of(float got, double want, double scale) {
  constexpr double kBorder = 0x1p128;
  if (isnan(want) || isnan(got)) return isnan(want) && isnan(got) ? 0 : INFINITY;
  const double y = isinf(got) ? copysign(kBorder, got) : static_cast<double>(got);
  const double w = fabs(want) > kBorder ? copysign(kBorder, want) : want;
  return fabs(y - w) / last_place(fabs(scale) < kBorder ? scale : 0x1.fffffep127);
}
inline double error_of(float got, double want) { return error_of(got, want, want); }

}  // namespace lanegrad
