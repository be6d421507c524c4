// What a part of a convolution's outputs sees of its input: a copy with the zeros of the padding around it, in which
// every output reads at fixed distances and neighbouring outputs lie side by side, whatever the stride.
#pragma once

// A grid of outputs over the planes of one image and group. Output (y, x) meets tap (i, j) at the input's
// (origin_y + y·step_y + at_y[i], origin_x + x·step_x + at_x[j]); the taps lie in [0, reach].
struct TapGrid {
  int64_t channels, height, width;
  int64_t rows, columns;
  int64_t step_y, step_x, origin_y, origin_x;
  int64_t taps_y, taps_x;
  const int64_t* at_y;
  const int64_t* at_x;
  int64_t reach_y, reach_x;

  int64_t taps() const { return taps_y * taps_x; }
  int64_t depth() const { return channels * taps(); }
  int64_t positions() const { return rows * columns; }
};

// A rectangle of the grid: whole rows, or a piece of one row.
struct Region {
  int64_t row, rows, column, columns;

  int64_t positions() const { return rows * columns; }
};

// How a grid is cut into regions.
struct RegionPlan {
  int64_t row_step, column_step, row_count, column_count;

  RegionPlan(const TapGrid& g, int64_t rows, int64_t columns)
      : row_step(rows), column_step(columns), row_count(ceil_div(g.rows, rows)),
        column_count(ceil_div(g.columns, columns)) {}
  int64_t count() const { return row_count * column_count; }
  Region region(const TapGrid& g, int64_t i) const {
    const int64_t row = i / column_count * row_step, column = i % column_count * column_step;
    return {row, smaller(row_step, g.rows - row), column, smaller(column_step, g.columns - column)};
  }
};

// Element (channel, tap (i, j)) of the output at the region's (y, x) is data[channel·plane + tap + y·step_y·row + x].
struct Window {
  const float* data;
  int64_t plane, row;
};

// With a stride along x each column of taps has rows of its own, so that outputs lie side by side.
LANEGRAD_INLINE bool splits_columns(const TapGrid& g) { return g.step_x > 1; }
inline int64_t window_row(const TapGrid& g, int64_t columns) {
  return splits_columns(g) ? g.taps_x * columns : columns + g.reach_x;
}
inline int64_t window_height(const TapGrid& g, int64_t rows) { return (rows - 1) * g.step_y + g.reach_y + 1; }
constexpr int64_t kWindowSlack = 4 * kLanes;  // whole vectors may be read from any place
inline int64_t window_floats(const TapGrid& g, int64_t channels, int64_t rows, int64_t columns) {
  return channels * window_height(g, rows) * window_row(g, columns) + kWindowSlack;
}

// Floats of a window that is to stay in a second-level cache beside the other operands.
constexpr int64_t kWindowFloats = 65536;

// Rows of a region whose window fits; `unit` rows belong together.
inline int64_t rows_that_fit(const TapGrid& g, int64_t channels, int64_t columns, int64_t unit) {
  const int64_t most = kWindowFloats / larger(1, channels * window_row(g, columns));
  const int64_t rows = (most - g.reach_y - 1) / g.step_y + 1;
  return smaller(ceil_div(g.rows, unit) * unit, larger(unit, rows / unit * unit));
}
inline int64_t columns_that_fit(const TapGrid& g, int64_t channels, int64_t unit) {
  const int64_t most = kWindowFloats / larger(1, channels * (g.reach_y + 1));
  const int64_t columns = splits_columns(g) ? most / g.taps_x : most - g.reach_x;
  return smaller(ceil_div(g.columns, unit) * unit, larger(unit, columns / unit * unit));
}

inline void tap_offsets(const TapGrid& g, const Window& window, int64_t columns, int64_t* offsets) {
  for (int64_t i = 0; i < g.taps_y; ++i) {
    for (int64_t j = 0; j < g.taps_x; ++j) {
      *offsets++ = g.at_y[i] * window.row + (splits_columns(g) ? j * columns : g.at_x[j]);
    }
  }
}

LANEGRAD_INLINE void copy_run(float* to, const float* from, int64_t n) {
  for_lanes(0, n, [&](int64_t i, int count) LANEGRAD_INLINE_LAMBDA {
    store_lanes(to + i, load_lanes(from + i, count), count);
  });
}
LANEGRAD_INLINE void zero_run(float* to, int64_t n) {
  for_lanes(0, n, [&](int64_t i, int count) LANEGRAD_INLINE_LAMBDA { store_lanes(to + i, zero(), count); });
}

// n elements of `from`, 2 apart: 2n − 1 are read.
inline void copy_evens(float* to, const float* from, int64_t n) {
  for_lanes(0, n, [&](int64_t i, int count) LANEGRAD_INLINE_LAMBDA {
    vf even, odd;
    load_pairs(from + 2 * i, 2 * count - 1, even, odd);
    store_lanes(to + i, even, count);
  });
}

// One row of a window: columns of the grid from `first` on, of an input row or (null) of zeros.
inline void fill_row(const TapGrid& g, const float* input, int64_t first, int64_t columns, float* to) {
  if (input == nullptr) return zero_run(to, window_row(g, columns));
  const int64_t runs = splits_columns(g) ? g.taps_x : 1;
  const int64_t length = splits_columns(g) ? columns : columns + g.reach_x;
  for (int64_t j = 0; j < runs; ++j, to += length) {
    const int64_t start = g.origin_x + first * g.step_x + (splits_columns(g) ? g.at_x[j] : 0);
    const int64_t low = start >= 0 ? 0 : smaller(length, ceil_div(-start, g.step_x));
    const int64_t high = start >= g.width ? low : larger(low, smaller(length, ceil_div(g.width - start, g.step_x)));
    const float* from = input + start;
    zero_run(to, low);
    if (g.step_x == 1) copy_run(to + low, from + low, high - low);
    else if (g.step_x == 2) copy_evens(to + low, from + 2 * low, high - low);
    else for (int64_t x = low; x < high; ++x) to[x] = from[x * g.step_x];
    zero_run(to + high, length - high);
  }
}

// The window of a region over `channels` channels from `input` on. Where no padding and no stride is met, and whole
// vectors may be read up to `end`, it is the input itself; else it is filled into `buffer`.
inline Window open_window(const TapGrid& g, const Region& r, int64_t channels, const float* input, const float* end,
                          float* buffer) {
  const int64_t top = g.origin_y + r.row * g.step_y, left = g.origin_x + r.column * g.step_x;
  const int64_t height = window_height(g, r.rows);
  const bool inside = top >= 0 && left >= 0 && top + height <= g.height && left + r.columns + g.reach_x <= g.width;
  const int64_t plane = g.height * g.width;
  if (inside && !splits_columns(g) && channels > 0) {
    const int64_t last = (channels - 1) * plane + (top + height - 1) * g.width + left + r.columns + g.reach_x;
    if (last + kWindowSlack <= end - input) return {input + top * g.width + left, plane, g.width};
  }
  const int64_t row = window_row(g, r.columns);
  float* to = buffer;
  for (int64_t c = 0; c < channels; ++c) {
    for (int64_t y = 0; y < height; ++y, to += row) {
      if (g.taps_y == 1 && y % g.step_y != 0) continue;  // a row that no output meets
      const bool met = top + y >= 0 && top + y < g.height;
      fill_row(g, met ? input + c * plane + (top + y) * g.width : nullptr, r.column, r.columns, to);
    }
  }
  return {buffer, height * row, row};
}

inline int64_t aligned_floats(int64_t floats) { return ceil_div(floats, 16) * 16; }

// The places of the taps of a forward convolution, kernel rows and then columns.
inline void forward_taps(const ConvDims& d, int64_t* at) {
  for (int64_t i = 0; i < d.kernel_height; ++i) at[i] = i * d.dilation_y;
  for (int64_t j = 0; j < d.kernel_width; ++j) at[d.kernel_height + j] = j * d.dilation_x;
}
inline TapGrid forward_grid(const ConvDims& d, const int64_t* at) {
  TapGrid g{};
  g.channels = d.in_channels / d.groups;
  g.height = d.in_height;
  g.width = d.in_width;
  g.rows = d.out_height;
  g.columns = d.out_width;
  g.step_y = d.stride_y;
  g.step_x = d.stride_x;
  g.origin_y = -d.pad_top;
  g.origin_x = -d.pad_left;
  g.taps_y = d.kernel_height;
  g.taps_x = d.kernel_width;
  g.at_y = at;
  g.at_x = at == nullptr ? nullptr : at + d.kernel_height;
  g.reach_y = (d.kernel_height - 1) * d.dilation_y;
  g.reach_x = (d.kernel_width - 1) * d.dilation_x;
  return g;
}
// Floats that hold the places of all taps.
inline int64_t taps_floats(const ConvDims& d) { return aligned_floats(2 * (d.kernel_height + d.kernel_width)); }
