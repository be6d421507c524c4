// The vector types for AVX-512 (F, BW, DQ, VL): 16 lanes. Included inside `namespace lanegrad::avx512`, after
// <immintrin.h>, <stdint.h> and <string.h>. The meaning of each name is written in README.md beside this file.
#pragma once
#include "attributes.h"

constexpr int kLanes = 16;
constexpr bool kFma = true;

struct vf {
  __m512 v;
};
struct vi {
  __m512i v;
};
struct vm {
  __mmask16 v;
};
struct vd {
  __m512d v;
};

LANEGRAD_INLINE __mmask16 tail_mask(int n) { return static_cast<__mmask16>((1u << n) - 1u); }

// Memory.
LANEGRAD_INLINE vf load(const float* p) { return {_mm512_loadu_ps(p)}; }
LANEGRAD_INLINE void store(float* p, vf a) { _mm512_storeu_ps(p, a.v); }
LANEGRAD_INLINE vf load_tail(const float* p, int n) { return {_mm512_maskz_loadu_ps(tail_mask(n), p)}; }
LANEGRAD_INLINE void store_tail(float* p, vf a, int n) { _mm512_mask_storeu_ps(p, tail_mask(n), a.v); }
LANEGRAD_INLINE vi loadi(const int32_t* p) { return {_mm512_loadu_si512(p)}; }
LANEGRAD_INLINE void storei(int32_t* p, vi a) { _mm512_storeu_si512(p, a.v); }
LANEGRAD_INLINE vm load_bytes(const uint8_t* p) {
  const __m128i b = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  return {_mm_test_epi8_mask(b, b)};
}
LANEGRAD_INLINE void store_bytes(uint8_t* p, vm m) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm_maskz_set1_epi8(m.v, 1));
}
LANEGRAD_INLINE void prefetch(const void* p) { _mm_prefetch(static_cast<const char*>(p), _MM_HINT_T0); }

// Constants.
LANEGRAD_INLINE vf zero() { return {_mm512_setzero_ps()}; }
LANEGRAD_INLINE vf set1(float x) { return {_mm512_set1_ps(x)}; }
LANEGRAD_INLINE vf bcast(const float* p) { return {_mm512_set1_ps(*p)}; }
LANEGRAD_INLINE vi set1i(int32_t x) { return {_mm512_set1_epi32(x)}; }
LANEGRAD_INLINE vi iota() { return {_mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)}; }

// Casts of bits, and conversions.
LANEGRAD_INLINE vi as_int(vf a) { return {_mm512_castps_si512(a.v)}; }
LANEGRAD_INLINE vf as_float(vi a) { return {_mm512_castsi512_ps(a.v)}; }
LANEGRAD_INLINE vi to_int(vf a) { return {_mm512_cvtps_epi32(a.v)}; }
LANEGRAD_INLINE vf to_float(vi a) { return {_mm512_cvtepi32_ps(a.v)}; }

// Float arithmetic.
LANEGRAD_INLINE vf operator+(vf a, vf b) { return {_mm512_add_ps(a.v, b.v)}; }
LANEGRAD_INLINE vf operator-(vf a, vf b) { return {_mm512_sub_ps(a.v, b.v)}; }
LANEGRAD_INLINE vf operator*(vf a, vf b) { return {_mm512_mul_ps(a.v, b.v)}; }
LANEGRAD_INLINE vf operator/(vf a, vf b) { return {_mm512_div_ps(a.v, b.v)}; }
LANEGRAD_INLINE vf fma(vf a, vf b, vf c) { return {_mm512_fmadd_ps(a.v, b.v, c.v)}; }
LANEGRAD_INLINE vf fnma(vf a, vf b, vf c) { return {_mm512_fnmadd_ps(a.v, b.v, c.v)}; }
LANEGRAD_INLINE vf vmax(vf a, vf b) { return {_mm512_max_ps(a.v, b.v)}; }
LANEGRAD_INLINE vf vmin(vf a, vf b) { return {_mm512_min_ps(a.v, b.v)}; }
LANEGRAD_INLINE vf vsqrt(vf a) { return {_mm512_sqrt_ps(a.v)}; }
LANEGRAD_INLINE vf vround(vf a) { return {_mm512_roundscale_ps(a.v, 8)}; }
LANEGRAD_INLINE vf vfloor(vf a) { return {_mm512_roundscale_ps(a.v, 9)}; }
LANEGRAD_INLINE vf vceil(vf a) { return {_mm512_roundscale_ps(a.v, 10)}; }
LANEGRAD_INLINE vf vtrunc(vf a) { return {_mm512_roundscale_ps(a.v, 11)}; }

// Integer arithmetic, wrapping.
LANEGRAD_INLINE vi operator+(vi a, vi b) { return {_mm512_add_epi32(a.v, b.v)}; }
LANEGRAD_INLINE vi operator-(vi a, vi b) { return {_mm512_sub_epi32(a.v, b.v)}; }
LANEGRAD_INLINE vi operator&(vi a, vi b) { return {_mm512_and_si512(a.v, b.v)}; }
LANEGRAD_INLINE vi operator|(vi a, vi b) { return {_mm512_or_si512(a.v, b.v)}; }
LANEGRAD_INLINE vi operator^(vi a, vi b) { return {_mm512_xor_si512(a.v, b.v)}; }
template <int K>
LANEGRAD_INLINE vi shl(vi a) {
  return {_mm512_slli_epi32(a.v, K)};
}
template <int K>
LANEGRAD_INLINE vi shr(vi a) {
  return {_mm512_srli_epi32(a.v, K)};
}
template <int K>
LANEGRAD_INLINE vi sar(vi a) {
  return {_mm512_srai_epi32(a.v, K)};
}
LANEGRAD_INLINE vi mul_wide(vi a, vi b, vi& hi) {
  const __m512i even = _mm512_mul_epu32(a.v, b.v);
  const __m512i odd = _mm512_mul_epu32(_mm512_srli_epi64(a.v, 32), _mm512_srli_epi64(b.v, 32));
  hi = {_mm512_mask_blend_epi32(0xAAAA, _mm512_srli_epi64(even, 32), odd)};
  return {_mm512_mask_blend_epi32(0xAAAA, even, _mm512_slli_epi64(odd, 32))};
}

LANEGRAD_INLINE vf operator-(vf a) { return as_float(as_int(a) ^ set1i(INT32_MIN)); }
LANEGRAD_INLINE vf vabs(vf a) { return as_float(as_int(a) & set1i(INT32_MAX)); }

// Comparisons and masks.
LANEGRAD_INLINE vm lt(vf a, vf b) { return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_LT_OQ)}; }
LANEGRAD_INLINE vm le(vf a, vf b) { return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_LE_OQ)}; }
LANEGRAD_INLINE vm gt(vf a, vf b) { return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_GT_OQ)}; }
LANEGRAD_INLINE vm ge(vf a, vf b) { return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_GE_OQ)}; }
LANEGRAD_INLINE vm eq(vf a, vf b) { return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_EQ_OQ)}; }
LANEGRAD_INLINE vm ne(vf a, vf b) { return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_NEQ_UQ)}; }
LANEGRAD_INLINE vm is_nan(vf a) { return {_mm512_cmp_ps_mask(a.v, a.v, _CMP_UNORD_Q)}; }
LANEGRAD_INLINE vm eq(vi a, vi b) { return {_mm512_cmpeq_epi32_mask(a.v, b.v)}; }
LANEGRAD_INLINE vm gt(vi a, vi b) { return {_mm512_cmpgt_epi32_mask(a.v, b.v)}; }
LANEGRAD_INLINE vm operator&(vm a, vm b) { return {static_cast<__mmask16>(a.v & b.v)}; }
LANEGRAD_INLINE vm operator|(vm a, vm b) { return {static_cast<__mmask16>(a.v | b.v)}; }
LANEGRAD_INLINE vm operator~(vm a) { return {static_cast<__mmask16>(~a.v)}; }
LANEGRAD_INLINE uint32_t bits(vm a) { return a.v; }
LANEGRAD_INLINE bool any(vm a) { return a.v != 0; }
LANEGRAD_INLINE vf select(vm m, vf a, vf b) { return {_mm512_mask_blend_ps(m.v, b.v, a.v)}; }
LANEGRAD_INLINE vi select(vm m, vi a, vi b) { return {_mm512_mask_blend_epi32(m.v, b.v, a.v)}; }

LANEGRAD_INLINE vf ldexp2(vf a, vi n) { return {_mm512_scalef_ps(a.v, _mm512_cvtepi32_ps(n.v))}; }

LANEGRAD_INLINE vf lookup(const float* table, vi i) {
  return {_mm512_permutex2var_ps(_mm512_load_ps(table), i.v, _mm512_load_ps(table + 16))};
}

template <int K>
LANEGRAD_INLINE vf xor_lanes(vf a) {
  if constexpr (K == 8) return {_mm512_shuffle_f32x4(a.v, a.v, _MM_SHUFFLE(1, 0, 3, 2))};
  else if constexpr (K == 4) return {_mm512_shuffle_f32x4(a.v, a.v, _MM_SHUFFLE(2, 3, 0, 1))};
  else if constexpr (K == 2) return {_mm512_permute_ps(a.v, _MM_SHUFFLE(1, 0, 3, 2))};
  else return {_mm512_permute_ps(a.v, _MM_SHUFFLE(2, 3, 0, 1))};
}
LANEGRAD_INLINE float first_lane(vf a) { return _mm512_cvtss_f32(a.v); }

// Float64, half as many lanes.
LANEGRAD_INLINE vd zero_d() { return {_mm512_setzero_pd()}; }
LANEGRAD_INLINE vd set1d(double x) { return {_mm512_set1_pd(x)}; }
LANEGRAD_INLINE vd widen_low(vf a) { return {_mm512_cvtps_pd(_mm512_castps512_ps256(a.v))}; }
LANEGRAD_INLINE vd widen_high(vf a) { return {_mm512_cvtps_pd(_mm512_extractf32x8_ps(a.v, 1))}; }
LANEGRAD_INLINE vf narrow(vd low, vd high) {
  return {_mm512_insertf32x8(_mm512_castps256_ps512(_mm512_cvtpd_ps(low.v)), _mm512_cvtpd_ps(high.v), 1)};
}
LANEGRAD_INLINE vd operator+(vd a, vd b) { return {_mm512_add_pd(a.v, b.v)}; }
LANEGRAD_INLINE vd operator-(vd a, vd b) { return {_mm512_sub_pd(a.v, b.v)}; }
LANEGRAD_INLINE vd operator*(vd a, vd b) { return {_mm512_mul_pd(a.v, b.v)}; }
LANEGRAD_INLINE vd operator/(vd a, vd b) { return {_mm512_div_pd(a.v, b.v)}; }
LANEGRAD_INLINE vd fma(vd a, vd b, vd c) { return {_mm512_fmadd_pd(a.v, b.v, c.v)}; }
LANEGRAD_INLINE vd add_exponent(vd a, vd n) {
  return {_mm512_castsi512_pd(_mm512_add_epi64(_mm512_castpd_si512(a.v), _mm512_slli_epi64(_mm512_castpd_si512(n.v), 52)))};
}
LANEGRAD_INLINE void store(double* p, vd a) { _mm512_storeu_pd(p, a.v); }

// Of the 2·kLanes elements a, b: those at even places become a, those at odd ones b; and back.
LANEGRAD_INLINE void deinterleave(vf& a, vf& b) {
  const __m512i even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
  const __m512i odd = _mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
  const vf low = a;
  a = {_mm512_permutex2var_ps(low.v, even, b.v)};
  b = {_mm512_permutex2var_ps(low.v, odd, b.v)};
}
LANEGRAD_INLINE void interleave(vf& a, vf& b) {
  const __m512i first = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  const __m512i second = _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  const vf even = a;
  a = {_mm512_permutex2var_ps(even.v, first, b.v)};
  b = {_mm512_permutex2var_ps(even.v, second, b.v)};
}

// The square of kLanes vectors becomes its transpose: lane j of r[i] changes places with lane i of r[j].
LANEGRAD_INLINE void transpose(vf (&r)[kLanes]) {
  __m512 pairs[16], quads[16], halves[16];
  for (int i = 0; i < 16; i += 2) {
    pairs[i] = _mm512_unpacklo_ps(r[i].v, r[i + 1].v);
    pairs[i + 1] = _mm512_unpackhi_ps(r[i].v, r[i + 1].v);
  }
  for (int i = 0; i < 16; i += 4) {
    quads[i] = _mm512_shuffle_ps(pairs[i], pairs[i + 2], _MM_SHUFFLE(1, 0, 1, 0));
    quads[i + 1] = _mm512_shuffle_ps(pairs[i], pairs[i + 2], _MM_SHUFFLE(3, 2, 3, 2));
    quads[i + 2] = _mm512_shuffle_ps(pairs[i + 1], pairs[i + 3], _MM_SHUFFLE(1, 0, 1, 0));
    quads[i + 3] = _mm512_shuffle_ps(pairs[i + 1], pairs[i + 3], _MM_SHUFFLE(3, 2, 3, 2));
  }
  // quads[4q + j] holds column j + 4l of rows 4q to 4q + 3 in its 128-bit lane l.
  for (int j = 0; j < 4; ++j) {
    halves[j] = _mm512_shuffle_f32x4(quads[j], quads[j + 4], _MM_SHUFFLE(1, 0, 1, 0));
    halves[j + 4] = _mm512_shuffle_f32x4(quads[j], quads[j + 4], _MM_SHUFFLE(3, 2, 3, 2));
    halves[j + 8] = _mm512_shuffle_f32x4(quads[j + 8], quads[j + 12], _MM_SHUFFLE(1, 0, 1, 0));
    halves[j + 12] = _mm512_shuffle_f32x4(quads[j + 8], quads[j + 12], _MM_SHUFFLE(3, 2, 3, 2));
  }
  for (int j = 0; j < 4; ++j) {
    r[j].v = _mm512_shuffle_f32x4(halves[j], halves[j + 8], _MM_SHUFFLE(2, 0, 2, 0));
    r[j + 4].v = _mm512_shuffle_f32x4(halves[j], halves[j + 8], _MM_SHUFFLE(3, 1, 3, 1));
    r[j + 8].v = _mm512_shuffle_f32x4(halves[j + 4], halves[j + 12], _MM_SHUFFLE(2, 0, 2, 0));
    r[j + 12].v = _mm512_shuffle_f32x4(halves[j + 4], halves[j + 12], _MM_SHUFFLE(3, 1, 3, 1));
  }
}
// The square of 16 rows at p, ld apart, transposed: lane j of r[i] is element i of row j. Rows come in pieces of 128 bits,
// each straight to its lane: half the shuffles of a transpose in registers, and no load across a cache line where rows
// begin at multiples of 16 bytes.
LANEGRAD_INLINE void load_transposed(const float* p, int64_t ld, vf (&r)[kLanes]) {
  LANEGRAD_UNROLL for (int g = 0; g < 16; g += 4) {
    __m512 quads[4];
    LANEGRAD_UNROLL for (int q = 0; q < 4; ++q) {
      const float* from = p + q * ld + g;
      __m512 quad = _mm512_castps128_ps512(_mm_loadu_ps(from));
      quad = _mm512_mask_broadcast_f32x4(quad, 0x00f0, _mm_loadu_ps(from + 4 * ld));
      quad = _mm512_mask_broadcast_f32x4(quad, 0x0f00, _mm_loadu_ps(from + 8 * ld));
      quads[q] = _mm512_mask_broadcast_f32x4(quad, 0xf000, _mm_loadu_ps(from + 12 * ld));
    }
    const __m512 low0 = _mm512_unpacklo_ps(quads[0], quads[1]), high0 = _mm512_unpackhi_ps(quads[0], quads[1]);
    const __m512 low1 = _mm512_unpacklo_ps(quads[2], quads[3]), high1 = _mm512_unpackhi_ps(quads[2], quads[3]);
    r[g].v = _mm512_shuffle_ps(low0, low1, _MM_SHUFFLE(1, 0, 1, 0));
    r[g + 1].v = _mm512_shuffle_ps(low0, low1, _MM_SHUFFLE(3, 2, 3, 2));
    r[g + 2].v = _mm512_shuffle_ps(high0, high1, _MM_SHUFFLE(1, 0, 1, 0));
    r[g + 3].v = _mm512_shuffle_ps(high0, high1, _MM_SHUFFLE(3, 2, 3, 2));
  }
}

#include "v16.inl.h"
