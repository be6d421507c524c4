// General matrix products: every layout, batches, and the two classes of the numeric contract.
//
// General class: K is cut into blocks of kBlockK; a block is summed from 0 in ascending k and the block sums are added
// in ascending order onto the start value. Row class (m = 1 against a transposed B): a dot over 16 virtual lanes a
// block. The class follows from the whole problem's shape. How a problem is cut into tasks may follow the number of
// threads: no element's arithmetic depends on the tile, panel or task that it lies in.
#pragma once

#include "split.inl.h"
#include "gemm_block.inl.h"
#include "gemm_row.inl.h"

constexpr double kFlopsPerTask = 2097152.0;  // about 10 µs; below, splitting costs more than it gives

// A grid of tasks over rows and columns of one product.
struct Grid {
  int64_t row_step, col_step, row_tasks, col_tasks;

  Grid(const Product& p, int64_t pieces) {
    const int64_t panels = ceil_div(p.n, kPanel);
    const int64_t unit = p.trans_c ? kSwapGroup : kTileRows;
    const int64_t row_limit = ceil_div(p.m, 4 * unit);
    int64_t rows, cols;
    // Column tasks each pack A again where it is transposed, and row tasks B: what costs less is cut first.
    if (p.trans_a || p.trans_c) {
      rows = smaller(pieces, row_limit);
      cols = p.also != nullptr ? 1 : smaller(panels, ceil_div(pieces, rows));
    } else {
      cols = smaller(pieces, panels);
      rows = smaller(row_limit, ceil_div(pieces, cols));
    }
    row_step = ceil_div(ceil_div(p.m, rows), unit) * unit;
    col_step = ceil_div(panels, cols) * kPanel;
    row_tasks = ceil_div(p.m, row_step);
    col_tasks = ceil_div(p.n, col_step);
  }
};

// How far apart the products of a batch lie; a stride of 0 repeats an operand.
struct BatchStrides {
  int64_t a, b, c;
};

struct ProductTasks {
  const Product* product;
  const Grid* grid;
  int64_t batch_step, batch;
  BatchStrides strides;
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
    p.a += i * tasks.strides.a;
    p.b += i * tasks.strides.b;
    p.c += i * tasks.strides.c;
    if (tasks.start_is_c) p.start = p.c;
    multiply_block(p, row * grid.row_step, smaller(p.m, (row + 1) * grid.row_step), col * grid.col_step,
                   smaller(p.n, (col + 1) * grid.col_step), tasks.scratch + worker * tasks.scratch_step);
  }
}

inline size_t product_scratch(int threads) {
  return block_scratch() * static_cast<size_t>(threads);
}
// `batch` products; with start_is_c each accumulates onto its own C. Needs product_scratch floats.
inline void multiply(const Product& product, int64_t batch, BatchStrides strides, bool start_is_c, const Parallel& par,
                     float* scratch) {
  if (product.m == 0 || product.n == 0 || batch == 0) return;
  const bool swaps = swaps_operands(product);
  const Product p = swaps ? swapped_operands(product) : product;
  if (swaps) strides = {strides.b, strides.a, strides.c};
  const double flops = 2.0 * static_cast<double>(p.m) * static_cast<double>(p.n) * static_cast<double>(p.k);
  const double worth = flops * static_cast<double>(batch) / kFlopsPerTask;
  // Four pieces a thread, so that a thread which loses its core for a while does not hold up the rest.
  const int64_t most = par.threads == 1 ? 1 : 4 * static_cast<int64_t>(par.threads);
  const int64_t pieces = worth < static_cast<double>(most) ? larger(1, static_cast<int64_t>(worth)) : most;
  const int64_t batch_tasks = smaller(batch, pieces);
  const int64_t batch_step = ceil_div(batch, batch_tasks);
  const Grid grid(p, ceil_div(pieces, batch_tasks));
  ProductTasks tasks{&p, &grid, batch_step, batch, strides, start_is_c, scratch, block_scratch()};
  const int64_t count = ceil_div(batch, batch_step) * grid.row_tasks * grid.col_tasks;
  par.run(par, static_cast<int>(count), run_product_task, &tasks);
}
inline void multiply(const Product& product, const Parallel& par, float* scratch) {
  multiply(product, 1, {}, false, par, scratch);
}

inline size_t gemm_scratch(const GemmArgs& args, int threads) {
  return is_row_class(args) ? 0 : product_scratch(threads);
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
  multiply(p, args.batch, {args.a_stride, args.b_stride, args.c_stride}, args.accumulate, par, scratch.data);
}
