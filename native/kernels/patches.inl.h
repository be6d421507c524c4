// The patches that windows see of planes, laid out as columns (im2col), and columns added back to their places (col2im).
#pragma once

#include "lanes.inl.h"
#include "split.inl.h"

// The windows of one output row whose element (ky, kx) lies inside the input: [low, high), and where the first one is.
struct PatchRow {
  int64_t row, low, high, first;

  PatchRow(const PoolDims& d, int64_t ky, int64_t kx, int64_t out_row) : row(out_row * d.stride_y - d.pad_top + ky * d.dilation_y) {
    const int64_t offset = kx * d.dilation_x - d.pad_left;
    const bool inside = row >= 0 && row < d.in_height;
    low = !inside ? d.out_width : offset >= 0 ? 0 : smaller(d.out_width, ceil_div(-offset, d.stride_x));
    high = offset >= d.in_width ? low : larger(low, smaller(d.out_width, ceil_div(d.in_width - offset, d.stride_x)));
    first = row * d.in_width + offset;
  }
};

inline void im2col(const PatchArgs& args, const Parallel& par) {
  const PoolDims& d = args.dims;
  const int64_t taps = d.kernel_height * d.kernel_width, windows = d.out_height * d.out_width;
  for_chunks(par, d.planes * taps, windows, 1, [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; ++i) {
      const float* x = args.from + i / taps * d.in_height * d.in_width;
      for (int64_t y = 0; y < d.out_height; ++y) {
        const PatchRow p(d, i % taps / d.kernel_width, i % d.kernel_width, y);
        float* column = args.to + i * windows + y * d.out_width;
        for (int64_t j = 0; j < p.low; ++j) column[j] = 0.0f;
        for_lanes(p.low, p.high, [&](int64_t j, int count) LANEGRAD_INLINE_LAMBDA {
          const float* source = x + p.first + j * d.stride_x;
          if (d.stride_x == 1) return store_lanes(column + j, load_lanes(source, count), count);
          vf even, odd;
          if (d.stride_x == 2) {
            load_pairs(source, 2 * count - 1, even, odd);
            return store_lanes(column + j, even, count);
          }
          for (int l = 0; l < count; ++l) column[j + l] = source[l * d.stride_x];
        });
        for (int64_t j = p.high; j < d.out_width; ++j) column[j] = 0.0f;
      }
    }
  });
}

inline void col2im(const PatchArgs& args, const Parallel& par) {
  const PoolDims& d = args.dims;
  const int64_t taps = d.kernel_height * d.kernel_width, windows = d.out_height * d.out_width;
  const int64_t size = d.in_height * d.in_width;
  for_chunks(par, d.planes, size + taps * windows, 1, [&](int64_t from, int64_t to) {
    for (int64_t plane = from; plane < to; ++plane) {
      float* x = args.to + plane * size;
      memset(x, 0, static_cast<size_t>(size) * sizeof *x);
      for (int64_t tap = 0; tap < taps; ++tap) {
        for (int64_t y = 0; y < d.out_height; ++y) {
          const PatchRow p(d, tap / d.kernel_width, tap % d.kernel_width, y);
          const float* column = args.from + (plane * taps + tap) * windows + y * d.out_width;
          if (d.stride_x == 1) {
            for_lanes(p.low, p.high, [&](int64_t j, int count) LANEGRAD_INLINE_LAMBDA {
              float* place = x + p.first + j;
              store_lanes(place, load_lanes(place, count) + load_lanes(column + j, count), count);
            });
          } else {
            for (int64_t j = p.low; j < p.high; ++j) x[p.first + j * d.stride_x] += column[j];
          }
        }
      }
    }
  });
}
