// Arguments of the yardstick; see ../kernel_table.h.
#pragma once

#include <stdint.h>

namespace lanegrad {

// One measure of the machine, for benchmarks to hold the kernels against: each thread does `rounds` rounds.
enum class Yardstick : int32_t {
  kFma = 0,   // independent chains of fused multiply-adds in registers; rounds of kYardstickFmas vectors
  kRead = 1,  // reads its share of x
  kCopy = 2,  // copies its share of x to y
};
constexpr int32_t kYardstickCount = 3;

struct YardstickArgs {
  Yardstick what;
  int64_t rounds;
  const float* x;
  float* y;
  int64_t n;
};

}  // namespace lanegrad
