// The register tile of every matrix product: up to kTileRows rows by up to kTileVecs vectors of C stay in registers
// while k ascends, so each element is one chain of fused multiply-adds whatever the tile that it lies in.
//
// The accumulators take about three quarters of the registers where rows are short (AVX2, NEON) and half of them on
// AVX-512, whose 16 chains already cover the latency of two FMA units (4 cycles each).
#pragma once

constexpr int kTileVecs = kLanes == 4 && kFma ? 3 : 2;
constexpr int kTileRows = kLanes == 16 ? 8 : kLanes == 8 ? 6 : kFma ? 8 : 4;
constexpr int kPanel = kTileVecs * kLanes;  // columns of a packed panel of B

// How a tile meets its operands.
enum class TileMode {
  kInPlace,  // A (r, k) at a + r·a_step + k; B packed
  kPackedA,  // A (r, k) at a + k·a_step + r; B packed
  kCopyB,    // A as in kInPlace; B in place, rows b_step apart, and copied to `packed` on the way
  kPackedACopyB,
};
constexpr bool packs_a(TileMode mode) { return mode == TileMode::kPackedA || mode == TileMode::kPackedACopyB; }
constexpr bool copies_b(TileMode mode) { return mode == TileMode::kCopyB || mode == TileMode::kPackedACopyB; }

// C[r, :] = start[r, :] + sum over k of A[r, k]·B[k, :], for one tile.
struct Tile {
  int64_t k;
  const float* a;
  int64_t a_step;
  const float* b;  // rows b_step apart
  int64_t b_step;
  float* packed;       // [k, NV·kLanes]
  const float* start;  // null: the sum is stored as it is; a row stride of 0 repeats one row (a bias)
  int64_t start_row;
  float* c;
  int64_t c_row;
  int tail;  // columns in the last vector, 1 to kLanes
};

using TileFn = void (*)(const Tile&);

template <int NV, int MR, class Body>
LANEGRAD_INLINE void for_tile_rows(const Body& body) {
  LANEGRAD_UNROLL for (int r = 0; r < MR; ++r) { LANEGRAD_UNROLL for (int v = 0; v < NV; ++v) body(r, v); }
}

template <TileMode kMode, int NV, int MR>
void tile(const Tile& t) {
  // Rows of B that are fetched ahead where it is read in place: strides hide them from the hardware.
  constexpr int kAhead = 8;
  vf acc[MR][NV];
  LANEGRAD_UNROLL for (int r = 0; r < MR; ++r) { LANEGRAD_UNROLL for (int v = 0; v < NV; ++v) acc[r][v] = zero(); }
  const float* a = t.a;
  const float* b = t.b;
  float* packed = t.packed;
  const int64_t a_step = t.a_step, b_step = t.b_step;
  for (int64_t k = t.k; k > 0; --k) {
    vf panel[NV];
    LANEGRAD_UNROLL for (int v = 0; v < NV; ++v) {
      panel[v] = load(b + v * kLanes);
      if constexpr (copies_b(kMode)) {
        prefetch(b + kAhead * b_step + v * kLanes);
        if (v == NV - 1) prefetch(b + kAhead * b_step + NV * kLanes - 1);
        store(packed + v * kLanes, panel[v]);
      }
    }
    LANEGRAD_UNROLL for (int r = 0; r < MR; ++r) {
      const vf x = bcast(packs_a(kMode) ? a + r : a + r * a_step);
      LANEGRAD_UNROLL for (int v = 0; v < NV; ++v) acc[r][v] = fma(x, panel[v], acc[r][v]);
    }
    a += packs_a(kMode) ? a_step : 1;
    b += b_step;
    if constexpr (copies_b(kMode)) packed += NV * kLanes;
  }
  // Read once: the compiler must assume that a store to C changes t.
  const float* start = t.start;
  float* c = t.c;
  const int64_t start_row = t.start_row, c_row = t.c_row;
  const int tail = t.tail;
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

template <TileMode kMode, int NV, int MR = kTileRows>
TileFn tile_of_rows(int rows) {
  if constexpr (MR > 1) {
    if (rows < MR) return tile_of_rows<kMode, NV, MR - 1>(rows);
  }
  return tile<kMode, NV, MR>;
}
template <TileMode kMode, int NV = kTileVecs>
TileFn tile_of(int rows, int vecs) {
  if constexpr (NV > 1) {
    if (vecs < NV) return tile_of<kMode, NV - 1>(rows, vecs);
  }
  return tile_of_rows<kMode, NV>(rows);
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
