// The vector types for AVX2 with FMA: 8 lanes. Included inside `namespace lanegrad::avx2`, after <immintrin.h>,
// <stdint.h> and <string.h>. The meaning of each name is written in README.md beside this file.
#pragma once
#include "attributes.h"

constexpr int kLanes = 8;
constexpr bool kFma = true;

struct vf {
  __m256 v;
};
struct vi {
  __m256i v;
};
struct vm {
  __m256 v;
};
struct vd {
  __m256d v;
};

// A window of n set lanes slides over this table.
alignas(64) static const int32_t kTailMask[16] = {-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0};
LANEGRAD_INLINE __m256i tail_mask(int n) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(kTailMask + 8 - n));
}

// Memory.
LANEGRAD_INLINE vf load(const float* p) { return {_mm256_loadu_ps(p)}; }
LANEGRAD_INLINE void store(float* p, vf a) { _mm256_storeu_ps(p, a.v); }
LANEGRAD_INLINE vf load_tail(const float* p, int n) { return {_mm256_maskload_ps(p, tail_mask(n))}; }
LANEGRAD_INLINE void store_tail(float* p, vf a, int n) { _mm256_maskstore_ps(p, tail_mask(n), a.v); }
LANEGRAD_INLINE vi loadi(const int32_t* p) { return {_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))}; }
LANEGRAD_INLINE void storei(int32_t* p, vi a) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), a.v); }
LANEGRAD_INLINE vm load_bytes(const uint8_t* p) {
  const __m256i b = _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p)));
  return {_mm256_castsi256_ps(_mm256_cmpgt_epi32(b, _mm256_setzero_si256()))};
}
LANEGRAD_INLINE void store_bytes(uint8_t* p, vm m) {
  const __m256i w = _mm256_castps_si256(m.v);
  const __m128i h = _mm_packs_epi32(_mm256_castsi256_si128(w), _mm256_extracti128_si256(w, 1));
  const __m128i b = _mm_and_si128(_mm_packs_epi16(h, h), _mm_set1_epi8(1));
  _mm_storel_epi64(reinterpret_cast<__m128i*>(p), b);
}
LANEGRAD_INLINE void prefetch(const void* p) { _mm_prefetch(static_cast<const char*>(p), _MM_HINT_T0); }

// Constants.
LANEGRAD_INLINE vf zero() { return {_mm256_setzero_ps()}; }
LANEGRAD_INLINE vf set1(float x) { return {_mm256_set1_ps(x)}; }
LANEGRAD_INLINE vf bcast(const float* p) { return {_mm256_broadcast_ss(p)}; }
LANEGRAD_INLINE vi set1i(int32_t x) { return {_mm256_set1_epi32(x)}; }
LANEGRAD_INLINE vi iota() { return {_mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7)}; }

// Casts of bits, and conversions.
LANEGRAD_INLINE vi as_int(vf a) { return {_mm256_castps_si256(a.v)}; }
LANEGRAD_INLINE vf as_float(vi a) { return {_mm256_castsi256_ps(a.v)}; }
LANEGRAD_INLINE vi to_int(vf a) { return {_mm256_cvtps_epi32(a.v)}; }
LANEGRAD_INLINE vf to_float(vi a) { return {_mm256_cvtepi32_ps(a.v)}; }

// Float arithmetic.
LANEGRAD_INLINE vf operator+(vf a, vf b) { return {_mm256_add_ps(a.v, b.v)}; }
LANEGRAD_INLINE vf operator-(vf a, vf b) { return {_mm256_sub_ps(a.v, b.v)}; }
LANEGRAD_INLINE vf operator*(vf a, vf b) { return {_mm256_mul_ps(a.v, b.v)}; }
LANEGRAD_INLINE vf operator/(vf a, vf b) { return {_mm256_div_ps(a.v, b.v)}; }
LANEGRAD_INLINE vf fma(vf a, vf b, vf c) { return {_mm256_fmadd_ps(a.v, b.v, c.v)}; }
LANEGRAD_INLINE vf fnma(vf a, vf b, vf c) { return {_mm256_fnmadd_ps(a.v, b.v, c.v)}; }
LANEGRAD_INLINE vf vmax(vf a, vf b) { return {_mm256_max_ps(a.v, b.v)}; }
LANEGRAD_INLINE vf vmin(vf a, vf b) { return {_mm256_min_ps(a.v, b.v)}; }
LANEGRAD_INLINE vf vsqrt(vf a) { return {_mm256_sqrt_ps(a.v)}; }
LANEGRAD_INLINE vf vround(vf a) { return {_mm256_round_ps(a.v, 8)}; }
LANEGRAD_INLINE vf vfloor(vf a) { return {_mm256_round_ps(a.v, 9)}; }
LANEGRAD_INLINE vf vceil(vf a) { return {_mm256_round_ps(a.v, 10)}; }
LANEGRAD_INLINE vf vtrunc(vf a) { return {_mm256_round_ps(a.v, 11)}; }

// Integer arithmetic, wrapping.
LANEGRAD_INLINE vi operator+(vi a, vi b) { return {_mm256_add_epi32(a.v, b.v)}; }
LANEGRAD_INLINE vi operator-(vi a, vi b) { return {_mm256_sub_epi32(a.v, b.v)}; }
LANEGRAD_INLINE vi operator&(vi a, vi b) { return {_mm256_and_si256(a.v, b.v)}; }
LANEGRAD_INLINE vi operator|(vi a, vi b) { return {_mm256_or_si256(a.v, b.v)}; }
LANEGRAD_INLINE vi operator^(vi a, vi b) { return {_mm256_xor_si256(a.v, b.v)}; }
template <int K>
LANEGRAD_INLINE vi shl(vi a) {
  return {_mm256_slli_epi32(a.v, K)};
}
template <int K>
LANEGRAD_INLINE vi shr(vi a) {
  return {_mm256_srli_epi32(a.v, K)};
}
template <int K>
LANEGRAD_INLINE vi sar(vi a) {
  return {_mm256_srai_epi32(a.v, K)};
}
LANEGRAD_INLINE vi mul_wide(vi a, vi b, vi& hi) {
  const __m256i even = _mm256_mul_epu32(a.v, b.v);
  const __m256i odd = _mm256_mul_epu32(_mm256_srli_epi64(a.v, 32), _mm256_srli_epi64(b.v, 32));
  hi = {_mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xAA)};
  return {_mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xAA)};
}

LANEGRAD_INLINE vf operator-(vf a) { return as_float(as_int(a) ^ set1i(INT32_MIN)); }
LANEGRAD_INLINE vf vabs(vf a) { return as_float(as_int(a) & set1i(INT32_MAX)); }

// Comparisons and masks.
LANEGRAD_INLINE vm lt(vf a, vf b) { return {_mm256_cmp_ps(a.v, b.v, _CMP_LT_OQ)}; }
LANEGRAD_INLINE vm le(vf a, vf b) { return {_mm256_cmp_ps(a.v, b.v, _CMP_LE_OQ)}; }
LANEGRAD_INLINE vm gt(vf a, vf b) { return {_mm256_cmp_ps(a.v, b.v, _CMP_GT_OQ)}; }
LANEGRAD_INLINE vm ge(vf a, vf b) { return {_mm256_cmp_ps(a.v, b.v, _CMP_GE_OQ)}; }
LANEGRAD_INLINE vm eq(vf a, vf b) { return {_mm256_cmp_ps(a.v, b.v, _CMP_EQ_OQ)}; }
LANEGRAD_INLINE vm ne(vf a, vf b) { return {_mm256_cmp_ps(a.v, b.v, _CMP_NEQ_UQ)}; }
LANEGRAD_INLINE vm is_nan(vf a) { return {_mm256_cmp_ps(a.v, a.v, _CMP_UNORD_Q)}; }
LANEGRAD_INLINE vm eq(vi a, vi b) { return {_mm256_castsi256_ps(_mm256_cmpeq_epi32(a.v, b.v))}; }
LANEGRAD_INLINE vm gt(vi a, vi b) { return {_mm256_castsi256_ps(_mm256_cmpgt_epi32(a.v, b.v))}; }
LANEGRAD_INLINE vm operator&(vm a, vm b) { return {_mm256_and_ps(a.v, b.v)}; }
LANEGRAD_INLINE vm operator|(vm a, vm b) { return {_mm256_or_ps(a.v, b.v)}; }
LANEGRAD_INLINE vm operator~(vm a) { return {_mm256_xor_ps(a.v, _mm256_castsi256_ps(_mm256_set1_epi32(-1)))}; }
LANEGRAD_INLINE uint32_t bits(vm a) { return static_cast<uint32_t>(_mm256_movemask_ps(a.v)); }
LANEGRAD_INLINE bool any(vm a) { return bits(a) != 0; }
LANEGRAD_INLINE vf select(vm m, vf a, vf b) { return {_mm256_blendv_ps(b.v, a.v, m.v)}; }
LANEGRAD_INLINE vi select(vm m, vi a, vi b) { return as_int(select(m, as_float(a), as_float(b))); }

// 2ⁿ itself may lie outside the float range, so it is applied in two halves; only the second product can round.
LANEGRAD_INLINE vf ldexp2(vf a, vi n) {
  const vi low = sar<1>(n), bias = set1i(127);
  return a * as_float(shl<23>(low + bias)) * as_float(shl<23>(n - low + bias));
}

// Each permutation goes by the low three bits of the places; the next two choose among the four. A gather is slower.
LANEGRAD_INLINE vf lookup(const float* table, vi i) {
  const auto eight = [&](int at) LANEGRAD_INLINE_LAMBDA {
    return _mm256_permutevar8x32_ps(_mm256_load_ps(table + at), i.v);
  };
  const __m256 by8 = _mm256_castsi256_ps(_mm256_slli_epi32(i.v, 28));
  const __m256 by16 = _mm256_castsi256_ps(_mm256_slli_epi32(i.v, 27));
  const __m256 first = _mm256_blendv_ps(eight(0), eight(8), by8), second = _mm256_blendv_ps(eight(16), eight(24), by8);
  return {_mm256_blendv_ps(first, second, by16)};
}

template <int K>
LANEGRAD_INLINE vf xor_lanes(vf a) {
  if constexpr (K == 4) return {_mm256_permute2f128_ps(a.v, a.v, 1)};
  else if constexpr (K == 2) return {_mm256_permute_ps(a.v, _MM_SHUFFLE(1, 0, 3, 2))};
  else return {_mm256_permute_ps(a.v, _MM_SHUFFLE(2, 3, 0, 1))};
}
LANEGRAD_INLINE float first_lane(vf a) { return _mm256_cvtss_f32(a.v); }

// Float64, half as many lanes.
LANEGRAD_INLINE vd zero_d() { return {_mm256_setzero_pd()}; }
LANEGRAD_INLINE vd set1d(double x) { return {_mm256_set1_pd(x)}; }
LANEGRAD_INLINE vd widen_low(vf a) { return {_mm256_cvtps_pd(_mm256_castps256_ps128(a.v))}; }
LANEGRAD_INLINE vd widen_high(vf a) { return {_mm256_cvtps_pd(_mm256_extractf128_ps(a.v, 1))}; }
LANEGRAD_INLINE vf narrow(vd low, vd high) { return {_mm256_set_m128(_mm256_cvtpd_ps(high.v), _mm256_cvtpd_ps(low.v))}; }
LANEGRAD_INLINE vd operator+(vd a, vd b) { return {_mm256_add_pd(a.v, b.v)}; }
LANEGRAD_INLINE vd operator-(vd a, vd b) { return {_mm256_sub_pd(a.v, b.v)}; }
LANEGRAD_INLINE vd operator*(vd a, vd b) { return {_mm256_mul_pd(a.v, b.v)}; }
LANEGRAD_INLINE vd operator/(vd a, vd b) { return {_mm256_div_pd(a.v, b.v)}; }
LANEGRAD_INLINE vd fma(vd a, vd b, vd c) { return {_mm256_fmadd_pd(a.v, b.v, c.v)}; }
LANEGRAD_INLINE vd add_exponent(vd a, vd n) {
  return {_mm256_castsi256_pd(_mm256_add_epi64(_mm256_castpd_si256(a.v), _mm256_slli_epi64(_mm256_castpd_si256(n.v), 52)))};
}
LANEGRAD_INLINE void store(double* p, vd a) { _mm256_storeu_pd(p, a.v); }

// Of the 2·kLanes elements a, b: those at even places become a, those at odd ones b; and back.
LANEGRAD_INLINE void deinterleave(vf& a, vf& b) {
  const __m256 low = _mm256_permute2f128_ps(a.v, b.v, 0x20), high = _mm256_permute2f128_ps(a.v, b.v, 0x31);
  a.v = _mm256_shuffle_ps(low, high, _MM_SHUFFLE(2, 0, 2, 0));
  b.v = _mm256_shuffle_ps(low, high, _MM_SHUFFLE(3, 1, 3, 1));
}
LANEGRAD_INLINE void interleave(vf& a, vf& b) {
  const __m256 low = _mm256_unpacklo_ps(a.v, b.v), high = _mm256_unpackhi_ps(a.v, b.v);
  a.v = _mm256_permute2f128_ps(low, high, 0x20);
  b.v = _mm256_permute2f128_ps(low, high, 0x31);
}

// The square of kLanes vectors becomes its transpose: lane j of r[i] changes places with lane i of r[j].
LANEGRAD_INLINE void transpose(vf (&r)[kLanes]) {
  __m256 pairs[8], quads[8];
  for (int i = 0; i < 8; i += 2) {
    pairs[i] = _mm256_unpacklo_ps(r[i].v, r[i + 1].v);
    pairs[i + 1] = _mm256_unpackhi_ps(r[i].v, r[i + 1].v);
  }
  for (int i = 0; i < 8; i += 4) {
    quads[i] = _mm256_shuffle_ps(pairs[i], pairs[i + 2], _MM_SHUFFLE(1, 0, 1, 0));
    quads[i + 1] = _mm256_shuffle_ps(pairs[i], pairs[i + 2], _MM_SHUFFLE(3, 2, 3, 2));
    quads[i + 2] = _mm256_shuffle_ps(pairs[i + 1], pairs[i + 3], _MM_SHUFFLE(1, 0, 1, 0));
    quads[i + 3] = _mm256_shuffle_ps(pairs[i + 1], pairs[i + 3], _MM_SHUFFLE(3, 2, 3, 2));
  }
  for (int i = 0; i < 4; ++i) {
    r[i].v = _mm256_permute2f128_ps(quads[i], quads[i + 4], 0x20);
    r[i + 4].v = _mm256_permute2f128_ps(quads[i], quads[i + 4], 0x31);
  }
}
// The square of 8 rows at p, ld apart, transposed: lane j of r[i] is element i of row j. Rows come in pieces of 128 bits,
// each straight to its lane, which saves a third of the shuffles.
LANEGRAD_INLINE void load_transposed(const float* p, int64_t ld, vf (&r)[kLanes]) {
  LANEGRAD_UNROLL for (int g = 0; g < 8; g += 4) {
    __m256 quads[4];
    LANEGRAD_UNROLL for (int q = 0; q < 4; ++q) {
      const float* from = p + q * ld + g;
      quads[q] = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(from)), _mm_loadu_ps(from + 4 * ld), 1);
    }
    const __m256 low0 = _mm256_unpacklo_ps(quads[0], quads[1]), high0 = _mm256_unpackhi_ps(quads[0], quads[1]);
    const __m256 low1 = _mm256_unpacklo_ps(quads[2], quads[3]), high1 = _mm256_unpackhi_ps(quads[2], quads[3]);
    r[g].v = _mm256_shuffle_ps(low0, low1, _MM_SHUFFLE(1, 0, 1, 0));
    r[g + 1].v = _mm256_shuffle_ps(low0, low1, _MM_SHUFFLE(3, 2, 3, 2));
    r[g + 2].v = _mm256_shuffle_ps(high0, high1, _MM_SHUFFLE(1, 0, 1, 0));
    r[g + 3].v = _mm256_shuffle_ps(high0, high1, _MM_SHUFFLE(3, 2, 3, 2));
  }
}

#include "v16.inl.h"
