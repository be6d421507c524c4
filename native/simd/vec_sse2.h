// The vector types for the x86 baseline (SSE2, no fused multiply-add): 4 lanes. Included inside
// `namespace lanegrad::baseline`, after <immintrin.h>, <stdint.h> and <string.h>. The meaning of each name is written
// in README.md beside this file.
#pragma once
#include "attributes.h"

constexpr int kLanes = 4;
constexpr bool kFma = false;

struct vf {
  __m128 v;
};
struct vi {
  __m128i v;
};
struct vm {
  __m128 v;
};
struct vd {
  __m128d v;
};

// Memory.
LANEGRAD_INLINE vf load(const float* p) { return {_mm_loadu_ps(p)}; }
LANEGRAD_INLINE void store(float* p, vf a) { _mm_storeu_ps(p, a.v); }
LANEGRAD_INLINE vf load_tail(const float* p, int n) {
  return {_mm_setr_ps(p[0], n > 1 ? p[1] : 0.0f, n > 2 ? p[2] : 0.0f, 0.0f)};
}
LANEGRAD_INLINE void store_tail(float* p, vf a, int n) {
  _mm_store_ss(p, a.v);
  if (n > 1) _mm_store_ss(p + 1, _mm_shuffle_ps(a.v, a.v, 1));
  if (n > 2) _mm_store_ss(p + 2, _mm_shuffle_ps(a.v, a.v, 2));
}
LANEGRAD_INLINE vi loadi(const int32_t* p) { return {_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))}; }
LANEGRAD_INLINE void storei(int32_t* p, vi a) { _mm_storeu_si128(reinterpret_cast<__m128i*>(p), a.v); }
LANEGRAD_INLINE vm load_bytes(const uint8_t* p) {
  int32_t four;
  memcpy(&four, p, 4);
  const __m128i none = _mm_setzero_si128();
  const __m128i wide = _mm_unpacklo_epi16(_mm_unpacklo_epi8(_mm_cvtsi32_si128(four), none), none);
  return {_mm_castsi128_ps(_mm_cmpgt_epi32(wide, none))};
}
LANEGRAD_INLINE void store_bytes(uint8_t* p, vm m) {
  const __m128i w = _mm_castps_si128(m.v);
  const __m128i h = _mm_packs_epi32(w, w);
  const int32_t four = _mm_cvtsi128_si32(_mm_and_si128(_mm_packs_epi16(h, h), _mm_set1_epi8(1)));
  memcpy(p, &four, 4);
}
LANEGRAD_INLINE void prefetch(const void* p) { _mm_prefetch(static_cast<const char*>(p), _MM_HINT_T0); }

// Constants.
LANEGRAD_INLINE vf zero() { return {_mm_setzero_ps()}; }
LANEGRAD_INLINE vf set1(float x) { return {_mm_set1_ps(x)}; }
LANEGRAD_INLINE vf bcast(const float* p) { return {_mm_set1_ps(*p)}; }
LANEGRAD_INLINE vi set1i(int32_t x) { return {_mm_set1_epi32(x)}; }
LANEGRAD_INLINE vi iota() { return {_mm_setr_epi32(0, 1, 2, 3)}; }

// Casts of bits, and conversions.
LANEGRAD_INLINE vi as_int(vf a) { return {_mm_castps_si128(a.v)}; }
LANEGRAD_INLINE vf as_float(vi a) { return {_mm_castsi128_ps(a.v)}; }
LANEGRAD_INLINE vi to_int(vf a) { return {_mm_cvtps_epi32(a.v)}; }
LANEGRAD_INLINE vf to_float(vi a) { return {_mm_cvtepi32_ps(a.v)}; }

// Float arithmetic.
LANEGRAD_INLINE vf operator+(vf a, vf b) { return {_mm_add_ps(a.v, b.v)}; }
LANEGRAD_INLINE vf operator-(vf a, vf b) { return {_mm_sub_ps(a.v, b.v)}; }
LANEGRAD_INLINE vf operator*(vf a, vf b) { return {_mm_mul_ps(a.v, b.v)}; }
LANEGRAD_INLINE vf operator/(vf a, vf b) { return {_mm_div_ps(a.v, b.v)}; }
LANEGRAD_INLINE vf fma(vf a, vf b, vf c) { return a * b + c; }
LANEGRAD_INLINE vf fnma(vf a, vf b, vf c) { return c - a * b; }
LANEGRAD_INLINE vf vmax(vf a, vf b) { return {_mm_max_ps(a.v, b.v)}; }
LANEGRAD_INLINE vf vmin(vf a, vf b) { return {_mm_min_ps(a.v, b.v)}; }
LANEGRAD_INLINE vf vsqrt(vf a) { return {_mm_sqrt_ps(a.v)}; }

// Integer arithmetic, wrapping.
LANEGRAD_INLINE vi operator+(vi a, vi b) { return {_mm_add_epi32(a.v, b.v)}; }
LANEGRAD_INLINE vi operator-(vi a, vi b) { return {_mm_sub_epi32(a.v, b.v)}; }
LANEGRAD_INLINE vi operator&(vi a, vi b) { return {_mm_and_si128(a.v, b.v)}; }
LANEGRAD_INLINE vi operator|(vi a, vi b) { return {_mm_or_si128(a.v, b.v)}; }
LANEGRAD_INLINE vi operator^(vi a, vi b) { return {_mm_xor_si128(a.v, b.v)}; }
template <int K>
LANEGRAD_INLINE vi shl(vi a) {
  return {_mm_slli_epi32(a.v, K)};
}
template <int K>
LANEGRAD_INLINE vi shr(vi a) {
  return {_mm_srli_epi32(a.v, K)};
}
template <int K>
LANEGRAD_INLINE vi sar(vi a) {
  return {_mm_srai_epi32(a.v, K)};
}
LANEGRAD_INLINE vi mul_wide(vi a, vi b, vi& hi) {
  const __m128i even = _mm_mul_epu32(a.v, b.v);
  const __m128i odd = _mm_mul_epu32(_mm_srli_epi64(a.v, 32), _mm_srli_epi64(b.v, 32));
  const __m128i upper = _mm_set_epi32(-1, 0, -1, 0);
  hi = {_mm_or_si128(_mm_srli_epi64(even, 32), _mm_and_si128(odd, upper))};
  return {_mm_or_si128(_mm_andnot_si128(upper, even), _mm_slli_epi64(odd, 32))};
}

LANEGRAD_INLINE vf operator-(vf a) { return as_float(as_int(a) ^ set1i(INT32_MIN)); }
LANEGRAD_INLINE vf vabs(vf a) { return as_float(as_int(a) & set1i(INT32_MAX)); }

// Comparisons and masks.
LANEGRAD_INLINE vm lt(vf a, vf b) { return {_mm_cmplt_ps(a.v, b.v)}; }
LANEGRAD_INLINE vm le(vf a, vf b) { return {_mm_cmple_ps(a.v, b.v)}; }
LANEGRAD_INLINE vm gt(vf a, vf b) { return {_mm_cmpgt_ps(a.v, b.v)}; }
LANEGRAD_INLINE vm ge(vf a, vf b) { return {_mm_cmpge_ps(a.v, b.v)}; }
LANEGRAD_INLINE vm eq(vf a, vf b) { return {_mm_cmpeq_ps(a.v, b.v)}; }
LANEGRAD_INLINE vm ne(vf a, vf b) { return {_mm_cmpneq_ps(a.v, b.v)}; }
LANEGRAD_INLINE vm is_nan(vf a) { return {_mm_cmpunord_ps(a.v, a.v)}; }
LANEGRAD_INLINE vm eq(vi a, vi b) { return {_mm_castsi128_ps(_mm_cmpeq_epi32(a.v, b.v))}; }
LANEGRAD_INLINE vm gt(vi a, vi b) { return {_mm_castsi128_ps(_mm_cmpgt_epi32(a.v, b.v))}; }
LANEGRAD_INLINE vm operator&(vm a, vm b) { return {_mm_and_ps(a.v, b.v)}; }
LANEGRAD_INLINE vm operator|(vm a, vm b) { return {_mm_or_ps(a.v, b.v)}; }
LANEGRAD_INLINE vm operator~(vm a) { return {_mm_xor_ps(a.v, _mm_castsi128_ps(_mm_set1_epi32(-1)))}; }
LANEGRAD_INLINE uint32_t bits(vm a) { return static_cast<uint32_t>(_mm_movemask_ps(a.v)); }
LANEGRAD_INLINE bool any(vm a) { return bits(a) != 0; }
LANEGRAD_INLINE vf select(vm m, vf a, vf b) { return {_mm_or_ps(_mm_and_ps(m.v, a.v), _mm_andnot_ps(m.v, b.v))}; }
LANEGRAD_INLINE vi select(vm m, vi a, vi b) { return as_int(select(m, as_float(a), as_float(b))); }

// Rounding by hand: SSE2 has no rounding instruction. From 2²³ on a float is an integer, and a NaN passes the same way.
// The sign is put back because a result of zero has lost it.
LANEGRAD_INLINE vf keep_integers(vf a, vf rounded) {
  const vf signed_result = as_float(as_int(rounded) | (as_int(a) & set1i(INT32_MIN)));
  return select(lt(vabs(a), set1(8388608.0f)), signed_result, a);
}
LANEGRAD_INLINE vf vround(vf a) {
  const vf magic = set1(8388608.0f);
  return keep_integers(a, (vabs(a) + magic) - magic);
}
LANEGRAD_INLINE vf vtrunc(vf a) { return keep_integers(a, vabs(vf{_mm_cvtepi32_ps(_mm_cvttps_epi32(a.v))})); }
LANEGRAD_INLINE vf vfloor(vf a) {
  const vf t = vtrunc(a);
  return select(gt(t, a), t - set1(1.0f), t);
}
LANEGRAD_INLINE vf vceil(vf a) { return -vfloor(-a); }

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
  if constexpr (K == 2) return {_mm_shuffle_ps(a.v, a.v, _MM_SHUFFLE(1, 0, 3, 2))};
  else return {_mm_shuffle_ps(a.v, a.v, _MM_SHUFFLE(2, 3, 0, 1))};
}
LANEGRAD_INLINE float first_lane(vf a) { return _mm_cvtss_f32(a.v); }

// Float64, half as many lanes.
LANEGRAD_INLINE vd zero_d() { return {_mm_setzero_pd()}; }
LANEGRAD_INLINE vd set1d(double x) { return {_mm_set1_pd(x)}; }
LANEGRAD_INLINE vd widen_low(vf a) { return {_mm_cvtps_pd(a.v)}; }
LANEGRAD_INLINE vd widen_high(vf a) { return {_mm_cvtps_pd(_mm_movehl_ps(a.v, a.v))}; }
LANEGRAD_INLINE vf narrow(vd low, vd high) { return {_mm_movelh_ps(_mm_cvtpd_ps(low.v), _mm_cvtpd_ps(high.v))}; }
LANEGRAD_INLINE vd operator+(vd a, vd b) { return {_mm_add_pd(a.v, b.v)}; }
LANEGRAD_INLINE vd operator-(vd a, vd b) { return {_mm_sub_pd(a.v, b.v)}; }
LANEGRAD_INLINE vd operator*(vd a, vd b) { return {_mm_mul_pd(a.v, b.v)}; }
LANEGRAD_INLINE vd operator/(vd a, vd b) { return {_mm_div_pd(a.v, b.v)}; }
// Not fused, which makes no difference where the product is exact, as that of two floats is.
LANEGRAD_INLINE vd fma(vd a, vd b, vd c) { return {_mm_add_pd(_mm_mul_pd(a.v, b.v), c.v)}; }
LANEGRAD_INLINE vd add_exponent(vd a, vd n) {
  return {_mm_castsi128_pd(_mm_add_epi64(_mm_castpd_si128(a.v), _mm_slli_epi64(_mm_castpd_si128(n.v), 52)))};
}
LANEGRAD_INLINE void store(double* p, vd a) { _mm_storeu_pd(p, a.v); }

// Of the 2·kLanes elements a, b: those at even places become a, those at odd ones b; and back.
LANEGRAD_INLINE void deinterleave(vf& a, vf& b) {
  const vf low = a;
  a = {_mm_shuffle_ps(low.v, b.v, _MM_SHUFFLE(2, 0, 2, 0))};
  b = {_mm_shuffle_ps(low.v, b.v, _MM_SHUFFLE(3, 1, 3, 1))};
}
LANEGRAD_INLINE void interleave(vf& a, vf& b) {
  const vf even = a;
  a = {_mm_unpacklo_ps(even.v, b.v)};
  b = {_mm_unpackhi_ps(even.v, b.v)};
}

// The square of kLanes vectors becomes its transpose: lane j of r[i] changes places with lane i of r[j].
LANEGRAD_INLINE void transpose(vf (&r)[kLanes]) { _MM_TRANSPOSE4_PS(r[0].v, r[1].v, r[2].v, r[3].v); }
// The square of kLanes rows at p, ld apart, transposed: lane j of r[i] is element i of row j.
LANEGRAD_INLINE void load_transposed(const float* p, int64_t ld, vf (&r)[kLanes]) {
  LANEGRAD_UNROLL for (int i = 0; i < kLanes; ++i) r[i] = load(p + i * ld);
  transpose(r);
}

#include "v16.inl.h"
