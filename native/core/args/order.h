// Arguments of the scans, of moments, and of sorting and selection; see ../kernel_table.h.
#pragma once

#include <stdint.h>

#include "../opcodes.h"

namespace lanegrad {

// [outer, n, inner] -> two of [outer, inner]. n is > 0.
struct MomentsArgs {
  const float* x;
  float* mean;
  float* squares;
  int64_t outer, n, inner;
};

// [outer, n, inner], all of them > 0, as are those of the next two.
struct ScanArgs {
  ScanOp op;
  bool reverse;
  const float* x;
  float* y;
  int64_t outer, n, inner;
};

struct LinearScanArgs {
  bool reverse;
  const float* a;
  const float* b;
  float* y;
  int64_t outer, n, inner;
};

struct ExtremeScanArgs {
  ArgReduceOp op;
  const float* x;
  float* y;
  int32_t* indices;
  int64_t outer, n, inner;
};

// rows and n are > 0.
struct SortRowsArgs {
  bool descending;
  const float* x;
  float* y;          // [rows, n] or null
  int32_t* indices;  // [rows, n] or null
  int64_t rows, n;
};

// 0 < k <= n.
struct TopRowsArgs {
  bool largest;
  const float* x;
  int32_t* indices;  // [rows, k]
  int64_t rows, n, k;
};

struct RankRowsArgs {
  const float* x;
  const int32_t* ranks;  // [rows, m], unchecked
  int32_t* indices;      // [rows, m]
  int64_t rows, n, m;
};

}  // namespace lanegrad
