// A block of a matrix product, by one thread: panels of B, tiles of C, blocks of K.
//
// After: Goto and van de Geijn, "Anatomy of high-performance matrix multiplication", 2008 (packed panels, register
// tiles); the loops here run panel by panel, because a panel of kBlockK rows stays in the first-level cache.
#pragma once

#include "gemm_tile.inl.h"
#include "gemm_pack.inl.h"

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

// With few rows of A, transposing B into panels costs as much as multiplying by it. Then Cᵀ = B·Aᵀ is computed: B
// stays in place, the few columns of Aᵀ are packed, and the sums, the same since a·b = b·a, are turned as they are
// stored. Chosen by the number of elements that have to be transposed.
inline bool swaps_operands(const Product& p) {
  constexpr int64_t kMostRows = 64, kMostPadding = kLanes / 4;
  if (!p.trans_b || p.m > kMostRows || ceil_div(p.m, kLanes) * kLanes - p.m > kMostPadding) return false;
  return p.m * (ceil_div(p.k, kBlockK) * p.n + (p.trans_a ? 0 : p.k)) < p.n * p.k;
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

// Whether rows k0 to k0 + depth of a row-major B lie in one array, and where column j of row k0 is.
inline bool in_one_array(const Product& p, int64_t k0, int64_t depth) { return k0 >= p.late || k0 + depth <= p.late; }
inline const float* row_major_b(const Product& p, int64_t k0, int64_t j) {
  return k0 >= p.late ? p.b_late + (k0 - p.late) * p.ldb + j : p.b + k0 * p.ldb + j;
}

// Memory that is wanted soon, `rows` rows of `depth` floats, fetched a piece at a time while the tiles keep the
// arithmetic busy.
struct Ahead {
  const float* data;
  int64_t ld, rows, depth;  // rows of 0: nothing is fetched between tiles
  bool row_major;           // a panel of kPanel columns that the tiles fetch themselves

  void fetch(int64_t piece, int64_t pieces) const {
    if (rows == 0) return;
    for (int64_t r = rows * piece / pieces; r < rows * (piece + 1) / pieces; ++r) {
      for (int64_t d = 0; d < depth; d += 16) prefetch(data + r * ld + d);
    }
  }
};

// Lets the last tiles of a panel fetch the next panel of a row-major B, a column of vectors each.
inline void fetch_soon(const Ahead& ahead, int64_t i, int64_t tiles, Tile& t) {
  const int64_t column = i - (tiles - kTileVecs);
  t.soon = ahead.row_major && column >= 0 ? ahead.data + (column + 1) * kLanes - 1 : nullptr;
  t.soon_step = ahead.ld;
}

// The rows of one panel of C over one block of K, in tiles of the modes kMode. With copy_b the first tile reads B in
// place and leaves the packed panel to the others; with copy_a each leaves a copy of its part of A.
template <unsigned kMode>
inline void multiply_tiles(Tile t, int64_t rows, int vecs, bool copy_b, bool copy_a, const Ahead& ahead) {
  const RowTiles tiles(rows);
  const bool packed = kMode == kColumnsA && t.a_step == 0;  // tile by tile
  for (int64_t i = 0; i < tiles.count; ++i) {
    const int height = tiles.height(i);
    ahead.fetch(i, tiles.count);
    fetch_soon(ahead, i, tiles.count, t);
    if (packed) t.a_step = height;
    const bool copies_b = copy_b && i == 0;
    if (copy_a) {
      (copies_b ? tile_of_rows<kMode | kCopyA | kCopyB, kTileVecs>(height) : tile_of<kMode | kCopyA>(height, vecs))(t);
    } else {
      (copies_b ? tile_of_rows<kMode | kCopyB, kTileVecs>(height) : tile_of<kMode>(height, vecs))(t);
    }
    t.b = t.packed;
    t.b_step = vecs * kLanes;
    t.a += kMode == kInPlace ? height * t.a_step : packed ? height * t.k : height;
    if (copy_a) t.copy_a += height * (kMode == kInPlace ? kPackedRow : t.k);
    t.c += height * t.c_row;
    if (t.start != nullptr) t.start += height * t.start_row;
  }
}
inline void multiply_rows(const Tile& t, int64_t rows, int vecs, bool copy_b, const Ahead& ahead) {
  multiply_tiles<kInPlace>(t, rows, vecs, copy_b, false, ahead);
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

// The beginnings of the rows of A that the next tile reads: from there on the hardware sees where they go.
inline void fetch_rows(const float* a, int64_t a_step) {
  for (int r = 0; r < kTileRows; ++r) {
    prefetch(a + r * a_step);
    prefetch(a + r * a_step + 16);
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
        fetch_rows(part.a + height * t.a_step, t.a_step);
        tile_of<kInPlace>(height, vecs)(part);
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

// A tile at (i0, j) over one block of K; where A and B are is left to the caller.
inline Tile tile_at(const Product& p, int64_t i0, int64_t j, int64_t k0, int64_t depth) {
  Tile t{};
  t.k = depth;
  t.a = p.trans_a ? p.a + k0 * p.lda + i0 : p.a + i0 * p.lda + k0;
  t.a_step = p.lda;
  t.c_row = p.ldc;
  t.c = p.trans_c ? p.c + j * p.ldc + i0 : p.c + i0 * p.ldc + j;
  t.start = k0 > 0 ? t.c : p.start;
  t.start_row = k0 > 0 ? p.ldc : p.start_row;
  if (k0 == 0 && p.start != nullptr) t.start += p.trans_c ? j * p.start_row + i0 : i0 * p.start_row + j;
  t.tail = kLanes;
  return t;
}

// Few rows: B is read in place, in the widest tiles that the registers hold.
inline void multiply_thin(const Product& p, int64_t i0, int64_t rows, int64_t k0, int64_t depth, int64_t j0,
                          int64_t j1) {
  const int height = static_cast<int>(rows), widest = thin_vectors(height);
  for (int64_t j = j0; j < j1; j += widest * kLanes) {
    const int64_t columns = smaller(widest * kLanes, j1 - j);
    const int vecs = vectors(columns);
    Tile t = tile_at(p, i0, j, k0, depth);
    t.b = row_major_b(p, k0, j);
    t.b_step = p.ldb;
    t.tail = static_cast<int>(columns - (vecs - 1) * kLanes);
    (p.trans_a ? thin_tile_of<kColumnsA | kFarB>(height, vecs) : thin_tile_of<kFarB>(height, vecs))(t);
  }
}

// What a worker keeps while it computes a block: panels of B packed once for all blocks of rows, and a packed copy of a
// transposed A.
struct PackedOperands {
  float* panels;  // of kBlockK·kPanel each; one alone where there is a single block of rows
  bool keeps, packed_b;
  float* a;
  bool packed_a;
};

// Columns of the first panel: fewer than the others if those then begin with cache lines of B's rows, which halves the
// lines that their loads touch.
inline int64_t first_columns(const Product& p, int64_t rows, int64_t k0, int64_t j0, int64_t j1) {
  if (p.trans_b || rows > kMostShiftedRows || j1 - j0 < kFewestShiftedColumns || p.ldb % kLanes != 0) return kPanel;
  const auto past = static_cast<int64_t>(reinterpret_cast<uintptr_t>(row_major_b(p, k0, j0)) / sizeof(float) % kLanes);
  return kPanel - past;
}

// One block of K for rows i0 to i0 + rows and columns j0 to j1.
inline void multiply_panels(const Product& p, int64_t i0, int64_t rows, int64_t k0, int64_t depth, int64_t j0,
                            int64_t j1, PackedOperands& at) {
  const bool row_major = !p.trans_b && in_one_array(p, k0, depth);
  if (row_major && !p.trans_c && rows <= kTileRows && (kMaskedLoads || j1 % kLanes == 0)) {
    return multiply_thin(p, i0, rows, k0, depth, j0, j1);
  }
  float* panel = at.panels;
  int64_t columns = smaller(first_columns(p, rows, k0, j0, j1), j1 - j0);
  for (int64_t j = j0; j < j1; j += columns, columns = smaller(kPanel, j1 - j)) {
    const int64_t next = j + columns;
    const int vecs = vectors(columns);
    // A row-major B is packed by the first tile on its way, unless its panel has an edge.
    const bool copy_b = row_major && !p.trans_c && columns == kPanel && !at.packed_b;
    Tile t = tile_at(p, i0, j, k0, depth);
    t.far_c = at.keeps && !p.trans_c;
    t.packed = panel;
    if (copy_b) {
      t.b = row_major_b(p, k0, j);
      t.b_step = p.ldb;
    } else {
      if (!at.packed_b) pack_panel(p, k0, depth, j, columns, panel);
      t.b = panel;
      t.b_step = vecs * kLanes;
    }
    t.tail = static_cast<int>(columns - (vecs - 1) * kLanes);
    Ahead ahead{};
    if (next < j1 && !at.packed_b) {
      if (p.trans_b) ahead = {p.b + next * p.ldb + k0, p.ldb, smaller(kPanel, j1 - next), depth, false};
      else if (row_major) ahead = {row_major_b(p, k0, next), p.ldb, 0, depth, true};
    }
    if (p.trans_c) {
      multiply_rows_transposed(t, rows, columns, ahead);
    } else {
      // Copied for the panels to come, where they are many; the columns of a transposed A in any case.
      const bool more = next < j1 || p.also != nullptr;
      const bool copy_a = !at.packed_a && more && (p.trans_a || smaller(p.lda, j1 - j) >= kFewestCopiedColumns);
      if (at.packed_a) {
        t.a = at.a;
        t.a_step = p.trans_a ? 0 : kPackedRow;
      }
      t.copy_a = at.a;
      (p.trans_a ? multiply_tiles<kColumnsA> : multiply_tiles<kInPlace>)(t, rows, vecs, copy_b, copy_a, ahead);
      at.packed_a = at.packed_a || copy_a;
    }
    if (at.keeps) panel += kBlockK * kPanel;
  }
}

// Floats of scratch that one worker needs for multiply_block.
inline size_t block_scratch() {
  return static_cast<size_t>(kBlockK * (kSlabColumns + kPanel) + kRowBlock * kPackedRow);
}

// Rows i0 to i1 and columns j0 to j1 of a product; of `also`, the same rows and all columns.
inline void multiply_block(const Product& p, int64_t i0, int64_t i1, int64_t j0, int64_t j1, float* scratch) {
  if (p.k == 0) {
    store_start(p, i0, i1, j0, j1);
    if (p.also != nullptr) store_start(*p.also, i0, i1, 0, p.also->n);
    return;
  }
  const bool keeps = i1 - i0 > kRowBlock && p.also == nullptr;
  const RowTiles blocks(i1 - i0, keeps ? kSharedRowBlock : kRowBlock);
  PackedOperands at{scratch, keeps, false, scratch + kBlockK * (kSlabColumns + kPanel), false};
  // Blocks of rows lie inside where they share the packed panels of B, and outside where they share none, so that
  // their part of C stays near.
  const int64_t outer = at.keeps ? 1 : blocks.count, inner = at.keeps ? blocks.count : 1;
  const int64_t width = at.keeps ? kSlabColumns : j1 - j0;
  for (int64_t first = 0; first < outer; ++first) {
    for (int64_t j = j0; j < j1; j += width) {
      for (int64_t k = 0; k < p.k; k += kBlockK) {
        const int64_t depth = smaller(kBlockK, p.k - k);
        for (int64_t block = first; block < first + inner; ++block) {
          const int64_t i = i0 + blocks.first_row(block), rows = blocks.height(block);
          at.packed_b = block > first;
          at.packed_a = false;
          multiply_panels(p, i, rows, k, depth, j, smaller(j1, j + width), at);
          if (p.also != nullptr) multiply_panels(*p.also, i, rows, k, depth, 0, p.also->n, at);
        }
      }
    }
  }
}
