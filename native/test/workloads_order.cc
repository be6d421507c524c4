// Workloads of scans, moments, sorting and selection.
#include <initializer_list>

#include "workloads.h"

namespace lanegrad {

namespace {
constexpr int64_t kMany = 200003;  // elements: seven tasks of light work, and no multiple of any vector
}

void scans(Machine& m) {
  constexpr int64_t kShapes[][3] = {{1, kMany, 1}, {701, 131, 1}, {5, 300, 67}, {1, 40, 3001}};
  for (const auto& [outer, n, inner] : kShapes) {
    const Drawn x(m, outer * n * inner), a(m, outer * n * inner);
    Result<float> mean(m, outer * inner), squares(m, outer * inner);
    const MomentsArgs moments{x.data, mean.data, squares.data, outer, n, inner};
    m.table.moments(moments, m.parallel, m.scratch(m.table.moments_scratch(moments, m.threads)));
    for (const bool reverse : {false, true}) {
      for (int32_t op = 0; op < kScanOpCount; ++op) {
        Result<float> y(m, outer * n * inner);
        const ScanArgs args{static_cast<ScanOp>(op), reverse, x.data, y.data, outer, n, inner};
        m.table.scan(args, m.parallel, m.scratch(m.table.scan_scratch(args, m.threads)));
      }
      Result<float> y(m, outer * n * inner);
      m.table.linear_scan({reverse, a.data, x.data, y.data, outer, n, inner}, m.parallel);
    }
    for (int32_t op = 0; op < kArgReduceOpCount; ++op) {
      Result<float> y(m, outer * n * inner);
      Result<int32_t> places(m, outer * n * inner);
      m.table.extreme_scan({static_cast<ArgReduceOp>(op), x.data, y.data, places.data, outer, n, inner}, m.parallel);
    }
  }
}

void sorting(Machine& m) {
  constexpr int64_t kShapes[][2] = {{1, 50021}, {7, 5000}, {301, 300}, {3001, 20}};
  constexpr int64_t kTop = 13, kRanks = 2;
  for (const auto& [rows, n] : kShapes) {
    const Drawn x(m, rows * n);
    for (const bool backwards : {false, true}) {
      Result<float> y(m, rows * n), alone(m, rows * n);
      Result<int32_t> places(m, rows * n), top(m, rows * kTop);
      const SortRowsArgs args{backwards, x.data, y.data, places.data, rows, n};
      const SortRowsArgs values{backwards, x.data, alone.data, nullptr, rows, n};
      m.table.sort_rows(args, m.parallel, m.scratch(m.table.sort_rows_scratch(args, m.threads)));
      m.table.sort_rows(values, m.parallel, m.scratch(m.table.sort_rows_scratch(values, m.threads)));
      const TopRowsArgs first{backwards, x.data, top.data, rows, n, kTop};
      m.table.top_rows(first, m.parallel, m.scratch(m.table.top_rows_scratch(first, m.threads)));
    }
    const DrawnIds ranks(m, rows * kRanks, static_cast<uint32_t>(n));
    Result<int32_t> places(m, rows * kRanks);
    const RankRowsArgs args{x.data, ranks.data, places.data, rows, n, kRanks};
    CHECK(m.table.rank_rows(args, m.parallel, m.scratch(m.table.rank_rows_scratch(args, m.threads))) == -1);
  }
}

}  // namespace lanegrad
