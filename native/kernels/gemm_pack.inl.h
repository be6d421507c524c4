// Packing for matrix products: panels of B, zero-padded to whole vectors, and tiles of a transposed A. A packed copy
// is read in order, which the caches and the address translation like, and it has no edges.
#pragma once

// rows·depth floats at src (row r at src + r·ld) become dst[d·dst_row + r] for r < kLanes; missing rows read as 0.
LANEGRAD_INLINE void pack_transposed(const float* src, int64_t ld, int rows, int64_t depth, float* dst,
                                     int64_t dst_row) {
  for (int64_t d = 0; d < depth; d += kLanes) {
    const int width = depth - d < kLanes ? static_cast<int>(depth - d) : kLanes;
    vf square[kLanes];
    if (rows == kLanes && width == kLanes) {
      LANEGRAD_UNROLL for (int r = 0; r < kLanes; ++r) square[r] = load(src + r * ld + d);
    } else {
      for (int r = 0; r < kLanes; ++r) {
        if (r >= rows) square[r] = zero();
        else square[r] = width == kLanes ? load(src + r * ld + d) : load_tail(src + r * ld + d, width);
      }
    }
    transpose(square);
    if (width == kLanes) {
      LANEGRAD_UNROLL for (int c = 0; c < kLanes; ++c) store(dst + (d + c) * dst_row, square[c]);
    } else {
      for (int c = 0; c < width; ++c) store(dst + (d + c) * dst_row, square[c]);
    }
  }
}

// Rows d0 to d1 of a strip of a row-major B (row d0 at src), cut into panels that follow each other:
// dst[panel][d][column], panels `depth` rows long and kPanel wide, the last one whole vectors. Row by row, so that memory
// is read in runs as long as the strip is wide.
inline void pack_straight(const float* src, int64_t ld, int64_t columns, int64_t d0, int64_t d1, int64_t depth,
                          float* dst) {
  constexpr int kAhead = 4;  // rows; a run is too short for the hardware to foresee the next one
  const int64_t full = columns / kPanel;
  const int rest = static_cast<int>(columns % kPanel);
  const int rest_width = (rest + kLanes - 1) / kLanes * kLanes;
  float* rest_panel = dst + full * depth * kPanel;
  for (int64_t d = d0; d < d1; ++d, src += ld) {
    const float* row = src;
    const float* ahead = d + kAhead < d1 ? src + kAhead * ld : src;
    float* out = dst + d * kPanel;
    for (int64_t j = 0; j < full; ++j) {
      LANEGRAD_UNROLL for (int v = 0; v < kTileVecs; ++v) {
        prefetch(ahead + v * kLanes);
        store(out + v * kLanes, load(row + v * kLanes));
      }
      row += kPanel;
      ahead += kPanel;
      out += depth * kPanel;
    }
    for (int v = 0; v < rest_width; v += kLanes) {
      const int left = rest - v;
      store(rest_panel + d * rest_width + v, left < kLanes ? load_tail(row + v, left) : load(row + v));
    }
  }
}

// A group of neighbouring rows of a transposed A (row-major [k, m]): dst[d·rows + r].
inline void pack_rows(const float* src, int64_t ld, int rows, int64_t depth, float* dst) {
  constexpr int kAhead = 8;
  for (int64_t d = 0; d < depth; ++d, src += ld, dst += rows) {
    prefetch(d + kAhead < depth ? src + kAhead * ld : src);
    int r = 0;
    for (; r + kLanes <= rows; r += kLanes) store(dst + r, load(src + r));
    if (r < rows) store_tail(dst + r, load_tail(src + r, rows - r), rows - r);
  }
}
