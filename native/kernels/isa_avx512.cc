// The kernels compiled for AVX-512 (F, BW, DQ, VL): 16 lanes.
//
// System headers come first, before the target options are raised, and every kernel lies in an anonymous namespace:
// otherwise an inline function of theirs, compiled for this ISA, could be the copy that the linker keeps for callers
// that run on any machine.
#include <immintrin.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "../core/kernel_table.h"
#include "../simd/attributes.h"

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))), \
                             apply_to = function)
#elif defined(__GNUC__)
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,prefer-vector-width=512")
#endif

namespace lanegrad::avx512 {
namespace {
constexpr const char* kIsaName = "avx512";
#include "../simd/vec_avx512.h"
#include "kernels.inl.h"
}  // namespace
#include "table.inl.h"
}  // namespace lanegrad::avx512

#if defined(__clang__)
#pragma clang attribute pop
#elif defined(__GNUC__)
#pragma GCC pop_options
#endif
