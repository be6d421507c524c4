// General matrix products: every layout, batches, and the two classes of the numeric contract.
//
// General class: K is cut into blocks of kBlockK; a block is summed from 0 in ascending k and the block sums are added
// in ascending order onto the start value. Row class (m = 1 against a transposed B): a dot over 16 virtual lanes a
// block. The class follows from the whole problem's shape. How a problem is cut into tasks may follow the number of
// threads: no element's arithmetic depends on the tile, panel or task that it lies in.
//
// After: Goto and van de Geijn, "Anatomy of high-performance matrix multiplication", 2008 (packed panels, register
// tiles); the loops here run panel by panel, because a panel of kBlockK rows stays in the first-level cache.
#pragma once

#include "split.inl.h"

#include "gemm_tile.inl.h"
#include "gemm_pack.inl.h"

constexpr int64_t kRowBlock = 512;           // rows of A that share one packed strip of B
constexpr int64_t kRowBlockPacked = 256;     // the same where A is packed too: 256 KiB, within a second-level cache
constexpr int kRowGroup = 2 * kTileRows;     // rows of a packed A that lie side by side: a cache line on AVX-512
constexpr int64_t kStripPanels = 8;          // panels that are packed together from a row-major B
constexpr double kFlopsPerTask = 2097152.0;  // about 10 µs; below, splitting costs more than it gives

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
};

// Packs rows k0 to k0 + depth of op(B), columns j0 to j0 + columns, as panels of [depth, kPanel] (zero-padded); the
// last one is only as many vectors wide as it needs.
inline void pack_strip(const Product& p, int64_t k0, int64_t depth, int64_t j0, int64_t columns, float* strip) {
  if (!p.trans_b) {
    const int64_t early = larger(0, smaller(depth, p.late - k0));
    if (early > 0) pack_straight(p.b + k0 * p.ldb + j0, p.ldb, columns, 0, early, depth, strip);
    if (early < depth) {
      pack_straight(p.b_late + (k0 + early - p.late) * p.ldb + j0, p.ldb, columns, early, depth, depth, strip);
    }
    return;
  }
  for (int64_t j = 0; j < columns; j += kPanel, strip += depth * kPanel) {
    const int64_t width = ceil_div(smaller(kPanel, columns - j), kLanes) * kLanes;
    for (int64_t v = 0; v < width; v += kLanes) {
      const int lanes = static_cast<int>(smaller(kLanes, columns - j - v));
      pack_transposed(p.b + (j0 + j + v) * p.ldb + k0, p.ldb, lanes, depth, strip + v, width);
    }
  }
}

// Packs op(A) of a transposed A, rows i0 to i0 + rows, as groups of [depth, height].
inline void pack_groups(const Product& p, int64_t i0, int64_t rows, int64_t k0, int64_t depth, float* packed) {
  const RowTiles groups(rows, kRowGroup);
  const float* a = p.a + k0 * p.lda + i0;
  for (int64_t g = 0; g < groups.count; ++g) {
    const int height = groups.height(g);
    pack_rows(a, p.lda, height, depth, packed);
    a += height;
    packed += height * depth;
  }
}

// Memory that the next panel will be packed from: `rows` rows of `depth` floats. It is fetched a piece at a time, while
// the tiles of this panel keep the arithmetic busy.
struct Ahead {
  const float* data;
  int64_t ld, rows, depth;

  void fetch(int64_t piece, int64_t pieces) const {
    for (int64_t r = rows * piece / pieces; r < rows * (piece + 1) / pieces; ++r) {
      for (int64_t d = 0; d < depth; d += 16) prefetch(data + r * ld + d);
    }
  }
};

// One panel of C over one block of K, tile by tile: t.c, t.start and t.a at its first row. A is read in place.
inline void multiply_panel(Tile t, int64_t rows, int vecs, const Ahead& ahead) {
  const RowTiles tiles(rows);
  for (int64_t i = 0; i < tiles.count; ++i) {
    const int height = tiles.height(i);
    ahead.fetch(i, tiles.count);
    tile_of<false>(height, vecs)(t);
    t.a += height * t.a_step;
    t.c += height * t.c_row;
    if (t.start != nullptr) t.start += height * t.start_row;
  }
}

// The same with A packed in groups.
inline void multiply_panel_packed(Tile t, int64_t rows, int vecs, const Ahead& ahead) {
  const RowTiles groups(rows, kRowGroup);
  for (int64_t g = 0; g < groups.count; ++g) {
    const int height = groups.height(g);
    const float* group = t.a;
    t.a_step = height;
    ahead.fetch(g, groups.count);
    const RowTiles tiles(height);
    for (int64_t i = 0; i < tiles.count; ++i) {
      const int tile_height = tiles.height(i);
      tile_of<true>(tile_height, vecs)(t);
      t.a += tile_height;
      t.c += tile_height * t.c_row;
      if (t.start != nullptr) t.start += tile_height * t.start_row;
    }
    t.a = group + height * t.k;
  }
}

inline void store_start(const Product& p, int64_t i0, int64_t rows, int64_t j0, int64_t columns) {
  for (int64_t i = i0; i < i0 + rows; ++i) {
    float* c = p.c + i * p.ldc + j0;
    if (p.start == nullptr) memset(c, 0, static_cast<size_t>(columns) * sizeof(float));
    else if (p.start + i * p.start_row + j0 != c) {
      memcpy(c, p.start + i * p.start_row + j0, static_cast<size_t>(columns) * sizeof(float));
    }
  }
}

// Floats of scratch that one worker needs for multiply_block.
inline size_t block_scratch(bool trans_a) {
  return static_cast<size_t>(kBlockK * (kStripPanels * kPanel + (trans_a ? kRowBlockPacked : 0)));
}

// Rows i0 to i1 and columns j0 to j1 of a product, by one thread.
inline void multiply_block(const Product& p, int64_t i0, int64_t i1, int64_t j0, int64_t j1, float* scratch) {
  if (p.k == 0) return store_start(p, i0, i1 - i0, j0, j1 - j0);
  float* strip = scratch;
  float* packed_a = scratch + kBlockK * kStripPanels * kPanel;
  const int64_t row_block = p.trans_a ? kRowBlockPacked : kRowBlock;
  // A transposed B is packed panel by panel, since its panels are contiguous runs already.
  const int64_t strip_columns = p.trans_b ? kPanel : kStripPanels * kPanel;
  for (int64_t i = i0; i < i1; i += row_block) {
    const int64_t rows = smaller(row_block, i1 - i);
    for (int64_t k = 0; k < p.k; k += kBlockK) {
      const int64_t depth = smaller(kBlockK, p.k - k);
      if (p.trans_a) pack_groups(p, i, rows, k, depth, packed_a);
      for (int64_t js = j0; js < j1; js += strip_columns) {
        const int64_t strip_end = smaller(j1, js + strip_columns);
        pack_strip(p, k, depth, js, strip_end - js, strip);
        const bool more = p.trans_b && strip_end < j1;
        const Ahead ahead{p.b + strip_end * p.ldb + k, p.ldb, more ? smaller(kPanel, j1 - strip_end) : 0, depth};
        const float* panel = strip;
        for (int64_t j = js; j < strip_end; j += kPanel, panel += depth * kPanel) {
          const int64_t columns = smaller(kPanel, strip_end - j);
          const int vecs = static_cast<int>(ceil_div(columns, kLanes));
          Tile t{};
          t.k = depth;
          t.a = p.trans_a ? packed_a : p.a + i * p.lda + k;
          t.a_step = p.lda;
          t.panel = panel;
          t.panel_row = static_cast<int64_t>(vecs) * kLanes;
          t.c = p.c + i * p.ldc + j;
          t.c_row = p.ldc;
          t.start = k > 0 ? t.c : p.start == nullptr ? nullptr : p.start + i * p.start_row + j;
          t.start_row = k > 0 ? p.ldc : p.start_row;
          t.tail = static_cast<int>(columns - (vecs - 1) * kLanes);
          (p.trans_a ? multiply_panel_packed : multiply_panel)(t, rows, vecs, ahead);
        }
      }
    }
  }
}

// A grid of tasks over rows and columns of one product.
struct Grid {
  int64_t row_step, col_step, row_tasks, col_tasks;

  Grid(int64_t m, int64_t n, bool trans_a, int64_t pieces) {
    const int64_t panels = ceil_div(n, kPanel);
    // A packed A is packed again for each column task, so rows are cut first; otherwise panels are, for the same
    // reason of B.
    const int64_t row_limit = ceil_div(m, 8 * kTileRows);
    int64_t rows, cols;
    if (trans_a) {
      rows = smaller(pieces, row_limit);
      cols = smaller(panels, ceil_div(pieces, larger(rows, 1)));
    } else {
      cols = smaller(pieces, panels);
      rows = smaller(row_limit, ceil_div(pieces, larger(cols, 1)));
    }
    row_step = ceil_div(ceil_div(m, larger(rows, 1)), kTileRows) * kTileRows;
    col_step = ceil_div(panels, larger(cols, 1)) * kPanel;
    row_tasks = ceil_div(m, row_step);
    col_tasks = ceil_div(n, col_step);
  }
};

struct ProductTasks {
  const Product* product;
  const Grid* grid;
  int64_t batch_step, batch, a_stride, b_stride, c_stride;
  bool start_is_c;
  float* scratch;
  size_t scratch_step;
};

inline void run_product_task(void* ctx, int task, int worker) {
  const auto& tasks = *static_cast<const ProductTasks*>(ctx);
  const Grid& grid = *tasks.grid;
  const int64_t cells = grid.row_tasks * grid.col_tasks;
  const int64_t cell = task % cells, item = task / cells * tasks.batch_step;
  // Neighbouring tasks share rows of A where A is packed, and panels of B otherwise.
  const int64_t row = cell % grid.row_tasks, col = cell / grid.row_tasks;
  for (int64_t i = item; i < smaller(tasks.batch, item + tasks.batch_step); ++i) {
    Product p = *tasks.product;
    p.a += i * tasks.a_stride;
    p.b += i * tasks.b_stride;
    p.c += i * tasks.c_stride;
    if (tasks.start_is_c) p.start = p.c;
    multiply_block(p, row * grid.row_step, smaller(p.m, (row + 1) * grid.row_step), col * grid.col_step,
                   smaller(p.n, (col + 1) * grid.col_step), tasks.scratch + worker * tasks.scratch_step);
  }
}

// `batch` products at the given strides; with start_is_c each accumulates onto its own C. Needs product_scratch floats.
inline size_t product_scratch(bool trans_a, int threads) { return block_scratch(trans_a) * static_cast<size_t>(threads); }
inline void multiply(const Product& p, int64_t batch, int64_t a_stride, int64_t b_stride, int64_t c_stride,
                     bool start_is_c, const Parallel& par, float* scratch) {
  if (p.m == 0 || p.n == 0 || batch == 0) return;
  const double flops = 2.0 * static_cast<double>(p.m) * static_cast<double>(p.n) * static_cast<double>(p.k);
  const double worth = flops * static_cast<double>(batch) / kFlopsPerTask;
  // Four pieces a thread, so that a thread which loses its core for a while does not hold up the rest.
  const int64_t most = par.threads == 1 ? 1 : 4 * static_cast<int64_t>(par.threads);
  const int64_t pieces = worth < static_cast<double>(most) ? larger(1, static_cast<int64_t>(worth)) : most;
  const int64_t batch_tasks = smaller(batch, pieces);
  const int64_t batch_step = ceil_div(batch, batch_tasks);
  const Grid grid(p.m, p.n, p.trans_a, ceil_div(pieces, batch_tasks));
  ProductTasks tasks{&p, &grid, batch_step, batch, a_stride, b_stride, c_stride, start_is_c, scratch,
                     block_scratch(p.trans_a)};
  const int64_t count = ceil_div(batch, batch_step) * grid.row_tasks * grid.col_tasks;
  par.run(par, static_cast<int>(count), run_product_task, &tasks);
}

#include "gemm_row.inl.h"

inline size_t gemm_scratch(const GemmArgs& args, int threads) {
  return is_row_class(args) ? 0 : product_scratch(args.trans_a, threads);
}

inline void gemm(const GemmArgs& args, const Parallel& par, Scratch scratch) {
  if (is_row_class(args)) return multiply_row(args, par);
  Product p{};
  p.m = args.m;
  p.n = args.n;
  p.k = args.k;
  p.a = args.a;
  p.lda = args.trans_a ? args.m : args.k;
  p.trans_a = args.trans_a;
  p.b = args.b;
  p.ldb = args.trans_b ? args.k : args.n;
  p.trans_b = args.trans_b;
  p.late = args.k;
  p.start = args.bias;
  p.start_row = args.accumulate ? args.n : 0;
  p.c = args.c;
  p.ldc = args.n;
  multiply(p, args.batch, args.a_stride, args.b_stride, args.c_stride, args.accumulate, par, scratch.data);
}
