// Copies between strided layouts: every permutation, slice, expansion and concatenation goes through here. It moves
// bits, so it also serves 32-bit integers.
#pragma once

#include "lanes.inl.h"
#include "split.inl.h"

// One axis of a copy.
struct CopyAxis {
  int64_t dim, x_stride, y_stride;
};

// The axes of a copy, outermost first by y's strides, without those of length 1 and with those that walk as one merged.
struct CopyLayout {
  CopyAxis axes[kMaxRank];
  int rank = 0;
  bool empty = false;

  explicit CopyLayout(const CopyStridedArgs& args) {
    for (int i = 0; i < args.rank; ++i) {
      if (args.dims[i] == 0) empty = true;
      if (args.dims[i] == 1) continue;
      const CopyAxis axis = {args.dims[i], args.x_strides[i], args.y_strides[i]};
      int at = rank++;
      for (; at > 0 && axes[at - 1].y_stride < axis.y_stride; --at) axes[at] = axes[at - 1];
      axes[at] = axis;
    }
    merge();
  }

  void merge() {
    int kept = 0;
    for (int i = 0; i < rank; ++i) {
      const CopyAxis axis = axes[i];
      if (kept > 0) {
        CopyAxis& outer = axes[kept - 1];
        if (outer.x_stride == axis.x_stride * axis.dim && outer.y_stride == axis.y_stride * axis.dim) {
          outer = {outer.dim * axis.dim, axis.x_stride, axis.y_stride};
          continue;
        }
      }
      axes[kept++] = axis;
    }
    rank = kept;
  }

  CopyAxis take(int at) {
    const CopyAxis axis = axes[at];
    --rank;
    for (int i = at; i < rank; ++i) axes[i] = axes[i + 1];
    return axis;
  }

  int64_t size() const {
    int64_t n = 1;
    for (int i = 0; i < rank; ++i) n *= axes[i].dim;
    return n;
  }

  // Where the axes' element number `at` lies in x and y.
  void locate(int64_t at, int64_t& x_at, int64_t& y_at) const {
    x_at = y_at = 0;
    for (int i = rank - 1; i >= 0; --i) {
      const int64_t index = at % axes[i].dim;
      at /= axes[i].dim;
      x_at += index * axes[i].x_stride;
      y_at += index * axes[i].y_stride;
    }
  }
};

// Walks the axes' elements from number `at` on, without a division an element.
struct CopyWalk {
  const CopyLayout& layout;
  int64_t index[kMaxRank], x_at = 0, y_at = 0;

  CopyWalk(const CopyLayout& layout, int64_t at) : layout(layout) {
    layout.locate(at, x_at, y_at);
    for (int i = layout.rank - 1; i >= 0; --i) {
      index[i] = at % layout.axes[i].dim;
      at /= layout.axes[i].dim;
    }
  }

  void step() {
    for (int i = layout.rank - 1; i >= 0; --i) {
      const CopyAxis& axis = layout.axes[i];
      x_at += axis.x_stride;
      y_at += axis.y_stride;
      if (++index[i] < axis.dim) return;
      x_at -= axis.x_stride * axis.dim;
      y_at -= axis.y_stride * axis.dim;
      index[i] = 0;
    }
  }
};

constexpr int64_t kShortRun = 16;  // a call takes longer than fewer elements do

inline void copy_run(const float* x, int64_t x_stride, float* y, int64_t y_stride, int64_t n) {
  if (x_stride == 1 && y_stride == 1 && n >= kShortRun) {
    memcpy(y, x, n * sizeof(float));
  } else if (x_stride == 0 && y_stride == 1) {
    const float value = *x;
    for (int64_t i = 0; i < n; ++i) y[i] = value;
  } else if (x_stride == -1 && y_stride == 1) {
    // By itself, since a stride that is known is walked by whole registers.
    for (int64_t i = 0; i < n; ++i) y[i] = x[-i];
  } else {
    for (int64_t i = 0; i < n; ++i) y[i * y_stride] = x[i * x_stride];
  }
}

// y[q, p] = x[p, q] for p < rows and q < columns, squares of kLanes at a time in registers.
inline void copy_transposed(const float* x, int64_t x_row, float* y, int64_t y_row, int64_t rows, int64_t columns) {
  for (int64_t p = 0; p < rows; p += kLanes) {
    const int height = static_cast<int>(smaller(kLanes, rows - p));
    for (int64_t q = 0; q < columns; q += kLanes) {
      const int width = static_cast<int>(smaller(kLanes, columns - q));
      const float* from = x + p * x_row + q;
      float* to = y + q * y_row + p;
      vf square[kLanes];
      if (height == kLanes && width == kLanes) {
        LANEGRAD_UNROLL for (int i = 0; i < kLanes; ++i) square[i] = load(from + i * x_row);
        transpose(square);
        LANEGRAD_UNROLL for (int i = 0; i < kLanes; ++i) store(to + i * y_row, square[i]);
        continue;
      }
      LANEGRAD_UNROLL for (int i = 0; i < kLanes; ++i) {
        square[i] = i < height ? load_lanes(from + i * x_row, width) : zero();
      }
      transpose(square);
      LANEGRAD_UNROLL for (int i = 0; i < kLanes; ++i) {
        if (i < width) store_lanes(to + i * y_row, square[i], height);
      }
    }
  }
}

// A tile of a transpose, by what y walks without gaps and by what x does. It is turned in memory of its own and leaves it by
// whole rows: where rows lie a power of two apart, the lines of a tile share a few places of the first-level cache, and
// what is written square by square is pushed out before it is whole.
constexpr int64_t kCopyTileRows = 128, kCopyTileColumns = 32;
constexpr int64_t kCopyTilePitch = kCopyTileRows + 16;  // a line more than a power of two, for the same reason

inline void copy_transposed_tile(const float* x, int64_t x_row, float* y, int64_t y_row, int64_t rows,
                                 int64_t columns) {
  alignas(64) float tile[kCopyTileColumns * kCopyTilePitch];
  copy_transposed(x, x_row, tile, kCopyTilePitch, rows, columns);
  for (int64_t q = 0; q < columns; ++q) {
    for_lanes(0, rows, [&](int64_t p, int count) LANEGRAD_INLINE_LAMBDA {
      store_lanes(y + q * y_row + p, load_lanes(tile + q * kCopyTilePitch + p, count), count);
    });
  }
}

inline void copy_strided(const CopyStridedArgs& args, const Parallel& par) {
  CopyLayout outer(args);
  if (outer.empty) return;
  if (outer.rank == 0) {
    *args.y = *args.x;
    return;
  }
  const CopyAxis last = outer.take(outer.rank - 1);
  int straight = -1;  // the axis that x walks without gaps, either way, where it is not the one that y does
  if (last.y_stride == 1 && last.x_stride != 0 && last.x_stride != 1) {
    for (int i = 0; i < outer.rank; ++i) {
      if (outer.axes[i].x_stride == 1 || outer.axes[i].x_stride == -1) straight = i;
    }
  }
  if (straight < 0) {
    const int64_t pieces = ceil_div(last.dim, kTaskElements);
    const int64_t length = smaller(last.dim, kTaskElements);
    for_chunks(par, outer.size() * pieces, length, 1, [&](int64_t from, int64_t to) {
      CopyWalk walk(outer, from / pieces);
      for (int64_t i = from, piece = from % pieces; i < to; ++i) {
        const int64_t at = piece * length;
        copy_run(args.x + walk.x_at + at * last.x_stride, last.x_stride, args.y + walk.y_at + at * last.y_stride,
                 last.y_stride, smaller(length, last.dim - at));
        if (++piece < pieces) continue;
        piece = 0;
        walk.step();
      }
    });
    return;
  }
  CopyAxis column = outer.take(straight);
  const float* x = args.x;
  float* y = args.y;
  if (column.x_stride < 0) {
    // x forwards, and so y backwards.
    x -= column.dim - 1;
    y += (column.dim - 1) * column.y_stride;
    column = {column.dim, 1, -column.y_stride};
  }
  // Tiles of columns begin with a line of x: a line that two squares read would be pushed out in between, as above.
  const int64_t lead = static_cast<int64_t>(reinterpret_cast<uintptr_t>(x) / sizeof(float) % kVirtualLanes);
  const int64_t row_tiles = ceil_div(last.dim, kCopyTileRows);
  const int64_t tiles = row_tiles * ceil_div(lead + column.dim, kCopyTileColumns);
  const int64_t weight = smaller(last.dim, kCopyTileRows) * smaller(column.dim, kCopyTileColumns);
  const auto copy_tile = last.dim < kCopyTileRows ? copy_transposed : copy_transposed_tile;
  for_chunks(par, outer.size() * tiles, weight, 1, [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; ++i) {
      int64_t x_at, y_at;
      outer.locate(i / tiles, x_at, y_at);
      const int64_t p = i % tiles % row_tiles * kCopyTileRows, tile = i % tiles / row_tiles * kCopyTileColumns - lead;
      const int64_t q = larger(0, tile);
      copy_tile(x + x_at + p * last.x_stride + q, last.x_stride, y + y_at + p + q * column.y_stride, column.y_stride,
                smaller(kCopyTileRows, last.dim - p), smaller(tile + kCopyTileColumns, column.dim) - q);
    }
  });
}
