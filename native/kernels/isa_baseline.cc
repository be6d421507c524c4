// The kernels compiled for what every machine of the architecture has: SSE2 on x86-64, plain C++ elsewhere.
#if defined(__x86_64__) || defined(_M_X64)
#include <immintrin.h>
#endif
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "../core/kernel_table.h"
#include "../simd/attributes.h"

namespace lanegrad::baseline {
namespace {
constexpr const char* kIsaName = "baseline";
#if defined(__x86_64__) || defined(_M_X64)
#include "../simd/vec_sse2.h"
#else
#include "../simd/vec_scalar.h"
#endif
#include "kernels.inl.h"
}  // namespace
#include "table.inl.h"
}  // namespace lanegrad::baseline
