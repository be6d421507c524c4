// Which instruction sets this machine runs, and their kernel tables.
#pragma once

#include "kernel_table.h"

namespace lanegrad {

constexpr int kMaxIsas = 4;

struct IsaList {
  const KernelTable* tables[kMaxIsas];  // best first
  int count;
};

// The instruction sets of this process: the processor has them and the operating system saves their registers.
// CPUID and XGETBV run once.
const IsaList& available_isas() noexcept;

// The table of that name, or null when this machine lacks it or there is no such name.
const KernelTable* find_isa(const char* name) noexcept;

}  // namespace lanegrad
