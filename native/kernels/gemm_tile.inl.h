// The register tile of every matrix product: up to kTileRows rows by up to kTileVecs vectors of C stay in registers
// while k ascends, so each element is one chain of fused multiply-adds whatever the tile that it lies in.
//
// The accumulators take about three quarters of the registers where rows are short (AVX2, NEON) and half of them on
// AVX-512, whose 16 chains already cover the latency of two FMA units (4 cycles each).
#pragma once

#include "gemm_sizes.inl.h"

// How a tile meets its operands: a set of flags.
enum TileMode : unsigned {
  kInPlace = 0,   // A (r, k) at a + r·a_step + k; B (k, j) at b + k·b_step + j
  kColumnsA = 1,  // A (r, k) at a + k·a_step + r
  kCopyA = 2,     // A is copied to `copy_a` on the way: rows kPackedRow apart, or columns one after another
  kCopyB = 4,     // B is copied to `packed`, [k, NV·kLanes], on the way
  kFarB = 8,      // B is fetched ahead, and the last vector of its rows read under a mask
};

// C[r, :] = start[r, :] + sum over k of A[r, k]·B[k, :], for one tile.
struct Tile {
  int64_t k;
  const float* a;
  int64_t a_step;
  const float* b;  // rows b_step apart
  int64_t b_step;
  float* packed;
  const float* start;  // null: the sum is stored as it is; a row stride of 0 repeats one row (a bias)
  int64_t start_row;
  float* c;
  int64_t c_row;
  int tail;  // columns in the last vector, 1 to kLanes
  float* copy_a;
  const float* soon;  // null, or what a later tile reads: one place at every k, soon_step apart
  int64_t soon_step;
  bool far_c;  // C lies beyond the second-level cache: fetched while the chain runs
};

using TileFn = void (*)(const Tile&);

template <int NV, int MR, class Body>
LANEGRAD_INLINE void for_tile_rows(const Body& body) {
  LANEGRAD_UNROLL for (int r = 0; r < MR; ++r) { LANEGRAD_UNROLL for (int v = 0; v < NV; ++v) body(r, v); }
}

// Copies a piece of a row of A, or MR values of a column.
LANEGRAD_INLINE void copy_row(const float* from, int count, float* to) {
  LANEGRAD_UNROLL for (int i = 0; i < kCopyRun; i += kLanes) {
    const int lanes = count - i < kLanes ? count - i : kLanes;
    if (lanes > 0) store_lanes(to + i, load_lanes(from + i, lanes), lanes);
  }
}
template <int MR>
LANEGRAD_INLINE void copy_column(const float* from, float* to) {
  LANEGRAD_UNROLL for (int r = 0; r < MR; r += kLanes) {
    const int lanes = MR - r < kLanes ? MR - r : kLanes;
    store_lanes(to + r, load_lanes(from + r, lanes), lanes);
  }
}

template <unsigned kMode, int NV, int MR>
void tile(const Tile& t) {
  constexpr bool kColumns = (kMode & kColumnsA) != 0, kCopiesA = (kMode & kCopyA) != 0;
  constexpr bool kCopiesB = (kMode & kCopyB) != 0, kFar = (kMode & kFarB) != 0;
  // Rows of B that are fetched ahead where it is read in place: strides hide them from the hardware.
  constexpr int kAhead = kFar ? kFarFloats / (NV * kLanes) : kCopyAhead;
  vf acc[MR][NV];
  LANEGRAD_UNROLL for (int r = 0; r < MR; ++r) { LANEGRAD_UNROLL for (int v = 0; v < NV; ++v) acc[r][v] = zero(); }
  // Read once: the compiler must assume that a store changes t.
  const float* a = t.a;
  const float* b = t.b;
  const float* soon = t.soon == nullptr ? b : t.soon;
  float* packed = t.packed;
  float* copy_a = t.copy_a;
  float* c = t.c;
  const int64_t a_step = t.a_step, b_step = t.b_step, c_row = t.c_row, soon_step = t.soon == nullptr ? 0 : t.soon_step;
  const int tail = t.tail;
  if (t.far_c) {
    for (int r = 0; r < MR; ++r) {
      for (int v = 0; v < NV; ++v) prefetch(c + r * c_row + v * kLanes);
      prefetch(c + r * c_row + NV * kLanes - 1);  // rows seldom begin with a cache line
    }
  }
  const auto step = [&]() LANEGRAD_INLINE_LAMBDA {
    vf panel[NV];
    LANEGRAD_UNROLL for (int v = 0; v < NV; ++v) {
      panel[v] = kFar && kMaskedLoads && v == NV - 1 ? load_tail(b + v * kLanes, tail) : load(b + v * kLanes);
      if constexpr (kCopiesB || kFar) prefetch(b + kAhead * b_step + v * kLanes + kLanes - 1);
      if constexpr (kCopiesB) store(packed + v * kLanes, panel[v]);
    }
    if constexpr (!kFar) {
      prefetch(soon);
      soon += soon_step;
    }
    if constexpr (kCopiesA && kColumns) {
      prefetch(a + 2 * MR);
      copy_column<MR>(a, copy_a);
      copy_a += MR;
    }
    // Beside the panel of B, columns of A that are packed have no room in the first-level cache.
    if constexpr (kColumns && !kCopiesA && !kFar) prefetch(a + kColumnsAhead * MR);
    LANEGRAD_UNROLL for (int r = 0; r < MR; ++r) {
      const vf x = bcast(kColumns ? a + r : a + r * a_step);
      LANEGRAD_UNROLL for (int v = 0; v < NV; ++v) acc[r][v] = fma(x, panel[v], acc[r][v]);
    }
    a += kColumns ? a_step : 1;
    b += b_step;
    if constexpr (kCopiesB) packed += NV * kLanes;
  };
  if constexpr (kCopiesA && !kColumns) {
    for (int64_t left = t.k; left > 0; left -= kCopyRun) {
      const int run = left < kCopyRun ? static_cast<int>(left) : kCopyRun;
      for (int r = 0; r < MR; ++r) copy_row(a + r * a_step, run, copy_a + r * kPackedRow);
      copy_a += run;
      for (int k = run; k > 0; --k) step();
    }
  } else {
    for (int64_t k = t.k; k > 0; --k) step();
  }
  const float* start = t.start;
  const int64_t start_row = t.start_row;
  if (tail < kLanes) {
    for_tile_rows<NV, MR>([&](int r, int v) LANEGRAD_INLINE_LAMBDA {
      const int lanes = v < NV - 1 ? kLanes : tail;
      const int at = v * kLanes;
      const vf sum = start == nullptr ? acc[r][v] : load_lanes(start + r * start_row + at, lanes) + acc[r][v];
      store_lanes(c + r * c_row + at, sum, lanes);
    });
  } else if (start == nullptr) {
    for_tile_rows<NV, MR>([&](int r, int v) LANEGRAD_INLINE_LAMBDA { store(c + r * c_row + v * kLanes, acc[r][v]); });
  } else {
    for_tile_rows<NV, MR>([&](int r, int v) LANEGRAD_INLINE_LAMBDA {
      store(c + r * c_row + v * kLanes, load(start + r * start_row + v * kLanes) + acc[r][v]);
    });
  }
}

template <unsigned kMode, int NV, int MR = kTileRows>
TileFn tile_of_rows(int rows) {
  if constexpr (MR > 1) {
    if (rows < MR) return tile_of_rows<kMode, NV, MR - 1>(rows);
  }
  return tile<kMode, NV, MR>;
}
template <unsigned kMode, int NV = kTileVecs>
TileFn tile_of(int rows, int vecs) {
  if constexpr (NV > 1) {
    if (vecs < NV) return tile_of<kMode, NV - 1>(rows, vecs);
  }
  return tile_of_rows<kMode, NV>(rows);
}

// Few rows against a B that is read in place: as many vectors side by side as the registers allow.
template <unsigned kMode, int MR, int NV = thin_vectors(MR)>
TileFn thin_tile_of_vectors(int vecs) {
  if constexpr (NV > 1) {
    if (vecs < NV) return thin_tile_of_vectors<kMode, MR, NV - 1>(vecs);
  }
  return tile<kMode, NV, MR>;
}
template <unsigned kMode, int MR = kTileRows>
TileFn thin_tile_of(int rows, int vecs) {
  if constexpr (MR > 1) {
    if (rows < MR) return thin_tile_of<kMode, MR - 1>(rows, vecs);
  }
  return thin_tile_of_vectors<kMode, MR>(vecs);
}

// Cuts `rows` rows into the fewest tiles of nearly equal height: a last tile of one row would cost as much as a full
// one, because its few chains wait for each other.
struct RowTiles {
  int64_t count, short_height, tall;  // the first `tall` tiles have one row more than short_height

  explicit RowTiles(int64_t rows, int tallest = kTileRows)
      : count((rows + tallest - 1) / tallest),
        short_height(count == 0 ? 0 : rows / count),
        tall(count == 0 ? 0 : rows % count) {}
  int height(int64_t i) const { return static_cast<int>(short_height + (i < tall ? 1 : 0)); }
  int64_t first_row(int64_t i) const { return i * short_height + (i < tall ? i : tall); }
};
