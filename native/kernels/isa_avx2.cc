// The kernels compiled for AVX2 with FMA: 8 lanes.
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
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#elif defined(__GNUC__)
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#endif

namespace lanegrad::avx2 {
namespace {
constexpr const char* kIsaName = "avx2";
#include "../simd/vec_avx2.h"
#include "kernels.inl.h"
}  // namespace
#include "table.inl.h"
}  // namespace lanegrad::avx2

#if defined(__clang__)
#pragma clang attribute pop
#elif defined(__GNUC__)
#pragma GCC pop_options
#endif
