// Readers of the scans, of moments, and of sorting and selection.
#include "readers.h"

namespace lanegrad {

// (outer, n, inner, x, mean, squares)
bool read_moments(Args& in, MomentsArgs& a) {
  const int64_t outputs = read_walk(in, a);
  a.x = in.in("x", in.mul(outputs, a.n));
  a.mean = in.out("mean", outputs);
  a.squares = in.out("squares", outputs);
  if (a.n == 0 && outputs > 0) in.refuse(ErrorClass::kShape, "n must be at least 1: got 0");
  return outputs > 0;
}

// (op, reverse, outer, n, inner, x, y)
bool read_scan(Args& in, ScanArgs& a) {
  a.op = in.opcode<ScanOp>("op", kScanOpCount);
  a.reverse = in.flag("reverse");
  const int64_t outputs = read_walk(in, a), size = in.mul(outputs, a.n);
  a.x = in.in("x", size);
  a.y = in.out("y", size);
  return size > 0;
}

// (reverse, outer, n, inner, a, b, y)
bool read_linear_scan(Args& in, LinearScanArgs& a) {
  a.reverse = in.flag("reverse");
  const int64_t outputs = read_walk(in, a), size = in.mul(outputs, a.n);
  a.a = in.in("a", size);
  a.b = in.in("b", size);
  a.y = in.out("y", size);
  return size > 0;
}

// (op, outer, n, inner, x, y, indices)
bool read_extreme_scan(Args& in, ExtremeScanArgs& a) {
  a.op = in.opcode<ArgReduceOp>("op", kArgReduceOpCount);
  const int64_t outputs = read_walk(in, a), size = in.mul(outputs, a.n);
  a.x = in.in("x", size);
  a.y = in.out("y", size);
  a.indices = in.out_i32("indices", size);
  return size > 0;
}

// (descending, rows, n, x, y | null, indices | null)
bool read_sort_rows(Args& in, SortRowsArgs& a) {
  a.descending = in.flag("descending");
  a.rows = in.dim("rows");
  a.n = in.dim("n");
  const int64_t size = in.mul(a.rows, a.n);
  a.x = in.in("x", size);
  a.y = in.out_or_null("y", size);
  a.indices = in.out_i32_or_null("indices", size);
  return size > 0 && (a.y != nullptr || a.indices != nullptr);
}

// (largest, rows, n, k, x, indices)
bool read_top_rows(Args& in, TopRowsArgs& a) {
  a.largest = in.flag("largest");
  a.rows = in.dim("rows");
  a.n = in.dim("n");
  a.k = in.integer("k", 0, a.n);
  a.x = in.in("x", in.mul(a.rows, a.n));
  const int64_t outputs = in.mul(a.rows, a.k);
  a.indices = in.out_i32("indices", outputs);
  return outputs > 0;
}

// (rows, n, m, x, ranks, indices)
bool read_rank_rows(Args& in, RankRowsArgs& a) {
  a.rows = in.dim("rows");
  a.n = in.dim("n");
  a.m = in.dim("m");
  const int64_t outputs = in.mul(a.rows, a.m);
  a.x = in.in("x", in.mul(a.rows, a.n));
  a.ranks = in.in_i32("ranks", outputs);
  a.indices = in.out_i32("indices", outputs);
  return outputs > 0;
}

}  // namespace lanegrad
