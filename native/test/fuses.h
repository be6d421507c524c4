// Whether the products of a table are fused multiply-adds. Those that are agree to the bit with one another; the baseline's
// are not on x86-64, and are where the architecture itself has the instruction.
#pragma once

#include "../core/kernel_table.h"
#include "../core/thread_pool.h"
#include "../core/workspace.h"
#include "check.h"

namespace lanegrad {

inline bool fuses(const KernelTable& table) {
  // −(1 + 2⁻¹¹) + (1 + 2⁻¹²)² is 2⁻²⁴, which a rounded square has lost.
  const float a[] = {-1.0f, 1.0f + 0x1p-12f}, b[] = {1.0f + 0x1p-11f, 1.0f + 0x1p-12f};
  float c = 0;
  const GemmArgs args{false, false, false, 1, 1, 2, a, b, &c, nullptr, 1, 0, 0, 0};
  Workspace workspace;
  const Parallel parallel = parallel_with(1);
  const size_t floats = table.gemm_scratch(args, 1);
  table.gemm(args, parallel, {floats == 0 ? nullptr : workspace.reserve(floats), floats});
  CHECK(c == 0.0f || c == 0x1p-24f);
  return c != 0.0f;
}

}  // namespace lanegrad
