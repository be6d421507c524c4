// The vector types in plain C++ for processors without a header of their own: 4 lanes in arrays, which compilers turn
// into whatever vectors they know. Included inside `namespace lanegrad::baseline`, after <stdint.h>, <string.h> and
// <math.h>. The meaning of each name is written in README.md beside this file.
#pragma once
#include "attributes.h"

constexpr int kLanes = 4;
#if defined(FP_FAST_FMAF)
constexpr bool kFma = true;
#else
constexpr bool kFma = false;
#endif

struct vf {
  float v[kLanes];
};
struct vi {
  int32_t v[kLanes];
};
struct vm {
  uint32_t v[kLanes];
};  // all bits or none
struct vd {
  double v[kLanes / 2];
};

// One lane after the other: `E` names the lane `i`.
#define LANEGRAD_LANES(TYPE, E)                \
  TYPE y;                                      \
  for (int i = 0; i < kLanes; ++i) y.v[i] = E; \
  return y

// Memory.
LANEGRAD_INLINE vf load(const float* p) { LANEGRAD_LANES(vf, p[i]); }
LANEGRAD_INLINE void store(float* p, vf a) { memcpy(p, a.v, sizeof a.v); }
LANEGRAD_INLINE vf load_tail(const float* p, int n) { LANEGRAD_LANES(vf, i < n ? p[i] : 0.0f); }
LANEGRAD_INLINE void store_tail(float* p, vf a, int n) {
  for (int i = 0; i < n; ++i) p[i] = a.v[i];
}
LANEGRAD_INLINE vi loadi(const int32_t* p) { LANEGRAD_LANES(vi, p[i]); }
LANEGRAD_INLINE void storei(int32_t* p, vi a) { memcpy(p, a.v, sizeof a.v); }
LANEGRAD_INLINE vm load_bytes(const uint8_t* p) { LANEGRAD_LANES(vm, p[i] ? ~0u : 0u); }
LANEGRAD_INLINE void store_bytes(uint8_t* p, vm m) {
  for (int i = 0; i < kLanes; ++i) p[i] = static_cast<uint8_t>(m.v[i] & 1u);
}
LANEGRAD_INLINE void prefetch(const void*) {}

// Constants.
LANEGRAD_INLINE vf set1(float x) { LANEGRAD_LANES(vf, x); }
LANEGRAD_INLINE vf zero() { return set1(0.0f); }
LANEGRAD_INLINE vf bcast(const float* p) { return set1(*p); }
LANEGRAD_INLINE vi set1i(int32_t x) { LANEGRAD_LANES(vi, x); }
LANEGRAD_INLINE vi iota() { LANEGRAD_LANES(vi, i); }

// Casts of bits, and conversions.
LANEGRAD_INLINE vi as_int(vf a) {
  vi y;
  memcpy(y.v, a.v, sizeof y.v);
  return y;
}
LANEGRAD_INLINE vf as_float(vi a) {
  vf y;
  memcpy(y.v, a.v, sizeof y.v);
  return y;
}
LANEGRAD_INLINE vi to_int(vf a) { LANEGRAD_LANES(vi, static_cast<int32_t>(nearbyintf(a.v[i]))); }
LANEGRAD_INLINE vf to_float(vi a) { LANEGRAD_LANES(vf, static_cast<float>(a.v[i])); }

// Float arithmetic.
LANEGRAD_INLINE vf operator+(vf a, vf b) { LANEGRAD_LANES(vf, a.v[i] + b.v[i]); }
LANEGRAD_INLINE vf operator-(vf a, vf b) { LANEGRAD_LANES(vf, a.v[i] - b.v[i]); }
LANEGRAD_INLINE vf operator*(vf a, vf b) { LANEGRAD_LANES(vf, a.v[i] * b.v[i]); }
LANEGRAD_INLINE vf operator/(vf a, vf b) { LANEGRAD_LANES(vf, a.v[i] / b.v[i]); }
LANEGRAD_INLINE float multiply_add(float a, float b, float c) {
  if constexpr (kFma) return ::fmaf(a, b, c);
  else return a * b + c;
}
LANEGRAD_INLINE vf fma(vf a, vf b, vf c) { LANEGRAD_LANES(vf, multiply_add(a.v[i], b.v[i], c.v[i])); }
LANEGRAD_INLINE vf fnma(vf a, vf b, vf c) { LANEGRAD_LANES(vf, multiply_add(-a.v[i], b.v[i], c.v[i])); }
LANEGRAD_INLINE vf vmax(vf a, vf b) { LANEGRAD_LANES(vf, a.v[i] > b.v[i] ? a.v[i] : b.v[i]); }
LANEGRAD_INLINE vf vmin(vf a, vf b) { LANEGRAD_LANES(vf, a.v[i] < b.v[i] ? a.v[i] : b.v[i]); }
LANEGRAD_INLINE vf vsqrt(vf a) { LANEGRAD_LANES(vf, sqrtf(a.v[i])); }
LANEGRAD_INLINE vf vround(vf a) { LANEGRAD_LANES(vf, nearbyintf(a.v[i])); }
LANEGRAD_INLINE vf vfloor(vf a) { LANEGRAD_LANES(vf, floorf(a.v[i])); }
LANEGRAD_INLINE vf vceil(vf a) { LANEGRAD_LANES(vf, ceilf(a.v[i])); }
LANEGRAD_INLINE vf vtrunc(vf a) { LANEGRAD_LANES(vf, truncf(a.v[i])); }

// Integer arithmetic, wrapping (in unsigned, where overflow is defined).
LANEGRAD_INLINE uint32_t word(vi a, int i) { return static_cast<uint32_t>(a.v[i]); }
LANEGRAD_INLINE vi operator+(vi a, vi b) { LANEGRAD_LANES(vi, static_cast<int32_t>(word(a, i) + word(b, i))); }
LANEGRAD_INLINE vi operator-(vi a, vi b) { LANEGRAD_LANES(vi, static_cast<int32_t>(word(a, i) - word(b, i))); }
LANEGRAD_INLINE vi operator&(vi a, vi b) { LANEGRAD_LANES(vi, a.v[i] & b.v[i]); }
LANEGRAD_INLINE vi operator|(vi a, vi b) { LANEGRAD_LANES(vi, a.v[i] | b.v[i]); }
LANEGRAD_INLINE vi operator^(vi a, vi b) { LANEGRAD_LANES(vi, a.v[i] ^ b.v[i]); }
template <int K>
LANEGRAD_INLINE vi shl(vi a) {
  LANEGRAD_LANES(vi, static_cast<int32_t>(word(a, i) << K));
}
template <int K>
LANEGRAD_INLINE vi shr(vi a) {
  LANEGRAD_LANES(vi, static_cast<int32_t>(word(a, i) >> K));
}
template <int K>
LANEGRAD_INLINE vi sar(vi a) {
  LANEGRAD_LANES(vi, a.v[i] >> K);
}
LANEGRAD_INLINE vi mul_wide(vi a, vi b, vi& hi) {
  vi low;
  for (int i = 0; i < kLanes; ++i) {
    const uint64_t product = static_cast<uint64_t>(word(a, i)) * word(b, i);
    hi.v[i] = static_cast<int32_t>(static_cast<uint32_t>(product >> 32));
    low.v[i] = static_cast<int32_t>(static_cast<uint32_t>(product));
  }
  return low;
}

LANEGRAD_INLINE vf operator-(vf a) { LANEGRAD_LANES(vf, -a.v[i]); }
LANEGRAD_INLINE vf vabs(vf a) { return as_float(as_int(a) & set1i(INT32_MAX)); }

// Comparisons and masks.
LANEGRAD_INLINE vm lt(vf a, vf b) { LANEGRAD_LANES(vm, a.v[i] < b.v[i] ? ~0u : 0u); }
LANEGRAD_INLINE vm le(vf a, vf b) { LANEGRAD_LANES(vm, a.v[i] <= b.v[i] ? ~0u : 0u); }
LANEGRAD_INLINE vm gt(vf a, vf b) { LANEGRAD_LANES(vm, a.v[i] > b.v[i] ? ~0u : 0u); }
LANEGRAD_INLINE vm ge(vf a, vf b) { LANEGRAD_LANES(vm, a.v[i] >= b.v[i] ? ~0u : 0u); }
LANEGRAD_INLINE vm eq(vf a, vf b) { LANEGRAD_LANES(vm, a.v[i] == b.v[i] ? ~0u : 0u); }
LANEGRAD_INLINE vm ne(vf a, vf b) { LANEGRAD_LANES(vm, a.v[i] != b.v[i] ? ~0u : 0u); }
LANEGRAD_INLINE vm is_nan(vf a) { return ne(a, a); }
LANEGRAD_INLINE vm eq(vi a, vi b) { LANEGRAD_LANES(vm, a.v[i] == b.v[i] ? ~0u : 0u); }
LANEGRAD_INLINE vm gt(vi a, vi b) { LANEGRAD_LANES(vm, a.v[i] > b.v[i] ? ~0u : 0u); }
LANEGRAD_INLINE vm operator&(vm a, vm b) { LANEGRAD_LANES(vm, a.v[i] & b.v[i]); }
LANEGRAD_INLINE vm operator|(vm a, vm b) { LANEGRAD_LANES(vm, a.v[i] | b.v[i]); }
LANEGRAD_INLINE vm operator~(vm a) { LANEGRAD_LANES(vm, ~a.v[i]); }
LANEGRAD_INLINE uint32_t bits(vm a) {
  uint32_t all = 0;
  for (int i = 0; i < kLanes; ++i) all |= (a.v[i] & 1u) << i;
  return all;
}
LANEGRAD_INLINE bool any(vm a) { return bits(a) != 0; }
LANEGRAD_INLINE vf select(vm m, vf a, vf b) { LANEGRAD_LANES(vf, m.v[i] ? a.v[i] : b.v[i]); }
LANEGRAD_INLINE vi select(vm m, vi a, vi b) { LANEGRAD_LANES(vi, m.v[i] ? a.v[i] : b.v[i]); }

// 2ⁿ itself may lie outside the float range, so it is applied in two halves; only the second product can round.
LANEGRAD_INLINE vf ldexp2(vf a, vi n) {
  const vi low = sar<1>(n), bias = set1i(127);
  return a * as_float(shl<23>(low + bias)) * as_float(shl<23>(n - low + bias));
}

LANEGRAD_INLINE vf lookup(const float* table, vi at) { LANEGRAD_LANES(vf, table[at.v[i]]); }

template <int K>
LANEGRAD_INLINE vf xor_lanes(vf a) {
  LANEGRAD_LANES(vf, a.v[i ^ K]);
}
LANEGRAD_INLINE float first_lane(vf a) { return a.v[0]; }

// Float64, half as many lanes.
LANEGRAD_INLINE vd zero_d() { return {}; }
LANEGRAD_INLINE vd set1d(double x) { return {{x, x}}; }
LANEGRAD_INLINE vd widen_low(vf a) { return {{a.v[0], a.v[1]}}; }
LANEGRAD_INLINE vd widen_high(vf a) { return {{a.v[2], a.v[3]}}; }
LANEGRAD_INLINE vf narrow(vd low, vd high) {
  return {{static_cast<float>(low.v[0]), static_cast<float>(low.v[1]), static_cast<float>(high.v[0]),
           static_cast<float>(high.v[1])}};
}
LANEGRAD_INLINE vd operator+(vd a, vd b) { return {{a.v[0] + b.v[0], a.v[1] + b.v[1]}}; }
LANEGRAD_INLINE vd operator-(vd a, vd b) { return {{a.v[0] - b.v[0], a.v[1] - b.v[1]}}; }
LANEGRAD_INLINE vd operator*(vd a, vd b) { return {{a.v[0] * b.v[0], a.v[1] * b.v[1]}}; }
LANEGRAD_INLINE vd operator/(vd a, vd b) { return {{a.v[0] / b.v[0], a.v[1] / b.v[1]}}; }
// Not fused, which makes no difference where the product is exact, as that of two floats is.
LANEGRAD_INLINE vd fma(vd a, vd b, vd c) { return {{a.v[0] * b.v[0] + c.v[0], a.v[1] * b.v[1] + c.v[1]}}; }
LANEGRAD_INLINE vd add_exponent(vd a, vd n) {
  uint64_t x[2], by[2];
  memcpy(x, a.v, sizeof x);
  memcpy(by, n.v, sizeof by);
  for (int i = 0; i < 2; ++i) x[i] += by[i] << 52;
  memcpy(a.v, x, sizeof x);
  return a;
}
LANEGRAD_INLINE void store(double* p, vd a) { memcpy(p, a.v, sizeof a.v); }

// Of the 2·kLanes elements a, b: those at even places become a, those at odd ones b; and back.
LANEGRAD_INLINE void deinterleave(vf& a, vf& b) {
  float both[2 * kLanes];
  memcpy(both, a.v, sizeof a.v);
  memcpy(both + kLanes, b.v, sizeof b.v);
  for (int i = 0; i < kLanes; ++i) {
    a.v[i] = both[2 * i];
    b.v[i] = both[2 * i + 1];
  }
}
LANEGRAD_INLINE void interleave(vf& a, vf& b) {
  float both[2 * kLanes];
  for (int i = 0; i < kLanes; ++i) {
    both[2 * i] = a.v[i];
    both[2 * i + 1] = b.v[i];
  }
  memcpy(a.v, both, sizeof a.v);
  memcpy(b.v, both + kLanes, sizeof b.v);
}

// The square of kLanes vectors becomes its transpose: lane j of r[i] changes places with lane i of r[j].
LANEGRAD_INLINE void transpose(vf (&r)[kLanes]) {
  for (int i = 0; i < kLanes; ++i) {
    for (int j = 0; j < i; ++j) {
      const float x = r[i].v[j];
      r[i].v[j] = r[j].v[i];
      r[j].v[i] = x;
    }
  }
}
// The square of kLanes rows at p, ld apart, transposed: lane j of r[i] is element i of row j.
LANEGRAD_INLINE void load_transposed(const float* p, int64_t ld, vf (&r)[kLanes]) {
  LANEGRAD_UNROLL for (int i = 0; i < kLanes; ++i) r[i] = load(p + i * ld);
  transpose(r);
}

#undef LANEGRAD_LANES

#include "v16.inl.h"
