// The kernels compiled for NEON, which every 64-bit ARM has: 4 lanes.
#include <arm_neon.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "../core/kernel_table.h"
#include "../simd/attributes.h"

namespace lanegrad::neon {
namespace {
constexpr const char* kIsaName = "neon";
#include "../simd/vec_neon.h"
#include "kernels.inl.h"
}  // namespace
#include "table.inl.h"
}  // namespace lanegrad::neon
