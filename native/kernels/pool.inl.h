// Max pooling and its gradient. Windows that lie inside their row are compared a vector at a time; those at an edge
// one by one.
#pragma once

#include "lanes.inl.h"
#include "split.inl.h"

// The elements of a window along one axis that lie inside: first to end of the kernel's elements.
struct Inside {
  int64_t first, end;

  Inside(int64_t start, int64_t size, int64_t kernel, int64_t dilation)
      : first(start >= 0 ? 0 : smaller(kernel, ceil_div(-start, dilation))),
        end(start >= size ? first : larger(first, smaller(kernel, ceil_div(size - start, dilation)))) {}
};

// Takes the elements of v, at `place` on of their plane, into the running largest: a larger one, or a NaN.
LANEGRAD_INLINE void take_larger(vf v, vi place, vf& largest, vi& chosen) {
  const vm take = gt(v, largest) | is_nan(v);
  largest = select(take, v, largest);
  chosen = select(take, place, chosen);
}

// One window, of a plane at x.
inline void pool_window(const PoolDims& d, const float* x, int64_t top, const Inside& rows, int64_t left, float* y,
                        int32_t* index) {
  const Inside columns(left, d.in_width, d.kernel_width, d.dilation_x);
  float largest = -INFINITY;
  int64_t place = -1;
  for (int64_t i = rows.first; i < rows.end; ++i) {
    for (int64_t j = columns.first; j < columns.end; ++j) {
      const int64_t at = (top + i * d.dilation_y) * d.in_width + left + j * d.dilation_x;
      if (place < 0 || x[at] > largest || x[at] != x[at]) {
        largest = x[at];
        place = at;
      }
    }
  }
  *y = largest;
  if (index != nullptr) *index = static_cast<int32_t>(place);
}

LANEGRAD_INLINE void store_places(int32_t* p, vi places, int count) {
  if (count == kLanes) return storei(p, places);
  int32_t all[kLanes];
  storei(all, places);
  memcpy(p, all, static_cast<size_t>(count) * sizeof *p);
}

// 0, step, 2·step, …
LANEGRAD_INLINE vi steps_of(int32_t step) {
  int32_t all[kLanes];
  for (int i = 0; i < kLanes; ++i) all[i] = i * step;
  return loadi(all);
}

// `count` windows side by side, inside their row, kStep apart; `at` is the place of the first element of the first.
template <int kStep>
LANEGRAD_INLINE void pool_lanes(const PoolDims& d, const float* x, int64_t at, const Inside& rows, int count, float* y,
                                int32_t* indices) {
  const vi steps = steps_of(kStep);
  vf largest = set1(-INFINITY);
  const int64_t down = d.dilation_y * d.in_width;
  vi chosen = steps + set1i(static_cast<int32_t>(at + rows.first * down));
  for (int64_t i = rows.first; i < rows.end; ++i) {
    const int64_t row = at + i * down;
    int64_t j = 0;
    // Neighbours come out of one load by pairs.
    for (; kStep == 2 && d.dilation_x == 1 && j + 1 < d.kernel_width; j += 2) {
      vf even, odd;
      load_pairs(x + row + j, 2 * count, even, odd);
      const vi place = steps + set1i(static_cast<int32_t>(row + j));
      take_larger(even, place, largest, chosen);
      take_larger(odd, place + set1i(1), largest, chosen);
    }
    for (; j < d.kernel_width; ++j) {
      const int64_t from = row + j * d.dilation_x;
      vf v, odd;
      if (kStep == 2) load_pairs(x + from, 2 * count - 1, v, odd);
      else v = load_lanes(x + from, count);
      take_larger(v, steps + set1i(static_cast<int32_t>(from)), largest, chosen);
    }
  }
  store_lanes(y, largest, count);
  if (indices != nullptr) store_places(indices, chosen, count);
}

inline void pool_row(const PoolDims& d, const float* x, int64_t row, float* y, int32_t* indices) {
  const int64_t top = row * d.stride_y - d.pad_top;
  const Inside rows(top, d.in_height, d.kernel_height, d.dilation_y);
  const int64_t reach = (d.kernel_width - 1) * d.dilation_x;
  // The windows [low, high) lie inside the row.
  int64_t low = smaller(d.out_width, ceil_div(d.pad_left, d.stride_x));
  const int64_t room = d.in_width + d.pad_left - reach;
  int64_t high = room <= 0 ? low : larger(low, smaller(d.out_width, ceil_div(room, d.stride_x)));
  if (d.stride_x > 2 || rows.first == rows.end) high = low;
  const auto one = [&](int64_t i) {
    pool_window(d, x, top, rows, i * d.stride_x - d.pad_left, y + i, indices == nullptr ? nullptr : indices + i);
  };
  for (int64_t i = 0; i < low; ++i) one(i);
  for_lanes(low, high, [&](int64_t i, int count) {
    const int64_t at = top * d.in_width + i * d.stride_x - d.pad_left;
    int32_t* places = indices == nullptr ? nullptr : indices + i;
    if (d.stride_x == 1) pool_lanes<1>(d, x, at, rows, count, y + i, places);
    else pool_lanes<2>(d, x, at, rows, count, y + i, places);
  });
  for (int64_t i = high; i < d.out_width; ++i) one(i);
}

inline void max_pool2d(const MaxPool2dArgs& args, const Parallel& par) {
  const PoolDims& d = args.dims;
  const int64_t work = d.out_width * d.kernel_height * d.kernel_width;
  for_chunks(par, d.planes * d.out_height, work, 1, [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; ++i) {
      pool_row(d, args.x + i / d.out_height * d.in_height * d.in_width, i % d.out_height, args.y + i * d.out_width,
               args.indices == nullptr ? nullptr : args.indices + i * d.out_width);
    }
  });
}

// Windows of 2 by 2 that share no element and lie inside: each element is written once, with dy or 0.
inline bool parts_in_squares(const PoolDims& d) {
  return d.kernel_height == 2 && d.kernel_width == 2 && d.stride_y == 2 && d.stride_x == 2 && d.dilation_y == 1 &&
         d.dilation_x == 1 && d.pad_top == 0 && d.pad_left == 0 && 2 * d.out_height <= d.in_height &&
         2 * d.out_width <= d.in_width;
}

inline void spread_squares(const PoolDims& d, const float* dy, const int32_t* indices, float* dx) {
  const vi steps = steps_of(2), one = set1i(1);
  for (int64_t y = 0; y < d.out_height; ++y) {
    float* row = dx + 2 * y * d.in_width;
    for_lanes(0, d.out_width, [&](int64_t i, int count) LANEGRAD_INLINE_LAMBDA {
      int32_t all[kLanes];
      vi chosen;
      if (count == kLanes) {
        chosen = loadi(indices + y * d.out_width + i);
      } else {
        memcpy(all, indices + y * d.out_width + i, static_cast<size_t>(count) * sizeof *indices);
        for (int l = count; l < kLanes; ++l) all[l] = -1;
        chosen = loadi(all);
      }
      const vf v = load_lanes(dy + y * d.out_width + i, count);
      vi place = steps + set1i(static_cast<int32_t>(2 * y * d.in_width + 2 * i));
      for (int half = 0; half < 2; ++half) {
        store_pairs(row + half * d.in_width + 2 * i, select(eq(chosen, place), v, zero()),
                    select(eq(chosen, place + one), v, zero()), 2 * count);
        place = place + set1i(static_cast<int32_t>(d.in_width));
      }
    });
    for (int64_t x = 2 * d.out_width; x < d.in_width; ++x) row[x] = row[d.in_width + x] = 0.0f;
  }
  for (float* rest = dx + 2 * d.out_height * d.in_width; rest < dx + d.in_height * d.in_width; ++rest) *rest = 0.0f;
}

inline void max_pool2d_backward(const MaxPool2dBackwardArgs& args, const Parallel& par) {
  const PoolDims& d = args.dims;
  const int64_t size = d.in_height * d.in_width, windows = d.out_height * d.out_width;
  const bool squares = parts_in_squares(d);
  for_chunks(par, d.planes, size + windows, 1, [&](int64_t from, int64_t to) {
    for (int64_t plane = from; plane < to; ++plane) {
      const float* dy = args.dy + plane * windows;
      const int32_t* indices = args.indices + plane * windows;
      float* dx = args.dx + plane * size;
      if (squares) {
        spread_squares(d, dy, indices, dx);
        continue;
      }
      memset(dx, 0, static_cast<size_t>(size) * sizeof *dx);
      for (int64_t i = 0; i < windows; ++i) {
        if (indices[i] >= 0 && indices[i] < size) dx[indices[i]] += dy[i];
      }
    }
  });
}
