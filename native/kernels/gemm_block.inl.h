// A block of a matrix product, by one thread: panels of B, tiles of C, blocks of K.
//
// After: Goto and van de Geijn, "Anatomy of high-performance matrix multiplication", 2008 (packed panels, register
// tiles); the loops here run panel by panel, because a panel of kBlockK rows stays in the first-level cache.
#pragma once

#include "gemm_tile.inl.h"
#include "gemm_pack.inl.h"

constexpr int64_t kRowBlock = 512;        // rows of A that meet one panel of B after another
constexpr int64_t kRowBlockPacked = 256;  // the same where A is packed: 256 KiB, within a second-level cache
constexpr int kRowGroup = 2 * kTileRows;  // rows of a packed A that lie side by side: a cache line on AVX-512
constexpr int kThinRows = 2;              // so few rows that B is read in place, kThinVecs vectors wide
constexpr int kThinVecs = kLanes == 16 || (kLanes == 4 && kFma) ? 8 : 6;
constexpr int kSwapGroup = 16;  // rows that are transposed together
constexpr int kSwapRun = 64;    // and stored together, in runs of that length

// C [m, n] = start + op(A)·op(B). Leading dimensions are those of the arrays as stored.
struct Product {
  int64_t m, n, k;
  const float* a;
  int64_t lda;
  bool trans_a;
  const float* b;
  int64_t ldb;
  bool trans_b;
  const float* b_late;  // rows of a row-major B from `late` on come from b_late; late = k where B is one array
  int64_t late;
  const float* start;  // null for none; row stride 0 for a bias
  int64_t start_row;
  float* c;
  int64_t ldc;
  bool trans_c;         // C and start are stored transposed; A is then read in place
  const Product* also;  // with a transposed A: another product of the same op(A), computed from the same packed copy
};

inline int vectors(int64_t columns) { return static_cast<int>(ceil_div(columns, kLanes)); }

// With few rows of A, packing a transposed B costs as much as multiplying by it. Then Cᵀ = B·Aᵀ is computed: B is read
// in place and the few columns of Aᵀ are packed. The sums are the same, since a·b = b·a.
inline bool swaps_operands(const Product& p) {
  constexpr int64_t kMostRows = 64, kMostPadding = 8;
  return p.trans_b && p.m <= kMostRows && ceil_div(p.m, kLanes) * kLanes - p.m <= kMostPadding;
}
inline Product swapped_operands(const Product& p) {
  Product q = p;
  q.m = p.n;
  q.n = p.m;
  q.a = p.b;
  q.lda = p.ldb;
  q.trans_a = false;
  q.b = p.a;
  q.ldb = p.lda;
  q.trans_b = !p.trans_a;
  q.trans_c = true;
  return q;
}

// Packs op(B), rows k0 to k0 + depth and columns j0 to j0 + columns (at most a panel), zero-padded to whole vectors.
inline void pack_panel(const Product& p, int64_t k0, int64_t depth, int64_t j0, int64_t columns, float* panel) {
  const int64_t width = vectors(columns) * kLanes;
  if (p.trans_b) {
    for (int64_t v = 0; v < columns; v += kLanes) {
      const int lanes = static_cast<int>(smaller(kLanes, columns - v));
      pack_transposed(p.b + (j0 + v) * p.ldb + k0, p.ldb, lanes, depth, panel + v, width);
    }
    return;
  }
  const int64_t early = larger(0, smaller(depth, p.late - k0));
  if (early > 0) pack_straight(p.b + k0 * p.ldb + j0, p.ldb, columns, early, panel);
  if (early < depth) {
    pack_straight(p.b_late + (k0 + early - p.late) * p.ldb + j0, p.ldb, columns, depth - early, panel + early * width);
  }
}

// Packs op(A) of a transposed A, rows i0 to i0 + rows, as groups of [depth, height]; several groups at a time, so that
// memory is read in runs.
inline void pack_groups(const Product& p, int64_t i0, int64_t rows, int64_t k0, int64_t depth, float* packed) {
  constexpr int64_t kTogether = 8, kAhead = 8;
  const RowTiles groups(rows, kRowGroup);
  for (int64_t g0 = 0; g0 < groups.count; g0 += kTogether) {
    const int64_t g1 = smaller(groups.count, g0 + kTogether);
    const float* run = p.a + k0 * p.lda + i0 + groups.first_row(g0);
    for (int64_t d = 0; d < depth; ++d, run += p.lda) {
      const float* from = run;
      float* to = packed + groups.first_row(g0) * depth;
      for (int64_t g = g0; g < g1; ++g) {
        const int height = groups.height(g);
        prefetch(from + kAhead * p.lda);
        for (int r = 0; r < height; r += kLanes) {
          const int lanes = height - r < kLanes ? height - r : kLanes;
          store_lanes(to + d * height + r, load_lanes(from + r, lanes), lanes);
        }
        from += height;
        to += height * depth;
      }
    }
  }
}

// Memory that is wanted soon, `rows` rows of `depth` floats, fetched a piece at a time while the tiles keep the
// arithmetic busy.
struct Ahead {
  const float* data;
  int64_t ld, rows, depth;

  void fetch(int64_t piece, int64_t pieces) const {
    if (rows == 0) return;
    for (int64_t r = rows * piece / pieces; r < rows * (piece + 1) / pieces; ++r) {
      for (int64_t d = 0; d < depth; d += 16) prefetch(data + r * ld + d);
    }
  }
};

// The rows of one panel of C over one block of K, A read in place. With copy_b the first tile reads B in place and
// leaves the packed panel to the others.
inline void multiply_rows(Tile t, int64_t rows, int vecs, bool copy_b, const Ahead& ahead) {
  const RowTiles tiles(rows);
  for (int64_t i = 0; i < tiles.count; ++i) {
    const int height = tiles.height(i);
    ahead.fetch(i, tiles.count);
    (copy_b && i == 0 ? tile_of_rows<TileMode::kCopyB, kTileVecs>(height)
                      : tile_of<TileMode::kInPlace>(height, vecs))(t);
    t.b = t.packed;
    t.b_step = vecs * kLanes;
    t.a += height * t.a_step;
    t.c += height * t.c_row;
    if (t.start != nullptr) t.start += height * t.start_row;
  }
}

// The same with A packed in groups.
inline void multiply_groups(Tile t, int64_t rows, int vecs, bool copy_b) {
  const RowTiles groups(rows, kRowGroup);
  for (int64_t g = 0; g < groups.count; ++g) {
    const int group_height = groups.height(g);
    const float* group = t.a;
    t.a_step = group_height;
    const RowTiles tiles(group_height);
    for (int64_t i = 0; i < tiles.count; ++i) {
      const int height = tiles.height(i);
      (copy_b && g == 0 && i == 0 ? tile_of_rows<TileMode::kPackedACopyB, kTileVecs>(height)
                                  : tile_of<TileMode::kPackedA>(height, vecs))(t);
      t.b = t.packed;
      t.b_step = vecs * kLanes;
      t.a += height;
      t.c += height * t.c_row;
      if (t.start != nullptr) t.start += height * t.start_row;
    }
    t.a = group + group_height * t.k;
  }
}

// Turns a block [kSwapGroup, kPanel], of which `columns` count, into columns of [kPanel, kSwapRun].
inline void transpose_block(const float* block, int64_t columns, float* turned) {
  for (int i = 0; i < kSwapGroup; i += kLanes) {
    for (int64_t j = 0; j < columns; j += kLanes) {
      vf square[kLanes];
      LANEGRAD_UNROLL for (int r = 0; r < kLanes; ++r) square[r] = load(block + (i + r) * kPanel + j);
      transpose(square);
      LANEGRAD_UNROLL for (int r = 0; r < kLanes; ++r) store(turned + (j + r) * kSwapRun + i, square[r]);
    }
  }
}

// The rows of one panel of a transposed C: t.c and t.start at their first row, which is a column of what is stored.
// Rows of C are written in runs, because a few rows far apart share few places in the caches.
inline void multiply_rows_transposed(Tile t, int64_t rows, int64_t columns, const Ahead& ahead) {
  alignas(64) float block[kSwapGroup * kPanel] = {};
  alignas(64) float turned[kPanel * kSwapRun];
  const int vecs = vectors(columns);
  for (int64_t first = 0; first < rows; first += kSwapRun) {
    const int64_t run = smaller(kSwapRun, rows - first);
    ahead.fetch(first / kSwapRun, ceil_div(rows, kSwapRun));
    for (int64_t i = 0; i < run; i += kSwapGroup) {
      const RowTiles tiles(smaller(kSwapGroup, run - i));
      Tile part = t;
      part.a = t.a + (first + i) * t.a_step;
      part.start = nullptr;
      part.c = block;
      part.c_row = kPanel;
      part.tail = kLanes;
      for (int64_t r = 0; r < tiles.count; ++r) {
        const int height = tiles.height(r);
        tile_of<TileMode::kInPlace>(height, vecs)(part);
        part.a += height * t.a_step;
        part.c += height * kPanel;
      }
      transpose_block(block, columns, turned + i);
    }
    for (int64_t j = 0; j < columns; ++j) {
      const float* from = turned + j * kSwapRun;
      const float* start = t.start == nullptr ? nullptr : t.start + j * t.start_row + first;
      float* c = t.c + j * t.c_row + first;
      for (int64_t i = 0; i < run; i += kLanes) {
        const int lanes = static_cast<int>(smaller(kLanes, run - i));
        store_lanes(c + i, start == nullptr ? load(from + i) : load_lanes(start + i, lanes) + load(from + i), lanes);
      }
    }
  }
}

// C = start, where K is 0.
inline void store_start(const Product& p, int64_t i0, int64_t i1, int64_t j0, int64_t j1) {
  for (int64_t i = i0; i < i1; ++i) {
    for (int64_t j = j0; j < j1; ++j) {
      const int64_t row = p.trans_c ? j : i, column = p.trans_c ? i : j;
      p.c[row * p.ldc + column] = p.start == nullptr ? 0.0f : p.start[row * p.start_row + column];
    }
  }
}

// Floats of scratch that one worker needs for multiply_block.
inline size_t block_scratch(bool trans_a) {
  return static_cast<size_t>(kBlockK * (kPanel + (trans_a ? kRowBlockPacked : 0)));
}

// Whether rows k0 to k0 + depth of a row-major B lie in one array, and where column j of row k0 is.
inline bool in_one_array(const Product& p, int64_t k0, int64_t depth) { return k0 >= p.late || k0 + depth <= p.late; }
inline const float* row_major_b(const Product& p, int64_t k0, int64_t j) {
  return k0 >= p.late ? p.b_late + (k0 - p.late) * p.ldb + j : p.b + k0 * p.ldb + j;
}

// A tile at (i0, j) over one block of K; where A and B are is left to the caller.
inline Tile tile_at(const Product& p, int64_t i0, int64_t j, int64_t k0, int64_t depth) {
  Tile t{};
  t.k = depth;
  t.a = p.a + i0 * p.lda + k0;
  t.a_step = p.lda;
  t.c_row = p.ldc;
  t.c = p.trans_c ? p.c + j * p.ldc + i0 : p.c + i0 * p.ldc + j;
  t.start = k0 > 0 ? t.c : p.start;
  t.start_row = k0 > 0 ? p.ldc : p.start_row;
  if (k0 == 0 && p.start != nullptr) t.start += p.trans_c ? j * p.start_row + i0 : i0 * p.start_row + j;
  t.tail = kLanes;
  return t;
}

// One block of K for rows i0 to i0 + rows and columns j0 to j1; `packed_a` is op(A) there, or null.
inline void multiply_panels(const Product& p, int64_t i0, int64_t rows, int64_t k0, int64_t depth, int64_t j0,
                            int64_t j1, const float* packed_a, float* panel) {
  const bool row_major = !p.trans_b && !p.trans_c && in_one_array(p, k0, depth);
  if (row_major && packed_a == nullptr && rows <= kThinRows) {
    for (; j0 + kThinVecs * kLanes <= j1; j0 += kThinVecs * kLanes) {
      Tile t = tile_at(p, i0, j0, k0, depth);
      t.b = row_major_b(p, k0, j0);
      t.b_step = p.ldb;
      (rows == 1 ? tile<TileMode::kInPlace, kThinVecs, 1> : tile<TileMode::kInPlace, kThinVecs, kThinRows>)(t);
    }
  }
  for (int64_t j = j0; j < j1; j += kPanel) {
    const int64_t columns = smaller(kPanel, j1 - j);
    const int vecs = vectors(columns);
    // A row-major B is packed by the first tile on its way, unless its panel has an edge.
    const bool copy_b = row_major && columns == kPanel;
    Tile t = tile_at(p, i0, j, k0, depth);
    t.packed = panel;
    if (copy_b) {
      t.b = row_major_b(p, k0, j);
      t.b_step = p.ldb;
    } else {
      pack_panel(p, k0, depth, j, columns, panel);
      t.b = panel;
      t.b_step = vecs * kLanes;
    }
    t.tail = static_cast<int>(columns - (vecs - 1) * kLanes);
    if (packed_a != nullptr) {
      t.a = packed_a;
      multiply_groups(t, rows, vecs, copy_b);
      continue;
    }
    const bool more = p.trans_b && j + kPanel < j1;
    const Ahead ahead{p.b + (j + kPanel) * p.ldb + k0, p.ldb, more ? smaller(kPanel, j1 - j - kPanel) : 0, depth};
    if (p.trans_c) multiply_rows_transposed(t, rows, columns, ahead);
    else multiply_rows(t, rows, vecs, copy_b, ahead);
  }
}

// Rows i0 to i1 and columns j0 to j1 of a product; of `also`, the same rows and all columns.
inline void multiply_block(const Product& p, int64_t i0, int64_t i1, int64_t j0, int64_t j1, float* scratch) {
  if (p.k == 0) {
    store_start(p, i0, i1, j0, j1);
    if (p.also != nullptr) store_start(*p.also, i0, i1, 0, p.also->n);
    return;
  }
  float* panel = scratch;
  float* packed_a = p.trans_a ? scratch + kBlockK * kPanel : nullptr;
  const int64_t row_block = p.trans_a ? kRowBlockPacked : kRowBlock;
  for (int64_t i = i0; i < i1; i += row_block) {
    const int64_t rows = smaller(row_block, i1 - i);
    for (int64_t k = 0; k < p.k; k += kBlockK) {
      const int64_t depth = smaller(kBlockK, p.k - k);
      if (p.trans_a) pack_groups(p, i, rows, k, depth, packed_a);
      multiply_panels(p, i, rows, k, depth, j0, j1, packed_a, panel);
      if (p.also != nullptr) multiply_panels(*p.also, i, rows, k, depth, 0, p.also->n, packed_a, panel);
    }
  }
}
