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
      load_transposed(src + d, ld, square);
    } else {
      for (int r = 0; r < kLanes; ++r) {
        if (r >= rows) square[r] = zero();
        else square[r] = width == kLanes ? load(src + r * ld + d) : load_tail(src + r * ld + d, width);
      }
      transpose(square);
    }
    if (width == kLanes) {
      LANEGRAD_UNROLL for (int c = 0; c < kLanes; ++c) store(dst + (d + c) * dst_row, square[c]);
    } else {
      for (int c = 0; c < width; ++c) store(dst + (d + c) * dst_row, square[c]);
    }
  }
}

// A panel of a row-major B, at most kPanel columns wide: dst[d·width + j], width in whole vectors.
inline void pack_straight(const float* src, int64_t ld, int64_t columns, int64_t depth, float* dst) {
  constexpr int kAhead = 8;
  for (int64_t d = 0; d < depth; ++d, src += ld) {
    for (int64_t v = 0; v < columns; v += kLanes, dst += kLanes) {
      prefetch(src + kAhead * ld + v);
      store(dst, load_lanes(src + v, static_cast<int>(smaller(kLanes, columns - v))));
    }
  }
}
