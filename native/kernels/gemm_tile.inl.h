// The register tile of every matrix product: up to kTileRows rows by up to kTileVecs vectors of C stay in registers
// while k ascends, so each element is one chain of fused multiply-adds whatever the tile that it lies in.
//
// The accumulators take about three quarters of the registers where rows are short (AVX2, NEON) and half of them on
// AVX-512, whose 16 chains already cover the latency of two FMA units (4 cycles each).
#pragma once

constexpr int kTileVecs = kLanes == 4 && kFma ? 3 : 2;
constexpr int kTileRows = kLanes == 16 ? 8 : kLanes == 8 ? 6 : kFma ? 8 : 4;
constexpr int kPanel = kTileVecs * kLanes;  // columns of a packed panel of B

// C[r, :] = start[r, :] + sum over k of A[r, k]·panel[k, :], for one tile. A (r, k) lies at a + r·a_step + k where A is
// read in place, and at a + k·a_step + r where it is packed.
struct Tile {
  int64_t k;
  const float* a;
  int64_t a_step;
  const float* panel;  // [k, NV·kLanes], rows panel_row apart
  int64_t panel_row;
  const float* start;  // null: the sum is stored as it is; a row stride of 0 repeats one row (a bias)
  int64_t start_row;
  float* c;
  int64_t c_row;
  int tail;  // columns in the last vector, 1 to kLanes
};

using TileFn = void (*)(const Tile&);

template <bool kPackedA, int NV, int MR> void tile(const Tile& t) {
  vf acc[MR][NV];
  LANEGRAD_UNROLL for (int r = 0; r < MR; ++r) {
    LANEGRAD_UNROLL for (int v = 0; v < NV; ++v) acc[r][v] = zero();
  }
  const float* a = t.a;
  const float* b = t.panel;
  const int64_t a_step = t.a_step, panel_row = t.panel_row;
  for (int64_t k = t.k; k > 0; --k) {
    vf panel[NV];
    LANEGRAD_UNROLL for (int v = 0; v < NV; ++v) panel[v] = load(b + v * kLanes);
    LANEGRAD_UNROLL for (int r = 0; r < MR; ++r) {
      const vf x = bcast(kPackedA ? a + r : a + r * a_step);
      LANEGRAD_UNROLL for (int v = 0; v < NV; ++v) acc[r][v] = fma(x, panel[v], acc[r][v]);
    }
    a += kPackedA ? a_step : 1;
    b += panel_row;
  }
  const int tail = t.tail;
  LANEGRAD_UNROLL for (int r = 0; r < MR; ++r) {
    const float* start = t.start == nullptr ? nullptr : t.start + r * t.start_row;
    float* c = t.c + r * t.c_row;
    LANEGRAD_UNROLL for (int v = 0; v < NV; ++v) {
      const int at = v * kLanes;
      if (v < NV - 1 || tail == kLanes) {
        store(c + at, start == nullptr ? acc[r][v] : load(start + at) + acc[r][v]);
      } else {
        store_tail(c + at, start == nullptr ? acc[r][v] : load_tail(start + at, tail) + acc[r][v], tail);
      }
    }
  }
}

template <bool kPackedA, int NV, int MR = kTileRows> TileFn tile_of_rows(int rows) {
  if constexpr (MR > 1) {
    if (rows < MR) return tile_of_rows<kPackedA, NV, MR - 1>(rows);
  }
  return tile<kPackedA, NV, MR>;
}
template <bool kPackedA, int NV = kTileVecs> TileFn tile_of(int rows, int vecs) {
  if constexpr (NV > 1) {
    if (vecs < NV) return tile_of<kPackedA, NV - 1>(rows, vecs);
  }
  return tile_of_rows<kPackedA, NV>(rows);
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
};
