// A floating-point mode that changes almost every result: what a caller may have left behind.
#pragma once

#include "../core/fp_env.h"

namespace lanegrad {

#if defined(__x86_64__) || defined(_M_X64)
constexpr uint64_t kStrangeFpControl = 0x1f80 | 0x8040 | 0x4000;  // flush to zero, denormals are zero, round up
#elif defined(__aarch64__) || defined(_M_ARM64)
constexpr uint64_t kStrangeFpControl = 1u << 24 | 1u << 22;  // flush to zero, round up
#else
constexpr uint64_t kStrangeFpControl = kDefaultFpControl;
#endif

}  // namespace lanegrad
