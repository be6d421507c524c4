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

// A grid of tasks over rows and columns of one product, `pieces` of them if there is enough to cut.
struct Grid {
  int64_t row_step, col_step, row_tasks, col_tasks;

  Grid(const Product& p, int64_t pieces) {
    const int64_t panels = ceil_div(p.n, kPanel);
    const int64_t unit = p.trans_c ? kSwapGroup : kTileRows;
    const int64_t most_rows = larger(1, p.m / (4 * unit));
    const int64_t most_cols = p.also != nullptr ? 1 : panels;
    // Each range of rows packs all its columns of B, and each range of columns all its rows of A: the cut that packs
    // least, of those that give as many tasks as can be had.
    int64_t rows = 1, tasks = 0;
    double least = 0;
    for (int64_t r = 1; r <= smaller(pieces, most_rows); ++r) {
      const int64_t c = smaller(most_cols, larger(1, pieces / r));
      const double cost = static_cast<double>(r) * static_cast<double>(p.n) * packing_cost(p.trans_b) +
                          static_cast<double>(c) * static_cast<double>(p.m) * packing_cost(p.trans_a);
      if (r * c < tasks || (r * c == tasks && cost >= least)) continue;
      rows = r;
      tasks = r * c;
      least = cost;
    }
    row_step = ceil_div(ceil_div(p.m, rows), unit) * unit;
    col_step = ceil_div(panels, tasks / rows) * kPanel;
    row_tasks = ceil_div(p.m, row_step);
    col_tasks = ceil_div(p.n, col_step);
  }
  // An element of a transposed operand against one of an operand that is copied as it lies.
  static double packing_cost(bool transposed) { return transposed ? 3 : 1; }
};

// How many tasks to cut `flops` into: a few for each thread, so that one which loses its core for a while does not hold
// up the rest, unless they would get small.
inline int64_t task_count(double flops, int threads) {
  if (threads == 1 || flops < 2 * kFlopsPerThread) return 1;
  const double fine = flops / kFlopsPerTask;
  const int64_t each = fine >= 4.0 * threads ? 4 : larger(1, static_cast<int64_t>(fine) / threads);
  const auto most = static_cast<int64_t>(flops / kFlopsPerThread);
  return smaller(most, each * threads);
}

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
  // With few rows the time is that of reading B.
  const double each =
      2.0 * static_cast<double>(p.m) * static_cast<double>(p.n) + kFlopsPerRead * static_cast<double>(p.m + p.n);
  const double work = each * static_cast<double>(p.k) * static_cast<double>(batch);
  const int64_t pieces = task_count(work, par.threads);
  if (pieces == 1 && batch == 1) {  // small products feel every division of the general way
    Product one = p;
    if (start_is_c) one.start = one.c;
    return multiply_block(one, 0, one.m, 0, one.n, scratch);
  }
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
