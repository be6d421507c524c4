// Rows moved by index: the embedding table read and its gradient written.
#pragma once

#include "lanes.inl.h"
#include "split.inl.h"
#include "copy.inl.h"

// -1, or the place of the first id outside [0, rows).
inline int64_t find_bad_id(const int32_t* ids, int64_t count, int64_t rows) {
  for (int64_t i = 0; i < count; ++i) {
    if (ids[i] < 0 || ids[i] >= rows) return i;
  }
  return -1;
}

// y[i, :] = table[ids[i], :]
inline int64_t gather_rows(const GatherRowsArgs& args, const Parallel& par) {
  const int64_t bad = find_bad_id(args.ids, args.count, args.rows);
  if (bad >= 0 || args.width == 0) return bad;
  for_chunks(par, args.count, args.width, 1, [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; ++i) {
      memcpy(args.y + i * args.width, args.table + args.ids[i] * args.width, args.width * sizeof(float));
    }
  });
  return -1;
}

LANEGRAD_INLINE void add_onto(float* y, const float* x, int64_t n) {
  for_lanes(0, n, [&](int64_t i, int count) LANEGRAD_INLINE_LAMBDA {
    store_lanes(y + i, load_lanes(y + i, count) + load_lanes(x + i, count), count);
  });
}

constexpr int64_t kScatterColumns = 64;
constexpr int64_t kScatterShares = 4;

// table[ids[i], :] += src[i, :]. Each place of the table belongs to one task, which takes the rows in ascending i: wide
// rows are cut into columns; of a narrow table each task serves a share of the rows and passes over the other ids.
inline int64_t scatter_add_rows(const ScatterAddRowsArgs& args, const Parallel& par) {
  const int64_t bad = find_bad_id(args.ids, args.count, args.rows);
  if (bad >= 0) return bad;
  const int64_t width = args.width;
  const bool by_columns = width >= 2 * kScatterColumns;
  const int64_t tasks = by_columns ? ceil_div(width, kScatterColumns) : kScatterShares;
  const int64_t work = args.count * width / tasks;
  for_chunks(par, tasks, work, 1, [&](int64_t from, int64_t to) {
    const int64_t left = by_columns ? from * kScatterColumns : 0;
    const int64_t right = by_columns ? smaller(width, to * kScatterColumns) : width;
    const int64_t first = by_columns ? 0 : args.rows * from / tasks;
    const int64_t end = by_columns ? args.rows : args.rows * to / tasks;
    for (int64_t i = 0; i < args.count; ++i) {
      const int64_t row = args.ids[i];
      if (row < first || row >= end) continue;
      add_onto(args.table + row * width + left, args.src + i * width + left, right - left);
    }
  });
  return -1;
}
