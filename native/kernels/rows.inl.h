// Rows moved by index: read, added, written; and the indices themselves, out of lists of ids and out of masks.
#pragma once

#include "lanes.inl.h"
#include "split.inl.h"
#include "copy.inl.h"

constexpr int64_t kIdBlock = 256;

// -1, or the place of the first id for which id + shift lies outside [0, limit). Whole blocks are looked at without a
// branch an id.
inline int64_t find_bad_id(const int32_t* ids, int64_t count, uint32_t limit, uint32_t shift = 0) {
  for (int64_t from = 0; from < count; from += kIdBlock) {
    uint32_t bad = 0;
    if (count - from >= kIdBlock) {
      for (int64_t i = 0; i < kIdBlock; ++i) bad |= static_cast<uint32_t>(ids[from + i]) + shift >= limit ? 1u : 0u;
      if (bad == 0) continue;
    }
    const int64_t end = smaller(count, from + kIdBlock);
    for (int64_t i = from; i < end; ++i) {
      if (static_cast<uint32_t>(ids[i]) + shift >= limit) return i;
    }
  }
  return -1;
}

// y[ids[i], :] or the like is one element a row: no row is worth a call.
constexpr int64_t kNarrow = 8;

// `count` rows of y: those that the ids name.
inline void gather_some(const float* table, const int32_t* ids, int64_t count, int64_t width, float* y) {
  if (width == 1) {
    for (int64_t i = 0; i < count; ++i) y[i] = table[ids[i]];
  } else if (width < kNarrow) {
    for (int64_t i = 0; i < count; ++i) {
      const float* row = table + ids[i] * width;
      for (int64_t j = 0; j < width; ++j) *y++ = row[j];
    }
  } else {
    for (int64_t i = 0; i < count; ++i) memcpy(y + i * width, table + ids[i] * width, width * sizeof(float));
  }
}

// y[o, i, :] = table[o, ids[i], :]
inline int64_t gather_rows(const GatherRowsArgs& args, const Parallel& par) {
  const int64_t bad = find_bad_id(args.ids, args.count, static_cast<uint32_t>(args.rows));
  if (bad >= 0 || args.width == 0) return bad;
  const int64_t width = args.width, count = args.count;
  for_chunks(par, args.outer * count, width, 1, [&](int64_t from, int64_t to) {
    for (int64_t at = from; at < to;) {
      const int64_t o = at / count, i = at % count, end = smaller(count, i + to - at);
      gather_some(args.table + o * args.rows * width, args.ids + i, end - i, width, args.y + at * width);
      at += end - i;
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

// The columns [left, right) of the rows [first, end) of one table, each of which takes its rows in ascending i.
inline void add_some(const ScatterAddRowsArgs& args, int64_t o, int64_t left, int64_t right, int64_t first, int64_t end) {
  const int64_t width = args.width;
  const float* src = args.src + o * args.count * width;
  float* table = args.table + o * args.rows * width;
  if (width < kNarrow) {
    for (int64_t i = 0; i < args.count; ++i) {
      float* row = table + args.ids[i] * width;
      for (int64_t j = 0; j < width; ++j) row[j] += src[i * width + j];
    }
    return;
  }
  for (int64_t i = 0; i < args.count; ++i) {
    const int64_t row = args.ids[i];
    if (row < first || row >= end) continue;
    add_onto(table + row * width + left, src + i * width + left, right - left);
  }
}

// table[o, ids[i], :] += src[o, i, :]. Each place of the table belongs to one task: several tables are served one by one;
// of a single one wide rows are cut into columns, and of a narrow one each task serves a share of the rows and passes
// over the other ids. Where rows are a few elements, that look at every id would cost as much as the additions.
inline int64_t scatter_add_rows(const ScatterAddRowsArgs& args, const Parallel& par) {
  const int64_t bad = find_bad_id(args.ids, args.count, static_cast<uint32_t>(args.rows));
  if (bad >= 0) return bad;
  const int64_t width = args.width;
  if (args.outer > 1 || width < kNarrow) {
    for_chunks(par, args.outer, args.count * width, 1, [&](int64_t from, int64_t to) {
      for (int64_t o = from; o < to; ++o) add_some(args, o, 0, width, 0, args.rows);
    });
    return -1;
  }
  const bool by_columns = width >= 2 * kScatterColumns;
  const int64_t tasks = by_columns ? ceil_div(width, kScatterColumns) : kScatterShares;
  const int64_t work = args.count * width / tasks;
  for_chunks(par, tasks, work, 1, [&](int64_t from, int64_t to) {
    const int64_t left = by_columns ? from * kScatterColumns : 0;
    const int64_t right = by_columns ? smaller(width, to * kScatterColumns) : width;
    const int64_t first = by_columns ? 0 : args.rows * from / tasks;
    const int64_t end = by_columns ? args.rows : args.rows * to / tasks;
    add_some(args, 0, left, right, first, end);
  });
  return -1;
}

// table[o, ids[i], :] = src[o, i, :], the last where an id stands twice: one task walks a table's in order.
inline int64_t set_rows(const SetRowsArgs& args, const Parallel& par) {
  const int64_t bad = find_bad_id(args.ids, args.count, static_cast<uint32_t>(args.rows));
  if (bad >= 0) return bad;
  const int64_t width = args.width;
  for_chunks(par, args.outer, args.count * width, 1, [&](int64_t first, int64_t end) {
    for (int64_t o = first; o < end; ++o) {
      for (int64_t i = 0; i < args.count; ++i) {
        float* row = args.table + (o * args.rows + args.ids[i]) * width;
        const float* from = args.src + (o * args.count + i) * width;
        if (width < kNarrow) {
          for (int64_t j = 0; j < width; ++j) row[j] = from[j];
        } else {
          memcpy(row, from, width * sizeof(float));
        }
      }
    }
  });
  return -1;
}

// One row of places: `columns` of them along the last axis.
template <bool kAccumulate>
LANEGRAD_INLINE void place_row(const PlacesArgs& args, const int32_t* ids, int64_t id_stride, int32_t* places,
                               int32_t base, int32_t base_stride, int64_t columns) {
  const int32_t n = static_cast<int32_t>(args.n), stride = args.stride;
  const auto place = [&](int64_t i, int32_t id) LANEGRAD_INLINE_LAMBDA {
    const int32_t own = base + static_cast<int32_t>(i) * base_stride + (id + (id < 0 ? n : 0)) * stride;
    places[i] = kAccumulate ? places[i] + own : own;
  };
  if (id_stride == 1) {
    for (int64_t i = 0; i < columns; ++i) place(i, ids[i]);
  } else {
    for (int64_t i = 0; i < columns; ++i) place(i, ids[i * id_stride]);
  }
}

inline int64_t places(const PlacesArgs& args, const Parallel& par) {
  const int64_t bad = find_bad_id(args.ids, args.count, args.limit, args.shift);
  if (bad >= 0) return bad;
  const int last = args.rank - 1;
  const int64_t columns = args.rank == 0 ? 1 : args.dims[last];
  const int64_t id_stride = args.rank == 0 ? 1 : args.id_strides[last];
  const int32_t base_stride = args.rank == 0 ? 0 : args.base_strides[last];
  int64_t rows = 1;
  for (int a = 0; a < last; ++a) rows *= args.dims[a];
  const int64_t pieces = ceil_div(columns, kTaskElements), length = smaller(columns, kTaskElements);
  for_chunks(par, rows * pieces, length, 1, [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; ++i) {
      int64_t base = 0, id_at = 0;
      for (int64_t a = last - 1, left = i / pieces; a >= 0; left /= args.dims[a--]) {
        const int64_t index = left % args.dims[a];
        base += index * args.base_strides[a];
        id_at += index * args.id_strides[a];
      }
      const int64_t start = i % pieces * length;
      const auto row = args.accumulate ? place_row<true> : place_row<false>;
      row(args, args.ids + id_at + start * id_stride, id_stride, args.places + i / pieces * columns + start,
          static_cast<int32_t>(base + start * base_stride), base_stride, smaller(length, columns - start));
    }
  });
  return -1;
}

constexpr int kMaskPieces = 512;
constexpr int64_t kMaskBlock = 64;
constexpr int64_t kCountBlock = 8192;

inline int64_t count_nonzero(const uint8_t* mask, int64_t n) {
  int64_t count = 0;
  for (int64_t from = 0; from < n; from += kCountBlock) {
    uint16_t part = 0;  // narrow, so that a register counts many at once
    for (int64_t i = from; i < smaller(n, from + kCountBlock); ++i) part += mask[i] != 0 ? 1 : 0;
    count += part;
  }
  return count;
}

// The places where a mask holds, in ascending order, as far as there is room; returns how many there are.
inline int64_t nonzero(const NonzeroArgs& args, const Parallel& par) {
  const int64_t length = larger(kTaskElements, ceil_div(args.n, kMaskPieces));
  const int64_t pieces = ceil_div(args.n, length);
  int64_t starts[kMaskPieces + 1] = {};
  for_chunks(par, pieces, length, 1, [&](int64_t from, int64_t to) {
    for (int64_t p = from; p < to; ++p) {
      starts[p + 1] = count_nonzero(args.mask + p * length, smaller(length, args.n - p * length));
    }
  });
  for (int64_t p = 0; p < pieces; ++p) starts[p + 1] += starts[p];
  if (args.places == nullptr) return starts[pieces];
  for_chunks(par, pieces, length, 1, [&](int64_t from, int64_t to) {
    for (int64_t p = from; p < to; ++p) {
      int64_t at = starts[p];
      const int64_t end = smaller(args.n, (p + 1) * length);
      for (int64_t block = p * length; block < end && at < args.room; block += kMaskBlock) {
        // A random mask would be mispredicted: each place is written, and kept if the next one goes behind it.
        int32_t found[kMaskBlock];
        int64_t count = 0;
        for (int64_t i = block; i < smaller(end, block + kMaskBlock); ++i) {
          found[count] = static_cast<int32_t>(i);
          count += args.mask[i] != 0 ? 1 : 0;
        }
        count = smaller(count, args.room - at);
        memcpy(args.places + at, found, count * sizeof(int32_t));
        at += count;
      }
    }
  });
  return starts[pieces];
}
