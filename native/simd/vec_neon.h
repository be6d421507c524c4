// The vector types for AArch64 NEON: 4 lanes. Included inside `namespace lanegrad::neon`, after <arm_neon.h>,
// <stdint.h> and <string.h>. The meaning of each name is written in README.md beside this file.
#pragma once
#include "attributes.h"

constexpr int kLanes = 4;
constexpr bool kFma = true;

struct vf {
  float32x4_t v;
};
struct vi {
  int32x4_t v;
};
struct vm {
  uint32x4_t v;
};
struct vd {
  float64x2_t v;
};

// Memory.
LANEGRAD_INLINE vf load(const float* p) { return {vld1q_f32(p)}; }
LANEGRAD_INLINE void store(float* p, vf a) { vst1q_f32(p, a.v); }
LANEGRAD_INLINE vf load_tail(const float* p, int n) {
  float32x4_t a = vld1q_lane_f32(p, vdupq_n_f32(0.0f), 0);
  if (n > 1) a = vld1q_lane_f32(p + 1, a, 1);
  if (n > 2) a = vld1q_lane_f32(p + 2, a, 2);
  return {a};
}
LANEGRAD_INLINE void store_tail(float* p, vf a, int n) {
  vst1q_lane_f32(p, a.v, 0);
  if (n > 1) vst1q_lane_f32(p + 1, a.v, 1);
  if (n > 2) vst1q_lane_f32(p + 2, a.v, 2);
}
LANEGRAD_INLINE vi loadi(const int32_t* p) { return {vld1q_s32(p)}; }
LANEGRAD_INLINE void storei(int32_t* p, vi a) { vst1q_s32(p, a.v); }
LANEGRAD_INLINE vm load_bytes(const uint8_t* p) {
  uint32_t four;
  memcpy(&four, p, 4);
  const uint32x4_t wide = vmovl_u16(vget_low_u16(vmovl_u8(vcreate_u8(four))));
  return {vcgtq_u32(wide, vdupq_n_u32(0))};
}
LANEGRAD_INLINE void store_bytes(uint8_t* p, vm m) {
  const uint16x4_t half = vmovn_u32(vandq_u32(m.v, vdupq_n_u32(1)));
  const uint32_t four = vget_lane_u32(vreinterpret_u32_u8(vmovn_u16(vcombine_u16(half, half))), 0);
  memcpy(p, &four, 4);
}
LANEGRAD_INLINE void prefetch(const void* p) {
#if defined(__GNUC__)
  __builtin_prefetch(p);
#else
  __prefetch(p);
#endif
}

// Constants.
LANEGRAD_INLINE vf zero() { return {vdupq_n_f32(0.0f)}; }
LANEGRAD_INLINE vf set1(float x) { return {vdupq_n_f32(x)}; }
LANEGRAD_INLINE vf bcast(const float* p) { return {vld1q_dup_f32(p)}; }
LANEGRAD_INLINE vi set1i(int32_t x) { return {vdupq_n_s32(x)}; }
LANEGRAD_INLINE vi iota() {
  const int32_t lanes[4] = {0, 1, 2, 3};
  return {vld1q_s32(lanes)};
}

// Casts of bits, and conversions.
LANEGRAD_INLINE vi as_int(vf a) { return {vreinterpretq_s32_f32(a.v)}; }
LANEGRAD_INLINE vf as_float(vi a) { return {vreinterpretq_f32_s32(a.v)}; }
LANEGRAD_INLINE vi to_int(vf a) { return {vcvtnq_s32_f32(a.v)}; }
LANEGRAD_INLINE vf to_float(vi a) { return {vcvtq_f32_s32(a.v)}; }

// Float arithmetic.
LANEGRAD_INLINE vf operator+(vf a, vf b) { return {vaddq_f32(a.v, b.v)}; }
LANEGRAD_INLINE vf operator-(vf a, vf b) { return {vsubq_f32(a.v, b.v)}; }
LANEGRAD_INLINE vf operator*(vf a, vf b) { return {vmulq_f32(a.v, b.v)}; }
LANEGRAD_INLINE vf operator/(vf a, vf b) { return {vdivq_f32(a.v, b.v)}; }
LANEGRAD_INLINE vf fma(vf a, vf b, vf c) { return {vfmaq_f32(c.v, a.v, b.v)}; }
LANEGRAD_INLINE vf fnma(vf a, vf b, vf c) { return {vfmsq_f32(c.v, a.v, b.v)}; }
// NEON's own maximum propagates NaN and orders the zeros; x86 takes the second operand then, and so do we everywhere.
LANEGRAD_INLINE vf vmax(vf a, vf b) { return {vbslq_f32(vcgtq_f32(a.v, b.v), a.v, b.v)}; }
LANEGRAD_INLINE vf vmin(vf a, vf b) { return {vbslq_f32(vcltq_f32(a.v, b.v), a.v, b.v)}; }
LANEGRAD_INLINE vf vsqrt(vf a) { return {vsqrtq_f32(a.v)}; }
LANEGRAD_INLINE vf vround(vf a) { return {vrndnq_f32(a.v)}; }
LANEGRAD_INLINE vf vfloor(vf a) { return {vrndmq_f32(a.v)}; }
LANEGRAD_INLINE vf vceil(vf a) { return {vrndpq_f32(a.v)}; }
LANEGRAD_INLINE vf vtrunc(vf a) { return {vrndq_f32(a.v)}; }

// Integer arithmetic, wrapping.
LANEGRAD_INLINE vi operator+(vi a, vi b) { return {vaddq_s32(a.v, b.v)}; }
LANEGRAD_INLINE vi operator-(vi a, vi b) { return {vsubq_s32(a.v, b.v)}; }
LANEGRAD_INLINE vi operator&(vi a, vi b) { return {vandq_s32(a.v, b.v)}; }
LANEGRAD_INLINE vi operator|(vi a, vi b) { return {vorrq_s32(a.v, b.v)}; }
LANEGRAD_INLINE vi operator^(vi a, vi b) { return {veorq_s32(a.v, b.v)}; }
template <int K>
LANEGRAD_INLINE vi shl(vi a) {
  return {vshlq_n_s32(a.v, K)};
}
template <int K>
LANEGRAD_INLINE vi shr(vi a) {
  return {vreinterpretq_s32_u32(vshrq_n_u32(vreinterpretq_u32_s32(a.v), K))};
}
template <int K>
LANEGRAD_INLINE vi sar(vi a) {
  return {vshrq_n_s32(a.v, K)};
}
LANEGRAD_INLINE vi mul_wide(vi a, vi b, vi& hi) {
  const uint32x4_t x = vreinterpretq_u32_s32(a.v), y = vreinterpretq_u32_s32(b.v);
  const uint32x4_t low = vreinterpretq_u32_u64(vmull_u32(vget_low_u32(x), vget_low_u32(y)));
  const uint32x4_t high = vreinterpretq_u32_u64(vmull_high_u32(x, y));
  hi = {vreinterpretq_s32_u32(vuzp2q_u32(low, high))};
  return {vreinterpretq_s32_u32(vuzp1q_u32(low, high))};
}

LANEGRAD_INLINE vf operator-(vf a) { return {vnegq_f32(a.v)}; }
LANEGRAD_INLINE vf vabs(vf a) { return {vabsq_f32(a.v)}; }

// Comparisons and masks.
LANEGRAD_INLINE vm lt(vf a, vf b) { return {vcltq_f32(a.v, b.v)}; }
LANEGRAD_INLINE vm le(vf a, vf b) { return {vcleq_f32(a.v, b.v)}; }
LANEGRAD_INLINE vm gt(vf a, vf b) { return {vcgtq_f32(a.v, b.v)}; }
LANEGRAD_INLINE vm ge(vf a, vf b) { return {vcgeq_f32(a.v, b.v)}; }
LANEGRAD_INLINE vm eq(vf a, vf b) { return {vceqq_f32(a.v, b.v)}; }
LANEGRAD_INLINE vm ne(vf a, vf b) { return {vmvnq_u32(vceqq_f32(a.v, b.v))}; }
LANEGRAD_INLINE vm is_nan(vf a) { return {vmvnq_u32(vceqq_f32(a.v, a.v))}; }
LANEGRAD_INLINE vm eq(vi a, vi b) { return {vceqq_s32(a.v, b.v)}; }
LANEGRAD_INLINE vm gt(vi a, vi b) { return {vcgtq_s32(a.v, b.v)}; }
LANEGRAD_INLINE vm operator&(vm a, vm b) { return {vandq_u32(a.v, b.v)}; }
LANEGRAD_INLINE vm operator|(vm a, vm b) { return {vorrq_u32(a.v, b.v)}; }
LANEGRAD_INLINE vm operator~(vm a) { return {vmvnq_u32(a.v)}; }
LANEGRAD_INLINE uint32_t bits(vm a) {
  const uint32_t weights[4] = {1, 2, 4, 8};
  return vaddvq_u32(vandq_u32(a.v, vld1q_u32(weights)));
}
LANEGRAD_INLINE bool any(vm a) { return vmaxvq_u32(a.v) != 0; }
LANEGRAD_INLINE vf select(vm m, vf a, vf b) { return {vbslq_f32(m.v, a.v, b.v)}; }
LANEGRAD_INLINE vi select(vm m, vi a, vi b) { return {vbslq_s32(m.v, a.v, b.v)}; }

// 2ⁿ itself may lie outside the float range, so it is applied in two halves; only the second product can round.
LANEGRAD_INLINE vf ldexp2(vf a, vi n) {
  const vi low = sar<1>(n), bias = set1i(127);
  return a * as_float(shl<23>(low + bias)) * as_float(shl<23>(n - low + bias));
}

LANEGRAD_INLINE vf lookup(const float* table, vi i) {
  int32_t at[kLanes];
  storei(at, i);
  const float found[kLanes] = {table[at[0]], table[at[1]], table[at[2]], table[at[3]]};
  return load(found);
}

template <int K>
LANEGRAD_INLINE vf xor_lanes(vf a) {
  if constexpr (K == 2) return {vextq_f32(a.v, a.v, 2)};
  else return {vrev64q_f32(a.v)};
}
LANEGRAD_INLINE float first_lane(vf a) { return vgetq_lane_f32(a.v, 0); }

// Float64, half as many lanes.
LANEGRAD_INLINE vd zero_d() { return {vdupq_n_f64(0.0)}; }
LANEGRAD_INLINE vd set1d(double x) { return {vdupq_n_f64(x)}; }
LANEGRAD_INLINE vd widen_low(vf a) { return {vcvt_f64_f32(vget_low_f32(a.v))}; }
LANEGRAD_INLINE vd widen_high(vf a) { return {vcvt_high_f64_f32(a.v)}; }
LANEGRAD_INLINE vf narrow(vd low, vd high) { return {vcvt_high_f32_f64(vcvt_f32_f64(low.v), high.v)}; }
LANEGRAD_INLINE vd operator+(vd a, vd b) { return {vaddq_f64(a.v, b.v)}; }
LANEGRAD_INLINE vd operator-(vd a, vd b) { return {vsubq_f64(a.v, b.v)}; }
LANEGRAD_INLINE vd operator*(vd a, vd b) { return {vmulq_f64(a.v, b.v)}; }
LANEGRAD_INLINE vd operator/(vd a, vd b) { return {vdivq_f64(a.v, b.v)}; }
LANEGRAD_INLINE vd fma(vd a, vd b, vd c) { return {vfmaq_f64(c.v, a.v, b.v)}; }
LANEGRAD_INLINE vd add_exponent(vd a, vd n) {
  return {vreinterpretq_f64_s64(vaddq_s64(vreinterpretq_s64_f64(a.v), vshlq_n_s64(vreinterpretq_s64_f64(n.v), 52)))};
}
LANEGRAD_INLINE void store(double* p, vd a) { vst1q_f64(p, a.v); }

// Of the 2·kLanes elements a, b: those at even places become a, those at odd ones b; and back.
LANEGRAD_INLINE void deinterleave(vf& a, vf& b) {
  const vf low = a;
  a = {vuzp1q_f32(low.v, b.v)};
  b = {vuzp2q_f32(low.v, b.v)};
}
LANEGRAD_INLINE void interleave(vf& a, vf& b) {
  const vf even = a;
  a = {vzip1q_f32(even.v, b.v)};
  b = {vzip2q_f32(even.v, b.v)};
}

// The square of kLanes vectors becomes its transpose: lane j of r[i] changes places with lane i of r[j].
LANEGRAD_INLINE void transpose(vf (&r)[kLanes]) {
  const float64x2_t even01 = vreinterpretq_f64_f32(vtrn1q_f32(r[0].v, r[1].v));
  const float64x2_t odd01 = vreinterpretq_f64_f32(vtrn2q_f32(r[0].v, r[1].v));
  const float64x2_t even23 = vreinterpretq_f64_f32(vtrn1q_f32(r[2].v, r[3].v));
  const float64x2_t odd23 = vreinterpretq_f64_f32(vtrn2q_f32(r[2].v, r[3].v));
  r[0].v = vreinterpretq_f32_f64(vtrn1q_f64(even01, even23));
  r[1].v = vreinterpretq_f32_f64(vtrn1q_f64(odd01, odd23));
  r[2].v = vreinterpretq_f32_f64(vtrn2q_f64(even01, even23));
  r[3].v = vreinterpretq_f32_f64(vtrn2q_f64(odd01, odd23));
}
// The square of kLanes rows at p, ld apart, transposed: lane j of r[i] is element i of row j.
LANEGRAD_INLINE void load_transposed(const float* p, int64_t ld, vf (&r)[kLanes]) {
  LANEGRAD_UNROLL for (int i = 0; i < kLanes; ++i) r[i] = load(p + i * ld);
  transpose(r);
}

#include "v16.inl.h"
